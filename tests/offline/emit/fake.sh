#!/usr/bin/env bash
# A client that answers from the files of the current directory: for a node at ADDRESS, the
# directory ADDRESS has `nodes`, and may have `replication`, `keyspace`, `keys` and `keys-in-SLOT`.
# A node without a directory does not answer; one with a file `silent` takes the connection and says
# nothing.
#
# Any other command is written to `log`, is answered OK or with the file `reply`, and has the
# effect of the script `then/COMMAND-WITH-DASHES`, if there is one.
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
'INFO replication') printf '# Replication\r\n' && cat "$node/replication" 2>/dev/null ;;
'INFO keyspace') printf '# Keyspace\r\n' && cat "$node/keyspace" 2>/dev/null ;;
DBSIZE) cat "$node/keys" 2>/dev/null || echo 0 ;;
PING) echo PONG ;;
'CLUSTER COUNTKEYSINSLOT '*) cat "$node/keys-in-${*: -1}" 2>/dev/null || echo 0 ;;
*)
    echo "$node $*" >>log
    if [[ -e $node/reply ]]; then
        cat "$node/reply"
        exit 0
    fi
    echo OK
    effect="then/${*// /-}"
    effect=${effect// /-}
    if [[ -e $effect ]]; then . "$effect"; fi
    ;;
esac
exit 0
