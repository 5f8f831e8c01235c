
# ---- processes that are restarted ------------------------------------------------------------

# A replica is back in sync once it lacks no more than this of what its master wrote.
reach_bytes=1048576

# choose_restarter: the words of $TOPOPLAN_RESTART in $restarter; none where a human does it.
choose_restarter() {
    read -r -a restarter <<<"${TOPOPLAN_RESTART-}"
    ((${#restarter[@]} > 0)) || return 0
    command -v -- "${restarter[0]}" >/dev/null ||
        misused "TOPOPLAN_RESTART names $(printable "${restarter[0]}"), which is not here"
}

# process ADDRESS: what INFO server says of the process there, in $run_id and $runs.
process() {
    local name value
    run_id='' runs=''
    ask "$1" INFO server || return 1
    while IFS=: read -r name value; do
        case ${name:0:60} in
        run_id) run_id=${value:0:64} ;;
        # Valkey tells a version of Redis beside its own.
        redis_version) [[ -n $runs ]] || runs=${value:0:40} ;;
        valkey_version) runs=${value:0:40} ;;
        esac
    done <<<"$reply"
    if [[ ! $run_id =~ ^[0-9A-Za-z]{1,64}$ ]]; then
        no again "$1 does not tell its run_id: $(printable "${reply:0:200}")"
        return 1
    fi
    saw "$1" "run_id=$run_id version=$(printable "${runs:--}")"
}

# as_wanted: the process asked last runs the version that it is to come back with.
as_wanted() {
    [[ -z $guard_version || $runs == "$guard_version" ]]
}

# restart_progress: another process than the captured one, in sync. Who gives no answer is on the
# way down or up, whoever sent it there: it is waited for.
restart_progress() {
    if ! process "$address"; then
        state=begun
        return 0
    fi
    [[ $run_id != "$guard_run" ]] && as_wanted || return 0
    state=begun
    if back_in_sync; then state=complete; fi
    return 0
}

# guard_restart: a replica in sync, whose shard keeps its other copies; or a node that holds none.
guard_restart() {
    process "$address" || return 1
    run_before[step]=$run_id
    if [[ -n $donor ]]; then
        guard_donor
    elif [[ $own_role == master ]]; then
        no_followers
    fi
}

# restart_process ADDRESS: shows what is to be done, has it done, or asks for it.
restart_process() {
    local -a by=(${restarter[@]+"${restarter[@]}"})
    local status
    if [[ -n $showing ]]; then
        if ((${#by[@]} > 0)); then
            say "        \$TOPOPLAN_RESTART $1"
        else
            say "        restart the process $1 (TOPOPLAN_RESTART names no command that does it)"
        fi
        return
    fi
    note "step $step send $1 RESTART" || return 1
    clock
    was_sent[step]=$clock_ms flying[step]=yes sent_words[step]="$1 RESTART"
    if ((${#by[@]} == 0)); then
        tell "now   step $step  restart the process $1${guard_version:+ with version $guard_version}; this waits until it is back"
        return 0
    fi
    # What it starts must not hold the lock of the journal.
    (
        exec {journal_fd}>&-
        exec "${by[@]}" "$1"
    ) </dev/null
    status=$?
    note "step $step reply $1 TOPOPLAN_RESTART ended with $status"
    ((status == 0)) || no again "TOPOPLAN_RESTART ended with $status for $1"
}

# came_back: another process answers, runs what it should, and is in sync.
came_back() {
    lack="$address gives no answer yet"
    process "$address" || return 1
    lack="$address runs as before: it was not restarted yet"
    [[ $run_id != "$guard_run" && $run_id != "${run_before[step]-}" ]] || return 1
    if ! as_wanted; then
        hopeless=yes
        no again "version of $address: expected $guard_version, seen $(printable "${runs:-none}") after its restart"
        return
    fi
    back_in_sync
}

# back_in_sync: under its old id, with its link up, near to what its master has. Who was promoted
# since has no link.
back_in_sync() {
    local mine
    lack="$address gives no view yet"
    if ! view "$address"; then
        # While it loads what it has on disk, a node answers INFO alone.
        replication "$address" && syncs
        return 1
    fi
    if [[ $own_id != "$node" ]]; then
        hopeless=yes
        no stale "id at $address: expected $node, seen $(printable "$own_id"): it lost its nodes.conf"
        return
    fi
    [[ $own_role == replica ]] || return 0
    lack="the link of $address is not up"
    if ! linked "$address"; then
        syncs
        return 1
    fi
    counts || return 1
    mine=$offset
    look_up "$own_master" && [[ -n $seen_address ]] || return 0
    lack="the master of $address does not tell its offset"
    replication "$seen_address" || return 1
    [[ -n $mine && -n $master_offset ]] || return 0
    lack="$address lacks $((master_offset - mine)) bytes of its master's writes"
    ((master_offset - mine <= reach_bytes))
}
