//! The catalogue: every rule's code, and the file that it stands for.
//!
//! To add a rule, write its file and its `mod` line in the folder of its family, and one line
//! here. The letters of a released code are never given to another rule.

use std::fmt;
use std::str::FromStr;

use crate::rules::Rule;
use crate::rules::capture;
use crate::rules::health;
use crate::rules::membership;
use crate::rules::placement;
use crate::rules::quorum;
use crate::rules::replication;
use crate::rules::slots;
use crate::rules::tablets;

macro_rules! catalogue {
    ($($folder:ident $family:ident $letter:literal { $($name:ident $code:literal $file:ident,)+ })+) => {
        /// The code of a rule. Printed as `P001`; ordered as the catalogue is.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($($name,)+)+
        }

        /// What a rule is about: the letter of its code.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Family {
            $($family,)+
        }

        impl Code {
            /// Every code, in order.
            pub const ALL: &[Self] = &[$($(Self::$name,)+)+];

            /// `P001`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $($(Self::$name => $code,)+)+
                }
            }

            pub fn rule(self) -> &'static Rule {
                match self {
                    $($(Self::$name => &$folder::$file::RULE,)+)+
                }
            }

            pub fn family(self) -> Family {
                match self {
                    $($(Self::$name)|+ => Family::$family,)+
                }
            }
        }

        impl Family {
            /// The first letter of its codes.
            pub fn letter(self) -> char {
                match self {
                    $(Self::$family => $letter,)+
                }
            }
        }
    };
}

catalogue! {
    capture Capture 'C' {
        ViewsDisagree "C001" views_disagree,
        MissingView "C002" missing_view,
        ViewsApartInTime "C003" views_apart_in_time,
        EpochChanged "C004" epoch_changed,
        InFlight "C005" in_flight,
        UnmappedHost "C006" unmapped_host,
        HostMapContradicts "C007" host_map_contradicts,
        GarbledLines "C008" garbled_lines,
        UnknownFile "C009" unknown_file,
        UnusedMapRows "C010" unused_map_rows,
    }
    health Health 'K' {
        OneWayLink "K001" one_way_link,
        UnloadableNodesConf "K002" unloadable_nodes_conf,
        FailedButAnswers "K003" failed_but_answers,
        ClusterStateFail "K004" cluster_state_fail,
        WritesRefused "K005" writes_refused,
        OutOfMemory "K006" out_of_memory,
        HostMemoryOvercommitted "K007" host_memory_overcommitted,
        MoreServersThanCores "K008" more_servers_than_cores,
        DiskFull "K009" disk_full,
        SettingsDiffer "K010" settings_differ,
        NoPersistence "K011" no_persistence,
        HostTuning "K012" host_tuning,
        StaleHeir "K013" stale_heir,
        VersionSkew "K014" version_skew,
        ConfRefused "K015" conf_refused,
        SmallBacklog "K016" small_backlog,
        KnownDataLossBug "K017" known_data_loss_bug,
        ReplicaMayMigrate "K018" replica_may_migrate,
    }
    membership Membership 'M' {
        NoaddrGhost "M001" noaddr_ghost,
        DeadNode "M003" dead_node,
        HalfForgottenNode "M004" half_forgotten_node,
        UnmetNode "M007" unmet_node,
        Islands "M008" islands,
        SharedAddress "M009" shared_address,
        UnreachableAddress "M010" unreachable_address,
    }
    placement Placement 'P' {
        ReplicaSharesHost "P001" replica_shares_host,
        ReplicaSharesDisk "P002" replica_shares_disk,
        ReplicaSharesZone "P003" replica_shares_zone,
        ReplicasShareHost "P004" replicas_share_host,
        SkewedMasters "P005" skewed_masters,
        SkewedZones "P006" skewed_zones,
        ReplicasShareZone "P007" replicas_share_zone,
        AwayFromHome "P009" away_from_home,
    }
    quorum Quorum 'Q' {
        HostHoldsMajority "Q001" host_holds_majority,
        ZoneHoldsMajority "Q002" zone_holds_majority,
        MajorityLost "Q003" majority_lost,
    }
    replication Replication 'R' {
        OrphanMaster "R001" orphan_master,
        MissingReplica "R002" missing_replica,
        UnevenReplicas "R003" uneven_replicas,
        UnsyncedReplica "R004" unsynced_replica,
        LaggingReplica "R005" lagging_replica,
        ChainedReplica "R007" chained_replica,
        SlotlessMaster "R009" slotless_master,
        NothingPromotable "R010" nothing_promotable,
        EmptiedMaster "R011" emptied_master,
    }
    slots Slots 'S' {
        UncoveredSlots "S001" uncovered_slots,
        ContestedSlots "S002" contested_slots,
        OpenSlot "S003" open_slot,
        UnevenSlots "S004" uneven_slots,
        UnfinishedReshard "S005" unfinished_reshard,
        EqualEpochs "S006" equal_epochs,
        ScatteredSlots "S007" scattered_slots,
    }
    tablets Tablets 'T' {
        PartitionWithoutLeader "T001" partition_without_leader,
        TabletOffline "T002" tablet_offline,
        AliveOnDeadTablet "T003" alive_on_dead_tablet,
        ReplicaNotAlive "T004" replica_not_alive,
        StaleLeader "T005" stale_leader,
        FailedOp "T006" failed_op,
        EmptyTablet "T007" empty_tablet,
        SkewedCopies "T008" skewed_copies,
        AutoFailoverOff "T009" auto_failover_off,
    }
}

impl Family {
    /// In the order in which an operator reads: lost slots first, then whether the capture can be
    /// trusted, then lost copies.
    pub fn urgency(self) -> usize {
        match self {
            Self::Slots | Self::Tablets => 0,
            Self::Capture => 1,
            Self::Membership => 2,
            Self::Replication => 3,
            Self::Quorum => 4,
            Self::Placement => 5,
            Self::Health => 6,
        }
    }
}

impl Code {
    /// `P005,P009`.
    pub fn join<'a>(codes: impl IntoIterator<Item = &'a Self>, separator: &str) -> String {
        let codes: Vec<&str> = codes.into_iter().map(|code| code.as_str()).collect();
        codes.join(separator)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// As printed, so that a failed test names the code and not the variant.
impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is no rule's code.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no rule has the code `{0}`")]
pub struct NoCode(String);

/// In capitals, as printed.
impl FromStr for Code {
    type Err = NoCode;

    fn from_str(text: &str) -> Result<Self, NoCode> {
        let mut all = Self::ALL.iter().copied();
        all.find(|code| code.as_str() == text)
            .ok_or_else(|| NoCode(text.escape_debug().to_string()))
    }
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for Code {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
