# alone FD: takes the lock of the journal, which is open there, so that no two runs of a plan are on
# the way at once.
alone() {
    local holder=''
    if command -v flock >/dev/null; then
        # A run that was killed may have left a question behind, for seconds.
        flock -w 2 "$1" || occupied
        return
    fi
    # Who is gone holds nothing; its lock goes under another name first, so that of two who see that
    # only one takes it away.
    if ! mkdir -- "$journal.lock" 2>/dev/null; then
        { read -r holder <"$journal.lock/pid"; } 2>/dev/null || holder=''
        if is_number "$holder" && ! kill -0 "$holder" 2>/dev/null; then
            mv -- "$journal.lock" "$journal.lock.$$" 2>/dev/null && rm -rf -- "$journal.lock.$$"
        fi
        mkdir -- "$journal.lock" 2>/dev/null || occupied
    fi
    locked=yes
    say "$$" >"$journal.lock/pid"
}

