//! What the name of a setting or a field says of its value.

use crate::redact::sign::Signs;

/// What stands behind a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Meaning {
    Secret,
    User,
    Host,
    Zone,
    Path,
    /// Says which build it is, and nothing else.
    Build,
    /// A version may look like an address.
    Version,
    /// Text of which a reader needs nothing.
    Free,
}

/// What the key says, however it is spelled: `master_auth`, `--pass`, `Ansible-Host`.
pub(super) fn meaning(key: &str) -> Option<Meaning> {
    const LONGEST: usize = 48;
    let key = key.trim_start_matches('-');
    if key.len() > LONGEST || !key.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    // Where a shell is.
    if key == "PWD" {
        return None;
    }
    let key = key.to_ascii_lowercase().replace('_', "-");
    match key.as_str() {
        "user"
        | "username"
        | "masteruser"
        | "primaryuser"
        | "auth-user"
        | "ansible-user"
        | "ansible-ssh-user"
        | "ansible-become-user"
        | "remote-user"
        | "become-user"
        | "login" => Some(Meaning::User),
        "host"
        | "hosts"
        | "hostname"
        | "fqdn"
        | "nodename"
        | "human-nodename"
        | "master-host"
        | "announce-hostname"
        | "cluster-announce-hostname"
        | "cluster-announce-human-nodename"
        | "cluster-announce-ip"
        | "announce-ip"
        | "replica-announce-ip"
        | "slave-announce-ip"
        | "endpoint"
        | "ansible-host"
        | "ansible-ssh-host"
        | "ansible-hostname"
        | "ansible-fqdn"
        | "ansible-nodename"
        | "inventory-hostname"
        | "machine"
        | "replicaof"
        | "slaveof" => Some(Meaning::Host),
        "zone" | "zones" | "rack" | "availability-zone" | "az" | "datacenter" | "region" => {
            Some(Meaning::Zone)
        }
        "dir"
        | "logfile"
        | "pidfile"
        | "aclfile"
        | "unixsocket"
        | "executable"
        | "config-file"
        | "cluster-config-file"
        | "dbfilename"
        | "appendfilename"
        | "appenddirname"
        | "loadmodule"
        | "source-dir"
        | "include"
        | "tls-cert-file"
        | "tls-key-file"
        | "tls-ca-cert-file"
        | "tls-ca-cert-dir"
        | "tls-client-cert-file"
        | "tls-client-key-file"
        | "tls-dh-params-file" => Some(Meaning::Path),
        "redis-build-id" | "redis-git-sha1" | "server-git-sha1" => Some(Meaning::Build),
        "syslog-ident" | "proc-title-template" | "lib-name" | "locale-collate" => {
            Some(Meaning::Free)
        }
        key if is_secret(key) => Some(Meaning::Secret),
        key if key.ends_with("version") => Some(Meaning::Version),
        _ => None,
    }
}

fn is_secret(key: &str) -> bool {
    const EXACT: [&str; 9] = [
        "auth",
        "authenticate",
        "access-key-id",
        "rediscli-auth",
        "valkeycli-auth",
        "authorization",
        "apikey",
        "api-key",
        "credentials",
    ];
    static PARTS: Signs = Signs::new(&["pass", "secret", "token", "private-key"]);
    static NOT: Signs = Signs::new(&[
        "askpass", "ask-pass", "nopass", "bypass", "passive", "passed",
    ]);
    // INFO counts refused and called commands.
    static COUNTED: Signs = Signs::new(&["denied", "stat-", "stats-", "usec"]);
    EXACT.contains(&key)
        || ["pw", "pwd"].contains(&key.rsplit(['-', '.']).next().unwrap_or(key))
        || ["-auth", "masterauth", "primaryauth"]
            .iter()
            .any(|e| key.ends_with(e))
            && !COUNTED.stand_in(key)
        || PARTS.stand_in(key) && !NOT.stand_in(key)
}

/// True for a value that is there to say that there is none.
pub(super) fn is_no_value(value: &str) -> bool {
    [
        "", "null", "true", "false", "nil", "(nil)", "None", "redacted",
    ]
    .contains(&value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_known_in_every_spelling() {
        for key in [
            "requirepass",
            "masterauth",
            "--pass",
            "REDISCLI_AUTH",
            "ansible_ssh_pass",
            "MYSQL_PWD",
            "--pw",
            "-redis.password",
        ] {
            assert_eq!(meaning(key), Some(Meaning::Secret), "{key}");
        }
        assert_eq!(meaning("cluster-announce-hostname"), Some(Meaning::Host));
        assert_eq!(meaning("availability_zone"), Some(Meaning::Zone));
        assert_eq!(meaning("redis_version"), Some(Meaning::Version));
        // What kind of server answers, not which.
        for key in [
            "server_name",
            "cluster_stats_messages_auth-req_sent",
            "role",
            "7000",
            "PWD",
            "--askpass",
        ] {
            assert_eq!(meaning(key), None, "{key}");
        }
    }
}
