
# ---- the journal: who runs, what was sent, what is done -------------------------------------

# One line for everything, written before it is done: time, milliseconds, `run` or `step N`, word.
# It is told from by its first line, so a journal of another plan is never taken for this one's.
journal_head="# topoplan journal 1 of plan $plan_id"

# name_journal: beside the script, unless --journal names another.
name_journal() {
    local script=$0 id=${plan_id//[!0-9a-zA-Z]/}
    [[ -f $script ]] || script=plan
    [[ -n $journal ]] || journal=${script%.sh}-${id:0:12}.journal
}

# note WORDS: one line more; does nothing in a run that only looks.
note() {
    [[ -n $journal_fd ]] || return 0
    clock
    moment "$clock_ms"
    printf '%s %s %s\n' "$moment" "$clock_ms" "$*" >&"$journal_fd" ||
        no again "cannot write to the journal $(printable "$journal")"
}

# open_journal: for this run alone.
open_journal() {
    if ! { : >>"$journal"; } 2>/dev/null; then
        misused "cannot write the journal $(printable "$journal"): name another with --journal"
    fi
    read_journal
    exec {journal_fd}>>"$journal"
    alone "$journal_fd"
    # Another run may have ended between the look and the lock.
    read_journal
    if [[ ! -s $journal ]]; then
        say "$journal_head" >&"$journal_fd"
    elif [[ $(tail -c 1 -- "$journal" && printf x) != $'\n'x ]]; then
        # A line that was cut off stays one of its own.
        say '' >&"$journal_fd"
    fi
    trap leave EXIT
}

leave() {
    [[ -z $locked ]] || rm -rf -- "$journal.lock"
}

occupied() {
    journal_fd=''
    say "$me: another run of this plan is on the way: ${last_run:-by whom is not written down yet}." >&2
    say "It is at step ${last_step:-1}. --status shows how far it is; nothing was done here." >&2
    exit 1
}

# read_journal: what earlier runs did. By step: $was_done, $was_sent (when), $sent_words (where and
# what), $flying (sent, and no end seen), $told_at. Of the whole: $last_verdict, $last_why,
# $last_run, $last_step, $takeover_at.
read_journal() {
    local first='' ms kind one word rest
    was_done=() was_sent=() sent_words=() flying=() told_at=()
    last_verdict='' last_why='' last_run='' last_step='' takeover_at=''
    [[ -s $journal ]] || return 0
    IFS= read -r first <"$journal"
    if [[ $first != "$journal_head" ]]; then
        misused "$(printable "$journal") is no journal of this plan: name another with --journal"
    fi
    while read -r _ ms kind one word rest; do
        [[ $ms =~ ^[1-9][0-9]{0,15}$ ]] || continue
        case $kind in
        run)
            if [[ $one == begin ]]; then
                hour "$ms"
                last_run="$word $(printable "$rest"), since $hour"
            fi
            continue
            ;;
        step) [[ $one =~ ^[1-9][0-9]{0,8}$ ]] || continue ;;
        *) continue ;;
        esac
        last_step=$one
        case $word in
        begin) flying[one]='' ;;
        send)
            was_sent[one]=$ms flying[one]=yes sent_words[one]=$(printable "$rest")
            [[ $rest != *' TAKEOVER' ]] || takeover_at=$ms
            [[ $rest != *' FORGET '* ]] || told_at[one]=$ms
            ;;
        done) was_done[one]=$ms flying[one]='' ;;
        void) flying[one]='' ;;
        stop)
            last_verdict=${rest%% *} last_why="step $one: $(printable "${rest#* }")"
            ;;
        esac
    done <"$journal"
}
