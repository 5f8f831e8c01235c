//! The guarded bash program around `valkey-cli`.

use crate::emit::Emitter;
use crate::emit::bash;

pub(super) static EMITTER: Emitter = Emitter {
    name: "valkey-cli",
    emit: |plan, edits| bash::program(plan, edits, "valkey-cli"),
};
