
# ---- one step: how far is it, may it run, run it, is its effect seen ------------------------

# expect WHAT WANTED SEEN
expect() {
    [[ $2 == "$3" ]] && return 0
    why="$1: expected ${2:-none}, seen $(printable "${3:-none}")"
    return 1
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
    view "$address" || return 1
    # Another process there: the guard will say so.
    [[ $own_id == "$node" ]] || return 0
    case $action in
    meet)
        if look_up "$target" && ! flagged handshake; then state=complete; fi
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
        if [[ $own_role == master ]] && covers "$own_slots" "$slots"; then state=complete; fi
        ;;
    set-slot)
        slots_open || state=complete
        ;;
    flush)
        if [[ $own_role == master ]] && keyless "$address"; then state=complete; fi
        ;;
    esac
    return 0
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

# survey: asks everyone who is to forget: $to_tell lists the id, $unasked does not answer.
survey() {
    local at
    to_tell='' unasked=''
    for at in $tell; do
        if ! view "$at"; then
            unasked+="${unasked:+ }$at"
        elif look_up "$target"; then
            to_tell+="${to_tell:+ }$at"
            [[ -n $blocked ]] || forgettable "$at" || blocked=$why
        fi
    done
    if [[ $unasked == "$tell" ]]; then
        why='nobody who is to forget it answers'
        return 1
    fi
    [[ -n $to_tell ]] || state=complete
    return 0
}

# forgettable ADDRESS: the view read last shows the id dead, without slots, and nobody's master.
forgettable() {
    local line follower flags master link
    if flagged myself; then
        why="$1 is the node to be forgotten: it lives"
    elif ! lost; then
        why="state of $target at $1: expected failed, without address or disconnected, seen"
        why+=" $(printable "$seen_flags $seen_link")"
    elif [[ -n $seen_slots ]]; then
        why="slots of $target at $1: expected none, seen $seen_slots"
    else
        for line in "${lines[@]}"; do
            read -r follower _ flags master _ _ _ link _ <<<"$line"
            if [[ $master == "$target" && $link == connected && ,$flags, != *,fail,* ]] ||
                [[ $master == "$target" && ,$flags, == *,myself,* ]]; then
                why="replicas of $target at $1: expected none, seen $(printable "$follower")"
                return 1
            fi
        done
        return 0
    fi
    return 1
}

# guard: may the step run? Else $why tells what is expected and what is seen.
guard() {
    if [[ $action == forget ]]; then
        why=$blocked
        [[ -z $blocked ]]
        return
    fi
    view "$address" || return 1
    expect "id at $address" "$node" "$own_id" || return 1
    if [[ $action == meet ]]; then
        guard_met
        return
    fi
    [[ -z $guard_role ]] || expect "role of $address" "$guard_role" "$own_role" || return 1
    [[ -z $guard_master ]] ||
        expect "master of $address" "$guard_master" "$own_master" || return 1
    [[ $guard_slots == - ]] ||
        expect "slots of $address" "$guard_slots" "$own_slots" || return 1
    if [[ -n $guard_empty && $action != set-slot ]]; then
        expect "slots of $address" '' "$own_slots" || return 1
        keyless "$address" || return 1
    fi
    case $guard_link in
    up) linked "$address" || return 1 ;;
    synced) synced "$address" || return 1 ;;
    esac
    case $action in
    replicate) guard_master ;;
    failover) guard_failover ;;
    flush) guard_flush ;;
    set-slot) [[ -z $guard_empty ]] || guard_imports ;;
    esac
}

# synced ADDRESS: it finished a sync once.
synced() {
    replication "$1" || return 1
    [[ $offset =~ ^[0-9]*[1-9][0-9]*$ ]] && return 0
    why="sync of $1: expected one that finished, seen offset $(printable "${offset:-unknown}")"
    return 1
}

# guard_master: the node knows the master it is to follow, as a master that serves.
guard_master() {
    if ! look_up "$target"; then
        why="master $target: expected it to be known at $address, seen no such id"
        return 1
    fi
    [[ $seen_role != master ]] || flagged fail 'fail?' noaddr handshake || return 0
    why="state of $target at $address: expected master, seen $(printable "$seen_flags")"
    return 1
}

# guard_met: the process to be met is who it should be, blank and alone. MEET joins clusters
# without a question.
guard_met() {
    local line id
    view "$target_address" || return 1
    expect "id at $target_address" "$target" "$own_id" || return 1
    expect "role of $target_address" master "$own_role" || return 1
    expect "slots of $target_address" '' "$own_slots" || return 1
    [[ -n $guard_empty ]] || return 0
    for line in "${lines[@]}"; do
        read -r id _ seen_flags _ <<<"$line"
        # The asked node may be there already, or be shaking hands, from an earlier run.
        if [[ -z $seen_flags || $id == "$target" || $id == "$node" ]] || flagged handshake; then
            continue
        fi
        why="members known to $target_address: expected itself alone, seen $(printable "$id")"
        return 1
    done
    keyless "$target_address"
}

# away: the replica has lost its old master, by its own word: the view read last shows it failed, or
# the replication link is down. Silence towards whoever runs this proves nothing of the sort: a
# firewall is enough for that.
away() {
    local old=${target:-$own_master}
    look_up "$old" || return 0
    ! flagged fail 'fail?' noaddr || return 0
    [[ $seen_link != disconnected ]] || return 0
    replication "$address" || return 1
    [[ $link != down ]] || return 0
    why="state of $old at $address: expected failed, without address or disconnected, or the link"
    why+=" to it down; seen $(printable "$seen_flags $seen_link"), link $(printable "${link:-unknown}"):"
    why+=" the master lives by its own replica's word"
    return 1
}

# guard_failover: a replica; asked by force, of a master that is still away.
guard_failover() {
    expect "role of $address" replica "$own_role" || return 1
    if [[ $mode == graceful ]]; then
        linked "$address"
        return
    fi
    away || return 1
    [[ -n $target_address ]] || return 0
    if ! ask "$target_address" PING; then
        # Silence is what a forced failover is for.
        return 0
    fi
    # A reborn process under another id is not the old master.
    if view "$target_address" && [[ $own_id != "$target" ]]; then
        return 0
    fi
    why="old master at $target_address: expected no answer, seen one: it came back"
    return 1
}

# guard_imports: slots that are open as importing hold no key here. Closed, they belong to others
# alone, and keys that only this node has would be out of reach.
guard_imports() {
    local slot
    for slot in $(each_slot); do
        [[ " $own_open" == *" [$slot-<-"* ]] || continue
        ask "$address" CLUSTER COUNTKEYSINSLOT "$slot" || return 1
        [[ ${reply##*$'\n'} =~ ^(\(integer\)\ )?0$ ]] && continue
        why="keys of slot $slot at $address: expected 0, seen $(printable "${reply##*$'\n'}");"
        why+=' closing it would hide them: MIGRATE them to the owner of the slot first'
        return 1
    done
}

# guard_flush: a slotless master that nobody follows, in a cluster that lacks no slot.
guard_flush() {
    local line flags master slots all=''
    expect "role of $address" master "$own_role" || return 1
    expect "slots of $address" '' "$own_slots" || return 1
    for line in "${lines[@]}"; do
        read -r _ _ flags master _ _ _ _ slots <<<"$line"
        if [[ $master == "$node" && ,$flags, != *,fail,* ]]; then
            why="replicas of $address: expected none, seen one"
            return 1
        fi
        [[ ,$flags, == *,fail,* || ,$flags, == *,noaddr,* ]] || all+=" $slots"
    done
    # A node that knows nobody cannot tell.
    ((${#lines[@]} > 1)) || return 0
    normalise "$all"
    expect "slots that live nodes own, at $address" 0-16383 "$normal"
}

# tell_one ADDRESS WORD...: sends a command that answers OK.
tell_one() {
    if ! ask "$@"; then
        # It may have been taken all the same: the effect decides.
        ((ask_status == 124 || ask_status == 137)) || return 1
        say "      $why; looking for the effect"
        return 0
    fi
    [[ ${reply##*$'\n'} == OK ]] && return 0
    why="$1 replied: $(printable "$reply")"
    return 1
}

# send: runs the step's command.
send() {
    local at slot begin
    case $action in
    meet) tell_one "$address" CLUSTER MEET "${target_address%:*}" "${target_address##*:}" \
        ${bus_port:+"$bus_port"} ;;
    replicate) tell_one "$address" CLUSTER REPLICATE "$target" ;;
    failover)
        case $mode in
        graceful) tell_one "$address" CLUSTER FAILOVER ;;
        force) tell_one "$address" CLUSTER FAILOVER FORCE ;;
        takeover) tell_one "$address" CLUSTER FAILOVER TAKEOVER ;;
        esac
        ;;
    forget)
        clock
        begin=$clock_ms
        for at in $to_tell; do
            if ! tell_one "$at" CLUSTER FORGET "$target"; then
                [[ $reply == *'Unknown node'* ]] || return 1
                say "      $at knows it no more"
            fi
        done
        clock
        # A node that was told bans the id for a minute; after that it may learn it again.
        if ((clock_ms - begin > 60000)); then
            why='telling all took more than 60 s, so the first may have learnt it again'
            return 1
        fi
        ;;
    set-slot)
        for slot in $open; do
            tell_one "$address" CLUSTER SETSLOT "$slot" STABLE || return 1
        done
        ;;
    flush) tell_one "$address" FLUSHALL ;;
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
    *) return 0 ;;
    esac
}

# narrow [lenient]: keeps in $pending who does not see the effect yet; fails if any is left. The
# lenient pass over those who do not answer.
narrow() {
    local at left=''
    for at in $pending; do
        seen_at "$at"
        case $? in
        0) ;;
        2) [[ -n ${1-} ]] || left+="${left:+ }$at" ;;
        *) left+="${left:+ }$at" ;;
        esac
    done
    pending=$left
    [[ -z $pending ]]
}

# counts: the replica whose link is up has an offset. After a sync with a master that never had a
# replica it stands at 0, as if it had copied nothing, until the master pings it: every 10 s, unless
# configured otherwise. Longer is not waited.
counts() {
    [[ $offset =~ ^0+$ ]] || return 0
    clock
    : "${up_since:=$clock_ms}"
    ((clock_ms - up_since < 15000)) || return 0
    lack="the offset of $address is still 0"
    return 1
}

# effect: the step is done and everyone who must know does. Else $lack tells what is missing, and
# $unmoved is set if a failover has not begun to show.
effect() {
    unmoved=''
    case $action in
    meet)
        narrow || { lack="not seen at $pending" && return 1; }
        lack="$target_address does not list $address"
        view "$target_address" && look_up "$node" && ! flagged handshake
        ;;
    replicate)
        lack="the link of $address is not up"
        view "$address" || return 1
        follows || return 1
        linked "$address" || return 1
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
        narrow lenient || { lack="still listed at $pending" && return 1; }
        ;;
    set-slot)
        lack="slots still open at $address"
        view "$address" && ! slots_open
        ;;
    flush)
        lack="$address still holds keys"
        keyless "$address"
        ;;
    esac
}
