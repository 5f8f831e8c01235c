//! The counts that rules and levels share, so that there is one definition of good.
