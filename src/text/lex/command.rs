//! Command lines, as shells and transcripts show them.

/// Programs that ask a node.
pub const CLIENTS: [&str; 5] = ["redis-cli", "valkey-cli", "keydb-cli", "flashbase", "ltcli"];

/// `redis-cli`, `/usr/bin/redis-cli`, `redis-cli.exe`
pub fn is_client(word: &str) -> bool {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    CLIENTS.contains(&name.strip_suffix(".exe").unwrap_or(name))
}
