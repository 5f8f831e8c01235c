//! Real servers on loopback: broken on purpose, captured, planned for, cured by the script.
//!
//! Needs `redis-server` and `redis-cli`; `TOPOPLAN_LIVE=skip` leaves these tests out, and
//! `TOPOPLAN_LIVE_SERVER` names another server, such as `valkey-server`.

mod capture;
mod cluster;
mod collect;
mod expect;
mod flow;
mod masters;
mod replicas;
mod resp;
mod servers;
mod slots;
mod views;
