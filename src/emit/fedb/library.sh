
say() {
    printf '%s\n' "$*"
}

# Text that a server sent, safe for the terminal.
printable() {
    local text=${1:0:300}
    printf '%s' "${text//[! -~]/?}"
}

is_number() {
    [[ $1 =~ ^(0|[1-9][0-9]{0,17})$ ]]
}

misused() {
    say "$me: $*" >&2
    exit 2
}

# ---- asking the name server -----------------------------------------------------------------

# Seconds for one answer; a command that changes something is only queued.
call_seconds=60

# Seconds between two looks.
look_seconds=${TOPOPLAN_LOOK_SECONDS:-2}

# ask COMMAND [DATABASE]: the answer in $answer. The client exits with 0 whatever the name server said, so only
# its text tells.
ask() {
    local status=0
    local -a in=()
    [[ -z ${2-} ]] || in=(--database="$2")
    answer=$(timeout -k 5 "$call_seconds" "${client[@]}" ${in[@]+"${in[@]}"} --interactive=false --cmd="$1" \
        </dev/null 2>&1 9>&-) ||
        status=$?
    answer=${answer//$'\r'/}
    if ((status != 0)); then
        why="the client ended with $status: $(printable "${answer##*$'\n'}")"
        return 1
    fi
}

# column NAME: its place in $header, from 0, in $at; fails where there is none.
column() {
    for at in "${!header[@]}"; do
        [[ ${header[at]} != "$1" ]] || return 0
    done
    return 1
}

# begins LINE WORD...: the words of a header, whatever stands before it is no table.
begins() {
    local -a words
    read -r -a words <<<"$1"
    shift
    local i=0 word
    for word in "$@"; do
        [[ ${words[i]-} == "$word" ]] || return 1
        i=$((i + 1))
    done
    header=("${words[@]}")
}

# look_tables: $role and $alive and $offset by "TABLE PID ENDPOINT", $rows in order. The client shows one
# database at a time; tables of one are called DATABASE.TABLE here.
look_tables() {
    local name
    role=() alive=() offset=() rows=()
    for name in "${databases[@]}"; do
        look_database "$name" || return 1
    done
}

look_database() {
    local line seen='' c_alive c_offset key
    local -a cells
    ask showtable "$1" || return 1
    while IFS= read -r line; do
        if begins "$line" name tid pid endpoint role; then
            seen=yes
            column is_alive || { why='showtable tells no is_alive'; return 1; }
            c_alive=$at c_offset=''
            ! column offset || c_offset=$at
            continue
        fi
        [[ -n $seen ]] || continue
        read -r -a cells <<<"$line"
        ((${#cells[@]} > c_alive)) || continue
        is_number "${cells[2]}" || continue
        key="${1:+$1.}${cells[0]} ${cells[2]} ${cells[3]}"
        rows+=("$key")
        role[$key]=${cells[4]} alive[$key]=${cells[c_alive]} offset[$key]=''
        if [[ -n $c_offset ]] && is_number "${cells[c_offset]-}"; then
            offset[$key]=${cells[c_offset]}
        fi
    done <<<"$answer"
    [[ -n $seen ]] || { why="showtable answered: $(printable "$answer")"; return 1; }
}

# look_tablets: $health by endpoint, healthy or offline.
look_tablets() {
    local line seen='' c_state
    local -a cells
    health=()
    ask showtablet || return 1
    while IFS= read -r line; do
        if begins "$line" endpoint && column state; then
            c_state=$at seen=yes
            continue
        fi
        [[ -n $seen ]] || continue
        read -r -a cells <<<"$line"
        case ${cells[c_state]-} in
        kTabletHealthy | kHealthy) health[${cells[0]}]=healthy ;;
        kTabletOffline | kOffline) health[${cells[0]}]=offline ;;
        esac
    done <<<"$answer"
    [[ -n $seen ]] || { why="showtablet answered: $(printable "$answer")"; return 1; }
}

# look_ops: $op_status by id, and the highest in $last_op.
look_ops() {
    local name
    op_status=() last_op=0
    for name in "${databases[@]}"; do
        look_ops_of "$name" || return 1
    done
}

look_ops_of() {
    local line seen='' c_status
    local -a cells
    ask showopstatus "$1" || return 1
    while IFS= read -r line; do
        if begins "$line" op_id op_type && column status; then
            c_status=$at seen=yes
            continue
        fi
        [[ -n $seen ]] || continue
        read -r -a cells <<<"$line"
        is_number "${cells[0]-}" || continue
        op_status[${cells[0]}]=${cells[c_status]-}
        ((${cells[0]} <= last_op)) || last_op=${cells[0]}
    done <<<"$answer"
    [[ -n $seen ]] || { why="showopstatus answered: $(printable "$answer")"; return 1; }
}

# look_switch: $switch, true or false.
look_switch() {
    local key value rest
    switch=''
    ask confget || return 1
    while read -r key value rest; do
        [[ $key != auto_failover ]] || switch=$value
    done <<<"$answer"
    case $switch in
    true | false) return 0 ;;
    esac
    why="confget answered: $(printable "$answer")"
    return 1
}

look() {
    look_switch && look_tables && look_tablets
}

# ---- what is so -----------------------------------------------------------------------------

# leader_of TABLE PID: who leads and is alive on a tablet that runs, in $leader; empty: nobody.
leader_of() {
    local key of
    leader=''
    for key in "${rows[@]}"; do
        of=${key% *}
        [[ $of == "$1 $2" && ${role[$key]} == leader && ${alive[$key]} == yes ]] || continue
        [[ ${health[${key##* }]-healthy} == healthy ]] || continue
        leader=${key##* }
    done
}

# on ENDPOINT WORD: how many of its rows have that word as is_alive, in $counted.
on() {
    local key
    counted=0
    for key in "${rows[@]}"; do
        [[ ${key##* } != "$1" || ${alive[$key]} != "$2" ]] || counted=$((counted + 1))
    done
}

# leaderless ENDPOINT: partitions with a row there and no leader, in $counted.
leaderless() {
    local key of n=0
    for key in "${rows[@]}"; do
        [[ ${key##* } == "$1" ]] || continue
        of=${key% *}
        leader_of "${of% *}" "${of##* }"
        [[ -n $leader ]] || n=$((n + 1))
    done
    counted=$n
}

# is_done N: the effect of the step is seen.
is_done() {
    local of="${table[$1]} ${pid[$1]}" key
    key="$of ${address[$1]}"
    case ${action[$1]} in
    set-auto-failover) [[ $switch == "${value[$1]}" ]] ;;
    offline-endpoint)
        on "${address[$1]}" yes
        ((counted <= left_rows[$1])) || { why="$counted of its copies still count as alive"; return 1; }
        leaderless "${address[$1]}"
        ((counted <= left_leaders[$1])) || { why="$counted of its partitions have no leader"; return 1; }
        ;;
    change-leader)
        leader_of "${table[$1]}" "${pid[$1]}"
        why="${leader:-nobody} leads it"
        [[ $leader == "${address[$1]}" ]]
        ;;
    restart)
        [[ -z ${wants_offline[$1]} && -z ${restarted-} ]] && return 1
        [[ -n ${name_server[$1]} ]] && return 0
        why="showtablet calls it ${health[${address[$1]}]-nothing}"
        [[ ${health[${address[$1]}]-} == healthy ]]
        ;;
    recover-endpoint)
        on "${address[$1]}" no
        why="$counted of its copies are not alive"
        ((counted <= left_rows[$1]))
        ;;
    recover-table | add-replica)
        why="its copy of $of there is not alive"
        [[ ${alive[$key]-} == yes ]]
        ;;
    migrate)
        why="its copy of $of is not there, or still at the source"
        [[ ${alive[$key]-} == yes && -z ${alive["$of ${other[$1]}"]-} ]]
        ;;
    del-replica)
        why="its copy of $of is still listed"
        [[ -z ${alive[$key]-} ]]
        ;;
    kill)
        why="showtablet still calls it healthy"
        [[ ${health[${address[$1]}]-offline} == offline ]]
        ;;
    esac
}

# holds N: what the step relies on still is so.
holds() {
    local endpoint key
    if [[ -n ${wants_switch[$1]} && $switch != "${wants_switch[$1]}" ]]; then
        why="auto_failover is $switch: the name server would refuse. Capture confget, too, and plan again"
        return 1
    fi
    for endpoint in ${wants_healthy[$1]}; do
        [[ ${health[$endpoint]-} == healthy ]] && continue
        why="showtablet calls $endpoint ${health[$endpoint]-nothing}, not healthy"
        return 1
    done
    for endpoint in ${wants_offline[$1]}; do
        [[ ${health[$endpoint]-offline} == offline ]] && continue
        [[ ${action[$1]} != restart ]] || continue
        why="$endpoint is not offline any more: taking it out would stop what it leads"
        return 1
    done
    if [[ ${action[$1]} == kill ]]; then
        for key in "${rows[@]}"; do
            [[ ${key##* } == "${address[$1]}" ]] || continue
            why="it holds a copy of ${key% *}"
            return 1
        done
    fi
    [[ -n ${table[$1]} ]] || return 0
    leader_of "${table[$1]}" "${pid[$1]}"
    if [[ $leader != "${wants_leader[$1]}" ]]; then
        why="${leader:-nobody} leads ${table[$1]} ${pid[$1]}, not ${wants_leader[$1]:-nobody}"
        return 1
    fi
    if [[ ${action[$1]} == change-leader ]]; then
        key="${table[$1]} ${pid[$1]} ${address[$1]}"
        if [[ ${role[$key]-} != follower || ${alive[$key]-} != yes ]]; then
            why="${address[$1]} is no follower that is alive"
            return 1
        fi
        [[ -n $leader ]] || is_ahead "$1" "$key"
    fi
}

# is_ahead N KEY: no follower that is alive has more than the one to lead.
is_ahead() {
    local key mine=${offset[$2]:-0}
    for key in "${rows[@]}"; do
        [[ ${key% *} == "${2% *}" && ${role[$key]} == follower && ${alive[$key]} == yes ]] || continue
        [[ ${health[${key##* }]-} == healthy ]] || continue
        ((${offset[$key]:-0} <= mine)) && continue
        why="${key##* } is ahead of it by now: its offset is ${offset[$key]}"
        return 1
    done
}

# ---- the steps ------------------------------------------------------------------------------

note() {
    [[ -z $journal ]] || printf '%(%Y-%m-%dT%H:%M:%S)TZ %s\n' -1 "$*" >>"$journal"
}

stop() {
    say "stop  step $step: $(printable "$why")"
    say '      Nothing after this step was done. Look at showopstatus, showtable and the log of the'
    say "      name server; then run it again: bash $me --apply, or capture and plan again."
    say '      What is done is not done twice.'
    note "step $step stop $why"
    exit 1
} >&2

# accepted: the text does not say no.
accepted() {
    case ${answer,,} in
    *'error msg'* | *failed* | *'fail to'* | *invalid* | *'not exist'* | *'is enabled'* | *'migrate error'*)
        why="the name server refused: $(printable "$answer")"
        return 1
        ;;
    esac
}

# settle N: until no operation runs. What an earlier run sent may still be on its way, and what somebody
# else started may change what this step relies on. $waited: there was one.
settle() {
    local id running deadline=$((SECONDS + limit[$1]))
    waited=''
    while :; do
        look_ops || return 1
        running=''
        for id in "${!op_status[@]}"; do
            case ${op_status[$id]} in
            kInited | kDoing) running="operation $id is ${op_status[$id]}" ;;
            esac
        done
        [[ -n $running ]] || return 0
        ((SECONDS < deadline)) || { why="$running after ${limit[$1]} s"; return 1; }
        [[ -n $waited ]] || say "      $running: waiting for its end"
        waited=yes
        sleep "$look_seconds"
    done
}

# watch N BASELINE: until the new operations are over and the effect is seen.
watch() {
    local id status open fresh deadline=$((SECONDS + limit[$1]))
    while :; do
        open='' fresh=''
        if look_ops; then
            for id in "${!op_status[@]}"; do
                ((id > $2)) || continue
                fresh=yes status=${op_status[$id]}
                case $status in
                kFailed | kCanceled | kCancelled)
                    why="operation $id is $status"
                    return 1
                    ;;
                kDone) ;;
                *) open="operation $id is $status" ;;
                esac
            done
            if [[ -z $open ]] && look && is_done "$1"; then
                return 0
            fi
        fi
        if ((SECONDS >= deadline)); then
            [[ -n $open ]] && why="$open after ${limit[$1]} s"
            if [[ -z $open && -z $fresh ]]; then
                why="it was accepted and no operation came of it: $why"
            fi
            return 1
        fi
        sleep "$look_seconds"
    done
}

# agree QUESTION: y goes on, anything else ends it.
agree() {
    local reply=''
    [[ -z $yes ]] || return 0
    printf '      %s [y/N] ' "$1"
    IFS= read -r reply || reply=''
    [[ -t 0 ]] || say "$reply"
    case $reply in
    y | Y | yes) return 0 ;;
    esac
    why='not agreed to'
    return 1
}

describe() {
    say "step $1 of $step_count  ${command[$1]:-${action[$1]} ${address[$1]} (by hand)}${database[$1]:+ (database ${database[$1]})}"
    say "      ${reason[$1]}"
    [[ -z ${risk[$1]} ]] || say "      RISK: ${risk[$1]}"
}

# by_hand N: a human starts or stops the process, or what $TOPOPLAN_RESTART or $TOPOPLAN_STOP names does.
by_hand() {
    local until=$((SECONDS + limit[$1])) name=TOPOPLAN_RESTART verb=restart asked='Does it run again?' again
    again="then run it again with --from $(($1 + 1))"
    if [[ ${action[$1]} == kill ]]; then
        name=TOPOPLAN_STOP verb=stop asked='Was it stopped?' again='then run it again'
    fi
    restarted=yes
    if [[ -n ${!name-} ]]; then
        "${!name}" "${address[$1]}" </dev/null || { why="${!name} failed"; return 1; }
    elif [[ -n $yes ]]; then
        why="$verb ${address[$1]}, $again; or name what does it in $name"
        return 1
    else
        agree "$verb ${address[$1]} now. $asked" || return 1
    fi
    while ! { look && is_done "$1"; }; do
        ((SECONDS < until)) || return 1
        sleep "$look_seconds"
    done
}

# was_done N: an earlier run of this plan saw its end. What comes after it may have changed that state
# again, so only the journal can tell.
was_done() {
    [[ ${action[$1]} != set-auto-failover ]] && grep -qx -e ".* step $1 done" -- "$journal"
}

# is_needed N: some step behind this one is still to be done.
is_needed() {
    local n
    for ((n = $1 + 1; n <= step_count; n++)); do
        [[ ${action[n]} == set-auto-failover ]] || was_done "$n" || return 0
    done
    return 1
}

run_step() {
    local baseline
    step=$1 restarted=''
    describe "$1"
    if was_done "$1"; then
        say '      was done by an earlier run'
        return
    fi
    if [[ ${command[$1]} == 'confset auto_failover false' ]] && ! is_needed "$1"; then
        say '      nothing behind it needs it'
        return
    fi
    look || stop
    if is_done "$1"; then
        say '      is so already'
        note "step $1 skip"
        return
    fi
    settle "$1" || stop
    if [[ -n $waited ]]; then
        look || stop
        if is_done "$1"; then
            say '      done by now'
            note "step $1 done"
            return
        fi
    fi
    holds "$1" || stop
    if [[ -z ${command[$1]} ]]; then
        by_hand "$1" || stop
        say '      done'
        note "step $1 done"
        return
    fi
    agree 'do it?' || stop
    look_ops || stop
    baseline=$last_op
    # Between the question and the answer anything may have happened.
    look || stop
    holds "$1" || stop
    note "step $1 send ${command[$1]}"
    if [[ ${command[$1]} == 'confset auto_failover false' ]]; then
        restore=yes
        note 'auto_failover was on'
    fi
    ask "${command[$1]}" "${database[$1]}" || stop
    accepted || stop
    watch "$1" "$baseline" || stop
    if [[ ${command[$1]} == 'confset auto_failover true' ]]; then
        restore=''
        note 'auto_failover on again'
    fi
    say '      done'
    note "step $1 done"
}

# by_signal NAME STATUS
by_signal() {
    trap '' INT TERM HUP
    why="stopped by SIG$1"
    say ''
    say "stop  step $step: $why. What was sent goes on: see showopstatus; run it again, it looks first."
    note "step $step stop $why"
    exit "$2"
} >&2

occupied() {
    local last
    last=$(grep -e ' run begin ' -- "$journal" | tail -n 1)
    say "$me: another run of this plan is on the way: $(printable "${last:-by whom is not written down yet}")" >&2
    say '--status shows how far it is; nothing was done here.' >&2
    exit 1
}

# status: what earlier runs did, and what is so. Changes nothing.
status() {
    local n last words seen=''
    say "plan $plan_id"
    last=$(grep -e ' run begin ' -- "$journal" 2>/dev/null | tail -n 1)
    say "last run: $(printable "${last:-none is written down}")"
    if look; then seen=yes; else say "the name server does not tell: $why"; fi
    for ((n = 1; n <= step_count; n++)); do
        restarted='' words=open
        last=$(grep -e " step $n done$" -e " step $n skip$" -- "$journal" 2>/dev/null | tail -n 1)
        if [[ -n $last ]]; then
            words="done at ${last%% *}"
        elif [[ -n $seen ]] && is_done "$n"; then
            words='is so already'
        elif grep -q -e " step $n send " -- "$journal" 2>/dev/null; then
            words='sent, and its end was not seen'
        fi
        say "step $n of $step_count  ${command[n]:-${action[n]} ${address[n]} (by hand)}: $words"
    done
    last=$(grep -e ' stop ' -- "$journal" 2>/dev/null | tail -n 1)
    [[ -z $last ]] || say "last stop: $(printable "$last")"
    say "journal: $(printable "$journal")"
}

# leave: whatever ends the run, auto_failover is as it was before.
leave() {
    local status=$? tries
    trap '' INT TERM HUP
    if [[ -n $restore ]]; then
        for tries in 1 2 3; do
            if ask 'confset auto_failover true' && accepted && look_switch && [[ $switch == true ]]; then
                say 'auto_failover is on again' >&2
                note 'auto_failover on again'
                restore=''
                break
            fi
            sleep 1
        done
        [[ -z $restore ]] ||
            say "auto_failover is STILL OFF: confset auto_failover true ($(printable "$why"))" >&2
    fi
    [[ -z $locked ]] || rm -rf -- "$journal.lock"
    exit "$status"
}

show() {
    local n
    say "plan $plan_id"
    say 'This only shows what would be done. --apply does it, and asks before each step.'
    terms
    for ((n = 1; n <= step_count; n++)); do
        describe "$n"
    done
}

usage() {
    say "bash $me            shows what it would do, changes nothing"
    say "bash $me --apply    runs it; asks before each step; what is already so is skipped"
    say '    --yes              does not ask'
    say "bash $me --status   what earlier runs did, and what is so; changes nothing"
    say '    --from STEP        leaves out what comes before, but for the switch of auto_failover'
    say '    --journal FILE     where it is written down'
    say 'FEDB_CLI names the client with its options: ns_client by itself, or'
    say '    "./openmldb --zk_cluster=H:P --zk_root_path=/R --role=ns_client --database=DB"'
    say 'TOPOPLAN_RESTART names a program that restarts the endpoint that it is given,'
    say 'TOPOPLAN_STOP one that stops it.'
}

main() {
    local apply='' from=1 n arguments="$*" looks=''
    me=$0 yes='' restore='' step=0 why='' journal='' locked=''
    while (($# > 0)); do
        case $1 in
        --apply) apply=yes ;;
        --status) looks=yes ;;
        --yes) yes=yes ;;
        --from)
            is_number "${2-}" || misused '--from takes the number of a step'
            from=$2
            shift
            ;;
        --journal)
            journal=${2-}
            shift
            ;;
        -h | --help)
            usage
            exit 0
            ;;
        *) misused "unknown option $(printable "$1"); --help lists them" ;;
        esac
        shift
    done
    if [[ -z $apply && -z $looks ]]; then
        show
        exit 0
    fi
    [[ -n $journal ]] || journal=${me%.sh}-${plan_id:0:12}.journal
    read -r -a client <<<"${FEDB_CLI:-ns_client}"
    for n in "${client[0]-}" timeout sleep grep tail; do
        command -v -- "$n" >/dev/null || misused "needs $(printable "$n"), which is not here"
    done
    if [[ -n $looks ]]; then
        status
        exit 0
    fi
    { : >>"$journal"; } 2>/dev/null || misused "cannot write $(printable "$journal"): name another with --journal"
    exec 9>>"$journal"
    alone 9
    trap leave EXIT
    trap 'by_signal INT 130' INT
    trap 'by_signal TERM 143' TERM
    trap 'by_signal HUP 129' HUP
    # A run that was killed could not turn it on again.
    case $(grep -e 'auto_failover was on' -e 'auto_failover on again' -- "$journal" | tail -n 1) in
    *'was on') restore=yes ;;
    esac
    note "run begin ${HOSTNAME:-this-host}:$$ $arguments"
    terms
    for ((n = 1; n <= step_count; n++)); do
        if ((n < from)) && [[ ${action[n]} != set-auto-failover || ${value[n]} != false ]]; then
            continue
        fi
        run_step "$n"
    done
    say "done: $step_count steps; journal: $(printable "$journal")"
    note 'run end done'
}

main "$@"
exit
