
# ---- asking nodes ---------------------------------------------------------------------------

# Seconds a node gets for one answer: a stopped server accepts the connection and stays silent.
call_seconds=5

# Text that a server sent, safe for the terminal.
printable() {
    local text=${1:0:200}
    printf '%s' "${text//[! -~]/?}"
}

# clock: milliseconds in $clock_ms.
clock() {
    clock_ms=${EPOCHREALTIME-}
    if [[ -n $clock_ms ]]; then
        clock_ms=$((${clock_ms/[.,]/} / 1000))
    else
        clock_ms=$(date +%s%3N)
    fi
}

# ask ADDRESS WORD...: sends one command; its reply is in $reply. Fails if nobody answers.
ask() {
    local to=$1
    shift
    if [[ -n $showing && -n ${silent[$to]-} ]]; then
        why=${silent[$to]}
        return 1
    fi
    reply=$(timeout -k 1 "$call_seconds" "${client[@]}" -h "${to%:*}" -p "${to##*:}" "$@" \
        </dev/null 2>&1)
    ask_status=$?
    reply=${reply//$'\r'/}
    if ((ask_status == 124 || ask_status == 137)); then
        why="$to does not answer within $call_seconds s"
    elif ((ask_status != 0)); then
        why="$to does not answer: $(printable "${reply##*$'\n'}")"
    fi
    ((ask_status != 0)) || return 0
    # Only what is shown may be a little old.
    [[ -z $showing ]] || silent[$to]=$why
    return 1
}

# view ADDRESS: what that node says of the cluster in $lines, and of itself in $own_id, $own_role,
# $own_master, $own_slots and $own_open.
view() {
    local line own=''
    lines=()
    own_id='' own_role='' own_master='' own_slots='' own_open=''
    if [[ -n $showing && -n ${said[$1]-} ]]; then
        reply=${said[$1]}
    else
        ask "$1" CLUSTER NODES || return 1
        [[ -z $showing ]] || said[$1]=$reply
    fi
    while IFS= read -r line; do
        # Clients warn on the same stream, about passwords for one.
        [[ $line =~ ^[^\ :]+\ [^\ ]*:[0-9] ]] || continue
        lines+=("$line")
        case $line in
        *' myself '* | *' myself,'* | *',myself,'* | *',myself '*) own=$line ;;
        esac
    done <<<"$reply"
    if [[ -z $own ]]; then
        why="$1 gives no view of the cluster: $(printable "${reply%%$'\n'*}")"
        return 1
    fi
    read -r own_id _ seen_flags own_master _ _ _ _ own_open <<<"$own"
    role_of "$seen_flags"
    own_role=$role
    normalise "$own_open"
    own_slots=$normal
}

# role_of FLAGS: master or replica in $role.
role_of() {
    case ,$1, in
    *,slave,* | *,replica,*) role=replica ;;
    *,master,* | *,primary,*) role=master ;;
    *) role=unknown ;;
    esac
}

# look_up ID: its line in the view read last, in $seen_flags, $seen_role, $seen_master, $seen_link
# and $seen_slots.
look_up() {
    local line slots
    seen_flags='' seen_role='' seen_master='' seen_link='' seen_slots=''
    for line in "${lines[@]}"; do
        if [[ ${line%% *} == "$1" ]]; then
            read -r _ _ seen_flags seen_master _ _ _ seen_link slots <<<"$line"
            role_of "$seen_flags"
            seen_role=$role
            normalise "$slots"
            seen_slots=$normal
            return 0
        fi
    done
    return 1
}

# flagged WORD...: the line found last has one of these flags.
flagged() {
    local flag
    for flag in "$@"; do
        [[ ,$seen_flags, == *,"$flag",* ]] && return 0
    done
    return 1
}

# lost: the line found last is no live, connected node.
lost() {
    flagged fail noaddr || [[ $seen_link != connected ]]
}

# normalise WORDS: the slot ranges among them in $normal, ascending and merged: 0-5460,7000.
# Only digits pass: what a server says must never reach an arithmetic expression as it is.
normalise() {
    local word list='' first last from=-1 to=-1
    normal=''
    for word in ${1//,/ }; do
        if [[ $word =~ ^[0-9]{1,5}(-[0-9]{1,5})?$ ]]; then
            list+=$word$'\n'
        fi
    done
    [[ -n $list ]] || return 0
    while read -r word; do
        [[ -n $word ]] || continue
        first=$((10#${word%-*})) last=$((10#${word#*-}))
        if ((from < 0)); then
            from=$first to=$last
        elif ((first <= to + 1)); then
            to=$((last > to ? last : to))
        else
            range "$from" "$to"
            from=$first to=$last
        fi
    done < <(sort -n <<<"$list")
    range "$from" "$to"
}

# range FIRST LAST: one more range in $normal.
range() {
    normal+=${normal:+,}$1
    (($1 == $2)) || normal+=-$2
}

# covers ALL SOME: every slot of SOME is in ALL; both are normalised.
covers() {
    local want have inside
    for want in ${2//,/ }; do
        inside=''
        for have in ${1//,/ }; do
            if ((${have%-*} <= ${want%-*} && ${want#*-} <= ${have#*-})); then
                inside=yes
                break
            fi
        done
        [[ -n $inside ]] || return 1
    done
}

# replication ADDRESS: $link, $syncing and $offset of a replica.
replication() {
    local name value
    link='' syncing='' offset=''
    ask "$1" INFO replication || return 1
    while IFS=: read -r name value; do
        case $name in
        master_link_status) link=$value ;;
        master_sync_in_progress) syncing=$value ;;
        slave_repl_offset) offset=$value ;;
        esac
    done <<<"$reply"
}

# linked ADDRESS: its replication link is up and no sync runs.
linked() {
    replication "$1" || return 1
    [[ $link == up && $syncing == 0 ]] && return 0
    why="link of $1: expected up and in sync, seen $(printable "${link:-none}")"
    [[ $syncing != 1 ]] || why+=' with a sync running'
    return 1
}

# keyless ADDRESS: it holds no key in any database.
keyless() {
    ask "$1" INFO keyspace || return 1
    case $reply in
    *$'\n'db[0-9]*:keys=*)
        why="keys of $1: expected none, seen $(printable "${reply##*$'\n'db}")"
        return 1
        ;;
    *'# Keyspace'*) ;;
    *)
        why="$1 does not tell its keys: $(printable "${reply%%$'\n'*}")"
        return 1
        ;;
    esac
    ask "$1" DBSIZE || return 1
    [[ ${reply##*$'\n'} =~ ^(\(integer\)\ )?0$ ]] && return 0
    why="keys of $1: expected 0, seen $(printable "${reply##*$'\n'}")"
    return 1
}
