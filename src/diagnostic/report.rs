//! Diagnostics on reports of `redis-cli --cluster check` and the like.

use crate::diagnostic::area::area;

area! {
    /// Something that a report of another tool says, or fails to say.
    Report "report" {
        /// A report stops before its end, as it does where one of the nodes is stopped.
        ///
        /// Nodes or slots may be missing in it.
        ///
        /// Capture `cluster nodes` of every node that answers.
        CutOff "cut-off" Warning Rest,

        /// The report says that something is wrong.
        ///
        /// The tool that wrote it found it; the rules judge what the nodes say.
        ///
        /// Read the findings: the same trouble stands there with what to do.
        Error "error" Warning Nothing,

        /// A report lists no node, or gives only the first characters of ids.
        ///
        /// Nothing of it could be used.
        ///
        /// Capture `cluster nodes` of every node that answers.
        NoNodes "no-nodes" Note Nothing,

        /// A report lists what a new cluster shall be, not what one is.
        ///
        /// It was not used.
        ///
        /// Capture `cluster nodes` once the cluster is made.
        Plan "plan" Note Nothing,

        /// The report warns of something.
        ///
        /// The tool that wrote it found it; the rules judge what the nodes say.
        ///
        /// Read the findings: the same trouble stands there with what to do.
        Warning "warning" Warning Nothing,
    }
}
