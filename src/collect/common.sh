
# --- what both forms share ----------------------------------------------------------------------

set -u
set -f
umask 077
LC_ALL=C
export LC_ALL
# Whatever the environment says of these means nothing here.
work='' running=''

say() { printf '%s\n' "$*" >&2; }

die() {
    say "$0: $*"
    exit 2
}

clock() { date -u +%s; }

# $log: where this process writes what it did.
note() { printf '%s\n' "$*" >>"$log"; }

# Printable, one line, not long: what others say reaches a terminal only through here.
plain() { tr '\t\r' '  ' | tr -cd '[:print:]\n' | head -n 1 | cut -c 1-200; }

is_number() {
    case $1 in '' | 0* | *[!0-9]* | ??????*) return 1 ;; esac
}

# Runs a command for $limit seconds at most. A stopped server accepts a connection and never
# answers, and a client waits for it for ever. 124, 137 and 143 mean that the time was up.
if timeout -k 2 5 true 2>/dev/null; then
    limited() { timeout -k 2 "$limit" "$@"; }
else
    limited() {
        "$@" &
        called=$!
        # It looks every second, so that little is left over when the call is done.
        (
            left=$limit
            while [ "$left" -gt 0 ] && kill -0 "$called"; do
                sleep 1
                left=$((left - 1))
            done
            kill "$called"
            sleep 2
            kill -9 "$called"
        ) >/dev/null 2>&1 &
        guard=$!
        { wait "$called"; } 2>/dev/null
        ended=$?
        { kill "$guard" && wait "$guard"; } 2>/dev/null
        return "$ended"
    }
fi

time_is_up() {
    case $1 in 124 | 137 | 143) ;; *) return 1 ;; esac
}

# Makes $out, which must be new: two captures in one directory are two clusters to a reader.
begin() {
    case $out in -* | */-*) die 'a directory that begins with a dash is no good name' ;; esac
    while [ "${out%/}" != "$out" ] && [ "$out" != / ]; do out=${out%/}; done
    if [ -e "$out" ] || [ -e "$out.tar" ] || [ -e "$out.tar.gz" ]; then
        die "$out is there already; name another directory with -o"
    fi
    work=$out/.work
    mkdir -p "$work" || die "cannot make the directory $out"
    log=$out/collect.log
    trap 'rm -rf "$work"' EXIT
    # shellcheck disable=SC2086 # a list of process ids
    trap 'kill $running 2>/dev/null; exit 130' HUP INT TERM
    note "# topoplan collect $version: what was asked"
    note "host: $(this_host)"
    note '# before and after: seconds since 1970 by the clock of this host'
    note "started $(clock) $(date -u)"
}

# One archive beside the directory; its name is all that goes to standard output.
finish() {
    note "ended $(clock)"
    rm -rf "$work"
    parent=$(dirname "$out") name=$(basename "$out")
    if ! (cd "$parent" && tar -cf "$name.tar" "$name"); then
        say "no archive could be made; the capture is the directory $out"
        rm -f "$out.tar"
        printf '%s\n' "$out"
    elif gzip -f "$out.tar" 2>/dev/null; then
        printf '%s\n' "$out.tar.gz"
    else
        printf '%s\n' "$out.tar"
    fi
}

# --- facts of this host -------------------------------------------------------------------------

this_host() {
    name=$(hostname 2>/dev/null || uname -n 2>/dev/null)
    name=$(printf '%s' "$name" | tr -c '0-9A-Za-z._-' '-' | cut -c 1-100)
    case $name in '' | .*) name=this-host ;; esac
    printf '%s\n' "$name"
}

# The addresses of this host, one a line.
own_addresses() {
    { hostname -I || ip -o addr | awk '{ sub("/.*", "", $4); print $4 }'; } 2>/dev/null |
        tr ' ' '\n' | grep -v -e '^$' | sort -u
}

# fact FILE COMMAND...: what a command of this host prints, if it is there and prints something.
fact() {
    fact_file=$1
    shift
    began=$(clock)
    limited "$@" >"$work/fact" 2>/dev/null </dev/null
    ended=$?
    note "$began $(clock) this host: $1 ended with $ended"
    if [ -s "$work/fact" ]; then mv "$work/fact" "$facts/$fact_file"; else return 1; fi
}

# The heading and the servers, each with what tells which one it is. Every other argument may be
# a password, or the hidden name of a command: it is left out.
server_processes() {
    awk '
        NR == 1 { print; next }
        $3 !~ /(^|\/)(redis|valkey|keydb)-server:?$/ { next }
        {
            line = $1 " " $2 " " $3
            # An address or a configuration file, and the kind: `*:7000 [cluster]`.
            for (i = 4; i <= NF && $i !~ /^-/; i++)
                if (i == 4 || $i == "[cluster]" || $i == "[sentinel]") line = line " " $i
            left = 0
            for (; i <= NF; i++) {
                if ($i ~ /^--?p(ort)?$/ && $(i + 1) ~ /^[0-9]+$/) line = line " " $i " " $(++i)
                else left = 1
            }
            print line (left ? " (redacted)" : "")
        }'
}

without_users() { sed -e 's,^[^ ]*@,,'; }

without_options() { sed -e 's/ ([^()]*)$/ (-)/' -e 's/ (.*)$/ (-)/' | without_users; }

# Memory, cores, and what of the kernel's settings the servers depend on.
kernel_facts() {
    fact meminfo.txt grep -E '^(MemTotal|MemAvailable|SwapTotal|SwapFree):' /proc/meminfo
    fact nproc.txt nproc
    fact thp.txt cat /sys/kernel/mm/transparent_hugepage/enabled
    # shellcheck disable=SC2016 # a program of awk
    fact sysctl.txt awk '{
        name = FILENAME
        sub("^/proc/sys/", "", name)
        gsub("/", ".", name)
        print name " = " $1
    }' /proc/sys/vm/overcommit_memory /proc/sys/net/core/somaxconn
    files=$(awk '$1 ~ /^[0-9]+$/ { print "/proc/" $1 "/limits" }' "$facts/ps.txt" 2>/dev/null | head -n 50)
    if [ -n "$files" ]; then
        # shellcheck disable=SC2086 # a list of files
        fact limits.txt grep -h -e '^Max open files' $files
    fi
}

# Disks, mounts, addresses, server processes and the kernel of this host: $out/hosts/NAME.
host_facts() {
    facts=$out/hosts/$(this_host)
    mkdir -p "$facts" || return
    if fact df.all df -P -k; then
        without_users <"$facts/df.all" >"$facts/df.txt"
        rm -f "$facts/df.all"
    fi
    if fact mount.all mount; then
        # Some options are passwords, and so is a part of some names of shares.
        without_options <"$facts/mount.all" >"$facts/mount.txt"
        rm -f "$facts/mount.all"
    fi
    fact lsblk.txt lsblk -P -o NAME,TYPE,MOUNTPOINT,PKNAME
    fact ps.all ps -eo pid,stat,args || fact ps.all ps -o pid,stat,args
    if [ -s "$facts/ps.all" ]; then
        server_processes <"$facts/ps.all" >"$facts/ps.txt"
        rm -f "$facts/ps.all"
    fi
    kernel_facts
    {
        echo '# topoplan collect: addresses of this host'
        own_addresses
        # Loopback addresses are no machine's own, but here they are nodes of the cluster.
        if [ -f "$work/all" ]; then sed -n -e 's/:[0-9]*$//' -e '/^127\./p' -e '/^::1$/p' "$work/all"; fi
    } | sort -u >"$facts/ips.txt"
}
