
# ---- slots that change their owner ----------------------------------------------------------

# So many slots are opened, emptied and given away together; so many keys go in one MIGRATE.
batch_slots=128
batch_keys=100

# How long a server may take to send some keys, and one large one.
migrate_ms=20000
migrate_one_ms=120000

# pipe ADDRESS SECONDS [OPTION]: sends the commands in $orders, one a line, through one client; what
# comes back is in $reply. Keys may be longer than a command line, and hold anything.
pipe() {
    local to=$1 seconds=$2
    shift 2
    reply=$(
        set -o pipefail
        timeout -k 1 "$seconds" "${client[@]}" -h "${to%:*}" -p "${to##*:}" "$@" \
            <<<"$orders" 2>&1 | tr -d '\000\r' | head -c "$view_bytes"
    )
    ask_status=$?
    if ((${#reply} >= view_bytes - 2)); then
        ask_status=141
        no again "$to answers with more than $view_bytes bytes"
        return
    fi
    ((ask_status != 0)) || return 0
    if timed_out; then
        no again "$to does not answer within $seconds s"
    else
        last_line
        no again "$to does not answer: $(printable "$last")"
    fi
}

# feed ADDRESS SECONDS: the same for commands that are answered by one line each, in $replies.
feed() {
    local line wanted=0
    replies=()
    while IFS= read -r line; do
        wanted=$((wanted + 1))
    done <<<"${orders%$'\n'}"
    orders=${orders%$'\n'}
    pipe "$1" "$2" || return 1
    while IFS= read -r line; do
        # Behind an error stands an empty line, and clients warn on the same stream.
        [[ -z $line || $line == Warning:* ]] || replies+=("$line")
    done <<<"$reply"
    ((${#replies[@]} != wanted)) || return 0
    why="$1 answers ${#replies[@]} of $wanted commands: $(printable "${replies[0]-nothing}")"
    ((${#replies[@]} > 0)) ||
        why+='; does the client pass on what it reads (kubectl exec needs -i)?'
    no again "$why"
}

# all_ok ADDRESS: every reply read last is OK.
all_ok() {
    local line
    for line in "${replies[@]}"; do
        [[ $line == OK ]] || { refused "$1" "$line"; return; }
    done
}

# refused ADDRESS LINE: what a server said instead of OK.
refused() {
    case $2 in
    BUSY\ * | NOAUTH* | WRONGPASS* | NOPERM* | TRYAGAIN* | *CLUSTERDOWN* | *MISCONF* | *LOADING* | \
        *OOM* | *NOREPLICAS* | IOERR* | 'Error: '* | *'Could not connect'*)
        no again "$1 replied: $(printable "$2")"
        ;;
    *BUSYKEY*)
        why="$1 replied: $(printable "$2"): a key is at both ends. What the source holds is the newer"
        no again "$why one, unless somebody wrote to the other end by ASKING; --replace-keys takes it"
        ;;
    *) no stale "$1 replied: $(printable "$2")" ;;
    esac
}

# marked LIST: its slots as keys of $mark.
marked() {
    local part s
    mark=()
    for part in ${1//,/ }; do
        for ((s = ${part%-*}; s <= ${part#*-}; s++)); do
            mark[s]=1
        done
    done
}

# without SOME OTHERS: the slots of the first list that are not in the second, in $normal.
without() {
    local part s left=''
    local -a mark=()
    marked "$2"
    for part in ${1//,/ }; do
        for ((s = ${part%-*}; s <= ${part#*-}; s++)); do
            [[ -n ${mark[s]-} ]] || left+=" $s"
        done
    done
    normalise "$left"
}

# to_move: the slots of the step that the target does not own yet, in $rest; those that it owns and
# that are still open at the source, in $late. Fails if anybody else owns one.
to_move() {
    local there here
    view "$target_address" || return 1
    expect "id at $target_address" "$target" "$own_id" || return 1
    there=$own_slots
    view "$address" || return 1
    expect "id at $address" "$node" "$own_id" || return 1
    here=$own_slots
    late=''
    if slots_open; then
        normalise "$open"
        without "$normal" "$here"
        late=$normal
    fi
    without "$slots" "$there"
    rest=$normal
    without "$rest" "$here"
    [[ -z $normal ]] ||
        no stale "owner of slots $normal: expected $address or $target_address, seen neither"
}

# moved_all: the target owns all slots of the step, and none is open any more. A source that left since,
# or that does not answer, has nothing left to say of them.
moved_all() {
    view "$target_address" || return 1
    [[ $own_id == "$target" ]] && covers "$own_slots" "$slots" || return 1
    ! slots_open || return 1
    view "$address" && [[ $own_id == "$node" ]] || return 0
    ! slots_open
}

# guard_migrate: two masters that know each other, and nothing else open at them.
guard_migrate() {
    expect "role of $address" master "$own_role" || return 1
    if ! look_up "$target" || lost; then
        no again "state of $target at $address: expected a live master, seen $(printable "${seen_flags:-no such id}")"
        return
    fi
    others_open "$address" '->-' "$target" || return 1
    view "$target_address" || return 1
    expect "id at $target_address" "$target" "$own_id" || return 1
    expect "role of $target_address" master "$own_role" || return 1
    if ! look_up "$node" || lost; then
        no again "state of $node at $target_address: expected a live master, seen $(printable "${seen_flags:-no such id}")"
        return
    fi
    others_open "$target_address" '-<-' "$node" || return 1
    serves "$target_address"
}

# serves ADDRESS: it takes keys. Who has just joined does so within seconds.
serves() {
    local until
    clock
    until=$((clock_ms + node_timeout_ms + 5000))
    while :; do
        ask "$1" CLUSTER INFO || return 1
        [[ $reply != *cluster_state:ok* ]] || return 0
        clock
        [[ -z $showing ]] || break
        ((clock_ms < until)) || break
        sleep 0.5
    done
    no again "cluster_state of $1: expected ok, seen $(printable "${reply:0:40}")"
}

# others_open ADDRESS WAY ID: the view read last has no slot open but those of the step, that way.
others_open() {
    local word slot
    local -a mark=()
    marked "$slots"
    for word in $own_open; do
        [[ $word == '['* ]] || continue
        slot=${word#[}
        slot=${slot%%-*}
        is_number "$slot" && [[ $word == "[$slot$2$3]" && -n ${mark[slot]-} ]] && continue
        no stale "open slots of $1: expected none but of this step, seen $(printable "$word")"
        return
    done
}

# send_slots: moves what is left, some at a time.
send_slots() {
    local all=0 gone=0 next_tell
    local -a list=() now=()
    moved_keys=0
    to_move || return 1
    note "step $step send $address $(subject)" || return 1
    clock
    was_sent[step]=$clock_ms flying[step]=yes sent_words[step]="$address slots $rest to $target_address"
    next_tell=$((clock_ms + 10000))
    if [[ -n $late ]]; then
        read -r -a list -d '' < <(slots="$late" each_slot)
        give_away "$address" "${list[@]}" || return 1
    fi
    read -r -a list -d '' < <(slots="$rest" each_slot)
    [[ -n $rest ]] || list=()
    all=${#list[@]}
    while ((gone < all)); do
        now=("${list[@]:gone:batch_slots}")
        move_batch "${now[@]}" || return 1
        gone=$((gone + ${#now[@]}))
        note "step $step moved ${now[0]}..${now[${#now[@]} - 1]}" || return 1
        clock
        if ((clock_ms >= next_tell && gone < all)); then
            next_tell=$((clock_ms + 10000))
            tell "move  step $step  $gone of $all slots, $moved_keys keys so far"
        fi
    done
    say "      $all slots and $moved_keys keys moved"
}

# give_away ADDRESS SLOT...: that end hears that the target owns them.
give_away() {
    local slot at=$1
    shift
    orders=''
    for slot in "$@"; do
        orders+="CLUSTER SETSLOT $slot NODE $target"$'\n'
    done
    feed "$at" 60 && all_ok "$at"
}

# move_batch SLOT...: opened at the target, then at the source, emptied, given away at the target,
# then at the source: 7.0 drops keys that the source still holds when it hears of a new owner.
move_batch() {
    local slot
    orders=''
    for slot in "$@"; do
        orders+="CLUSTER SETSLOT $slot IMPORTING $node"$'\n'
    done
    feed "$target_address" 60 && all_ok "$target_address" || return 1
    orders=''
    for slot in "$@"; do
        orders+="CLUSTER SETSLOT $slot MIGRATING $target"$'\n'
    done
    feed "$address" 60 && all_ok "$address" || return 1
    while :; do
        still_full "$@" || return 1
        [[ -n $full ]] || break
        # shellcheck disable=SC2086 # a list of slots
        move_keys $full || return 1
    done
    give_away "$target_address" "$@" || return 1
    give_away "$address" "$@"
}

# still_full SLOT...: those that hold keys at the source, in $full.
still_full() {
    local slot i=0
    full=''
    orders=''
    for slot in "$@"; do
        orders+="CLUSTER COUNTKEYSINSLOT $slot"$'\n'
    done
    feed "$address" 60 || return 1
    for slot in "$@"; do
        number=${replies[i]#'(integer) '}
        is_number "$number" || { refused "$address" "${replies[i]}"; return; }
        ((number == 0)) || full+="${full:+ }$slot"
        i=$((i + 1))
    done
}

# move_keys SLOT...: some keys of each.
move_keys() {
    local some most_slots=$batch_slots
    while (($# > 0)); do
        some=$#
        ((some <= most_slots)) || some=$most_slots
        move_some "$batch_keys" "$migrate_ms" "${@:1:some}" || {
            # Too much at once: fewer, and large ones one by one.
            [[ $why == *IOERR* || $why == *' more than '* ]] || return 1
            if ((some > 8)); then
                most_slots=8
                continue
            fi
            while ((some > 0)); do
                move_some 1 "$migrate_one_ms" "$1" || return 1
                shift
                some=$((some - 1))
            done
            continue
        }
        shift "$some"
    done
}

# move_some KEYS MS SLOT...: up to so many keys of each slot. As the client prints a key in quotes, it
# reads one.
move_some() {
    local most=$1 ms=$2 line slot names='' count=0 quoted='^ *([0-9]+)\) ("([^"\]|\\.)*")$'
    local host=${target_address%:*} port=${target_address##*:} migrate orders_next=''
    shift 2
    orders=''
    for slot in "$@"; do
        orders+="CLUSTER GETKEYSINSLOT $slot $most"$'\n'
    done
    orders=${orders%$'\n'}
    pipe "$address" 60 --no-raw || return 1
    migrate="MIGRATE $host $port \"\" 0 $ms${replace_keys:+ REPLACE}$(migrate_auth) KEYS"
    while IFS= read -r line; do
        if [[ $line =~ $quoted ]]; then
            if [[ ${BASH_REMATCH[1]} == 1 && -n $names ]]; then
                orders_next+="$migrate$names"$'\n'
                names=''
            fi
            names+=" ${BASH_REMATCH[2]}"
            count=$((count + 1))
        elif [[ $line == '(error)'* ]]; then
            refused "$address" "${line#'(error) '}"
            return
        fi
    done <<<"$reply"
    [[ -z $names ]] || orders_next+="$migrate$names"$'\n'
    # All of them may have expired.
    [[ -n $orders_next ]] || return 0
    orders=$orders_next
    feed "$address" "$((ms * 9 / 1000 + 10))" || return 1
    for line in "${replies[@]}"; do
        [[ $line == OK || $line == NOKEY ]] || { refused "$address" "$line"; return; }
    done
    moved_keys=$((moved_keys + count))
}

# migrate_auth: how the source logs in at the target: as the client does.
migrate_auth() {
    local i word password=${REDISCLI_AUTH-${VALKEYCLI_AUTH-}} user=''
    for ((i = 0; i < ${#client[@]} - 1; i++)); do
        word=${client[i + 1]}
        case ${client[i]} in
        -a | --pass) password=$word ;;
        --user) user=$word ;;
        esac
    done
    [[ -n $password ]] || return 0
    password=${password//\\/\\\\}
    password=${password//\"/\\\"}
    user=${user//\\/\\\\}
    user=${user//\"/\\\"}
    if [[ -n $user ]]; then
        printf ' AUTH2 "%s" "%s"' "$user" "$password"
    else
        printf ' AUTH "%s"' "$password"
    fi
}

# exporting: by the word of the end that was told to, a move of whole slots runs, in $exporting: yes or
# nothing, and what it says of the last one in $export_words. A move that a target of Redis asked
# for and that failed is tried again by itself.
exporting() {
    local name value state='' from='' to='' message='' seen=''
    exporting='' export_words=''
    if [[ $mode == import ]]; then
        ask "$target_address" CLUSTER MIGRATION STATUS ALL || return 1
    else
        ask "$address" CLUSTER GETSLOTMIGRATIONS || return 1
    fi
    # Names and values take turns, a line each; every entry begins with its name or id.
    while IFS= read -r name && IFS= read -r value; do
        case ${name:0:40} in
        name | id) state='' from='' to='' message='' ;;
        source) from=${value:0:64} ;;
        target_node | dest) to=${value:0:64} ;;
        state) state=${value:0:40} ;;
        message | last_error)
            message=${value:0:200}
            [[ $to == "$target" ]] || continue
            [[ $mode != import || $from == "$node" ]] || continue
            [[ $mode != import || $state != failed ]] || state='trying again'
            case $state in
            success | completed | failed | cancelled | canceled)
                [[ -n $seen ]] || export_words="$state${message:+, $message}"
                seen=yes
                ;;
            *) exporting=yes export_words="$state${message:+, $message}" ;;
            esac
            ;;
        esac
    done <<<"$reply"
    return 0
}

# moved_whole: as moved_all, while the servers move the slots by themselves.
moved_whole() {
    ! moved_all || return 0
    exporting || return 1
    if [[ -n $exporting ]]; then
        moved=yes
        lack="$address is giving them away: $(printable "$export_words")"
    elif ! moved_all; then
        hopeless=yes
        no again "$address gives slots $slots away no more: $(printable "${export_words:-nothing is said of it}")"
    else
        return 0
    fi
    return 1
}

# guard_adding: nobody owns the slots of the step, by the word of the node that is to take them.
guard_adding() {
    local line id slots_of
    expect "role of $address" master "$own_role" || return 1
    for line in "${lines[@]}"; do
        read -r id _ _ _ _ _ _ _ slots_of <<<"$line"
        [[ -n $slots_of && $id != "$node" ]] || continue
        normalise "$slots_of"
        without "$slots" "$normal"
        [[ $normal == "$slots" ]] ||
            { no stale "owner of slots $slots at $address: expected none, seen $(printable "$id")"; return; }
    done
}

# add_words: what is left to add, as the command takes it, in $words.
add_words() {
    local part
    words=''
    without "$slots" "$own_slots"
    if [[ $mode == each ]]; then
        words=$(slots="$normal" each_slot)
        words=${words//$'\n'/ }
    else
        for part in ${normal//,/ }; do
            words+="${words:+ }${part%-*} ${part#*-}"
        done
    fi
}

# send_adding: takes them, some hundred at a time.
send_adding() {
    view "$address" || return 1
    add_words
    # shellcheck disable=SC2086 # a list of slots
    set -- $words
    while (($# > 0)); do
        "send_$step" "${@:1:512}" || return 1
        shift "$(($# < 512 ? $# : 512))"
    done
}

# epoch_seen: the step's node has the epoch or a later one, by the view read last; if it took a new
# one it shares it with no master.
epoch_seen() {
    local line id flags its own=''
    for line in "${lines[@]}"; do
        read -r id _ flags _ _ _ its _ <<<"${line:0:600}"
        [[ $id != "$node" ]] || own=$its
    done
    is_number "$own" || return 1
    ((own >= epoch)) || return 1
    # Servers that find two masters with one epoch raise one of them by themselves.
    [[ $action != set-epoch ]] || return 0
    for line in "${lines[@]}"; do
        read -r id _ flags _ _ _ its _ <<<"${line:0:600}"
        [[ $id == "$node" || $its != "$own" || ,$flags, != *,master,* ]] || return 1
    done
}

# may_differ ID: what steps of this plan take from that node, in $may_go, and bring to it, in $may_come.
may_differ() {
    local some from to go='' come=''
    while read -r some from to; do
        [[ $from != "$1" ]] || go+=" ${some//,/ }"
        [[ ${to-} != "$1" ]] || come+=" ${some//,/ }"
    done <<<"$transfers"
    normalise "$go"
    may_go=$normal
    normalise "$come"
    may_come=$normal
}

# moved_by_plan OWNED: an owner of $slots owns what this plan leaves and brings it, or is on the way.
moved_by_plan() {
    local has=${1#-} keep all
    [[ -n $may_go || -n $may_come ]] || return 1
    without "$slots" "$may_go"
    keep=$normal
    [[ -z $keep ]] || covers "$has" "$keep" || return 1
    normalise "${slots//,/ } ${may_come//,/ }"
    all=$normal
    [[ -z $has ]] || covers "$all" "$has"
}
