
# --- the one place that calls flashbase ---------------------------------------------------------

# flash COMMAND...: one question to all nodes, the answers on standard output. What may be asked
# is listed here; nothing else leaves this script.
flash() {
    case $* in
    'cli-all ping' | 'cli-all info all' | 'cli-all cluster nodes' | 'cli-all cluster info') ;;
    'cli-all config get dir' | 'cli-all config get cluster-node-timeout') ;;
    'cli-all config get flash-db-ttl') ;;
    check-distribution | find-noaddr | cluster-rowcount) ;;
    *)
        say "not a reading command, not run: $*"
        return 125
        ;;
    esac
    # What a client says of a node that does not answer belongs below the node's heading.
    {
        # shellcheck disable=SC2086 # the command may come with options
        limited $flashbase "$@" </dev/null 2>&1
        echo "$?" >"$work/status"
    } | head -c "$most_bytes"
}

# More than all nodes of any cluster say.
most_bytes=268435456

# save FILE COMMAND...: what was said before the time was up is kept as well.
save() {
    file=$1
    shift
    began=$(clock)
    echo 125 >"$work/status"
    flash "$@" >"$work/answer"
    ended=$(cat "$work/status")
    when="$began $(clock) $*: $(($(wc -c <"$work/answer"))) bytes, ended with $ended"
    if time_is_up "$ended"; then
        when="$when, not done in $limit s"
        say "$*: not done in $limit s, what it said until then is kept"
        no_reply <"$work/answer" >>"$work/answer.end"
        cat "$work/answer.end" >>"$work/answer"
        rm -f "$work/answer.end"
    elif [ "$ended" -ge 125 ] && [ "$ended" -le 127 ]; then
        say "$*: $(plain <"$work/answer")"
        : >"$work/answer"
    fi
    note "$when"
    if grep -q '[^[:space:]]' "$work/answer"; then mv "$work/answer" "$out/$file"; fi
}

# The node whose heading is the last line is the one that the rest had to wait for.
no_reply() {
    awk -v limit="$limit" '
        /[^ \t\r]/ { last = $0 }
        END {
            if (sub(/^.*redis client for /, "", last) && last ~ /^[0-9A-Za-z.:_-]+[ \t\r]*$/) {
                sub(/:?[ \t\r]*$/, "", last)
                print "timeout: no reply from " last " in " limit " s"
            }
        }'
}

# Of a properties file the settings that topoplan reads, if all their words can be ports, hosts
# and paths: everything else may be a password. A part of a list would be another list.
own_settings() {
    awk '
        BEGIN { print "# topoplan collect: what topoplan reads of this file" }
        function keep() {
            sub(/(^|[ \t]+)#.*/, "", line)
            if (line !~ /^[0-9A-Za-z_.,:\/$(){}=" \t-]*$/) odd = 1
            text = text line "\n"
            depth += gsub(/\(/, "(", line) - gsub(/\)/, ")", line)
            if (depth > 0 && ++lines < 1000) return
            inside = 0
            if (!odd && depth == 0) printf "%s", text
            else print name "(left out)"
        }
        { sub(/\r$/, ""); line = $0 }
        inside { keep(); next }
        /^[ \t]*export (SR2_REDIS_(MASTER|SLAVE)_(HOSTS|PORTS)|SR2_REDIS_DATA|SSD_COUNT)=/ {
            inside = 1
            name = $0
            sub(/=.*/, "=", name)
            text = ""
            depth = odd = lines = 0
            keep()
        }'
}

# The port lists that say which node began as what.
properties() {
    set +f
    for file in "${HOME:-/nonexistent}"/tsr2/cluster_*/conf/redis.properties \
        "${HOME:-/nonexistent}"/tsr2/cluster_*/*/conf/redis.properties; do
        [ -f "$file" ] || continue
        cluster=${file#*/tsr2/}
        cluster=$(printf '%s' "${cluster%%/*}" | tr -c '0-9A-Za-z._-' '-')
        mkdir -p "$out/$cluster"
        limited head -c 1000000 "$file" | own_settings >"$out/$cluster/redis.properties"
        note "$cluster/redis.properties: what topoplan reads of it was copied"
    done
    set -f
}

# --- from here ----------------------------------------------------------------------------------

usage() {
    cat <<END
sh $0 [-o DIR] [-t SECONDS]

Saves what flashbase says of all nodes of the cluster, for topoplan, and the disks, mounts and
server processes of this host. Only reading commands are run; nothing on any server changes.

  -o DIR      where to save: a new directory, by default topoplan-capture-<UTC time>;
              DIR.tar.gz is made beside it, and its name is printed
  -t SECONDS  how long to wait for one command, which asks all nodes (60). A paused node lets
              flashbase wait for ever: the nodes behind it are missing then, so kill it first
              if its disk is lost, or give them as a capture of their own
  -h          this text

FLASHBASE   the command, if it is not flashbase

Exit status: 0 if a node answered, 1 if none did, 2 on wrong usage.
END
}

main() {
    out='' limit=60
    while [ "$#" -gt 0 ]; do
        case $1 in
        -h | --help)
            usage
            exit 0
            ;;
        -o | -t)
            [ "$#" -ge 2 ] || die "$1 needs a value; see -h"
            case $1 in
            -o) out=$2 ;;
            -t) limit=$2 ;;
            esac
            shift
            ;;
        *) die "no $1 is taken; see -h" ;;
        esac
        shift
    done
    is_number "$limit" || die '-t takes a number of seconds'
    flashbase=${FLASHBASE:-flashbase}
    command -v "${flashbase%% *}" >/dev/null || die "${flashbase%% *} is not there: set FLASHBASE"
    : "${out:=topoplan-capture-$(date -u +%Y%m%dT%H%M%SZ)}"
    begin
    save cli-all-ping.txt cli-all ping
    save cli-all-cluster-info.txt cli-all cluster info
    save cli-all-cluster-nodes.txt cli-all cluster nodes
    save cli-all-info.txt cli-all info all
    save cli-all-config-get-dir.txt cli-all config get dir
    save cli-all-config-get-cluster-node-timeout.txt cli-all config get cluster-node-timeout
    save cli-all-config-get-flash-db-ttl.txt cli-all config get flash-db-ttl
    save cluster-rowcount.txt cluster-rowcount
    save check-distribution.txt check-distribution
    save find-noaddr.txt find-noaddr
    properties
    host_facts
    status=0
    summary || status=1
    finish
    exit "$status"
}

# `12 of 14 nodes answered`. False if none did.
summary() {
    nodes=$out/cli-all-cluster-nodes.txt
    if [ ! -f "$nodes" ]; then
        say 'no node answered'
        return 1
    fi
    awk '
        /redis client for / { asked++; waiting = 1 }
        / (myself|[a-z,?!]*,myself)/ && waiting { answered++; waiting = 0 }
        END {
            printf "%d of %d nodes answered\n", answered, asked
            exit answered == 0
        }' "$nodes" >"$work/summary"
    status=$?
    say "$(cat "$work/summary")"
    note "$(cat "$work/summary")"
    return "$status"
}

main "$@"
