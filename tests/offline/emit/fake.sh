#!/usr/bin/env bash
# A client that answers from the files of the current directory: for a node at ADDRESS, the
# directory ADDRESS has `nodes`, and may have `replication`, `keyspace`, `keys`, `keys-in-SLOT`,
# `migration`, `persistence`, `min-replicas` and `exists`.
# A node without a directory does not answer; one with a file `silent` takes the connection and says
# nothing.
#
# Any other command is written to `log`, is answered OK or with the file `reply`, and has the
# effect of the script `then/COMMAND-WITH-DASHES`, if there is one. `on-reply` runs after a file `reply`
# was said, `on-info` before INFO replication is.
[[ $1 == -h && $3 == -p ]] || exit 9
node=$2:$4
shift 4
if [[ -e $node/silent ]]; then exec sleep 60; fi
if [[ ! -d $node ]]; then
    echo "Could not connect to Redis at $node: Connection refused" >&2
    exit 1
fi
case $* in
'CLUSTER NODES') cat "$node/nodes" ;;
'INFO replication')
    if [[ -e on-info ]]; then . ./on-info; fi
    printf '# Replication\r\n' && cat "$node/replication" 2>/dev/null
    ;;
'INFO keyspace') printf '# Keyspace\r\n' && cat "$node/keyspace" 2>/dev/null ;;
DBSIZE) cat "$node/keys" 2>/dev/null || echo 0 ;;
PING) echo PONG ;;
'INFO persistence') printf '# Persistence\r\n' && cat "$node/persistence" 2>/dev/null ;;
'CONFIG GET min-replicas-to-write')
    if [[ -e $node/min-replicas ]]; then echo min-replicas-to-write && cat "$node/min-replicas"; fi
    ;;
'CONFIG GET '*) ;;
'CLUSTER MYID')
    while read -r id _ flags _; do
        [[ ,$flags, != *,myself,* ]] || echo "$id"
    done <"$node/nodes"
    ;;
# Only one of the nodes serves a key; a client that follows redirections hides that.
'CLUSTER MIGRATION STATUS ALL') 
    cat "$node/migration" 2>/dev/null
    if [[ -e $node/migration-next ]]; then mv "$node/migration-next" "$node/migration"; fi
    ;;
'CLUSTER INFO') printf 'cluster_state:ok\r\n' ;;
'EXISTS '*) cat "$node/exists" 2>/dev/null || echo 'MOVED 5 127.0.0.1:7000' ;;
'CLUSTER COUNTKEYSINSLOT '*) cat "$node/keys-in-${*: -1}" 2>/dev/null || echo 0 ;;
*)
    echo "$node $*" >>log
    if [[ -e $node/reply ]]; then
        cat "$node/reply"
        if [[ -e on-reply ]]; then . ./on-reply; fi
        exit 0
    fi
    if [[ $* == 'CLUSTER MIGRATION IMPORT '* ]]; then echo 0123456789012345678901234567890123456789; else echo OK; fi
    effect="then/${*// /-}"
    effect=${effect// /-}
    if [[ -e $effect ]]; then . "$effect"; fi
    ;;
esac
exit 0
