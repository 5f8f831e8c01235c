
# ---- the program ----------------------------------------------------------------------------

misused() {
    say "$me: $*" >&2
    say 'Try --help.' >&2
    exit 2
}

usage() {
    cat <<END
bash $me [--apply | --status] [--from STEP] [--only-phase PHASE] [--journal FILE]

Without --apply: shows what is accepted, every step with its commands, and how far it is.
Changes nothing.

  --apply             run the steps; one that is already done is skipped
  --status            what earlier runs did, and whether it still holds. Changes nothing
  --from STEP         leave out the steps before this one
  --only-phase PHASE  only steps of serve, protect, change, spread or tidy
  --journal FILE      where it is written down what was done, instead of beside the script
  --replace-keys      moving slots: a key that is at both ends is taken from the source
  --accept-age        go on although the capture is old and nothing shows that it still holds
  --help              this text

Environment: TOPOPLAN_RESTART names a command that restarts a process; it gets one argument, the
process as IP:PORT. Without it this says what to restart, and waits until it is back.
REDIS_CLI names another client, with what it needs to connect and log in. The client
takes its password from its own environment (REDISCLI_AUTH, VALKEYCLI_AUTH).

Exit codes: 0 all is done or shown, 1 stopped or not all could be told, 2 wrong usage.
END
}

# subject: the step in a few words, by the node that changes, not by the one that is asked.
subject() {
    local who=${address:-$target}
    [[ $action != meet ]] || who="$target_address at $address"
    printf '%s%s %s' "$action" "${mode:+ $mode}" "$who"
}

# title WORD: the step as the plan names it.
title() {
    say "$1 step $step  $phase  $(subject): $reason"
}

# warn: what the step destroys, before anything is sent.
warn() {
    [[ -z $loss ]] || say "DATA LOSS  step $step  $loss"
}

# commands: what the step sends, one a line.
commands() {
    local at slot shown=0
    case $action in
    forget)
        for at in $tell; do
            shown=$((shown + 1))
            if ((shown > 16)); then
                # shellcheck disable=SC2086 # a list of addresses
                set -- $tell
                say "        the same at $(($# - 16)) more"
                break
            fi
            "send_$step" "${at%:*}" "${at##*:}"
        done
        [[ -z $gossips || $shown -lt 2 ]] || say '        at the first; at the others only where the id is still listed then'
        ;;
    set-slot)
        for slot in $(each_slot); do
            "send_$step" "$slot"
        done
        ;;
    migrate-slots) "send_$step" SLOT KEYS ;;
    add-slots)
        own_slots=''
        add_words
        # shellcheck disable=SC2086 # a list of slots
        "send_$step" $words
        ;;
    *) "send_$step" ;;
    esac
    [[ $action != failover ]] || writes_refused "$address" 0
    [[ -z $donor_address ]] || writes_refused "$donor_address" "$donor_keeps"
}

# writes_refused ADDRESS LEFT: with so few replicas in sync left, that master takes no writes.
writes_refused() {
    wants_replicas "$1" || return 0
    ((number > $2)) || return 0
    say "        writes refused: $1 wants $number replicas in sync (min-replicas-to-write) and has $2 until this step is done"
}

# chosen: the step is asked for by --from and --only-phase.
chosen() {
    [[ $step != "$from_step" ]] || from_step=''
    [[ -z $from_step && ( -z $only_phase || $phase == "$only_phase" ) ]]
}

# look: the words for how far the step is, in $words: by the journal, and by what is there.
look() {
    words=''
    if ! progress; then
        words="unknown, $why"
        [[ -z ${was_done[step]-} ]] || { hour "${was_done[step]}" && words="done at $hour; now unknown, $why"; }
    elif [[ -n ${was_done[step]-} ]]; then
        hour "${was_done[step]}"
        words="done at $hour"
        [[ $state == complete || ($state == begun && $action == replicate) ]] ||
            words="done at $hour, and undone by somebody since"
    elif [[ $state == complete ]]; then
        words='already done'
    elif [[ -n ${flying[step]-} ]]; then
        hour "${was_sent[step]}"
        words="sent at $hour and not seen done: ${sent_words[step]}"
    fi
}

# show: what would be done, and how far each step is. Needs nobody to answer.
show() {
    local unfinished=' ' earlier waits
    local -a open_at=()
    say "plan $plan_id"
    terms
    cluster_line
    for step in $steps; do
        load "$step"
        if ! chosen; then
            count_left=$((count_left + 1))
            complete || unfinished+="$step "
            [[ $unfinished == ' ' ]] || open_at[step]=yes
            continue
        fi
        title ''
        warn
        commands
        waits=''
        for earlier in $after; do
            [[ $unfinished != *" $earlier "* ]] || waits+="${waits:+, }$earlier"
        done
        [[ -z $barrier || -z ${open_at[barrier]-} ]] || waits+="${waits:+, }$barrier and all before it"
        look
        if [[ -z $words ]]; then
            if [[ -n $waits ]]; then
                words="after step $waits"
            elif [[ $state == begun ]]; then
                words='begun, its effect is not complete'
            elif guard; then
                words=ready
            else
                words="blocked, $why"
            fi
        fi
        say "        state: $words"
        [[ $state == complete ]] || unfinished+="$step "
        [[ $unfinished == ' ' ]] || open_at[step]=yes
    done
    [[ -n $steps ]] || say 'Nothing to do: the plan has no step.'
    [[ $last_verdict != stale ]] || say "An earlier run stopped for good: $last_why"
    say "Nothing was changed. bash $me --apply runs it."
}

# cluster_line: whether this is the planned cluster, for a reader.
cluster_line() {
    if ! cluster_check; then
        cluster_words="not as captured: $why"
    elif follows_redirects; then
        cluster_words='the client follows redirections: it could carry a command to another node'
    fi
    age_check || true
    say "cluster: ${cluster_words:-nothing to compare it with}; $age_words"
}

# status: what the journal tells, and whether it still holds.
status() {
    say "plan $plan_id"
    if [[ ! -s $journal ]]; then
        say "No run is written down in $(printable "$journal")."
    else
        say "last run: ${last_run:-unknown}"
    fi
    for step in $steps; do
        load "$step"
        look
        [[ -n $words ]] || words=$state
        say "step $step  $(subject): $words"
    done
    step=${last_step:-${steps%% *}}
    if [[ -n $step && -n $last_run ]]; then
        load "$step"
        after_stop
    fi
    ban_words
    [[ -z $last_verdict ]] || say "last stop: $last_why"
    [[ $last_verdict != stale ]] || advise stale
    [[ ! -s $journal ]] || say "journal: $(printable "$journal")"
}

# hold_on: keeps a failover away from the last one of its shard, as masters withhold a second vote
# for twice the node timeout, and a forced one from a takeover, after which the masters may elect
# by themselves. True if there was something to wait for.
hold_on() {
    local until=0 since=''
    if [[ -n $pause_after ]] && ((pause_ms > 0)); then
        since=${was_done[pause_after]:-${found_done[pause_after]-}}
        [[ -z $since ]] || until=$((since + pause_ms))
    fi
    clock
    if ((until > clock_ms)); then
        hour "$until"
        tell "pause step $step  until $hour: votes are withheld that long after step $pause_after"
    elif [[ $mode == force && -n $takeover_at ]]; then
        until=$((takeover_at + 2 * node_timeout_ms))
        ((until > clock_ms)) || return 1
        hour "$until"
        tell "pause step $step  until $hour, or until the masters elect somebody by themselves"
    else
        return 1
    fi
    while ((clock_ms < until)); do
        ! complete || return 0
        sleep 0.5
        clock
    done
}

# after_is_done: the steps that this one comes after are done, also those that were not asked for.
after_is_done() {
    local this=$step one before=$after
    # Many steps have one barrier: it is passed once.
    if [[ -n $barrier && $barrier != "$passed" ]]; then
        for one in $steps; do
            before+=" $one"
            [[ $one != "$barrier" ]] || break
        done
    fi
    for one in $before; do
        [[ -z ${was_done[one]-}${found_done[one]-} ]] || continue
        step=$one
        load "$one"
        if ! complete; then
            step=$this
            load "$this"
            no again "it comes after step $one, which is not done"
            return
        fi
        step=$this
        load "$this"
    done
    [[ -z $barrier ]] || passed=$barrier
}

# resolve: a command that an earlier run sent, of which no end is written down. It is looked for
# longer than it can live, so that it is not sent while it still may come to pass.
resolve() {
    local until
    clock
    until=$((clock_ms + 3000))
    case $action in
    failover) until=$((clock_ms + 8000 + 2 * node_timeout_ms)) ;;
    restart) until=$((clock_ms + 15000)) ;;
    meet) until=$((clock_ms + node_timeout_ms)) ;;
    esac
    hour "${was_sent[step]}"
    tell "found step $step  sent at $hour by an earlier run, looking for its effect: ${sent_words[step]}"
    while :; do
        if progress && [[ $state != open ]]; then return; fi
        clock
        ((clock_ms < until)) || break
        sleep 0.5
    done
    progress || return 1
    note "step $step void no effect was seen"
    flying[step]=''
}

# ended_well SINCE: the step is done.
ended_well() {
    local took
    clock
    was_done[step]=$clock_ms flying[step]=''
    span "$((clock_ms - $1))"
    took=$span
    note "step $step done after $((clock_ms - $1)) ms"
    count_done=$((count_done + 1))
    tell "done  step $step  after $took$(expected)"
    remember
}

# passed_over: the step was done before.
passed_over() {
    title 'skip '
    count_skipped=$((count_skipped + 1))
    clock
    found_done[step]=$clock_ms
    remember
}

# run_step: one step, from where it is to its end.
run_step() {
    begin_step
    [[ -z ${started[step]-} ]] || end_step
}

# end_step: one that was begun.
end_step() {
    await || stop
    ended_well "${started[step]}"
}

# restart_with_others: processes of one wave go down together, and are waited for together.
restart_with_others() {
    [[ $wave == "$wave_together" ]] || await_together
    wave_together=$wave
    begin_step
    [[ -z ${started[step]-} ]] || together+=" $step"
}

# await_together: those that went down in one wave.
await_together() {
    local this=$step one
    for one in $together; do
        step=$one
        load "$one"
        hopeless=''
        end_step
    done
    together='' step=$this
    [[ -z $this ]] || load "$this"
}

# begin_step: up to its command, or to where nothing is to be sent. What is waited for then has its
# time in $started.
begin_step() {
    local fact
    hopeless=''
    after_is_done || stop
    progress || stop
    if [[ -n ${was_done[step]-} ]]; then
        if [[ $state == open ]]; then
            hour "${was_done[step]}"
            no stale "it was done at $hour and is undone by somebody since" || stop
        fi
        passed_over
        return
    fi
    if [[ $state == open && -n ${flying[step]-} ]]; then
        resolve || stop
    fi
    if [[ $state == open ]] && hold_on; then
        progress || stop
    fi
    if [[ $state == complete ]]; then
        if [[ -n ${was_sent[step]-} ]]; then note "step $step done, sent by an earlier run"; fi
        passed_over
        return
    fi
    if [[ $state == open ]]; then
        seen_facts=() looking=yes
        if ! guard; then
            looking=''
            after_all complete || stop
            passed_over
            return
        fi
        looking=''
        note "step $step begin $(subject)" || stop
        for fact in ${seen_facts[@]+"${seen_facts[@]}"}; do
            note "step $step saw $(printable "$fact")" || stop
        done
        tell "run   step $step  $phase  $(subject): $reason"
        warn
        [[ $action != failover ]] || writes_refused "$address" 0
        [[ -z $donor_address ]] || writes_refused "$donor_address" "$donor_keeps"
        clock
        started[step]=$clock_ms
        if ! send; then
            note "step $step void $why"
            after_all complete || stop
        fi
    else
        clock
        started[step]=$clock_ms
        tell "wait  step $step  $phase  $(subject): begun before"
    fi
}

# apply: runs the steps.
apply() {
    trap 'by_signal INT 2' INT
    trap 'by_signal TERM 15' TERM
    trap 'by_signal HUP 1' HUP
    trap 'by_signal PIPE 13' PIPE
    open_journal
    if [[ $last_verdict == stale ]]; then
        say "$me: an earlier run stopped for good, at $last_why" >&2
        advise stale >&2
        exit 1
    fi
    note "run begin ${HOSTNAME:-this-host}:$$ $arguments"
    say "plan $plan_id"
    terms
    if ! cluster_check || ! age_check; then refuse; fi
    ! follows_redirects || misused 'the client follows redirections: it could carry a command to a' \
        'node that no guard looked at'
    say "cluster: ${cluster_words:-nothing to compare it with}; $age_words"
    for step in $steps; do
        load "$step"
        if ! chosen; then
            count_left=$((count_left + 1))
        elif [[ $action == restart ]]; then
            restart_with_others
        else
            await_together
            run_step
        fi
    done
    await_together
    finish
}

# refuse: before the first step.
refuse() {
    note "step 0 stop $verdict $why"
    say "$me: $why" >&2
    say '      Nothing was done.' >&2
    advise "$verdict" >&2
    note 'run end refused'
    exit 1
}

main() {
    local mode_of_run='' known='' one id at
    arguments=$(printable "$*")
    while (($# > 0)); do
        case $1 in
        --apply) mode_of_run=apply ;;
        --status) mode_of_run=status ;;
        --accept-age) accept_age=yes ;;
        --replace-keys) replace_keys=yes ;;
        --from=*) from_step=${1#*=} known=from ;;
        --only-phase=*) only_phase=${1#*=} ;;
        --journal=*) journal=${1#*=} ;;
        --from | --only-phase | --journal)
            (($# > 1)) || misused "$1 needs a value"
            case $1 in
            --from) from_step=$2 known=from ;;
            --only-phase) only_phase=$2 ;;
            --journal) journal=$2 ;;
            esac
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
    '' | serve | protect | change | spread | tidy) ;;
    *) misused "no such phase: $(printable "$only_phase")" ;;
    esac
    while read -r id at; do
        [[ -z $at ]] || member_at[$at]=$id
    done <<<"$members"
    choose_client
    choose_restarter
    name_journal
    if [[ $mode_of_run == apply ]]; then
        apply
    fi
    showing=yes
    read_journal
    if [[ $mode_of_run == status ]]; then status; else show; fi
}

me=$(printable "$0")
declare -A said=() silent=() answers=() member_at=()
declare -a client=() restarter=() lines=() seen_facts=()
declare -a started=() run_before=()
declare -a was_done=() found_done=() was_sent=() sent_words=() flying=() told_at=()
showing='' looking='' from_step='' only_phase='' accept_age='' replace_keys='' arguments='' step=''
journal='' journal_fd='' locked='' last_verdict='' last_why='' last_run='' last_step=''
takeover_at='' passed='' hopeless='' warnings='' together='' wave_together='' why='' verdict='' cluster_words='' age_words='' epochs_compared=''
count_done=0 count_skipped=0 count_left=0

main "$@"
exit
