
# ---- is it the planned cluster, as it was captured? -----------------------------------------

# An older capture is asked for again where nothing shows that the cluster is still the same.
fresh_seconds=900

# cluster_check: the owners of slots answer at their addresses under their ids, own what they owned
# when they were captured, and nobody but a step of this plan has promoted anybody since. Words for
# the reader are in $cluster_words.
cluster_check() {
    local slots id address epoch lives answered=0 compared=0
    local -a places=()
    cluster_words=''
    while read -r slots id address epoch lives; do
        [[ -n $lives && $address != - ]] || continue
        places+=("$address")
    done <<<"$shards"
    while read -r _ slots id address; do
        [[ -z $address ]] || places+=("$address")
    done <<<"$promotions"
    if [[ -z $shards ]]; then
        some_member
        return
    fi
    at_once own_facts "${places[@]}"
    for address in "${places[@]}"; do
        keep_silence "$address" no
    done
    while read -r slots id address epoch lives; do
        [[ -n $lives ]] || continue
        shard_check || return 1
    done <<<"$shards"
    if ((answered == 0)); then
        # All were dead when it was captured, and are.
        some_member
        return
    fi
    cluster_words="as captured, but for what this plan did: $answered owners of slots answer"
    ((compared < answered)) || cluster_words+=', with the same config epochs'
    epochs_compared=$((compared == answered))
}

# own_facts ADDRESS: prints `ok ID ROLE MASTER EPOCH SLOTS`, or `no WHY`.
own_facts() {
    if view "$1"; then
        printf 'ok %s %s %s %s %s' "$own_id" "$own_role" "$own_master" "$own_epoch" "${own_slots:--}"
    else
        printf 'no %s' "$why"
    fi
}

# shard_check: one captured shard against what is said now.
shard_check() {
    local may_go='' may_come='' place=$address word a_id a_role a_master a_epoch a_slots
    local own=${answers[$place]-}
    read -r word a_id a_role a_master a_epoch a_slots <<<"$own"
    # Sent away by this plan, it is somebody else by now.
    if [[ $word == ok && $a_id != "$id" && " $leaving " == *" $id "* ]]; then
        may_differ "$id"
        if promoted "$slots" || { [[ -n $may_go ]] && covers "$may_go" "$slots"; }; then
            answered=$((answered + 1)) compared=$((compared + 1))
            return 0
        fi
    fi
    if [[ $word == ok ]]; then
        expect "id at $place" "$id" "$a_id" || return 1
        may_differ "$id"
        if moved_by_plan "$a_slots"; then
            answered=$((answered + 1)) compared=$((compared + 1))
            return 0
        fi
        if [[ $a_role == master && $a_slots != - ]] && covers "$a_slots" "$slots"; then
            expect "slots of $place" "$slots" "$a_slots" || return 1
            answered=$((answered + 1))
            if [[ $lives != yes ]]; then
                no stale "$place, master of $slots, was dead when it was captured, and serves again"
                return
            fi
            [[ $epoch != - ]] || return 0
            compared=$((compared + 1))
            [[ $a_epoch != "$epoch" ]] || return 0
            # Handed over and back by this plan, it has a new epoch.
            handed_back "$slots" "$id" && return 0
            no stale "config epoch of $place, master of $slots: expected $epoch, seen $(printable "$a_epoch"): it lost the slots and got them back, or moved some"
            return
        fi
    fi
    if promoted "$slots"; then
        answered=$((answered + 1)) compared=$((compared + 1))
        return 0
    fi
    if [[ $word == ok ]]; then
        no stale "master of $slots: expected $place, seen it as $(printable "$a_role") of $(printable "$a_master") with the slots $(printable "$a_slots")"
    elif [[ $lives == yes ]]; then
        no again "${own#no }: it is the master of $slots"
    else
        # Given up by this plan, they may have come to others.
        may_differ "$id"
        if [[ -z $may_go ]] || ! covers "$may_go" "$slots"; then
            taken_over
        fi
    fi
}

# promoted SLOTS: a node that a step of this plan promotes for them is their master.
promoted() {
    local p_slots p_id p_address word a_id a_role a_slots
    while read -r _ p_slots p_id p_address; do
        [[ $p_slots == "$1" ]] || continue
        read -r word a_id a_role _ _ a_slots <<<"${answers[$p_address]-}"
        if [[ $word == ok && $a_id == "$p_id" && $a_role == master ]] && covers "$a_slots" "$1"; then
            return 0
        fi
    done <<<"$promotions"
    return 1
}

# handed_back SLOTS ID: the last step of this plan that promotes anybody for them promotes that one.
handed_back() {
    local p_slots p_id last_id=''
    while read -r _ p_slots p_id _; do
        [[ $p_slots != "$1" ]] || last_id=$p_id
    done <<<"$promotions"
    [[ $last_id == "$2" ]]
}

# taken_over: the captured owner is dead, as it was. Nobody else may have its slots.
taken_over() {
    local at line owner flags has
    at=$(an_owner) || return 0
    view "$at" || return 0
    for line in "${lines[@]}"; do
        read -r owner _ flags _ _ _ _ _ has <<<"$line"
        [[ -n $has && $owner != "$id" && ,$flags, != *,fail,* ]] || continue
        normalise "$has"
        if covers "$normal" "$slots"; then
            no stale "master of $slots: expected $id, dead as captured, seen $(printable "$owner")"
            return
        fi
    done
    return 0
}

# some_member: without an owner of slots to ask, one captured member answers under its id.
some_member() {
    local id address tried=0
    while read -r id address; do
        [[ -n $address ]] || continue
        ((tried < 8)) || break
        tried=$((tried + 1))
        view "$address" || continue
        expect "id at $address" "$id" "$own_id" || return 1
        cluster_words="$address answers under its id"
        epochs_compared=1
        return 0
    done <<<"$members"
    ((tried > 0)) || return 0
    no again 'none of the captured members answers'
}

# age_check: how old the capture is, in $age_words; an old one must have shown that nothing changed.
age_check() {
    local age
    clock
    if [[ -z $taken ]]; then
        age_words='nothing in the capture tells when it was taken'
        age=$((fresh_seconds + 1))
    else
        age=$((clock_ms / 1000 - taken))
        moment "$((taken * 1000))"
        span "$((age > 0 ? age * 1000 : 0))"
        age_words="captured ${moment%.*}Z, $span ago"
    fi
    ((age > fresh_seconds)) || return 0
    [[ -z $accept_age && $epochs_compared != 1 ]] || return 0
    no stale "$age_words, and the config epochs cannot show that nothing changed since: capture and plan again, or say --accept-age"
}

# follows_redirects: a question about one key, put to masters of other slots, is answered by who
# does not serve it: then the client went elsewhere with it, as it would with a command.
follows_redirects() {
    local address lives asked=0
    while read -r _ _ address _ lives; do
        [[ $lives == yes && $address != - ]] || continue
        ask "$address" EXISTS topoplan || continue
        number_said || continue
        asked=$((asked + 1))
        ((asked < 2)) || return 0
    done <<<"$shards"
    return 1
}
