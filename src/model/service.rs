//! Services that run clusters for others and have a control plane of their own.

use std::fmt;

/// Who runs the servers, by the names that it gives them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Service {
    ElastiCache,
    MemoryDb,
    Azure,
    RedisCloud,
    Alibaba,
    Huawei,
    Oracle,
    Aiven,
    DigitalOcean,
    Upstash,
}

/// How the names of a service's nodes end; a part in the middle may follow after `*`.
const NAMES: [(&str, &str, Service); 17] = [
    ("", ".cache.amazonaws.com", Service::ElastiCache),
    ("", ".cache.amazonaws.com.cn", Service::ElastiCache),
    (".memorydb.", ".amazonaws.com", Service::MemoryDb),
    (".memorydb.", ".amazonaws.com.cn", Service::MemoryDb),
    ("", ".redis.cache.windows.net", Service::Azure),
    ("", ".redisenterprise.cache.azure.net", Service::Azure),
    ("", ".redis.azure.net", Service::Azure),
    ("", ".redis.cache.chinacloudapi.cn", Service::Azure),
    ("", ".redis-cloud.com", Service::RedisCloud),
    ("", ".redislabs.com", Service::RedisCloud),
    (".redis.", ".rds.aliyuncs.com", Service::Alibaba),
    ("", ".redis.rds.aliyuncs.com", Service::Alibaba),
    (".dcs.", ".huaweicloud.com", Service::Huawei),
    (".redis.", ".oci.oraclecloud.com", Service::Oracle),
    ("", ".aivencloud.com", Service::Aiven),
    ("", ".db.ondigitalocean.com", Service::DigitalOcean),
    ("", ".upstash.io", Service::Upstash),
];

impl Service {
    /// By the name of a node.
    pub fn of(name: &str) -> Option<Self> {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let fits = |&&(middle, end, _): &&(&str, &str, Self)| {
            name.ends_with(end) && (middle.is_empty() || name.contains(middle))
        };
        NAMES.iter().find(fits).map(|&(_, _, service)| service)
    }

    /// What its users have instead of the servers' own commands.
    pub fn instead(self) -> &'static str {
        match self {
            Self::ElastiCache => {
                "TestFailover, ModifyReplicationGroup and IncreaseReplicaCount of its API"
            }
            Self::MemoryDb => "FailoverShard and UpdateCluster of its API",
            Self::Azure => "`az redis`, force-reboot and scale, or its portal",
            Self::RedisCloud => "its console or REST API",
            Self::Alibaba => "SwitchInstanceHA and MigrateToOtherZone of its API",
            Self::Huawei | Self::Oracle | Self::Aiven | Self::DigitalOcean | Self::Upstash => {
                "its console or API"
            }
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ElastiCache => "ElastiCache",
            Self::MemoryDb => "MemoryDB",
            Self::Azure => "Azure Cache for Redis",
            Self::RedisCloud => "Redis Cloud",
            Self::Alibaba => "Tair of Alibaba Cloud",
            Self::Huawei => "Huawei Cloud DCS",
            Self::Oracle => "OCI Cache",
            Self::Aiven => "Aiven",
            Self::DigitalOcean => "DigitalOcean",
            Self::Upstash => "Upstash",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_known_by_the_names_of_its_nodes() {
        for (name, service) in [
            (
                "app-0001-001.app.abc123.euw1.cache.amazonaws.com",
                Some(Service::ElastiCache),
            ),
            (
                "x-0001-001.x.abc.memorydb.eu-west-1.amazonaws.com",
                Some(Service::MemoryDb),
            ),
            ("c.example.redis.cache.windows.net", Some(Service::Azure)),
            (
                "redis-12000.c1.eu-west-1-1.ec2.redis-cloud.com",
                Some(Service::RedisCloud),
            ),
            ("R-BP1.redis.rds.aliyuncs.com.", Some(Service::Alibaba)),
            ("ec2-1-2-3-4.eu-west-1.compute.amazonaws.com", None),
            ("cache.amazonaws.com.example.org", None),
            ("10.0.0.1", None),
            ("redis-0.redis.svc.cluster.local", None),
        ] {
            assert_eq!(Service::of(name), service, "{name}");
        }
    }
}
