//! Real servers on loopback: broken on purpose, captured, planned for, cured by the script.
//!
//! Needs `redis-server` and `redis-cli`; `TOPOPLAN_LIVE=skip` leaves these tests out, and
//! `TOPOPLAN_LIVE_SERVER` names another server, such as `valkey-server`.

mod capture;
mod cluster;
mod flow;
mod resp;
mod scenarios;
mod servers;
mod views;
