#!/usr/bin/env bash
# Plays ns_client of FEDB: keeps its state in files beside it, refuses what the name server refuses,
# and always exits with 0. Operations are kDoing until somebody looked at them once.
set -u -f
# Tables of a database are in files of their own, `rows.DB`.
cmd='' of=''
for word in "$@"; do
    case $word in
    --cmd=*) cmd=${word#--cmd=} ;;
    --database=*) of=.${word#--database=} ;;
    esac
done
read -r -a w <<<"$cmd"
name=${w[0]-}

rows=()
while read -r line; do rows+=("$line"); done <"rows$of"
ops=()
[[ ! -s ops$of ]] || while read -r line; do ops+=("$line"); done <"ops$of"

save() {
    ((${#rows[@]} == 0)) || printf '%s\n' "${rows[@]}" >"rows$of"
    ((${#ops[@]} == 0)) || printf '%s\n' "${ops[@]}" >"ops$of"
}

state_of() {
    local ep state
    while read -r ep state; do
        [[ $ep != "$1" ]] || printf '%s' "$state"
    done <tablets
}

is_healthy() { [[ $(state_of "$1") == kTabletHealthy ]]; }

# field N OF LINE
at() {
    local -a f
    read -r -a f <<<"$2"
    printf '%s' "${f[$1]}"
}

# find TABLE PID EP: the place of a row in $found
find_row() {
    local i
    found=''
    for i in "${!rows[@]}"; do
        [[ $(at 0 "${rows[i]}") == "$1" && $(at 2 "${rows[i]}") == "$2" && $(at 3 "${rows[i]}") == "$3" ]] &&
            found=$i
    done
    [[ -n $found ]]
}

# leader TABLE PID: its endpoint in $leader, by rows alone
find_leader() {
    local row
    leader=''
    for row in "${rows[@]}"; do
        [[ $(at 0 "$row") == "$1" && $(at 2 "$row") == "$2" && $(at 4 "$row") == leader && $(at 5 "$row") == yes ]] &&
            leader=$(at 3 "$row")
    done
}

# heir TABLE PID NOT: the follower that is alive on a healthy tablet and has the largest offset
find_heir() {
    local row best=-1
    heir=''
    for row in "${rows[@]}"; do
        [[ $(at 0 "$row") == "$1" && $(at 2 "$row") == "$2" && $(at 4 "$row") == follower && $(at 5 "$row") == yes ]] ||
            continue
        [[ $(at 3 "$row") != "$3" ]] && is_healthy "$(at 3 "$row")" || continue
        if (($(at 6 "$row") > best)); then
            best=$(at 6 "$row") heir=$(at 3 "$row")
        fi
    done
}

copies() {
    local row n=0
    for row in "${rows[@]}"; do
        [[ $(at 0 "$row") == "$1" && $(at 2 "$row") == "$2" ]] && n=$((n + 1))
    done
    printf '%s' "$n"
}

# put TABLE PID EP ROLE ALIVE: changes the row
put() {
    find_row "$1" "$2" "$3" || return 0
    rows[found]="$1 $(at 1 "${rows[found]}") $2 $3 $4 $5 $(at 6 "${rows[found]}")"
}

# lead TABLE PID EP
lead() {
    local i
    for i in "${!rows[@]}"; do
        [[ $(at 0 "${rows[i]}") == "$1" && $(at 2 "${rows[i]}") == "$2" && $(at 4 "${rows[i]}") == leader ]] || continue
        put "$1" "$2" "$(at 3 "${rows[i]}")" leader no
    done
    put "$1" "$2" "$3" leader yes
}

# op KIND TABLE PID EFFECT...: a new operation; with a file `fail` it will fail.
op() {
    local id=$(($(cat last_op 2>/dev/null || echo 100) + 1)) kind=$1 table=$2 pid=$3
    shift 3
    printf '%s\n' "$id" >last_op
    [[ ! -e silent ]] || return 0
    ops+=("$id $kind $table $pid kDoing $*")
}

# When somebody has looked, it is over.
finish_ops() {
    local i id kind table pid status effect
    for i in "${!ops[@]}"; do
        read -r id kind table pid status effect <<<"${ops[i]}"
        [[ $status == kDoing && ! -e stuck ]] || continue
        if [[ -e fail ]]; then
            ops[i]="$id $kind $table $pid kFailed"
            continue
        fi
        ops[i]="$id $kind $table $pid kDone"
        $effect
    done
}

child() { op kReAddReplicaOP "$1" "$2" put "$1" "$2" "$3" follower yes; }
move() {
    find_row "$1" "$2" "$3" && rows[found]="$1 $(at 1 "${rows[found]}") $2 $4 follower yes $(at 6 "${rows[found]}")"
}
add() { rows+=("$1 4 $2 $3 follower yes 0"); }
drop() { find_row "$1" "$2" "$3" && unset 'rows[found]'; }

recover() {
    if (($(copies "$1" "$2") == 1)); then
        op kRecoverTableOP "$1" "$2" put "$1" "$2" "$3" leader yes
    else
        find_leader "$1" "$2"
        [[ -z $leader ]] || op kRecoverTableOP "$1" "$2" child "$1" "$2" "$3"
    fi
}

refuse() {
    printf '%s error msg: %s\n' "$1" "$2"
    save
    exit 0
}

manual() { [[ $(cat auto) == false ]] || refuse "$1" 'auto_failover is enabled'; }

table() {
    printf '  name  tid  pid  endpoint  role  ttl  is_alive  compress_type  offset  record_cnt  memused\n-----\n'
    local row
    for row in "${rows[@]}"; do
        # shellcheck disable=SC2046 # words
        printf '  %s  %s  %s  %s  %s  0min  %s  kNoCompress  %s  0  9.128 K\n' $row
    done
}

case $name in
show* | confget) ;;
*) printf '%s\n' "$cmd" >>log ;;
esac
[[ ! -e hook ]] || . ./hook
case $name in
showtable) table ;;
showtablet)
    printf '  endpoint  state  age\n-----\n'
    while read -r ep state; do printf '  %s  %s  3h\n' "$ep" "$state"; done <tablets
    ;;
showopstatus)
    printf '  op_id  op_type  name  pid  status  start_time  execute_time  end_time  cur_task\n-----\n'
    for row in "${ops[@]}"; do
        printf '  %s  %s  %s  %s  %s  20260101000000  0s  -  -\n' "$(at 0 "$row")" "$(at 1 "$row")" \
            "$(at 2 "$row")" "$(at 3 "$row")" "$(at 4 "$row")"
    done
    finish_ops
    ;;
confget) printf '  key            value\n------\n  auto_failover  %s\n' "$(cat auto)" ;;
confset)
    printf '%s\n' "${w[2]}" >auto
    echo 'set auto_failover ok'
    ;;
offlineendpoint)
    manual 'failed to offline endpoint.'
    [[ -n $(state_of "${w[1]}") ]] || refuse 'failed to offline endpoint.' 'endpoint does not exist'
    for row in "${rows[@]}"; do
        [[ $(at 3 "$row") == "${w[1]}" ]] || continue
        t=$(at 0 "$row") p=$(at 2 "$row")
        find_leader "$t" "$p"
        find_heir "$t" "$p" "${w[1]}"
        if (($(copies "$t" "$p") == 1)); then
            op kUpdatePartitionStatusOP "$t" "$p" put "$t" "$p" "${w[1]}" leader no
        elif [[ $(at 4 "$row") == leader || -z $leader ]]; then
            if [[ -z $leader || $leader == "${w[1]}" ]] && [[ -n $heir ]]; then
                op kChangeLeaderOP "$t" "$p" lead "$t" "$p" "$heir"
                [[ $(at 4 "$row") == leader ]] || put "$t" "$p" "${w[1]}" follower no
            fi
        else
            op kOfflineReplicaOP "$t" "$p" put "$t" "$p" "${w[1]}" follower no
        fi
    done
    echo 'offline endpoint ok'
    ;;
changeleader)
    manual 'failed to change leader.'
    find_row "${w[1]}" "${w[2]}" "${w[3]}" || refuse 'failed to change leader.' 'create op failed'
    [[ ${rows[found]} == *' follower yes '* ]] && is_healthy "${w[3]}" ||
        refuse 'failed to change leader.' 'create op failed'
    op kChangeLeaderOP "${w[1]}" "${w[2]}" lead "${w[1]}" "${w[2]}" "${w[3]}"
    echo 'change leader ok. If there are writing operations while changing a leader, it may cause data loss.'
    ;;
recoverendpoint)
    manual 'failed to recover endpoint.'
    is_healthy "${w[1]}" || refuse 'failed to recover endpoint.' 'tablet is not healthy'
    for row in "${rows[@]}"; do
        [[ $(at 3 "$row") == "${w[1]}" && $(at 5 "$row") == no ]] && recover "$(at 0 "$row")" "$(at 2 "$row")" "${w[1]}"
    done
    echo 'recover endpoint ok'
    ;;
recovertable)
    manual 'Fail to recover table.'
    is_healthy "${w[3]}" || refuse 'Fail to recover table.' 'tablet is not healthy'
    find_row "${w[1]}" "${w[2]}" "${w[3]}" || refuse 'Fail to recover table.' 'pid does not exist'
    [[ $(at 5 "${rows[found]}") == no ]] || refuse 'Fail to recover table.' 'table is alive, need not recover'
    recover "${w[1]}" "${w[2]}" "${w[3]}"
    echo 'recover table ok'
    ;;
migrate)
    manual 'failed to migrate partition.'
    is_healthy "${w[1]}" || refuse 'failed to migrate partition.' 'src_endpoint does not exist or not healthy'
    is_healthy "${w[4]}" || refuse 'failed to migrate partition.' 'des_endpoint does not exist or not healthy'
    find_leader "${w[2]}" "${w[3]}"
    [[ -n $leader ]] || refuse 'failed to migrate partition.' 'leader endpoint is empty'
    [[ $leader != "${w[1]}" ]] || refuse 'failed to migrate partition.' "cannot migrate leader. name[${w[2]}] pid[${w[3]}]"
    find_row "${w[2]}" "${w[3]}" "${w[1]}" || refuse 'failed to migrate partition.' 'src_endpoint has not partition'
    ! find_row "${w[2]}" "${w[3]}" "${w[4]}" || refuse 'failed to migrate partition.' 'partition is already in des_endpoint'
    op kMigrateOP "${w[2]}" "${w[3]}" move "${w[2]}" "${w[3]}" "${w[1]}" "${w[4]}"
    echo 'partition migrate ok'
    ;;
addreplica)
    is_healthy "${w[3]}" || refuse 'Fail to addreplica.' 'tablet is not healthy'
    ! find_row "${w[1]}" "${w[2]}" "${w[3]}" || refuse 'Fail to addreplica.' "pid ${w[2]} is exist in ${w[3]}"
    op kAddReplicaOP "${w[1]}" "${w[2]}" add "${w[1]}" "${w[2]}" "${w[3]}"
    echo 'AddReplica ok'
    ;;
delreplica)
    is_healthy "${w[3]}" || refuse 'Fail to delreplica.' 'tablet is not healthy'
    find_row "${w[1]}" "${w[2]}" "${w[3]}" || refuse 'Fail to delreplica.' "pid ${w[2]} is not in ${w[3]}"
    [[ $(at 4 "${rows[found]}") != leader ]] || refuse 'Fail to delreplica.' "can not del leader. pid ${w[2]} endpoint ${w[3]}"
    op kDelReplicaOP "${w[1]}" "${w[2]}" drop "${w[1]}" "${w[2]}" "${w[3]}"
    echo 'DelReplica ok'
    ;;
*) echo "unsupported cmd: $name" ;;
esac
save
exit 0
