
# ---- what nodes say -------------------------------------------------------------------------

# A line of a view longer than this is none: a master with every other slot has 50,000 bytes.
line_bytes=131072

# view ADDRESS: what that node says of the cluster in $lines, and of itself in $own_id, $own_role,
# $own_master, $own_epoch, $own_slots and $own_open.
view() {
    local line id flags own=''
    lines=()
    own_id='' own_role='' own_master='' own_epoch='' own_slots='' own_open=''
    if [[ -n $showing && -n ${said[$1]-} ]]; then
        reply=${said[$1]}
    else
        ask "$1" CLUSTER NODES || return 1
        [[ -z $showing ]] || said[$1]=$reply
    fi
    while IFS= read -r line; do
        # Clients warn on the same stream, about passwords for one.
        ((${#line} <= line_bytes)) || continue
        [[ $line =~ ^[^\ :]+\ [^\ ]*:[0-9] ]] || continue
        lines+=("$line")
        read -r id _ flags _ <<<"${line:0:600}"
        [[ ,$flags, != *,myself,* ]] || own=$line
    done <<<"$reply"
    if [[ -z $own ]]; then
        no again "$1 gives no view of the cluster: $(printable "${reply:0:200}")"
        return 1
    fi
    read -r own_id _ seen_flags own_master _ _ own_epoch _ own_open <<<"$own"
    role_of "$seen_flags"
    own_role=$role
    normalise "$own_open"
    own_slots=$normal
    saw "$1" "id=$own_id role=$own_role master=$own_master epoch=$own_epoch slots=${own_slots:--}"
}

# saw ADDRESS WORDS: something that a guard rests on, for the journal.
saw() {
    [[ -z $looking ]] || seen_facts+=("$1 $2")
}

# role_of FLAGS: master or replica in $role.
role_of() {
    case ,$1, in
    *,slave,* | *,replica,*) role=replica ;;
    *,master,* | *,primary,*) role=master ;;
    *) role=unknown ;;
    esac
}

# look_up ID: its line in the view read last, in $seen_flags, $seen_role, $seen_master, $seen_link,
# $seen_slots and $seen_address (empty if it has none).
look_up() {
    local line slots field
    seen_flags='' seen_role='' seen_master='' seen_link='' seen_slots='' seen_address=''
    ((${#lines[@]} > 0)) || return 1
    for line in "${lines[@]}"; do
        [[ ${line%% *} == "$1" ]] || continue
        read -r _ field seen_flags seen_master _ _ _ seen_link slots <<<"$line"
        role_of "$seen_flags"
        seen_role=$role
        normalise "$slots"
        seen_slots=$normal
        address_in "$field" && seen_address=$address_found
        return 0
    done
    return 1
}

# address_in FIELD: host and port of the second word of a line in $address_found. What a server
# says goes to the client as an argument: only what can be no option passes.
address_in() {
    address_found=${1%%[@,]*}
    [[ $address_found =~ ^[0-9A-Za-z.:_][0-9A-Za-z.:_-]*:[1-9][0-9]{0,4}$ ]] || address_found=''
    [[ -n $address_found ]]
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
    local word list='' first last from=-1 to=-1 IFS=$', \t\n'
    normal=''
    # shellcheck disable=SC2048 # words, and no name is looked for: set -f
    for word in $*; do
        if [[ $word =~ ^[0-9]{1,5}(-[0-9]{1,5})?$ ]]; then
            list+=$word$'\n'
        fi
    done
    case $list in
    '') return 0 ;;
    *$'\n'?*) ;;
    *)
        first=${list%$'\n'} last=$((10#${first##*-})) first=$((10#${first%%-*}))
        range "$first" "$last"
        return 0
        ;;
    esac
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
    local want have inside IFS=,
    for want in $2; do
        inside=''
        for have in $1; do
            if ((${have%-*} <= ${want%-*} && ${want#*-} <= ${have#*-})); then
                inside=yes
                break
            fi
        done
        [[ -n $inside ]] || return 1
    done
}

# served: the slots that live nodes own by the view read last, in $normal.
served() {
    local line flags link slots all=''
    normal=''
    ((${#lines[@]} > 0)) || return 0
    for line in "${lines[@]}"; do
        read -r _ _ flags _ _ _ _ link slots <<<"$line"
        [[ -n $slots && ,$flags, != *,fail,* && ,$flags, != *,noaddr,* ]] || continue
        all+=" $slots"
    done
    normalise "$all"
}

# replication ADDRESS: what INFO replication says. Of a replica: $link, $syncing, $offset,
# $down_since, $left. Of anybody: $told_role, $replid, $replid2, $second; of a master how many
# replicas it has, $attached, and how many of them are $online. Not numbers are empty.
replication() {
    local name value
    told_role='' link='' syncing='' offset='' down_since='' left='' attached=0 online=0
    replid='' replid2='' second='' master_offset=''
    ask "$1" INFO replication || return 1
    while IFS=: read -r name value; do
        case ${name:0:60} in
        role) told_role=${value:0:20} ;;
        master_link_status) link=${value:0:20} ;;
        master_sync_in_progress) syncing=${value:0:20} ;;
        slave_repl_offset) offset=${value:0:20} ;;
        master_link_down_since_seconds) down_since=${value:0:20} ;;
        master_sync_left_bytes | master_sync_read_bytes) left+=${value:0:20}, ;;
        master_repl_offset) master_offset=${value:0:20} ;;
        master_replid) replid=${value:0:64} ;;
        master_replid2) replid2=${value:0:64} ;;
        second_repl_offset) second=${value:0:20} ;;
        slave[0-9]*)
            attached=$((attached + 1))
            [[ ,${value:0:200}, != *,state=online,* ]] || online=$((online + 1))
            ;;
        esac
    done <<<"$reply"
    is_number "$offset" || offset=''
    is_number "$second" || second=''
    is_number "$master_offset" || master_offset=''
    # Where there was no earlier history, the id is all zeros.
    [[ $replid2 == *[!0]* ]] || replid2=''
    if [[ $told_role == slave ]]; then
        saw "$1" "link=$link syncing=$syncing offset=$offset replid=$replid down_since=${down_since:--}"
    else
        saw "$1" "role=$told_role replicas=$attached online=$online replid=$replid"
    fi
}

# linked ADDRESS: its replication link is up and no sync runs.
linked() {
    replication "$1" || return 1
    [[ $link == up && $syncing == 0 ]] && return 0
    no again "link of $1: expected up and in sync, seen $(printable "${link:-none}")"
    [[ $syncing != 1 ]] || why+=' with a sync running'
    return 1
}

# synced ADDRESS: it finished a sync once, and holds what it copied.
synced() {
    replication "$1" || return 1
    if [[ $syncing == 1 ]]; then
        no again "sync of $1: expected one that finished, seen one that runs"
    elif [[ -z $offset || $offset == 0 ]]; then
        no stale "sync of $1: expected one that finished, seen offset $(printable "${offset:-unknown}")"
    elif [[ $link != up && $offset == 1 ]]; then
        # A replica that has no master counts from 1.
        no stale "sync of $1: expected one that finished, seen offset 1 and its link down"
    elif [[ $down_since == -1 ]] || { is_number "$down_since" && ((down_since > 1000000000)); }; then
        # Servers before 6.2 print the unix time, later ones -1, where the link never was up.
        no stale "sync of $1: expected one that finished, seen a link down since ever ($down_since)"
    fi
}

# keys ADDRESS: how many it holds in all databases, in $key_count.
keys() {
    local line seen='' count
    key_count=0
    ask "$1" INFO keyspace || return 1
    while IFS= read -r line; do
        line=${line:0:200}
        [[ $line != '# Keyspace'* ]] || seen=yes
        if [[ $line =~ ^db[0-9]{1,5}:keys=([0-9]{1,15})(,|$) ]]; then
            count=${BASH_REMATCH[1]}
            key_count=$((key_count + 10#$count))
        fi
    done <<<"$reply"
    if [[ -z $seen ]]; then
        no again "$1 does not tell its keys: $(printable "${reply:0:200}")"
        return 1
    fi
    ask "$1" DBSIZE || return 1
    if ! number_said; then
        no again "$1 does not tell its keys: $(printable "$last")"
        return 1
    fi
    ((key_count >= number)) || key_count=$number
    saw "$1" "keys=$key_count"
}

# keyless ADDRESS: it holds no key in any database.
keyless() {
    keys "$1" || return 1
    ((key_count == 0)) || no stale "keys of $1: expected none, seen $key_count"
}

# lives ID ADDRESS: that id answers there. Silence is asked again after a second.
lives() {
    if ! ask "$2" CLUSTER MYID; then
        timed_out || return 1
        [[ -n $showing ]] || sleep 1
        ask "$2" CLUSTER MYID || return 1
    fi
    last_line
    [[ $last != "$1" ]] || return 0
    [[ ! $last =~ ^[0-9A-Za-z]{1,64}$ ]] || return 1
    # Something answers and does not say who it is: it may be loading its data.
    view "$2" || return 0
    [[ $own_id == "$1" ]]
}

# wants_replicas ADDRESS: how many replicas it must have to take writes, in $number; fails if
# that is not told.
wants_replicas() {
    local name
    for name in min-replicas-to-write min-slaves-to-write; do
        ask "$1" CONFIG GET "$name" || return 1
        number_said && [[ $reply == *"$name"* ]] && return 0
    done
    return 1
}
