
# --- the one place that talks to servers --------------------------------------------------------

# ask COMMAND...: one question to $host and $port, the answer on standard output. What may be
# asked is listed here; nothing else leaves this script.
ask() {
    case $* in
    PING | TIME | INFO | 'INFO all') ;;
    'CLUSTER MYID' | 'CLUSTER NODES' | 'CLUSTER INFO') ;;
    'CLUSTER SHARDS' | 'CLUSTER SLOTS' | 'CLUSTER LINKS') ;;
    'CLUSTER SLOT-STATS SLOTSRANGE 0 16383') ;;
    'CONFIG GET '*) ;;
    *)
        say "not a reading command, not sent: $*"
        return 125
        ;;
    esac
    {
        # What a client says of itself is short.
        # shellcheck disable=SC2086 # a client may come with options
        (ulimit -f 512 && limited $client -h "$host" -p "$port" $form "$@" </dev/null 2>"$part.said")
        echo "$?" >"$part.status"
    } | head -c "$most_bytes"
}

# More than any node says of any cluster; a reply may be 512 MB.
most_bytes=16777216

# How the client is made to print bare words, whatever the operator or the environment wants: of
# a decorated password nobody can tell where it begins.
find_form() {
    for form in '--raw -2' '--raw' ''; do
        # This asks the client alone.
        # shellcheck disable=SC2086 # lists of words
        set -- $client $form --version
        if limited "$@" </dev/null >/dev/null 2>&1; then return; fi
    done
}

# --- addresses ----------------------------------------------------------------------------------

# HOST:PORT or [V6]:PORT into $host and $port; false if it is none. Nothing that comes through
# here can be an option, a path or a pattern.
split() {
    case $1 in *:*) ;; *) return 1 ;; esac
    port=${1##*:} host=${1%:*}
    case $host in
    \[*\]) host=${host#\[} host=${host%\]} ;;
    esac
    case $host in '' | -* | *[!0-9A-Za-z.:_-]*) return 1 ;; esac
    [ "${#host}" -le 200 ] && is_number "$port" && [ "$port" -le 65535 ]
}

# Reads `view ADDRESS` lines, each with the view behind it, indented by `| `. Gives
#   at ADDRESS ID       an address that somebody lists, and for whom
#   own ASKED ID ADDRESS  who answered there, and the address it gives itself (- for none)
listings() {
    awk '
        # The address field without bus port, name and more; empty if it is none.
        function address(field,    at, host, port) {
            sub(/[@,].*/, "", field)
            if (!match(field, /:[0-9]+$/)) return ""
            host = substr(field, 1, RSTART - 1)
            port = substr(field, RSTART + 1)
            if (host !~ /^[0-9A-Za-z.:_][0-9A-Za-z.:_-]*$/ || length(host) > 200) return ""
            if (port !~ /^[1-9]/ || length(port) > 5 || port + 0 > 65535) return ""
            return host ":" port
        }
        $1 == "view" { asked = $2; next }
        NF < 9 || $2 !~ /^[0-9A-Za-z]+$/ || $4 !~ /^[a-z?!,_-]+$/ { next }
        {
            found = address($3)
            if ($4 ~ /(^|,)myself/) print "own", asked, $2, (found == "" ? "-" : found)
            if (found != "") print ($4 ~ /handshake/ ? "meeting" : "at"), found, $2
        }'
}

# The view of the node that is kept as $1, for `listings`.
view_of() {
    printf 'view %s\n' "${1%_*}:${1##*_}"
    sed 's/^/| /' "$out/nodes/$1/cluster-nodes.txt"
}

# Addresses, one a line, that nobody named but some node: `ask ADDRESS`, or `skip ADDRESS` and why.
# What is asked gets the password: nothing that is no node of a cluster, or another machine on
# every machine, is asked on the word of a stranger. $loopback: not empty if loopback was named.
sort_out() {
    awk -v loopback="$loopback" '
        function of_v4(host,    part, i) {
            split(host, part, ".")
            for (i = 1; i <= 4; i++)
                if (length(part[i]) > 3 || part[i] > 255 || part[i] ~ /^0./) return "no usual address"
            if (part[1] == 127) return loopback ? "" : "loopback"
            if (part[1] == 0 || part[1] > 223) return "no address of one host"
            if (part[1] == 169 && part[2] == 254) return "link-local"
            if (host ~ /^(100\.100\.100\.200|192\.0\.0\.192|168\.63\.129\.16)$/) return "of the cloud"
            return ""
        }
        function of_v6(host) {
            if (host == "::1") return loopback ? "" : "loopback"
            if (host ~ /^fe[89ab]/) return "link-local"
            if (host ~ /^fd00:ec2:/) return "of the cloud"
            # Global, or unique within a site; nothing with another address inside of it.
            if (host !~ /^([23][0-9a-f][0-9a-f][0-9a-f]|f[cd][0-9a-f][0-9a-f]):/ || host ~ /\./)
                return "no usual address"
            return ""
        }
        function of_name(host) {
            # All else may be read as a number.
            if (host !~ /(^|\.)[a-z_][0-9a-z_-]*$/) return "no usual address"
            if (host ~ /(^|\.)localhost$/) return loopback ? "" : "loopback"
            if (host ~ /^(metadata|instance-data)(\.|$)/) return "of the cloud"
            return ""
        }
        {
            host = tolower($1)
            sub(/:[0-9]*$/, "", host)
            port = $1
            sub(/.*:/, "", port)
            if (port + 0 < 1024) why = "a port of the system"
            else if (host ~ /:/) why = of_v6(host)
            else if (host ~ /^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$/) why = of_v4(host)
            else why = of_name(host)
            print (why == "" ? "ask " $1 : "skip " $1 " " why)
        }'
}

# A name is as good as what it leads to, where that can be found out.
leads_astray() {
    case $host in *:* | *[!0-9A-Za-z._-]*) return 1 ;; *[A-Za-z]*) ;; *) return 1 ;; esac
    limited getent ahosts "$host" 2>/dev/null </dev/null | head -n 100 |
        awk -v port="$port" 'NF { print $1 ":" port }' | sort_out | grep -q '^skip '
}

# --- one node -----------------------------------------------------------------------------------

# The first line of a file that says something into $first; empty if none does. What is far out
# is not looked for, and a line may have no end.
first_line() {
    first=$(head -c 4000 "$1" | tr -d '\000' | sed -n -e "s/$cr\$//" -e '/./{p;q;}')
}

cr=$(printf '\r')

# True if $first is a refusal: `ERR unknown command`, `NOAUTH …`.
is_refusal() {
    case $first in
    '(error) '*) return 0 ;;
    [A-Z][A-Z]*' '*) ;;
    *) return 1 ;;
    esac
    case ${first%% *} in *[!A-Z]*) return 1 ;; esac
}

# True if $first says that nobody is let in without another password. To ask on would be a failed
# login for every question, and some lock out who fails often.
is_locked() {
    case ${first#'(error) '} in
    NOAUTH* | WRONGPASS*) ;;
    *) return 1 ;;
    esac
    # Why, where the client tried a password.
    failed=$(sed -n 's/^AUTH failed: //p' "$part.said" | plain)
    if [ -n "$failed" ]; then first="$first ($failed)"; fi
    printf '%s\n' "$first" | plain >"$part.refused"
    note "$when $(cat "$part.refused")"
    note "$host:$port lets nobody in with this password: it is not asked again"
}

# judge STATUS COMMAND: what became of a call whose answer is in $part.answer. 0: it can be kept.
# 1: the node said no, or nothing. 2: no reply, or no entry, so it is not asked again; of no reply
# $part.why has the words.
judge() {
    when="$began $(clock) $host:$port $2:"
    size=$(($(wc -c <"$part.answer")))
    if [ "$size" -ge "$most_bytes" ]; then
        echo "an answer of more than $most_bytes bytes" >"$part.refused"
        note "$when $(cat "$part.refused"): not kept"
        return 1
    fi
    if [ "$1" -eq 0 ]; then
        first_line "$part.answer"
        if is_locked; then return 2; fi
        if is_refusal; then
            printf '%s\n' "$first" | plain >"$part.refused"
            note "$when $(cat "$part.refused")"
            return 1
        fi
        note "$when $size bytes"
        [ -n "$first" ]
        return
    fi
    # Some clients fail when the server refuses.
    grep -v -e '^Warning: ' -e '^AUTH failed' "$part.said" >"$part.words"
    first_line "$part.words"
    if time_is_up "$1"; then
        echo "timeout: no reply from $host:$port in $limit s" >"$part.why"
    elif is_locked; then
        return 2
    elif is_refusal; then
        printf '%s\n' "$first" | plain >"$part.refused"
        note "$when $(cat "$part.refused")"
        return 1
    elif [ "$1" -ge 125 ] && [ "$1" -le 127 ]; then
        # It is the client that cannot be run: that says nothing about the node.
        echo "the client failed: $(printf '%s\n' "$first" | plain)" >"$part.refused"
        note "$when $(cat "$part.refused")"
        return 2
    else
        if [ -z "$first" ]; then first_line "$part.answer"; fi
        words=$(printf '%s\n' "$first" | plain)
        case $words in
        "Could not connect to "*"$host:$port"*) ;;
        *) words="Could not connect to $host:$port: ${words:-the client ended with $1}" ;;
        esac
        printf '%s\n' "$words" >"$part.why"
    fi
    note "$when $(cat "$part.why")"
    return 2
}

# save FILE COMMAND...: false if there was no reply. Refusals and empty answers are not kept.
save() {
    file=$1
    shift
    began=$(clock)
    ask "$@" >"$part.answer"
    judge "$(cat "$part.status")" "$*"
    case $? in
    0) if [ -n "$file" ]; then mv "$part.answer" "$part/$file"; fi ;;
    2) return 1 ;;
    esac
}

# redact PATTERN: names and values in turn, as that pattern gets them; of a password only whether
# there is one. What does not begin with a name that was asked for is not known to be free of
# passwords: nothing of it is printed, nor what follows a line that is no name where one is due.
redact() {
    awk -v asked="$1" '
        BEGIN { many = sub(/\*$/, "", asked) }
        function is_name(text) {
            if (!many) return text == asked && NR == 1
            return index(text, asked) == 1 && text ~ /^[a-z]+(-[a-z0-9]+)*$/
        }
        { sub(/\r$/, "") }
        # Read to its end: whoever writes into a closed pipe looks as if it had failed.
        over { next }
        NR == 1 && /^([A-Z][A-Z]+|\(error\)) / { print substr($0, 1, 200); over = 1; next }
        # A password with line ends in it: what begins like a name ends it.
        hiding && !is_name($0) { next }
        { hiding = 0 }
        name == "" {
            if (is_name($0)) name = $0
            else over = 1
            next
        }
        {
            print name
            hiding = name ~ /(pass|password|auth|secret|token|key|user)$/
            print (!hiding ? $0 : $0 == "" ? "(empty)" : "(set)")
            name = ""
        }'
}

# CONFIG GET, one question for each: older servers take no more. No pattern gets a password in
# any version. False if there was no reply.
settings() {
    for setting in 'cluster-*' dir dbfilename appendonly save 'maxmemory*' 'repl-*' \
        'replica-*' 'slave-*' 'min-replicas-*' 'min-slaves-*' port bind tls-port tls-cluster \
        tls-replication availability-zone flash-db-ttl stop-writes-on-bgsave-error appendfsync io-threads \
        requirepass masterauth; do
        began=$(clock)
        # No password is written down on its way.
        ask CONFIG GET "$setting" | redact "$setting" >"$part.answer"
        judge "$(cat "$part.status")" "CONFIG GET $setting"
        case $? in
        0) cat "$part.answer" >>"$part/config-get.txt" ;;
        2) return 1 ;;
        esac
    done
}

epoch() {
    [ -f "$part/$1" ] && sed -n 's/^cluster_current_epoch:\([0-9]*\).*/\1/p' "$part/$1"
}

# True of a master that tells what each of its slots holds: Valkey from 8, Redis from 8.2 on.
knows_slot_stats() {
    [ -f "$part/info.txt" ] && awk -F '[:.\r]' '
        $1 == "role" && $2 == "master" { master = 1 }
        $1 == "redis_version" { redis = $2 * 100 + $3 }
        $1 == "valkey_version" { valkey = $2 * 100 + $3 }
        END { exit !(master && (valkey ? valkey >= 800 : redis >= 802)) }' "$part/info.txt"
}

questions() {
    save '' PING &&
        save time.txt TIME &&
        save cluster-myid.txt CLUSTER MYID &&
        save cluster-info.txt CLUSTER INFO &&
        save cluster-nodes.txt CLUSTER NODES &&
        save info.txt INFO all &&
        { [ -f "$part/info.txt" ] || save info.txt INFO; } &&
        save cluster-links.txt CLUSTER LINKS &&
        save cluster-shards.txt CLUSTER SHARDS &&
        save cluster-slots.txt CLUSTER SLOTS &&
        { ! knows_slot_stats || save slot-stats.txt CLUSTER SLOT-STATS SLOTSRANGE 0 16383; } &&
        settings &&
        save epoch-after.txt CLUSTER INFO
}

# Everything of $host and $port, into $part; nothing else is touched, so many may run at once.
interrogate() {
    part=$work/${host}_$port
    log=$part.log
    mkdir "$part" || return
    if ! questions && [ -s "$part.why" ]; then cp "$part.why" "$part/UNREACHABLE"; fi
    note "epoch of $host:$port: $(epoch cluster-info.txt) before, $(epoch epoch-after.txt) after"
    # Answers come and go; what was said to them is in the log.
    rm -f "$part.answer" "$part.said" "$part.words" "$part.status" "$part.why"
    if [ -f "$part/config-get.txt" ] && is_here "$host"; then own_file; fi
    if [ -f "$part/info.txt" ] && is_here "$host"; then started_file; fi
}

is_nodes_conf() { grep -q '^vars currentEpoch ' "$1"; }

is_here() {
    case $1 in 127.* | ::1 | localhost) return 0 ;; esac
    grep -qxF -e "$1" "$work/addresses"
}

setting_of() {
    awk -v name="$1" '
        NR % 2 == 1 { key = $0; next }
        key == name { print; exit }' "$part/config-get.txt"
}

# What stands in a configuration file, each directive on its own line and in its place. A value is kept
# only of what is asked for by CONFIG GET as well: of all others, and of a slip, nobody knows whether it
# is a password.
directives() {
    awk '
        { sub(/\r$/, ""); name = $1 }
        name !~ /^[a-z][a-z0-9-]*$/ || length(name) > 60 { print ""; next }
        NF == 1 { print name; next }
        name ~ /(pass|password|auth|secret|token|key|user)$/ { print name " (set)"; next }
        name ~ /^(cluster|maxmemory|repl|replica|slave|min-replicas|min-slaves)-/ ||
        name ~ /^(dir|dbfilename|appendonly|save|port|bind|tls-port|availability-zone)$/ ||
        name ~ /^(tls-cluster|tls-replication|flash-db-ttl|stop-writes-on-bgsave-error)$/ ||
        name ~ /^(appendfsync|io-threads|maxmemory|maxclients|tcp-backlog|databases|include)$/ {
            print substr($0, 1, 300)
            next
        }
        { print name " (set)" }'
}

is_server_conf() {
    grep -Eq '^[[:space:]]*(port|cluster-enabled|cluster-config-file|appendonly)[[:space:]]' "$1"
}

# The file that the server was started with, if it is on this machine. The path is the node's word: only
# what looks like such a file is kept, and of it only what is no secret.
started_file() {
    conf=$(sed -n -e "s/$cr\$//" -e 's/^config_file://p' "$part/info.txt" | head -n 1)
    case $conf in /*) ;; *) return ;; esac
    [ -f "$conf" ] || return
    limited head -c "$most_bytes" -- "$conf" >"$part.conf" 2>/dev/null </dev/null
    if is_server_conf "$part.conf"; then
        directives <"$part.conf" >"$part/redis.conf"
        note "configuration of $host:$port: copied without its secrets"
    fi
    rm -f "$part.conf"
}

# The node's own file, if it is on this machine. The path is the node's word: only a file that
# begins like one, and names the node, is copied.
own_file() {
    conf=$(setting_of cluster-config-file)
    case $conf in
    '') return ;;
    /*) ;;
    *) conf=$(setting_of dir)/$conf ;;
    esac
    case $conf in /*) ;; *) return ;; esac
    id=$(own_id "$part/cluster-nodes.txt" 2>/dev/null)
    case $id in '' | *[!0-9A-Za-z]*) return ;; esac
    # Copied before it is looked at: what is looked at is what is kept.
    [ -f "$conf" ] || return
    limited head -c "$most_bytes" -- "$conf" >"$part.conf" 2>/dev/null </dev/null
    if grep -q "^$id [^ ]* [a-z,?!]*myself" "$part.conf" && is_nodes_conf "$part.conf"; then
        mv "$part.conf" "$part/nodes.conf"
        note "nodes.conf of $host:$port: copied"
    fi
    rm -f "$part.conf"
}

# --- all nodes ----------------------------------------------------------------------------------

# The files of one node get their place. It is named by the address that the node gives itself,
# as everybody else names it: it may have been asked by another name.
place() {
    part=$work/${host}_$port
    cat "$part.log" >>"$log"
    if [ -z "$(ls "$part")" ]; then
        if [ -s "$part.refused" ]; then printf '%s\t%s\n' "$host:$port" "$(cat "$part.refused")"; fi
        return
    fi >>"$work/refused"
    own='' view=$part/cluster-nodes.txt
    if [ -f "$view" ]; then
        own=$({ echo view here && sed 's/^/| /' "$view"; } | listings | awk '
            $1 == "own" && $4 != "-" { print $4; exit }')
    fi
    for name in ${own:+"${own%:*}_${own##*:}"} "${host}_$port" "again-${host}_$port"; do
        there=$out/nodes/$name
        if [ -f "$view" ] && [ -d "$there" ] && [ ! -f "$there/cluster-nodes.txt" ]; then
            # Nobody answered at this address, but the node did at another.
            rm -rf "$there"
        fi
        if [ ! -e "$there" ]; then
            mv "$part" "$there"
            if [ -f "$there/cluster-nodes.txt" ]; then view_of "$name" | listings >>"$work/listed"; fi
            kept=$((kept + $(find "$there" -type f -exec cat {} + | wc -c) / 1024))
            [ "$name" = "${host}_$port" ] || note "$host:$port is kept as $name"
            return
        elif [ -f "$view" ] && [ "$(own_id "$view")" = "$(own_id "$there/cluster-nodes.txt")" ]; then
            note "$host:$port is not kept: it is the node of $name"
            return
        fi
    done
    note "$host:$port is not kept: its address is taken"
}

own_id() {
    awk '$3 ~ /(^|,)myself/ { print $1; exit }' "$1"
}

# Asks every address of a file, $jobs at a time.
ask_all() {
    batch=''
    while IFS= read -r address; do
        split "$address" || continue
        interrogate </dev/null &
        running="$running $!"
        batch="$batch $address"
        # shellcheck disable=SC2086 # a list of words without anything odd in them
        set -- $batch
        if [ "$#" -ge "$jobs" ]; then take_in; fi
    done <"$1"
    take_in
}

# Waits for those who are asked, and places what they said, in the order of asking.
take_in() {
    wait
    running=''
    for address in $batch; do
        if split "$address"; then place; fi
    done
    batch=''
}

# Addresses that are listed and not asked yet. One that a node gives itself needs no asking
# again, unless somebody says that it is another's.
unasked() {
    awk '
        $1 == "own" && $4 != "-" && $2 == $4 { own[$4] = $3 }
        $1 == "at" || $1 == "meeting" { order[++n] = $2; who[n] = $3 }
        END {
            for (i = 1; i <= n; i++)
                if (own[order[i]] != who[i]) print order[i]
        }' "$work/listed" | sort -u | grep -vxF -f "$work/asked"
}

# Of those that are not asked: which are to be.
to_be_asked() {
    unasked | sort_out | while read -r word address why; do
        if [ "$word" = ask ] && [ -n "$given_only" ]; then
            word=skip why='not given'
        elif [ "$word" = ask ] && split "$address" && leads_astray; then
            word=skip why='the name leads to no usual address'
        fi
        case $word in
        ask) printf '%s\n' "$address" ;;
        *) printf '%s (%s)\n' "$address" "$why" >>"$work/skipped.all" ;;
        esac
    done
    sort -u "$work/skipped.all" >"$work/skipped"
}

# More than any cluster has: an answer may list anything. And more KiB than all of it says.
most=5000
most_kept=4194304

# From the seeds to every node that anybody lists.
ask_cluster() {
    mkdir "$out/nodes"
    cp "$work/seeds" "$work/todo"
    : >"$work/asked"
    : >"$work/listed"
    : >"$work/skipped.all"
    loopback=$(grep -e '^127\.' -e '^::1:' -e '^localhost:' "$work/seeds" | head -n 1)
    kept=0
    while [ -s "$work/todo" ]; do
        cat "$work/todo" >>"$work/asked"
        ask_all "$work/todo"
        room=$((most - $(wc -l <"$work/asked")))
        if [ "$room" -lt 0 ]; then room=0; fi
        to_be_asked >"$work/next"
        if [ "$(($(wc -l <"$work/next")))" -gt "$room" ]; then
            say "more than $most addresses are listed; the rest is not asked"
            note "more than $most addresses are listed; the rest is not asked"
        fi
        head -n "$room" "$work/next" >"$work/todo"
        if [ "$kept" -gt "$most_kept" ]; then
            say "more than $most_kept KiB were answered; nobody else is asked"
            note "more than $most_kept KiB were answered; nobody else is asked"
            : >"$work/todo"
        fi
    done
    while read -r line; do note "not asked: $line"; done <"$work/skipped"
}

# --- what is told at the end --------------------------------------------------------------------

# A host map to be edited: every IP is a host of its own, as if there were no map.
hosts_map() {
    set +f
    for dir in "$out"/nodes/*; do
        name=${dir##*/}
        [ -f "$dir/info.txt" ] || continue
        zone=$(sed -n 's/^availability_zone:\([0-9A-Za-z._-]*\).*/\1/p' "$dir/info.txt")
        if [ -n "$zone" ]; then echo "zone ${name%_*} $zone"; fi
    done >"$work/zones"
    set -f
    cat "$work/zones" "$work/listed" | awk '
        $1 == "zone" {
            # Two words about one host are none.
            if ($2 in zone && zone[$2] != $3) zone[$2] = ""
            else zone[$2] = $3
        }
        # A node that nobody met has no address of its own; a name is none to topoplan then.
        $1 == "own" && $4 != "-" { own[$3] = $4 }
        $1 == "own" && $4 == "-" && $2 ~ /^([0-9.]+|[0-9A-Fa-f.:]*:[0-9A-Fa-f.:]*):[0-9]+$/ {
            own[$3] = $2
        }
        $1 == "at" {
            ids[$3]
            votes = ++count[$3 " " $2]
            if (votes > most[$3]) { most[$3] = votes; best[$3] = $2 }
        }
        END {
            for (id in own) ids[id]
            for (id in ids) {
                host = (id in own) ? own[id] : best[id]
                sub(/:[0-9]+$/, "", host)
                if (host != "") print host "," host "," zone[host]
            }
        }' | sort -u >"$work/rows"
    { echo host,ip,zone && cat "$work/rows"; } >"$out/hosts.csv"
}

# `12 of 14 nodes answered; 10.0.0.3:7001 did not (timeout)`. False if none did.
summary() {
    set +f
    for dir in "$out"/nodes/*; do
        [ -d "$dir" ] || continue
        name=${dir##*/} why=''
        if [ -f "$dir/UNREACHABLE" ]; then
            why=$(cat "$dir/UNREACHABLE")
            case $why in timeout*) why=timeout ;; *) why=${why##*: } ;; esac
        fi
        printf '%s\t%s\n' "${name%_*}:${name##*_}" "$why"
    done >"$work/told"
    set -f
    if [ -f "$work/refused" ]; then cat "$work/refused" >>"$work/told"; fi
    awk -F '\t' '
        $2 == "" { answered++ }
        $2 != "" && ++silent <= 5 { text = text (silent > 1 ? ", " : "; ") $1 " did not (" $2 ")" }
        END {
            more = silent > 5 ? ", nor did " (silent - 5) " more" : ""
            printf "%d of %d nodes answered%s%s\n", answered, NR, text, more
        }' "$work/told" >"$work/summary"
    say "$(cat "$work/summary")"
    note "$(cat "$work/summary")"
    if [ -s "$work/skipped" ]; then
        say "listed, but not asked: $(head -n 5 "$work/skipped" | tr '\n' ' ')"
        say "$(($(wc -l <"$work/skipped"))) in all: see collect.log; give those that are nodes"
    fi
    if grep -q -e NOAUTH -e WRONGPASS "$work/told"; then
        say 'a node wants another password, or one at all: set REDISCLI_AUTH'
    fi
    grep -q "$(printf '\t')\$" "$work/told"
}

# --- on each host -------------------------------------------------------------------------------

# The nodes.conf files of servers that run here, stopped ones as well, and of the directories
# that were named.
local_files() {
    count=0 settings=0
    awk '$1 ~ /^[0-9]+$/ { print $1 }' "$out/hosts/$(this_host)/ps.txt" 2>/dev/null >"$work/pids"
    while IFS= read -r pid; do
        # Its working directory, but nothing below: a wrapper may have started anywhere. Behind
        # this link lie also the files of a container.
        limited find "/proc/$pid/cwd/." ! -name . -prune -type f -name '*.conf' 2>/dev/null </dev/null
    done <"$work/pids" >"$work/files"
    printf '%s\n' "$places" | grep -v -e '^$' >"$work/places"
    while IFS= read -r dir; do
        case $dir in -*) dir=./$dir ;; esac
        limited find "$dir" -type f -name '*.conf' 2>/dev/null </dev/null
    done <"$work/places" | sort >>"$work/files"
    while IFS= read -r conf; do local_file; done <"$work/files"
    say "$count nodes.conf of this host"
}

# The configuration of a server, without its secrets.
server_conf() {
    settings=$((settings + 1))
    directives <"$work/conf" >"$out/hosts/$(this_host)/redis-conf-$settings.conf"
    note "redis-conf-$settings.conf: copied $(printf '%s' "$conf" | plain) without its secrets"
}

local_file() {
    limited head -c "$most_bytes" -- "$conf" >"$work/conf" 2>/dev/null </dev/null
    if ! is_nodes_conf "$work/conf"; then
        if is_server_conf "$work/conf"; then server_conf; fi
        return
    fi
    own=$({ echo view here && sed 's/^/| /' "$work/conf"; } | listings | awk '
        $1 == "own" { print $4; exit }')
    case $own in
    '') return ;;
    -) name=$(this_host)-$((count + 1)) ;;
    *) name=${own%:*}_${own##*:} ;;
    esac
    if cmp -s "$work/conf" "$out/nodes/$name/nodes.conf"; then return; fi
    count=$((count + 1))
    if [ -e "$out/nodes/$name" ]; then name=$(this_host)-$count; fi
    mkdir -p "$out/nodes/$name"
    mv "$work/conf" "$out/nodes/$name/nodes.conf"
    note "$name: copied $(printf '%s' "$conf" | plain)"
}

# --- from here ----------------------------------------------------------------------------------

usage() {
    cat <<END
sh $0 [-o DIR] [-t SECONDS] [-j N] [--only-given] [-f FILE]... [HOST:PORT]...
sh $0 --local [-o DIR] [-t SECONDS] [DIRECTORY]...

Asks every node of a Redis or Valkey cluster for what topoplan can use, and saves it. Only
reading commands are sent; nothing on any server changes. The nodes given, here or when the
script was printed, name the others. Give also nodes that may be in no other node's table.

  -f FILE     more addresses, one a line; # begins a comment
  -o DIR      where to save: a new directory, by default topoplan-capture-<UTC time>;
              DIR.tar.gz is made beside it, and its name is printed
  -t SECONDS  how long to wait for one answer (5)
  -j N        how many nodes to ask at once (8)
  --only-given  asks nobody else: who is listed is named at the end. Without it every listed
              address is asked but those that are no node's: loopback, link-local, of the cloud
              itself, and ports below 1024. Give them to have them asked
  --local     asks no server: saves disks, mounts, server processes, the nodes.conf files and, but for
              what may be secret, the redis.conf files of this host. Run it on each host, also where servers are dead or hang; name
              the DIRECTORY of servers that do not run. Give all captures to topoplan together
  -h          this text

REDIS_CLI   the client, with its options: REDIS_CLI='redis-cli --tls --cacert ca.pem'
            (default: redis-cli, else valkey-cli)
REDISCLI_AUTH  the password, read by the client; never give it with -a, where \`ps\` shows it.
            It is sent to every address given and, without --only-given, to every address
            that a node lists

Exit status: 0 if a node answered, 1 if none did, 2 on wrong usage.
END
}

add_seed() {
    split "$1" || die "$(printf '%s' "$1" | plain) is no HOST:PORT"
    seeds="$seeds $host:$port"
}

add_file() {
    [ -r "$1" ] || die "cannot read $1"
    while IFS= read -r line || [ -n "$line" ]; do
        line=$(printf '%s' "${line%%#*}" | tr -d ' \t\r')
        if [ -n "$line" ]; then add_seed "$line"; fi
    done <"$1"
}

find_client() {
    client=${REDIS_CLI:-redis-cli}
    if [ -z "${REDIS_CLI:-}" ] && ! command -v redis-cli >/dev/null &&
        command -v valkey-cli >/dev/null; then
        client=valkey-cli
    fi
    for word in $client; do
        case $word in
        -a | --pass | --pass=* | *://*@*)
            die 'a password in REDIS_CLI is seen by everyone on this host: use REDISCLI_AUTH'
            ;;
        -c)
            die 'with -c in REDIS_CLI a node could send the question, and the password, elsewhere'
            ;;
        -3)
            die 'with -3 in REDIS_CLI a password could not be told from a name: leave it out'
            ;;
        esac
    done
    command -v "${client%% *}" >/dev/null || die "${client%% *} is not there: set REDIS_CLI"
}

main() {
    out='' limit=5 jobs=8 here='' seeds='' places=''
    while [ "$#" -gt 0 ]; do
        case $1 in
        -h | --help)
            usage
            exit 0
            ;;
        --local) here=yes ;;
        --only-given) given_only=yes ;;
        -o | -t | -j | -f)
            [ "$#" -ge 2 ] || die "$1 needs a value; see -h"
            case $1 in
            -o) out=$2 ;;
            -t) limit=$2 ;;
            -j) jobs=$2 ;;
            -f) add_file "$2" ;;
            esac
            shift
            ;;
        -*) die "there is no option $1; see -h" ;;
        *)
            if [ -n "$here" ]; then
                places="$places
$1"
            else
                add_seed "$1"
            fi
            ;;
        esac
        shift
    done
    is_number "$limit" || die '-t takes a number of seconds'
    is_number "$jobs" || die '-j takes a number of nodes'
    if [ -n "$here" ]; then
        : "${out:=topoplan-capture-$(date -u +%Y%m%dT%H%M%SZ)-$(this_host)}"
        begin
        host_facts
        local_files
        finish
        exit 0
    fi
    for seed in $baked; do add_seed "$seed"; done
    [ -n "$seeds" ] || die 'name a node of the cluster: HOST:PORT; see -h'
    find_client
    find_form
    : "${out:=topoplan-capture-$(date -u +%Y%m%dT%H%M%SZ)}"
    begin
    for seed in $seeds; do echo "$seed"; done | awk '!seen[$0]++' >"$work/seeds"
    own_addresses >"$work/addresses"
    ask_cluster
    hosts_map
    if serves_here; then host_facts; fi
    status=0
    summary || status=1
    finish
    exit "$status"
}

# True if a node of the cluster is on this host.
serves_here() {
    awk '$1 == "own" || $1 == "at" { print $2 }' "$work/listed" | sort -u >"$work/all"
    while IFS= read -r address; do
        if split "$address" && is_here "$host"; then return 0; fi
    done <"$work/all"
    return 1
}

main "$@"
