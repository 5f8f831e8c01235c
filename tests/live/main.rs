//! Real servers on loopback: broken on purpose, captured, planned for, cured by the script.
//!
//! Needs `redis-server` and `redis-cli`; `TOPOPLAN_LIVE=skip` leaves these tests out, and
//! `TOPOPLAN_LIVE_SERVER` names another server, such as `valkey-server`; `versions` tells where
//! more of them are looked for, `chaos` how to ask for longer runs.

mod capture;
mod chaos;
mod client;
mod cluster;
mod collect;
mod conf;
mod cut_off;
mod danger;
mod expect;
mod flow;
mod goals;
mod health;
mod masters;
mod replicas;
mod reshard;
mod resp;
mod restart;
mod servers;
mod slots;
mod trouble;
mod versions;
mod views;
