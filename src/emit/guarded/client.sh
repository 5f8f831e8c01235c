
# ---- asking nodes ---------------------------------------------------------------------------

# Seconds a node gets for one answer: a stopped server accepts the connection and stays silent.
call_seconds=5

# How many nodes are asked at once.
jobs=16

# Bytes of one answer: a view of some 20,000 nodes, and what anything else may need.
view_bytes=4194304
answer_bytes=65536

# choose_client: the words of $REDIS_CLI, or the tool of the script, in $client.
choose_client() {
    local i from=0 word
    read -r -a client <<<"${REDIS_CLI:-$default_client}"
    ((${#client[@]} > 0)) || misused 'REDIS_CLI names no client'
    # What stands before the client's name is not its own: kubectl exec -c NAME … redis-cli.
    for ((i = 0; i < ${#client[@]}; i++)); do
        case ${client[i]##*/} in
        redis-cli | valkey-cli | keydb-cli) from=$((i + 1)) ;;
        esac
    done
    ((from > 0)) || from=1
    for ((i = from; i < ${#client[@]}; i++)); do
        word=${client[i]}
        case $word in
        -c | --cluster-mode | --cluster)
            misused "REDIS_CLI holds $word: a client that follows redirections would carry a" \
                'command to a node that no guard looked at'
            ;;
        -h | -p | -s | -r | -x | -X | --pipe | --eval | --scan | --stat | --latency* | --bigkeys)
            misused "REDIS_CLI holds $word: it may hold how to connect and log in, nothing else"
            ;;
        esac
    done
    for word in "${client[0]}" timeout head tail tr sort seq sleep date mkdir mv rm; do
        command -v -- "$word" >/dev/null || misused "needs $(printable "$word"), which is not here"
    done
    # It would print answers as for a terminal.
    unset FAKETTY
}

# The commands of the steps are written as for the tool itself and come through here.
redis-cli() {
    client_call "$@"
}
valkey-cli() {
    client_call "$@"
}

# client_call -h HOST -p PORT WORD...: shows the command, or sends it.
client_call() {
    local to=$2:$4
    shift 4
    if [[ -n $showing ]]; then
        command_line "$to" "$@"
    else
        tell_one "$to" "$@"
    fi
}

# The client's own options are not shown: a password may be among them.
command_line() {
    local to=$1 by=$default_client
    shift
    [[ -z ${REDIS_CLI-} ]] || by="\$REDIS_CLI"
    say "        $by -h ${to%:*} -p ${to##*:} $*"
}

# last_line: of $reply, in $last. A long answer is cut first: to look for the last of its lines
# would take minutes.
last_line() {
    last=$reply
    ((${#last} <= 400)) || last=${last:${#last}-400}
    last=${last##*$'\n'}
}

# ask ADDRESS WORD...: sends one command; its reply is in $reply. Fails if nobody answers.
ask() {
    local to=$1 most=$answer_bytes
    shift
    if [[ -n $showing && -n ${silent[$to]-} ]]; then
        ask_status=1
        no again "${silent[$to]}"
        return
    fi
    [[ $* != 'CLUSTER NODES' ]] || most=$view_bytes
    reply=$(
        set -o pipefail
        timeout -k 1 "$call_seconds" "${client[@]}" -h "${to%:*}" -p "${to##*:}" "$@" \
            </dev/null 2>&1 | tr -d '\000\r' | head -c "$most"
    )
    ask_status=$?
    if ((${#reply} >= most - 2)); then
        ask_status=141
        no stale "$to answers with more than $most bytes to $(printable "$*")"
        return
    fi
    ((ask_status != 0)) || return 0
    if ((ask_status == 124 || ask_status == 137)); then
        no again "$to does not answer within $call_seconds s"
    else
        last_line
        no again "$to does not answer: $(printable "$last")"
    fi
    # Only what is shown may be a little old.
    [[ -z $showing ]] || silent[$to]=$why
    return 1
}

# timed_out: the last answer took too long. The node may have got the command all the same.
timed_out() {
    ((ask_status == 124 || ask_status == 137))
}

# number_said: the reply is one number, in $number.
number_said() {
    last_line
    number=${last#'(integer) '}
    is_number "$number"
}

# tell_one ADDRESS WORD...: sends a command that answers OK, and writes both down.
tell_one() {
    local to=$1
    shift
    note "step $step send $to $*" || return 1
    clock
    was_sent[step]=$clock_ms flying[step]=yes sent_words[step]="$to $*"
    if ! ask "$to" "$@"; then
        note "step $step reply $to none: $why"
        # It may have been taken all the same: the effect decides.
        if ! timed_out; then
            flying[step]=''
            return 1
        fi
        say "      $why; looking for the effect"
        return 0
    fi
    last_line
    note "step $step reply $to $(printable "$last")"
    [[ $last != OK && $last != 'BUMPED '* && $last != 'STILL '* ]] || return 0
    # What is begun by its target has a name.
    [[ ${mode-} != import || ! $last =~ ^[0-9a-f]{40}$ ]] || return 0
    # Who stops says nothing more.
    [[ $action != kill || -n $last ]] || return 0
    flying[step]=''
    case $last in
    LOADING* | BUSY* | NOAUTH* | WRONGPASS* | NOPERM* | TRYAGAIN* | CLUSTERDOWN* | MISCONF* | MASTERDOWN*)
        no again "$to replied: $(printable "$last")"
        ;;
    *) no stale "$to replied: $(printable "$last")" ;;
    esac
}

# at_once FUNCTION ADDRESS...: runs it for each, some at a time. What it prints is in $answers,
# by address.
at_once() {
    local run=$1 at fd text i
    local -a group=() pipes=()
    shift
    answers=()
    for at in "$@" ''; do
        if [[ -n $at && -z ${answers[$at]+set} ]]; then
            answers[$at]=''
            exec {fd}< <("$run" "$at")
            group+=("$at") pipes+=("$fd")
        fi
        ((${#group[@]} > 0)) || continue
        [[ -z $at ]] || ((${#group[@]} >= jobs)) || continue
        for i in "${!group[@]}"; do
            fd=${pipes[i]}
            IFS= read -r -d '' text <&"$fd"
            exec {fd}<&-
            answers[${group[i]}]=$text
        done
        group=() pipes=()
    done
}

# keep_silence ADDRESS WORD: whose answer begins with that word said nothing, and what is only
# shown may be a little old: it is not asked again.
keep_silence() {
    [[ -n $showing && ${answers[$1]-} == "$2 "* ]] || return 0
    silent[$1]=${answers[$1]#* }
}
