#!/bin/sh
# A client that answers from the captured files below $NODES: the node at HOST:PORT is the folder
# HOST_PORT there. Without a folder, or with the file UNREACHABLE, it refuses the connection; with
# a file `silent` it takes it and says nothing; with `silent-on` it falls silent at the command
# that the file names. Every question goes to $NODES/asked.
[ "$1" = -h ] && [ "$3" = -p ] || exit 9
node=$2:$4 dir=$NODES/$2_$4
shift 4
printf '%s\n' "$*" >>"$NODES/asked"
printf '%s\n' "$node" >>"$NODES/visited"
if [ ! -d "$dir" ] || [ -e "$dir/UNREACHABLE" ]; then
    echo "Could not connect to Redis at $node: Connection refused" >&2
    exit 1
fi
if [ -e "$dir/silent" ]; then exec sleep 60; fi
if [ -e "$dir/silent-on" ] && [ "$*" = "$(cat "$dir/silent-on")" ]; then exec sleep 60; fi
if [ -e "$dir/config-says" ]; then
    case $* in 'CONFIG GET '*) cat "$dir/config-says" && exit 0 ;; esac
fi
if [ -e "$dir/says" ]; then
    cat "$dir/says"
    exit 0
fi
case $* in
PING) echo PONG ;;
TIME) printf '1700000000\n123456\n' ;;
'CLUSTER MYID') awk '/myself/ { print $1 }' "$dir/cluster-nodes.txt" ;;
'CLUSTER NODES') cat "$dir/cluster-nodes.txt" ;;
'CLUSTER INFO') cat "$dir/cluster-info.txt" 2>/dev/null ;;
'INFO all') cat "$dir/info.txt" 2>/dev/null || echo ;;
'CONFIG GET cluster-*')
    awk 'NR % 2 { key = $0; next } key ~ /^cluster-/ { print key; print }' "$dir/config-get.txt" \
        2>/dev/null
    echo
    ;;
'CONFIG GET '*)
    shift 2
    awk -v key="$1" 'NR % 2 { shown = $0 == key } shown' "$dir/config-get.txt" 2>/dev/null
    echo
    ;;
*) printf "ERR unknown command '%s', with args beginning with: \n\n" "$1" ;;
esac
exit 0
