
# ---- the program ----------------------------------------------------------------------------

say() {
    printf '%s\n' "$*"
}

# stop WHY: nothing after this step is done.
stop() {
    say "stop  step $step: $*" >&2
    say "      $(tally). Nothing after this step was done. Run it again once this is settled:" >&2
    say '      steps that are done are skipped.' >&2
    exit 1
}

misused() {
    say "plan.sh: $*" >&2
    say 'Try --help.' >&2
    exit 2
}

usage() {
    cat <<'END'
bash plan.sh [--apply] [--from STEP] [--only-phase PHASE]

Without --apply: shows every step, its command, and how far it is. Changes nothing.

  --apply             run the steps; one that is already done is skipped
  --from STEP         leave out the steps before this one
  --only-phase PHASE  only steps of serve, protect, spread or tidy
  --help              this text

Environment: REDIS_CLI names another client, with options. The client takes its password from
its own environment (REDISCLI_AUTH, VALKEYCLI_AUTH).

Exit codes: 0 all is done or shown, 1 stopped or not all could be told, 2 wrong usage.
END
}

tally() {
    printf 'done %d, skipped %d' "$count_done" "$count_skipped"
    ((count_left == 0)) || printf ', left out %d' "$count_left"
}

# commands: what the step sends, one a line.
commands() {
    local at slot
    case $action in
    meet) command_line "$address" CLUSTER MEET "${target_address%:*}" "${target_address##*:}" \
        ${bus_port:+"$bus_port"} ;;
    replicate) command_line "$address" CLUSTER REPLICATE "$target" ;;
    failover)
        case $mode in
        graceful) command_line "$address" CLUSTER FAILOVER ;;
        force) command_line "$address" CLUSTER FAILOVER FORCE ;;
        takeover) command_line "$address" CLUSTER FAILOVER TAKEOVER ;;
        esac
        ;;
    forget)
        for at in $tell; do
            command_line "$at" CLUSTER FORGET "$target"
        done
        ;;
    set-slot)
        for slot in $(each_slot); do
            command_line "$address" CLUSTER SETSLOT "$slot" STABLE
        done
        ;;
    flush) command_line "$address" FLUSHALL ;;
    esac
}

# The client's own options are not shown: a password may be among them.
command_line() {
    local to=$1 by=$default_client
    shift
    [[ -z ${REDIS_CLI-} ]] || by="\$REDIS_CLI"
    say "        $by -h ${to%:*} -p ${to##*:} $*"
}

# title WORD: the step as the plan names it: by the node that changes, not by the one that is asked.
title() {
    local who=${address:-$target}
    [[ $action != meet ]] || who="$target_address at $address"
    say "$1 step $step  $phase  $action${mode:+ $mode} $who: $reason"
}

# warn: what the step destroys, before anything is sent.
warn() {
    [[ -z $loss ]] || say "DATA LOSS  step $step  $loss"
}

# took SINCE: the time from then to the last look at the clock, in $seconds.
took() {
    local tenths=$(((clock_ms - $1 + 50) / 100))
    seconds="$((tenths / 10)).$((tenths % 10)) s"
}

# chosen: the step is asked for by --from and --only-phase.
chosen() {
    [[ $step != "$from_step" ]] || from_step=''
    [[ -z $from_step && ( -z $only_phase || $phase == "$only_phase" ) ]]
}

# show: what would be done, and how far each step is. Needs nobody to answer.
show() {
    local unfinished=' ' earlier waits
    say "plan $plan_id"
    for step in $steps; do
        load "$step"
        if ! chosen; then
            count_left=$((count_left + 1))
            continue
        fi
        title ''
        warn
        commands
        waits=''
        for earlier in $after; do
            [[ $unfinished != *" $earlier "* ]] || waits+="${waits:+, }$earlier"
        done
        if ! progress; then
            say "        state: unknown, $why"
        elif [[ $state == complete ]]; then
            say '        state: already done'
            continue
        elif [[ -n $waits ]]; then
            say "        state: after step $waits"
        elif [[ $state == begun ]]; then
            say '        state: begun, its effect is not complete'
        elif guard; then
            say '        state: ready'
        else
            say "        state: blocked, $why"
        fi
        unfinished+="$step "
    done
    [[ $unfinished != ' ' ]] || say 'Nothing to do: no step is left.'
    say 'Nothing was changed. --apply runs it.'
}

# pace: keeps a failover away from the last one of its shard, as masters withhold a second vote
# for twice the node timeout. A step found done may have been done just before this run.
pace() {
    local since left
    ((pause_ms > 0)) && [[ -n $pause_after ]] || return 1
    since=${ended[$pause_after]-}
    [[ -n $since ]] || return 1
    clock
    left=$((since + pause_ms - clock_ms))
    ((left > 0)) || return 1
    say "pause step $step  $left ms, counted from step $pause_after: votes are withheld until then"
    sleep "$((left / 1000)).$(printf '%03d' $((left % 1000)))"
}

# await: looks for the effect until the step's limit. A manual failover ends in silence if the
# masters do not vote in time, so it is asked for up to three times.
await() {
    local deadline again sent=1 up_since=''
    clock
    deadline=$((clock_ms + limit_ms)) again=$((clock_ms + 6000))
    pending=$wait_at
    [[ $action != forget ]] || pending=$to_tell
    while ! effect; do
        clock
        if ((clock_ms >= deadline)); then
            why="no effect within $limit_ms ms: $lack"
            return 1
        fi
        if [[ $action == failover && $mode != takeover && -n $unmoved ]] &&
            ((sent < 3 && clock_ms >= again)); then
            guard || return 1
            send || return 1
            sent=$((sent + 1))
            clock
            again=$((clock_ms + 6000))
            say "again step $step  asked a ${sent}. time: no vote so far"
        fi
        sleep 0.2
    done
}

# apply: runs the steps.
apply() {
    clock
    local begin=$clock_ms started seconds
    for step in $steps; do
        load "$step"
        if ! chosen; then
            count_left=$((count_left + 1))
            continue
        fi
        progress || stop "$why"
        if [[ $state == open ]] && pace; then
            progress || stop "$why"
        fi
        if [[ $state == complete ]]; then
            title 'skip '
            count_skipped=$((count_skipped + 1))
            ended[step]=$begin
            remember
            continue
        fi
        clock
        started=$clock_ms
        if [[ $state == open ]]; then
            guard || stop "$why"
            title 'run  '
            warn
            send || stop "$why"
        else
            title 'wait '
        fi
        await || stop "$why"
        clock
        ended[step]=$clock_ms
        count_done=$((count_done + 1))
        took "$started"
        say "done  step $step  after $seconds"
        remember
    done
    finish
}

# remember: who could not be told to forget.
remember() {
    [[ $action == forget && -n $unasked ]] || return 0
    warnings+="warning: step $step: not told to forget $target, as they do not answer: $unasked"
    warnings+=$'\n'
}

finish() {
    if ((count_done == 0)); then
        say "Nothing to do: $(tally). Every step asked for was done before."
    else
        say "Finished: $(tally)."
    fi
    [[ -n $warnings ]] || exit 0
    say "${warnings%$'\n'}" >&2
    say 'They bring the id back when they return. Run this again then.' >&2
    exit 1
}

main() {
    local applying='' known='' one
    while (($# > 0)); do
        case $1 in
        --apply) applying=yes ;;
        --from=*) from_step=${1#*=} known=from ;;
        --only-phase=*) only_phase=${1#*=} ;;
        --from | --only-phase)
            (($# > 1)) || misused "$1 needs a value"
            if [[ $1 == --from ]]; then from_step=$2 known=from; else only_phase=$2; fi
            shift
            ;;
        -h | --help)
            usage
            exit 0
            ;;
        *) misused "unknown argument: $(printable "$1")" ;;
        esac
        shift
    done
    if [[ $known == from ]]; then
        for one in $steps; do
            [[ $one != "$from_step" ]] || known=''
        done
        [[ -z $known ]] || misused "no such step: $(printable "$from_step")"
    fi
    case $only_phase in
    '' | serve | protect | spread | tidy) ;;
    *) misused "no such phase: $(printable "$only_phase")" ;;
    esac
    # Words of the variable are the client and its options.
    read -r -a client <<<"${REDIS_CLI:-$default_client}"
    if [[ -z $applying ]]; then
        showing=yes
        show
        return
    fi
    for one in "${client[0]-}" timeout sort seq sleep date; do
        command -v -- "$one" >/dev/null || misused "needs $(printable "$one"), which is not here"
    done
    # The client runs in a group of its own, so the signal has to be noticed here.
    trap 'say "stopped by a signal" >&2; exit 130' INT TERM
    apply
}

declare -A said=() silent=()
declare -a client=() lines=() ended=()
showing='' from_step='' only_phase='' warnings='' why=''
count_done=0 count_skipped=0 count_left=0

main "$@"
exit
