
# ---- may a step run? -------------------------------------------------------------------------

# A guard asks every node whose data the step risks or relies on, not only the one that gets the
# command. Where it says no, $why tells what is expected and what is seen.

# guard: may the step run?
guard() {
    if [[ $action == forget ]]; then
        [[ -z $blocked ]] || no "${blocked%% *}" "${blocked#* }" || return 1
        stays_away
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
    case $action in
    replicate) guard_replicate ;;
    failover) guard_failover ;;
    flush) guard_flush ;;
    set-slot) guard_closing ;;
    restart) guard_restart ;;
    migrate-slots) guard_migrate ;;
    add-slots) guard_adding ;;
    kill | reset) guard_leaving ;;
    esac
}

# party WHAT ADDRESS ID SLOTS: asks another node of the step: it is that one, a master, with these
# slots. Its view is the one read last then.
party() {
    view "$2" || return 1
    expect "id of $1 at $2" "$3" "$own_id" || return 1
    expect "role of $1 at $2" master "$own_role" || return 1
    [[ -z $4 ]] || expect "slots of $1 at $2" "$4" "$own_slots"
}

# guard_replicate: REPLICATE drops what the node holds, so somebody else must hold it.
guard_replicate() {
    local here=$own_role
    if [[ $own_open == *'['* ]]; then
        no stale "open slots of $address: expected none, seen $(printable "$own_open")"
        return
    fi
    if [[ $here == master ]]; then
        expect "slots of $address" '' "$own_slots" || return 1
        keyless "$address" || return 1
    fi
    if ! heard_of "$target"; then
        no again "master $target: expected it to be known at $address, seen no such id"
        return
    fi
    if [[ $seen_role != master ]] || flagged fail 'fail?' noaddr handshake; then
        no stale "state of $target at $address: expected master, seen $(printable "$seen_flags")"
        return
    fi
    if [[ -n $donor ]]; then
        guard_donor || return 1
    elif [[ $here == replica ]]; then
        guard_leftover || return 1
    fi
    [[ -n $target_address ]] || return 0
    party "its new master" "$target_address" "$target" "$target_slots" || return 1
    if [[ $here == master ]]; then
        nobody_moves_to "$node" || return 1
    elif [[ -z $donor ]]; then
        served
        if ! covers "$normal" "$guard_owned"; then
            why="slots that live nodes own, at $target_address: expected $guard_owned, seen"
            no stale "$why ${normal:-none}: $address may hold what is lost elsewhere"
            return
        fi
    fi
    [[ -n $target_replicas ]] || return 0
    replication "$target_address" || return 1
    ((attached <= target_replicas)) ||
        no stale "replicas of $target_address: expected $target_replicas, seen $attached: it needs this one no more"
}

# heard_of ID: the node whose view was read last lists that one. What was met a moment ago takes some
# seconds to get around.
heard_of() {
    local until
    look_up "$1" && return 0
    [[ -n $met_some && -z $showing ]] || return 1
    clock
    until=$((clock_ms + node_timeout_ms + 10000))
    while ((clock_ms < until)); do
        sleep 0.3
        view "$address" || return 1
        ! look_up "$1" || flagged handshake || return 0
        clock
    done
    look_up "$1"
}

# guard_donor: the node holds a copy of a shard that is served. Its master lives, by the node's
# word and by its own, is in sync with it, and keeps as many other replicas as the plan leaves it.
guard_donor() {
    if ! look_up "$donor" || [[ $seen_role != master ]] || flagged fail 'fail?' noaddr ||
        [[ $seen_link != connected ]]; then
        no stale "state of its master $donor at $address: expected a live master, seen $(printable "${seen_flags:-no such id} $seen_link"): $address may hold its last copy"
        return
    fi
    linked "$address" || return 1
    party "its old master" "$donor_address" "$donor" "$donor_slots" || return 1
    replication "$donor_address" || return 1
    ((online - 1 >= donor_keeps)) ||
        no stale "other replicas of $donor_address in sync: expected $donor_keeps, seen $((online > 0 ? online - 1 : 0)): it would be left with fewer copies than planned"
}

# guard_leftover: the node follows nobody who owns slots by the plan, and so it must be by now.
guard_leftover() {
    [[ $own_master != - ]] && look_up "$own_master" || return 0
    [[ -z $seen_slots ]] ||
        no stale "slots of its master $own_master at $address: expected none, seen $seen_slots"
}

# nobody_moves_to ID: no owner of slots, by its own word, is moving one there.
nobody_moves_to() {
    local at line field slots text
    local -a owners=()
    for line in "${lines[@]}"; do
        read -r _ field _ _ _ _ _ _ slots <<<"${line:0:600}"
        [[ -n $slots ]] && address_in "$field" && owners+=("$address_found")
    done
    ((${#owners[@]} > 0)) || return 0
    at_once own_open_slots "${owners[@]}"
    for at in "${owners[@]}"; do
        text=${answers[$at]}
        if [[ $text == *"->-$1]"* ]]; then
            no stale "slots that $at is moving to $1: expected none, seen some"
            return
        fi
    done
}

own_open_slots() {
    view "$1" && printf '%s' "$own_open"
}

# guard_met: the process to be met is who it should be, blank and alone. MEET joins clusters
# without a question.
guard_met() {
    local line id
    view "$target_address" || return 1
    expect "id at $target_address" "$target" "$own_id" || return 1
    expect "role of $target_address" master "$own_role" || return 1
    expect "slots of $target_address" '' "$own_slots" || return 1
    if [[ $own_open == *'['* ]]; then
        no stale "open slots of $target_address: expected none, seen $(printable "$own_open")"
        return
    fi
    for line in "${lines[@]}"; do
        read -r id _ seen_flags _ <<<"${line:0:600}"
        # The asked node may be there already, or be shaking hands, from an earlier run.
        if [[ -z $seen_flags || $id == "$target" || $id == "$node" ]] || flagged handshake; then
            continue
        fi
        no stale "members known to $target_address: expected itself alone, seen $(printable "$id")"
        return
    done
    if [[ -n $guard_empty ]]; then
        keyless "$target_address"
    else
        no_more_keys "$target_address"
    fi
}

# no_more_keys ADDRESS: it holds no more keys than when it was captured.
no_more_keys() {
    keys "$1" || return 1
    [[ -z $guard_keys ]] || ((key_count <= guard_keys)) ||
        no stale "keys of $1: expected at most $guard_keys, seen $key_count: somebody writes to it"
}

# guard_failover: a replica; asked by force, of a master that is still away.
guard_failover() {
    expect "role of $address" replica "$own_role" || return 1
    if [[ $mode == graceful ]]; then
        linked "$address" || return 1
        [[ -z $target_address ]] || party 'the master' "$target_address" "$target" "$slots" || return 1
        [[ $own_open != *'['* ]] ||
            no stale "open slots of $target_address: expected none, seen $(printable "$own_open")"
        return
    fi
    away || return 1
    [[ $mode != takeover || -z $minority ]] || still_minority || return 1
    if [[ $guard_link == synced ]]; then
        synced "$address" || return 1
        as_captured || return 1
    fi
    view "$address" || return 1
    no_better_copy || return 1
    [[ -z $target_address ]] || ! returned "$target" "$target_address" || return 1
    # Masters without whom no majority can vote: a takeover rests on their death.
    local one
    for one in $dead; do
        ! returned "${one%%=*}" "${one#*=}" || return 1
    done
}

# returned ID ADDRESS: who is taken for dead answers there. A reborn process under another id does
# not, and silence is what a forced failover is for.
returned() {
    lives "$1" "$2" || return 1
    no stale "node $1 at $2: expected no answer, seen one: it came back"
    return 0
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
    no stale "$why the master lives by its own replica's word"
}

# still_minority: by the replica's view read last, too few owners of slots live to vote.
still_minority() {
    local line flags link slots all=0 well=0
    for line in "${lines[@]}"; do
        read -r _ _ flags _ _ _ _ link slots <<<"${line:0:600}"
        [[ $slots == [0-9]* ]] || continue
        all=$((all + 1))
        case ,$flags, in
        *,fail,* | *,fail\?,* | *,noaddr,*) ;;
        *) [[ $link != connected ]] || well=$((well + 1)) ;;
        esac
    done
    ((2 * well <= all)) ||
        no stale "masters that can vote, at $address: expected no majority, seen $well of $all: a vote is possible again"
}

# as_captured: the replica read last holds at least what it held when it was captured, of the same
# history.
as_captured() {
    if [[ -n $guard_offset ]] && ((offset < guard_offset)); then
        no stale "offset of $address: expected $guard_offset at least, seen $offset: it lost what it held when it was captured"
        return
    fi
    [[ -n $guard_replid && -n $replid ]] || return 0
    [[ $replid == "$guard_replid" || $replid2 == "$guard_replid" ]] ||
        no stale "history of $address: expected $guard_replid, seen $(printable "$replid"): what it holds is not what was captured"
}

# no_better_copy: no live replica of the same master holds more than the one to be promoted, or
# what cannot be compared. The view read last is that one's.
no_better_copy() {
    local mine=$offset my_id=$replid my_earlier=$replid2 my_turn=$second
    local line id field flags master one at
    local -a siblings=()
    local old=${target:-$own_master}
    replication "$address" || return 1
    mine=$offset my_id=$replid my_earlier=$replid2 my_turn=$second
    for line in "${lines[@]}"; do
        read -r id field flags master _ <<<"${line:0:600}"
        [[ $master == "$old" && $id != "$node" ]] || continue
        siblings+=("$id=${field%%[@,]*}")
    done
    for one in $rivals; do
        [[ " ${siblings[*]-} " == *" $one "* ]] || siblings+=("$one")
    done
    ((${#siblings[@]} > 0)) || return 0
    for one in "${siblings[@]}"; do
        id=${one%%=*} at=${one#*=}
        address_in "$at" || continue
        if ! replication "$at"; then
            # Dead by the word of the one that would know, it cannot be promoted either.
            if look_up "$id" && ! lost && ! flagged 'fail?'; then
                no again "$at, another replica of $old, lives by the view of $address and gives no answer: it may hold more"
                return
            fi
            continue
        fi
        [[ $told_role == slave ]] || continue
        compare_copies "$at" || return 1
    done
}

# compare_copies ADDRESS: what INFO said of it last, against $mine, $my_id, $my_earlier and $my_turn.
compare_copies() {
    [[ -n $offset && $offset != 0 ]] || return 0
    [[ $link == up || $offset != 1 ]] || return 0
    if [[ -z $replid || -z $my_id || $replid == "$my_id" ]]; then
        ((offset <= ${mine:-0})) ||
            no stale "offset of $1: expected at most ${mine:-0} as at $address, seen $offset: it is the better copy"
    elif [[ $replid == "$my_earlier" ]] && ((offset < ${my_turn:-0})); then
        # What it holds is the beginning of what the promoted one holds.
        return 0
    elif [[ $replid2 == "$my_id" ]] && ((${mine:-0} < ${second:-0})); then
        no stale "history of $1: it goes on where that of $address ends: it is the better copy"
    elif [[ -n $accept_histories ]]; then
        return 0
    else
        no stale "history of $1: expected $(printable "$my_id") as at $address, seen $(printable "$replid"): nobody can tell which of them holds more"
    fi
}

# guard_flush: a slotless master that nobody follows, in a cluster that lacks no slot and moves
# none to it.
guard_flush() {
    local line flags master at
    expect "role of $address" master "$own_role" || return 1
    expect "slots of $address" '' "$own_slots" || return 1
    if [[ $own_open == *'['* ]]; then
        no stale "open slots of $address: expected none, seen $(printable "$own_open")"
        return
    fi
    no_followers || return 1
    no_more_keys "$address" || return 1
    # A node that knows nobody cannot tell what the cluster has: an owner of slots is asked.
    at=$(an_owner) || { no again "none of the owners of slots answers"; return; }
    view "$at" || return 1
    no_followers || return 1
    served
    expect "slots that live nodes own, at $at" 0-16383 "$normal" || return 1
    nobody_moves_to "$node"
}

# guard_leaving: a node that leads nothing and whose copy is held elsewhere.
guard_leaving() {
    local tries=0
    # Right after a failover it may still be followed, or not follow yet.
    until may_leave; do
        [[ -z $showing ]] && ((tries < 50)) || return 1
        tries=$((tries + 1))
        sleep 0.2
        view "$address" || return 1
    done
}

# may_leave: the same, at this moment. The view read last is the node's.
may_leave() {
    local here=$own_role
    if [[ $own_open == *'['* ]]; then
        no stale "open slots of $address: expected none, seen $(printable "$own_open")"
        return
    fi
    if [[ $mode == emptied ]]; then
        followers_left || return 1
    else
        no_followers || return 1
    fi
    if [[ $here == master ]]; then
        [[ $action != reset ]] || keyless "$address" || return 1
        nobody_moves_to "$node"
    elif [[ $mode == emptied ]]; then
        return 0
    elif [[ -n $donor ]]; then
        guard_donor && known_as_replica
    else
        guard_leftover
    fi
}

# followers_left: who followed a master that gave its last slot away follows who got it, by itself and
# within seconds.
followers_left() {
    local until
    no_followers && return 0
    [[ -z $showing ]] || return 1
    clock
    until=$((clock_ms + node_timeout_ms + 15000))
    while ((clock_ms < until)); do
        sleep 0.5
        view "$address" || return 1
        ! no_followers || return 0
        clock
    done
    no again "$why"
}

# known_as_replica: nobody who answers takes the node for a master any more. Who does when it stops
# would do so until it comes back.
known_as_replica() {
    local at
    [[ $action == kill ]] || return 0
    at_once role_at "${!member_at[@]}"
    for at in "${!answers[@]}"; do
        if [[ ${answers[$at]} == master ]]; then
            no again "role of $address at $at: expected replica, seen master"
            return
        fi
    done
}

# role_at ADDRESS: prints the role of the step's node in that node's view.
role_at() {
    view "$1" && look_up "$node" && printf '%s' "$seen_role"
}

# no_followers: nobody follows the step's node by the view read last.
no_followers() {
    local line flags master
    for line in "${lines[@]}"; do
        read -r _ _ flags master _ <<<"${line:0:600}"
        if [[ $master == "$node" && ,$flags, != *,fail,* ]]; then
            no stale "replicas of $address: expected none, seen one"
            return
        fi
    done
}

# an_owner: the address of a captured owner of slots that answers.
an_owner() {
    local id at
    while read -r _ id at _; do
        [[ -n $at && $at != - && $id != "${node-}" ]] || continue
        if view "$at" && [[ $own_id == "$id" ]]; then
            say "$at"
            return
        fi
    done <<<"$shards"
    return 1
}

# guard_closing: closed slots belong to their owner alone, so no other end may hold keys of theirs.
# What is open as importing here holds none here, what is open as migrating none there. Keys of slots
# that a later step moves go with it.
guard_closing() {
    local slot at
    local -a mark=()
    may_differ "$node"
    marked "$may_go $may_come"
    for slot in $(each_slot); do
        [[ -z ${mark[slot]-} ]] || continue
        at=''
        case " $own_open" in
        *" [$slot-<-"*) at=$address ;;
        *" [$slot->-"*) other_end "$slot" ;;
        *) continue ;;
        esac
        [[ -n $at ]] || continue
        ask "$at" CLUSTER COUNTKEYSINSLOT "$slot" || return 1
        number_said && [[ $number == 0 ]] && continue
        why="keys of slot $slot at $at: expected 0, seen $(printable "$last");"
        no stale "$why closing it would hide them: MIGRATE them to the owner of the slot first"
        return
    done
}

# other_end SLOT: the address of the node that the slot is moving to, in $at, if it lives.
other_end() {
    local peer=" $own_open"
    peer=${peer##*" [$1->-"}
    peer=${peer%%]*}
    look_up "$peer" && ! lost || return 0
    at=$seen_address
}
