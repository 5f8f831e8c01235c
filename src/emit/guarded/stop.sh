
# ---- the end of a run -----------------------------------------------------------------------

tally() {
    printf 'done %d, skipped %d' "$count_done" "$count_skipped"
    ((count_left == 0)) || printf ', left out %d' "$count_left"
}

# stop: nothing after this step is done. $verdict and $why tell why.
stop() {
    local kept=$verdict
    note "step $step stop $verdict $why"
    {
        tell "stop  step $step  $(subject): $why"
        after_stop
        say "      $(tally). Nothing after this step was done."
        advise "$kept"
    } >&2
    note "run end stopped"
    exit 1
}

# advise VERDICT: the one thing to do next.
advise() {
    if [[ $1 == again ]]; then
        say "      Wait until this is settled and run it again: bash $me --apply"
        say '      What is done is not done twice.'
    else
        say '      The cluster is no longer the planned one: capture and plan again. This script'
        say '      refuses to go on with this plan.'
    fi
    [[ -z $journal_fd ]] || say "      journal: $(printable "$journal")"
}

# by_signal NAME NUMBER
by_signal() {
    trap '' INT TERM HUP PIPE
    note "step ${step:-0} stop again stopped by SIG$1"
    {
        say ''
        if [[ -n $step ]]; then
            tell "stop  step $step  $(subject): stopped by SIG$1"
            after_stop
        else
            tell "stop  by SIG$1, before the first step"
        fi
        say "      $(tally)."
        advise again
    } >&2
    note "run end stopped by SIG$1"
    exit "$((128 + $2))"
}

# after_stop: what was sent and is not seen yet, who has one copy because of this plan, and how to
# take back what was done.
after_stop() {
    local one this=$step at='' shard gone=' '
    local -a order=()
    if [[ -n ${flying[this]-} ]]; then
        hour "${was_sent[this]}"
        say "      sent at $hour, its effect is not seen yet: ${sent_words[this]}"
    fi
    for one in $steps; do
        [[ -n ${was_sent[one]-} ]] || continue
        order=("$one" ${order[@]+"${order[@]}"})
        load "$one"
        for shard in $exposed; do
            at=$(owner_of "$shard") || continue
            if ! replication "$at"; then
                say "      one copy, perhaps: slots $shard, because of step $one; $at gives no answer"
            elif ((online == 0)); then
                say "      one copy: slots $shard at $at, because of step $one"
            fi
        done
    done
    at=''
    for one in ${order[@]+"${order[@]}"}; do
        load "$one"
        # Who was reset or stopped since takes nothing back.
        [[ $action != reset && $action != kill ]] || gone+="$address "
        [[ -n $undo && $gone != *" ${undo%% *} "* ]] || continue
        [[ -n $at ]] || say '      to take back what was done, in this order:'
        at=${undo%% *}
        # shellcheck disable=SC2086 # address and words
        command_line $undo
    done
    load "$this"
}

# owner_of SLOTS: where their master is, as far as this plan got. Prints the address.
owner_of() {
    local slots id address epoch lives number found=''
    while read -r slots id address epoch lives; do
        [[ $slots != "$1" || $address == - ]] || found=$address
    done <<<"$shards"
    while read -r number slots id address; do
        [[ -z $number || $slots != "$1" || -z ${was_done[number]-} ]] || found=$address
    done <<<"$promotions"
    [[ -n $found ]] && say "$found"
}

# finish: all that was asked for is done. Is the cluster where the plan ends?
finish() {
    local done_words
    step=''
    if ((count_left == 0)); then
        at_end || {
            note "run end not at the end: $why"
            tell "Finished: $(tally), but the cluster is not at the end of the plan: $why" >&2
            advise "$verdict" >&2
            exit 1
        }
    fi
    if ((count_done == 0)); then
        done_words="Nothing to do: $(tally). Every step asked for was done before."
    else
        done_words="Finished: $(tally)."
    fi
    tell "$done_words"
    ((count_left > 0)) || say '      The cluster is at the end of the plan.'
    ban_words
    say "      Capture again and let \`topoplan check\` look. Journal: $(printable "$journal")"
    if [[ -n $warnings ]]; then
        say "${warnings%$'\n'}" >&2
        say 'They bring the id back when they return. Run this again then.' >&2
        note 'run end with warnings'
        exit 1
    fi
    note 'run end finished'
    exit 0
}

# at_end: every step's effect is there, and every shard has the owner that the plan leaves it.
at_end() {
    local one
    for one in $steps; do
        step=$one
        load "$one"
        progress || return 1
        if [[ $state != complete && ($state != begun || $action != replicate) ]]; then
            no stale "step $one, $(subject), was done and is undone"
            return
        fi
    done
    step=''
    cluster_check
}

# ban_words: for a minute a node does not learn a forgotten id again; what it learns after that
# only a later look can tell.
ban_words() {
    local one last=0
    for one in $steps; do
        [[ -z ${told_at[one]-} ]] || ((told_at[one] <= last)) || last=${told_at[one]}
    done
    ((last > 0)) || return 0
    clock
    ((clock_ms < last + 61000)) || return 0
    hour "$((last + 61000))"
    say "      Until $hour nobody who was told can learn a forgotten id again. After that"
    say "      bash $me --status looks whether it stayed away."
}
