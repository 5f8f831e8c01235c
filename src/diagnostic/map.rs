//! Diagnostics on the maps of hosts, disks and homes.

use crate::diagnostic::area::area;

area! {
    /// What a map says against another row, or against the nodes.
    Map "map" {
        /// Two rows, or a row and a node, say different things of one place.
        ///
        /// The first row is kept; where a node contradicts it, the message says who is believed.
        ///
        /// Correct the map: placement is judged by it.
        Contradiction "contradiction" Warning Row,

        /// No file tells the disk of some nodes, so it was guessed from their ports.
        ///
        /// Findings about disks may be wrong for these nodes.
        ///
        /// Give a disk map, or capture `config get dir` and `df` of the hosts.
        GuessedDisk "guessed-disk" Note Nothing,

        /// The host map does not know the IP of a node.
        ///
        /// The IP is taken for the host, so two IPs of one machine count as two.
        ///
        /// Add the row to the host map.
        NodeWithoutHost "node-without-host" Warning Host,

        /// A home map of the capture says something else than the one that a flag named.
        ///
        /// The named one counts.
        ///
        /// Nothing, if that was the wish.
        Overridden "overridden" Note Nothing,

        /// Rows of a disk map fit no node.
        ///
        /// They were not used; a slip in an address leaves a node without its disk.
        ///
        /// Correct or delete the rows.
        UnusedDisk "unused-disk" Note Unused,

        /// Rows of a home map, or a list of hosts and ports, fit no node.
        ///
        /// They were not used; the node that was meant may be missing in the capture.
        ///
        /// Correct the rows, or look for the node.
        UnusedHome "unused-home" Note Unused,

        /// A row of the host map names an IP that no node has.
        ///
        /// It was not used.
        ///
        /// Correct or delete the row.
        UnusedHost "unused-host" Note Unused,
    }
}
