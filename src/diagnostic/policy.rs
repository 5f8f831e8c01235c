//! Diagnostics on the policy file.

use crate::diagnostic::area::area;

area! {
    /// What a policy file says, or fails to say.
    Policy "policy" {
        /// An entry of the policy is past its end.
        ///
        /// It counts no more: what it allowed is complained about again.
        ///
        /// Delete the entry, or give it another end if it still holds.
        Expired "expired" Warning Nothing,

        /// The policy file says something that is no policy.
        ///
        /// Nothing is answered: half a policy would judge by what nobody wants.
        ///
        /// Correct the line; `topoplan docs policy` prints a file with every key.
        Mistake "mistake" Error Nothing,

        /// The policy has entries with an end, and no file tells when the capture was taken.
        ///
        /// They count as past: nobody can say that they still hold.
        ///
        /// Give `--now`, or capture `time` of the nodes.
        NoDate "no-date" Warning Nothing,

        /// The policy asks for something that plans do not look at.
        ///
        /// The plan is made as if it did not stand there.
        ///
        /// Look at each step with it in mind.
        NotFollowed "not-followed" Warning Nothing,

        /// The policy wants the loss of a zone to be borne, and of some hosts nobody knows the zone.
        ///
        /// What shares a zone with these hosts cannot be seen.
        ///
        /// Name their zones in the policy or in the host map.
        UnknownZones "unknown-zones" Warning Nothing,

        /// An entry of the policy fits nothing in the capture.
        ///
        /// It has no effect; a slip in a name looks the same.
        ///
        /// Correct the entry, or delete it.
        Unused "unused" Note Nothing,
    }
}
