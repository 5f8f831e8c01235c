
# ---- forgetting ------------------------------------------------------------------------------

# survey: asks everyone who is to forget: $to_tell lists the id, $unasked does not answer.
survey() {
    local at said_of
    to_tell='' unasked='' ghost_at=$target_address
    # shellcheck disable=SC2086 # a list of addresses
    at_once look_for $tell
    for at in $tell; do
        said_of=${answers[$at]}
        case $said_of in
        gone) ;;
        silent*)
            unasked+="${unasked:+ }$at"
            keep_silence "$at" silent
            ;;
        *)
            to_tell+="${to_tell:+ }$at"
            [[ $said_of == listed* ]] || blocked=${blocked:-$said_of}
            [[ -n $ghost_at || $said_of != 'listed '* ]] || ghost_at=${said_of#listed }
            ;;
        esac
    done
    if [[ $unasked == "$tell" ]]; then
        no again 'nobody who is to forget it answers'
        return
    fi
    [[ -n $to_tell || -n $blocked ]] || state=complete
    return 0
}

# look_for ADDRESS: prints `gone`, `listed [WHERE]` if it may be forgotten there, `silent WHY`,
# or why it may not: `stale WHY`.
look_for() {
    local member=${member_at[$1]-}
    if ! view "$1"; then
        printf 'silent %s' "$why"
    elif [[ -n $member && $own_id != "$member" ]]; then
        printf 'stale id at %s: expected %s, seen %s' "$1" "$member" "$(printable "$own_id")"
    elif ! look_up "$target"; then
        printf 'gone'
    elif forgettable "$1"; then
        printf 'listed %s' "$seen_address"
    else
        printf '%s %s' "$verdict" "$why"
    fi
}

# forgettable ADDRESS: the view read last shows the id dead, without slots, and nobody's master.
forgettable() {
    local line follower flags master link
    if flagged myself; then
        no stale "$1 is the node to be forgotten: it lives"
    elif ! lost; then
        why="state of $target at $1: expected failed, without address or disconnected, seen"
        no stale "$why $(printable "$seen_flags $seen_link")"
    elif [[ -n $seen_slots ]] && ! covers "$slots" "$seen_slots"; then
        no stale "slots of $target at $1: expected none, seen $seen_slots"
    else
        for line in "${lines[@]}"; do
            read -r follower _ flags master _ _ _ link _ <<<"${line:0:600}"
            if [[ $master == "$target" && $link == connected && ,$flags, != *,fail,* ]] ||
                [[ $master == "$target" && ,$flags, == *,myself,* ]]; then
                no stale "replicas of $target at $1: expected none, seen $(printable "$follower")"
                return
            fi
        done
    fi
}

# stays_away: nobody answers under the id at its last address. Who comes back would be missed by all.
stays_away() {
    [[ -n $ghost_at ]] || return 0
    lives "$target" "$ghost_at" || return 0
    hopeless=yes
    no stale "node $target at $ghost_at: expected no answer, seen one: it came back"
    if [[ -n ${told_at[step]-} ]]; then
        why+="; some forgot it already, and CLUSTER MEET ${ghost_at%:*} ${ghost_at##*:} at any other"
        why+=' node brings it back'
    fi
    return 1
}

# forget_all: tells everyone of $to_tell. Where a FORGET is gossiped, one is told, and then who
# still lists the id; else all at once, as who was not told yet brings it back.
forget_all() {
    local at result deadline
    local -a list=()
    # shellcheck disable=SC2086 # a list of addresses
    set -- $to_tell
    if [[ -n $gossips && $# -gt 1 ]]; then
        clock
        told_at[step]=$clock_ms
        forget_at "$1" || return 1
        [[ -z $told_words ]] || say "      $told_words"
        # A gossip of this age has reached everybody.
        deadline=$((clock_ms + node_timeout_ms / 2 + 2000))
        while ((clock_ms < deadline)); do
            sleep 0.2
            survey && [[ -z $to_tell ]] && return 0
            clock
        done
        # shellcheck disable=SC2086 # a list of addresses
        set -- $to_tell
    fi
    while (($# > 0)); do
        # Between two groups it may have come back.
        stays_away || return 1
        list=("${@:1:jobs}")
        shift "${#list[@]}"
        clock
        told_at[step]=$clock_ms
        at_once forget_one "${list[@]}"
        for at in "${list[@]}"; do
            result=${answers[$at]}
            case $result in
            ok) ;;
            ok\ *) say "      ${result#ok }" ;;
            *) no "${result%% *}" "${result#* }" || return 1 ;;
            esac
        done
    done
    stays_away
}

# forget_one ADDRESS: prints `ok`, perhaps with words, or the verdict and why. In a process of its
# own.
forget_one() {
    local told
    if forget_at "$1" >/dev/null; then
        told=ok${told_words:+ $told_words}
    else
        told="$verdict $why"
    fi
    printf '%s' "$told"
}

# forget_at ADDRESS: looks once more, and tells it; $told_words if there is something to say.
forget_at() {
    local found
    told_words=''
    found=$(look_for "$1")
    case $found in
    listed*) ;;
    gone) told_words="$1 knows it no more" ;;
    silent*) told_words="$1 answers no more" ;;
    *) no "${found%% *}" "${found#* }" || return 1 ;;
    esac
    [[ $found == listed* ]] || return 0
    "send_$step" "${1%:*}" "${1##*:}" && return 0
    # It may have heard of it from another meanwhile.
    [[ $why == *'Unknown node'* ]] || return 1
    told_words="$1 knows it no more"
}

# remember: who could not be told to forget.
remember() {
    [[ $action == forget && -n $unasked ]] || return 0
    warnings+="warning: step $step: not told to forget $target, as they do not answer: $unasked"
    warnings+=$'\n'
}
