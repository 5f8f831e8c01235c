
# --- the one place that calls the client --------------------------------------------------------

# nsc COMMAND [DATABASE]: one question to the name server, the answer on standard output. What may be asked is
# listed here; nothing else leaves this script.
nsc() {
    case $1 in
    showtable | showtablet | showopstatus | confget | showns) ;;
    *)
        say "not a reading command, not run: $1"
        return 125
        ;;
    esac
    {
        # shellcheck disable=SC2086 # the client comes with its options
        limited $client ${2:+"--database=$2"} --interactive=false "--cmd=$1" </dev/null 2>&1
        echo "$?" >"$work/status"
    } | head -c "$most_bytes"
}

most_bytes=268435456

# save COMMAND [DATABASE]: the answer under the command that was typed, as a transcript has it.
save() {
    began=$(clock)
    echo 125 >"$work/status"
    nsc "$1" "${2-}" >"$work/answer"
    ended=$(cat "$work/status")
    note "$began $(clock) $1${2:+ in $2}: $(($(wc -c <"$work/answer"))) bytes, ended with $ended"
    if [ "$ended" -ne 0 ]; then say "$1: ended with $ended: $(plain <"$work/answer")"; fi
    if grep -q '[^[:space:]]' "$work/answer"; then
        if [ -n "${2-}" ]; then
            printf '$ ns_client --database=%s --cmd=%s\n' "$2" "$1"
        else
            printf '> %s\n' "$1"
        fi >"$out/$1${2:+-$2}.txt"
        cat "$work/answer" >>"$out/$1${2:+-$2}.txt"
        answered=$((answered + 1))
    fi
}

usage() {
    cat <<END
sh $0 [-o DIR] [-t SECONDS] [-d DATABASE]...

Saves what the name server of FEDB (RTIDB, OpenMLDB) says of tables, tablets and operations, for
topoplan. Only reading commands are run; nothing changes.

  -o DIR      where to save: a new directory, by default topoplan-capture-<UTC time>;
              DIR.tar.gz is made beside it, and its name is printed
  -t SECONDS  how long to wait for one answer (60)
  -d DATABASE tables of that database, too; say it once for each. Without it only those are shown
              that the client shows by itself
  -h          this text

FEDB_CLI    the client with its options, if it is not ns_client by itself:
            "./openmldb --zk_cluster=H:P --zk_root_path=/R --role=ns_client"

Exit status: 0 if the name server answered, 1 if not, 2 on wrong usage.
END
}

main() {
    out='' limit=60 answered=0 asked=5 databases=''
    while [ "$#" -gt 0 ]; do
        case $1 in
        -h | --help)
            usage
            exit 0
            ;;
        -o | -t | -d)
            [ "$#" -ge 2 ] || die "$1 needs a value; see -h"
            case $1 in
            -d)
                case $2 in
                '' | *[!A-Za-z0-9_]*) die "no database is called $2" ;;
                esac
                databases="$databases $2"
                ;;
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
    client=${FEDB_CLI:-ns_client}
    command -v "${client%% *}" >/dev/null || die "${client%% *} is not there: set FEDB_CLI"
    : "${out:=topoplan-capture-$(date -u +%Y%m%dT%H%M%SZ)}"
    begin
    for question in confget showns showtablet showtable showopstatus; do
        save "$question"
    done
    for database in $databases; do
        save showtable "$database"
        save showopstatus "$database"
        asked=$((asked + 2))
    done
    say "$answered of $asked questions answered"
    note "$answered of $asked questions answered"
    finish
    [ -s "$out/showtable.txt" ] || exit 1
    exit 0
}

main "$@"
