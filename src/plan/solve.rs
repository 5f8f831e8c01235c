//! The only place that knows good_lp.
