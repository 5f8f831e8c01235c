//! Where rules of health begin to complain: in one place, so that a policy can say otherwise.

/// See the fields; each is read by one rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Thresholds {
    /// Views that are taken further apart show no one moment (C003).
    pub views_apart_ms: u64,
    /// How full a file system with data may be, in percent of it (K009).
    pub disk_error_percent: u8,
    pub disk_warning_percent: u8,
    /// `used_memory` in percent of `maxmemory` where nothing is evicted (K006).
    pub memory_warning_percent: u8,
    /// What all servers of a host may use together, in percent of its memory (K007).
    pub host_memory_percent: u8,
    /// So many servers of a host may fork at one time, each for a second copy of its data (K007).
    pub forks: u32,
    /// The lowest `net.core.somaxconn`: the servers' default `tcp-backlog` (K012).
    pub somaxconn: u64,
    /// A link that broke so long before its master died lost writes (K013).
    pub stale_heir_ms: u64,
    /// A replica that said nothing to its master for so long lags (R005).
    pub lag_ms: u64,
    /// A replica that was away for so long must still find its place in the backlog (K016).
    pub backlog_ms: u64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            // Views of one collecting run are seconds apart.
            views_apart_ms: 60_000,
            disk_error_percent: 95,
            disk_warning_percent: 85,
            memory_warning_percent: 90,
            host_memory_percent: 70,
            forks: 1,
            somaxconn: 511,
            stale_heir_ms: 10_000,
            lag_ms: 10_000,
            backlog_ms: 60_000,
        }
    }
}
