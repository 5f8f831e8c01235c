//! The guarded bash program around `redis-cli`.

use crate::emit::Emitter;
use crate::emit::bash;

pub(super) static EMITTER: Emitter = Emitter {
    name: "redis-cli",
    emit: |plan, edits| bash::program(plan, edits, "redis-cli"),
};
