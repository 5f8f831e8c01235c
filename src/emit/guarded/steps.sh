
# ---- one step: how far is it, run it, is its effect seen ------------------------------------

# load STEP: its facts, from the plan file; unset ones are empty.
load() {
    phase='' wave=0 action='' mode='' node='' address='' target='' target_address='' tell='' slots=''
    after='' barrier='' pause_ms=0 pause_after='' wait_at='' limit_ms=0 expected_ms=0 reason='' later=''
    heirs='' loss='' exposed='' undo=''
    guard_role='' guard_master='' guard_slots=- guard_empty='' guard_link='' guard_keys=''
    guard_owned='' donor='' donor_address='' donor_slots='' donor_keeps=0
    target_slots='' target_replicas='' guard_offset='' guard_replid='' rivals='' dead=''
    minority='' accept_histories='' returns='' guard_run='' guard_version='' epoch=''
    "step_$1"
}

# progress: complete, begun or open in $state. Fails with $why if that cannot be told.
progress() {
    local this=$step one
    own_progress || return 1
    [[ $state == open ]] || return 0
    # A later step may have changed the effect of this one on the way to the plan's end.
    for one in $later; do
        load "$one"
        if own_progress && [[ $state == complete || ($state == begun && $action == replicate) ]]; then
            load "$this"
            state=complete
            return 0
        fi
    done
    load "$this"
    own_progress
}

# own_progress: the same, by the step's own effect.
own_progress() {
    state=open
    blocked=''
    if [[ $action == forget ]]; then
        survey
        return
    fi
    if [[ $action == restart ]]; then
        restart_progress
        return
    fi
    if [[ $action == kill ]]; then
        ! is_down || state=complete
        return 0
    fi
    if [[ $action == migrate-slots ]] && moved_all; then
        state=complete
        return 0
    fi
    view "$address" || return 1
    if [[ $action == reset ]]; then
        ! is_alone || state=complete
        return 0
    fi
    # Another process there: the guard will say so.
    [[ $own_id == "$node" ]] || return 0
    case $action in
    meet)
        if look_up "$target" && ! flagged handshake; then
            state=complete
            met_some=yes
        fi
        ;;
    replicate)
        if follows; then
            state=begun
            # Those who do not answer must not turn a second run into a long wait.
            pending=$wait_at
            if linked "$address" && { [[ $own_master != "$target" ]] || narrow lenient; }; then
                state=complete
            fi
        fi
        ;;
    failover)
        if [[ $own_role == master ]] && covers "$own_slots" "$slots" && came_again; then
            state=complete
        fi
        ;;
    set-slot)
        slots_open || state=complete
        ;;
    migrate-slots)
        if [[ ${mode:-keys} != keys ]] && exporting && [[ -n $exporting ]]; then state=begun; fi
        ;;
    add-slots)
        if covers "$own_slots" "$slots"; then state=complete; fi
        ;;
    set-epoch | bump-epoch)
        if epoch_seen; then state=complete; fi
        ;;
    flush)
        if [[ $own_role == master ]] && keyless "$address"; then state=complete; fi
        ;;
    esac
    return 0
}

# is_down: nobody answers under the id any more. Silence alone proves nothing of the sort: it is a
# connection that is refused, another process there, or the word of an owner of slots.
is_down() {
    local at
    if lives "$node" "$address"; then
        no again "$address still answers"
        return
    fi
    ((ask_status != 0)) && [[ $why != *refused* ]] || return 0
    at=$(an_owner) && view "$at" && look_up "$node" && lost && return 0
    no again "$address does not answer, but no owner of slots calls it failed: end it on its host"
}

# is_alone: the view read last is of a process under another id that knows nobody.
is_alone() {
    [[ $own_id != "$node" ]] && ((${#lines[@]} == 1))
}

# came_again: the step by which this node handed over, if there is one, is done: else it leads
# because it always did.
came_again() {
    local this=$step was=''
    [[ -n $returns ]] || return 0
    step=$returns
    load "$step"
    if progress; then was=$state; fi
    step=$this state=open
    load "$this"
    [[ $was == complete ]]
}

# follows: the node is a replica of the step's master, or of who took over from it by the plan.
follows() {
    local heir
    [[ $own_role == replica ]] || return 1
    [[ $own_master != "$target" ]] || return 0
    for heir in $heirs; do
        if [[ $own_master == "$heir" ]] && look_up "$heir" && [[ $seen_role == master ]]; then
            return 0
        fi
    done
    return 1
}

# slots_open: those of the step's slots that are open at the node, in $open. Fails if none is.
slots_open() {
    local slot
    open=''
    for slot in $(each_slot); do
        case " $own_open" in
        *" [$slot-"*) open+="${open:+ }$slot" ;;
        esac
    done
    [[ -n $open ]]
}

# each_slot: the step's slots, one a line.
each_slot() {
    local part
    for part in ${slots//,/ }; do
        seq "${part%-*}" "${part#*-}"
    done
}

# send: runs the step's command, where it is still to be told.
send() {
    local slot
    case $action in
    forget) forget_all ;;
    add-slots) send_adding ;;
    migrate-slots)
        if [[ ${mode:-keys} == keys ]]; then send_slots; else "send_$step"; fi
        ;;
    set-slot)
        for slot in $open; do
            "send_$step" "$slot" || return 1
        done
        ;;
    *)
        [[ $mode != takeover ]] || { clock && takeover_at=$clock_ms; }
        "send_$step"
        ;;
    esac
}

# seen_at ADDRESS: the step's effect in that node's view. 2: it does not answer.
seen_at() {
    view "$1" || return 2
    case $action in
    meet) look_up "$target" && ! flagged handshake ;;
    replicate) look_up "$node" && [[ $seen_role == replica && $seen_master == "$target" ]] ;;
    failover) look_up "$node" && [[ $seen_role == master ]] && covers "$seen_slots" "$slots" ;;
    forget) ! look_up "$target" ;;
    migrate-slots) look_up "$target" && covers "$seen_slots" "$slots" ;;
    set-epoch | bump-epoch) epoch_seen ;;
    reset) ! look_up "$node" || lost ;;
    *) return 0 ;;
    esac
}

# narrow [lenient]: keeps in $pending who does not see the effect yet; fails if any is left. The
# lenient pass over those who do not answer, the others over those whom the rest takes for failed.
narrow() {
    local at left='' mute='' teller=$address
    for at in $pending; do
        seen_at "$at"
        case $? in
        0) ;;
        2) [[ -n ${1-} ]] || mute+=" $at" ;;
        *) left+="${left:+ }$at" ;;
        esac
    done
    # Who was reset knows nobody, and so nobody's end.
    [[ $action != reset || -z $mute ]] || teller=$(an_owner)
    if [[ -n $mute && -n $teller ]] && view "$teller"; then
        for at in $mute; do
            if look_up "${member_at[$at]-}" && flagged fail; then
                say "      $at failed meanwhile; it is not waited for"
            else
                left+="${left:+ }$at"
            fi
        done
    else
        left+="${left:+ }${mute# }"
    fi
    pending=${left% }
    [[ -z $pending ]]
}

# counts: the replica whose link is up has an offset. After a sync with a master that never had a
# replica it stands at 0, as if it had copied nothing, until the master pings it: every 10 s, unless
# configured otherwise. Longer is not waited.
counts() {
    [[ $offset == 0 ]] || return 0
    clock
    : "${up_since:=$clock_ms}"
    ((clock_ms - up_since < 15000)) || return 0
    lack="the offset of $address is still 0"
    return 1
}

# effect: the step is done and everyone who must know does. Else $lack tells what is missing,
# $unmoved is set if a failover has not begun to show, and $hopeless if waiting is in vain.
effect() {
    unmoved='' hopeless=''
    case $action in
    meet)
        narrow || { lack="not seen at $pending" && return 1; }
        lack="$target_address does not list $address"
        view "$target_address" && look_up "$node" && ! flagged handshake || return 1
        met_some=yes
        ;;
    replicate)
        lack="the link of $address is not up"
        if ! view "$address"; then
            # While it loads what it copied, a node answers INFO alone.
            replication "$address" && syncs
            return 1
        fi
        follows || return 1
        if ! linked "$address"; then
            syncs
            return 1
        fi
        counts || return 1
        [[ $own_master == "$target" ]] || return 0
        narrow || { lack="not seen at $pending" && return 1; }
        ;;
    failover)
        lack="$address is not the master of $slots"
        view "$address" || return 1
        [[ $own_id != "$node" || $own_role != replica ]] || unmoved=yes
        [[ $own_id == "$node" && $own_role == master ]] || return 1
        covers "$own_slots" "$slots" || return 1
        narrow lenient || { lack="not seen at $pending" && return 1; }
        ;;
    forget)
        survey || { lack=$why && return 1; }
        lack="still listed at $to_tell"
        [[ -z $blocked ]] || { hopeless=yes && no "${blocked%% *}" "${blocked#* }" || return 1; }
        [[ -z $to_tell ]]
        ;;
    set-slot)
        lack="slots still open at $address"
        view "$address" && ! slots_open
        ;;
    migrate-slots)
        lack="$target_address does not own all of $slots"
        if [[ ${mode:-keys} == keys ]]; then moved_all || return 1; else moved_whole || return 1; fi
        narrow lenient || { lack="not seen at $pending" && return 1; }
        ;;
    add-slots)
        lack="$address does not own all of $slots"
        view "$address" && covers "$own_slots" "$slots"
        ;;
    set-epoch | bump-epoch)
        lack="the epoch of $address is not seen at $pending"
        narrow lenient
        ;;
    flush)
        lack="$address still holds keys"
        keyless "$address"
        ;;
    restart) came_back ;;
    kill)
        lack="$address still answers"
        is_down
        ;;
    reset)
        lack="$address still knows others"
        view "$address" && is_alone || return 1
        narrow || { lack="still listed with an address at $pending" && return 1; }
        ;;
    esac
}

# syncs: how far the sync of a new replica is. What has moved since the last look is in $moved; a
# master that failed ends it.
syncs() {
    local now=$left line name value
    if look_up "$own_master" && flagged fail noaddr; then
        no stale "$own_master, the new master of $address, failed before $address had its data"
        hopeless=yes
        return
    fi
    [[ $syncing != 1 ]] || lack="$address is copying"
    clock
    ((clock_ms >= next_look)) || return 0
    next_look=$((clock_ms + 2000))
    # Forked off by the master, on the way, or being read by the replica.
    if ask "$address" INFO persistence; then
        while IFS=: read -r name value; do
            case ${name:0:60} in
            loading_loaded_bytes) now+=${value:0:20}, ;;
            esac
        done <<<"$reply"
    fi
    if [[ -n $target_address ]] && ask "$target_address" INFO persistence; then
        while IFS=: read -r name value; do
            case ${name:0:60} in
            current_save_keys_processed | rdb_current_bgsave_time_sec) now+=${value:0:20}, ;;
            esac
        done <<<"$reply"
    fi
    [[ $now == "$sync_state" ]] || moved=yes
    sync_state=$now
}

# await: looks for the effect until the step's limit, counted anew while a sync moves on. A manual
# failover ends in silence if the masters do not vote in time, so it is asked for up to three times.
await() {
    local begin deadline again report sent=1 up_since='' next_look=0 sync_state='' moved=''
    clock
    begin=$clock_ms deadline=$((clock_ms + limit_ms)) again=$((clock_ms + 6000))
    report=$((clock_ms + 10000))
    pending=$wait_at
    while ! effect; do
        [[ -z $hopeless ]] || return 1
        clock
        if [[ -n $moved ]]; then
            moved=''
            deadline=$((clock_ms + limit_ms))
        fi
        if ((clock_ms >= deadline)); then
            no again "no effect within $limit_ms ms: $lack"
            return
        fi
        if ((clock_ms >= report)); then
            report=$((clock_ms + 10000))
            span "$((clock_ms - begin))"
            tell "wait  step $step  $span so far$(expected): $lack"
        fi
        if [[ $action == failover && $mode != takeover && -n $unmoved ]] &&
            ((sent < 3 && clock_ms >= again)); then
            { guard && send; } || after_all effect || return 1
            sent=$((sent + 1))
            clock
            again=$((clock_ms + 6000))
            tell "again step $step  asked a ${sent}. time: no vote so far"
        elif [[ $action == forget ]] && ((sent < 3 && clock_ms >= again)); then
            # Who heard of it from somebody before everybody was told is told again.
            { guard && send; } || after_all effect || return 1
            sent=$((sent + 1))
            clock
            again=$((clock_ms + 6000))
        fi
        sleep 0.2
    done
}

# after_all FUNCTION: a command or its guard was refused, and still the effect may be there: servers
# elect by themselves. If it is not, the refusal stands.
after_all() {
    local kept=$verdict words=$why
    [[ -n $hopeless ]] || ! "$1" || return 0
    no "$kept" "$words"
}

# complete: the step is done, by whomever.
complete() {
    progress && [[ $state == complete ]]
}

# expected: what the plan says of the time it takes.
expected() {
    ((expected_ms > 0)) || return 0
    span "$expected_ms"
    say ", about $span expected"
}
