
# ---- words and times ------------------------------------------------------------------------

say() {
    printf '%s\n' "$*"
}

# Text that a server sent, safe for the terminal.
printable() {
    local text=${1:0:200}
    printf '%s' "${text//[! -~]/?}"
}

# no VERDICT WHY: a question was answered with no, for that reason. The verdict is `again` if
# time may mend it, `stale` if the cluster is no longer the planned one. Always fails.
no() {
    verdict=$1 why=$2
    return 1
}

# expect WHAT WANTED SEEN
expect() {
    [[ $2 == "$3" ]] && return 0
    no stale "$1: expected ${2:-none}, seen $(printable "${3:-none}")"
}

is_number() {
    [[ $1 =~ ^(0|[1-9][0-9]{0,17})$ ]]
}

# clock: milliseconds since 1970 in $clock_ms.
clock() {
    clock_ms=${EPOCHREALTIME-}
    if [[ -n $clock_ms ]]; then
        clock_ms=$((${clock_ms/[.,]/} / 1000))
        return
    fi
    clock_ms=$(date +%s%3N)
    is_number "$clock_ms" || clock_ms=$(date +%s)000
}

# hour MS: that moment as 12:03:04Z in $hour.
hour() {
    printf -v hour '%(%H:%M:%S)TZ' "$(($1 / 1000))"
}

# moment MS: that moment as 2020-01-31T12:03:04.567Z in $moment.
moment() {
    printf -v moment '%(%Y-%m-%dT%H:%M:%S)T.%03dZ' "$(($1 / 1000))" "$(($1 % 1000))"
}

# span MS: how long that is, in $span.
span() {
    local s=$(($1 / 1000))
    if ((s >= 172800)); then
        span="$((s / 86400)) days"
    elif ((s >= 7200)); then
        span="$((s / 3600)) h"
    elif ((s >= 120)); then
        span="$((s / 60)) min"
    else
        span="$s.$(($1 % 1000 / 100)) s"
    fi
}

# tell WORDS: a line of a run, with the time.
tell() {
    clock
    hour "$clock_ms"
    say "$hour  $*"
}
