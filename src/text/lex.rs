//! How programs write text, whatever it says: what parse and redact both take apart.

pub mod ansi;
pub mod command;
pub mod escape;
pub mod id;
pub mod string;
pub mod time;
