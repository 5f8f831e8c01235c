//! Which words may be renamed wherever they stand, and which mean something to a reader.

/// Words that answers, maps and commands are made of, in lower case. A host that is called
/// like one of them is renamed only where the text says that it is a host.
static COMMON: &str = "
    acl admin after again all announce ansible answer answers aof append appendonly auth availability
    available backup bash before bin bind bus cache call capture captures cat check cli client
    clients cluster clusters cmd collect command conf config config-all connect connected
    connection count cport cpu csv current data date default default-user dev device df dir
    direction disconnected disk disk-map disks done down dump dumps empty enabled end endpoint env
    epoch error errors etc exit ext4 fail failed failover failover_list false fault file files
    filesystem find flags flashbase for force forget from full get group handshake health healthy
    help hist home home-map host host-map hostname hosts hz id ids in info ip ips ipv4 ipv6 items
    job json keepalive key keydb keydb-cli keydb-server keys keyspace layout lib lib64 line link
    links linux list load loading local localhost log logs lsblk ltcli main map master masters
    media meet mem memory memory_bytes meta metadata mirror mnt mode mount mounted mounts myid
    myself name names new night no noaddr node nodes none not now null offset ok old on one online
    only open opt os out output pass password path pid ping plan policy pong port ports primary
    private proc process properties ps public rack raid raw rdb read redacted redis redis-cli
    redis-server refused replica replicas replicate replication report reports resp3 result
    results role root run sample samples save script secret sentinel server servers service
    setting settings shard shards slave slaves slot slots sock spare srv ssh stable state stats
    status stderr stdin stdout string success sudo sync sys system systemd take takeover target
    tcp test text time timeout tls tmp tmpfs to token total true txt type uname unknown
    unreachable up uptime use used user username users usr valkey valkey-cli valkey-server value
    var version view views wait warning with xfs yes zone zones
    confget flash-db-ttl free gettablestatus limits lscpu kubectl meminfo nproc pods rowcount showns
    showopstatus showtable showtablet sysctl thp
";

/// Programs and files that every installation has: they name nobody.
static PLAIN_FILES: &[&str] = &[
    "appendonly.aof",
    "appendonlydir",
    "bash",
    "dump.rdb",
    "flashbase",
    "keydb-cli",
    "keydb-server",
    "ltcli",
    "nodes.conf",
    "redis-check-aof",
    "redis-check-rdb",
    "redis-cli",
    "redis-sentinel",
    "redis-server",
    "redis-trib.rb",
    "redis.conf",
    "redis.properties",
    "sh",
    "valkey-cli",
    "valkey-sentinel",
    "valkey-server",
    "valkey.conf",
];

/// Ends of file names; what stands before them is the name.
pub(super) static EXTENSIONS: [&str; 22] = [
    ".acl", ".aof", ".bak", ".cfg", ".conf", ".csv", ".dump", ".gz", ".info", ".json", ".log",
    ".md", ".nodes", ".out", ".pid", ".rdb", ".sh", ".sock", ".tar", ".tgz", ".toml", ".txt",
];

/// Last labels that make two labels a host name: `db1.internal`.
static DOMAINS: [&str; 20] = [
    "cloud",
    "cluster",
    "com",
    "corp",
    "de",
    "dev",
    "example",
    "home",
    "intern",
    "internal",
    "intra",
    "io",
    "kr",
    "lan",
    "local",
    "localdomain",
    "net",
    "org",
    "svc",
    "test",
];

/// Last labels of what is no host name, beside those of [`EXTENSIONS`].
static NO_DOMAINS: [&str; 16] = [
    "amd64", "arm64", "cc", "cpp", "exe", "html", "jar", "lock", "py", "rb", "service", "so",
    "target", "xml", "yaml", "yml",
];

/// True for a word of [`COMMON`], in upper or lower case.
pub(super) fn is_common(word: &str) -> bool {
    const LONGEST: usize = 16;
    word.len() <= LONGEST
        && COMMON
            .split_ascii_whitespace()
            .any(|common| common.eq_ignore_ascii_case(word))
}

/// True for the name of a program or file that every installation has.
pub(super) fn is_plain_file(name: &str) -> bool {
    PLAIN_FILES.contains(&name)
}

/// True if `word`, found anywhere, can only be the name it is known as.
pub(super) fn is_distinct(word: &str) -> bool {
    let letters = word.chars().any(char::is_alphabetic);
    // Short words of Latin letters are words of some sentence.
    let rare = word.bytes().any(|b| b.is_ascii_digit() || !b.is_ascii());
    let shortest = if rare { 2 } else { 3 };
    letters && word.chars().count() >= shortest && !is_common(word)
}

/// True if `text` can be the name of a host: letters, digits, `.`, `-`, `_`; not a number and
/// not an address.
pub(super) fn is_host_name(text: &str) -> bool {
    const LONGEST: usize = 255;
    let legal = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    // Behind an empty setting on its line stands the next.
    let is_setting = text.starts_with("cluster-announce-");
    text.len() <= LONGEST
        && !is_setting
        && text.starts_with(char::is_alphanumeric)
        && text.chars().all(legal)
        && text.chars().any(char::is_alphabetic)
}

/// True for `db1.dc2.example.com` and `db1.internal`; not for versions and files.
pub(super) fn is_qualified_name(text: &str) -> bool {
    let labels = text.split('.').count();
    let Some((_, last)) = text.rsplit_once('.') else {
        return false;
    };
    let last = last.to_ascii_lowercase();
    let legal = |label: &str| label.starts_with(char::is_alphanumeric) && !label.ends_with('-');
    let is_extension = EXTENSIONS
        .iter()
        .any(|e| e.strip_prefix('.') == Some(&last));
    // Keys of labels, and settings of kernels, that all have.
    let is_key = text.ends_with("kubernetes.io")
        || ["net.core.", "net.ipv4."]
            .iter()
            .any(|key| text.starts_with(key));
    !is_key
        && text.split('.').all(legal)
        && last.len() >= 2
        && last.bytes().all(|b| b.is_ascii_alphabetic())
        && !is_extension
        && !NO_DOMAINS.contains(&last.as_str())
        && (labels > 2 || DOMAINS.contains(&last.as_str()))
        && text.bytes().any(|b| b.is_ascii_alphabetic())
}

/// The name without the extensions behind it, and these.
pub(super) fn split_extension(name: &str) -> (&str, &str) {
    let mut stem = name;
    while let Some(shorter) = EXTENSIONS.iter().find_map(|end| stem.strip_suffix(end)) {
        if shorter.is_empty() {
            break;
        }
        stem = shorter;
    }
    name.split_at(stem.len())
}

/// What may be the name of a machine in the name of a captured file or folder: the stretches
/// that are neither common words nor numbers, as in `nodes-db1_7000.txt`.
pub(super) fn names_in_label(component: &str) -> impl Iterator<Item = &str> {
    let (stem, _) = split_extension(component);
    stem.split(['_', ':', ' ', '@', '+', ','])
        .filter_map(without_common_ends)
}

fn without_common_ends(part: &str) -> Option<&str> {
    let says_nothing =
        |word: &str| is_common(word) || word.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let mut part = part.trim_matches(['[', ']', '(', ')', '.', '-']);
    loop {
        let before = part;
        if let Some((first, rest)) = part.split_once('-')
            && says_nothing(first)
        {
            part = rest;
        }
        // `db-prod-1`: the number is part of the name, a port is not.
        if let Some((rest, last)) = part.rsplit_once('-')
            && says_nothing(last)
            && (last.len() > 3 || is_common(last))
        {
            part = rest;
        }
        if part.len() == before.len() {
            break;
        }
    }
    // Whatever else somebody called a folder names somebody, too.
    let odd = |c: char| !c.is_ascii_graphic() && !c.is_whitespace();
    let named = is_host_name(part) || part.contains(odd) && part.contains(char::is_alphabetic);
    (named && !says_nothing(part)).then_some(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_told_from_versions_and_files() {
        for host in ["db1.dc2.example.com", "db1.internal", "a.b.acme"] {
            assert!(is_qualified_name(host), "{host}");
        }
        for other in [
            "7.0.15",
            "redis.conf",
            "a.b.conf",
            "6.1.0-18.x86",
            "10.0.0.1",
            "x..com",
        ] {
            assert!(!is_qualified_name(other), "{other}");
        }
    }

    #[test]
    fn words_of_the_answers_are_not_distinct() {
        for word in ["master", "NODES", "a", "7000", "on"] {
            assert!(!is_distinct(word), "{word}");
        }
        for word in ["h1", "paris", "db-1"] {
            assert!(is_distinct(word), "{word}");
        }
    }

    #[test]
    fn labels_give_what_may_be_machines() {
        let names = |label| names_in_label(label).collect::<Vec<_>>();
        assert_eq!(names("nodes-db1_7000.txt"), ["db1"]);
        assert_eq!(names("db-prod-1_7000_info.txt"), ["db-prod-1"]);
        assert_eq!(names("redis-db1-7000.log"), ["db1"]);
        assert_eq!(names("db1.example.com_7000"), ["db1.example.com"]);
        assert_eq!(names("서버1.txt"), ["서버1"]);
        assert_eq!(
            names("e\u{202e}vil\u{1b}[1m_7000"),
            ["e\u{202e}vil\u{1b}[1m"]
        );
        for label in [
            "10.0.0.1_7000",
            "cluster-nodes.txt",
            "7000",
            "2026-11-20",
            "nodes",
        ] {
            assert_eq!(names(label), [] as [&str; 0], "{label}");
        }
    }
}
