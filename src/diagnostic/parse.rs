//! Diagnostics on the words, lines and rows of a file.

use crate::diagnostic::area::area;

area! {
    /// A word, a line or a row that does not say what it should.
    Parse "parse" {
        /// A word that stands where an address stands is none.
        ///
        /// The line or the row was skipped: what only it says is missing.
        ///
        /// Save the answer again; in a map, write `ip` or `ip:port`.
        Address "address" Warning Line,

        /// A cell of a table is empty or holds no value of its column.
        ///
        /// The row, or the value where the row does without it, was not used.
        ///
        /// Write the value, or delete the row.
        Cell "cell" Warning Nothing,

        /// A checksum over the file does not match.
        ///
        /// Any of its lines may be wrong, so no view in it counts as whole.
        ///
        /// Copy the archive again from where it was written.
        Checksum "checksum" Warning Every,

        /// A table has a column that topoplan does not know.
        ///
        /// The column was not used; the others were.
        ///
        /// If it should have been used, correct its name in the header.
        Column "column" Note Nothing,

        /// A node line stands behind the mark of a comment.
        ///
        /// The line was skipped, and the view does not count as whole: absence in it proves nothing.
        ///
        /// Save `cluster nodes` again as the server printed it.
        CommentedOut "commented-out" Warning Line,

        /// The settings of `config get *` stand on one line, and a value looks like the name of a
        /// setting.
        ///
        /// It was taken for a name, so that setting and the next may be wrong.
        ///
        /// Save the answer with its line ends.
        ConfigLine "config-line" Note Nothing,

        /// A line of `config get` is the name of no setting.
        ///
        /// The line was skipped.
        ///
        /// Save the answer again as the client printed it.
        ConfigName "config-name" Warning Nothing,

        /// The value of a setting cannot be read.
        ///
        /// The setting counts as not captured.
        ///
        /// Save the answer again as the client printed it.
        ConfigValue "config-value" Note Nothing,

        /// One answer lists the same node id twice.
        ///
        /// The first line counts, the second was skipped.
        ///
        /// If two answers were joined into one file, save each in a file of its own.
        DuplicateId "duplicate-id" Warning Nothing,

        /// A word that stands where the config epoch stands is no number.
        ///
        /// The line was skipped: what only it says is missing.
        ///
        /// Save `cluster nodes` again.
        Epoch "epoch" Warning Line,

        /// A node line has fewer fields than a node line needs.
        ///
        /// The line was skipped: what only it says is missing.
        ///
        /// Save `cluster nodes` again, without wrapping or cutting its lines.
        Fields "fields" Warning Line,

        /// The flags of a node have a word that no server writes, or no word that one does.
        ///
        /// An unknown word among others was ignored; a line without any known flag was skipped.
        ///
        /// Save `cluster nodes` again.
        Flags "flags" Warning Line,

        /// A blank was lost between the times of the last ping and the last pong.
        ///
        /// Nothing is lost: a ping of 0 (none waits for an answer) and the pong behind it were read.
        ///
        /// Save `cluster nodes` again if it happens to more than times.
        GluedTimes "glued-times" Note Nothing,

        /// A file that was given as a map lacks the columns of that map.
        ///
        /// The file was not used at all.
        ///
        /// Put a header row with the names of the columns at its top.
        Header "header" Warning Nothing,

        /// A word in a list of hosts is no host, such as a variable of a shell.
        ///
        /// The whole list was not used.
        ///
        /// Give the file with the values that it has where it runs.
        Host "host" Warning Nothing,

        /// A second node line begins inside a line.
        ///
        /// Slots of the first may be missing, so the view does not count as whole.
        ///
        /// Save `cluster nodes` again with its line ends.
        Joined "joined" Warning Line,

        /// The link state of a node is neither `connected` nor `disconnected`.
        ///
        /// A word that was only cut was understood; any other costs its line.
        ///
        /// Save `cluster nodes` again.
        LinkState "link-state" Warning Line,

        /// A file has more odd places than are listed.
        ///
        /// The rest is only counted; nothing more of it was used.
        ///
        /// Look at those that are listed: most files have one cause.
        More "more" Note More,

        /// A line among mount points mounts nothing.
        ///
        /// The line was skipped: a disk that only it names is not known.
        ///
        /// Save the output of `df` or `lsblk` again.
        Mount "mount" Warning Nothing,

        /// A word that stands where a node's id stands is none, or is more than one.
        ///
        /// Where an id could be read it was used; else the line was skipped, and what only it says
        /// is missing.
        ///
        /// Save the answer again.
        NodeId "node-id" Warning Line,

        /// A line of INFO or CLUSTER INFO is no `key:value`.
        ///
        /// The line was skipped; the others count.
        ///
        /// Save the answer again if the value is needed.
        Pair "pair" Warning Nothing,

        /// A word that stands where a port stands is none.
        ///
        /// The row, or the list of ports, was not used.
        ///
        /// Write a number from 1 to 65535; in a list, a range `7000-7003`.
        Port "port" Warning Nothing,

        /// A role in a home map is neither master nor replica.
        ///
        /// The row was skipped: that node has no home role.
        ///
        /// Write `master` or `replica`.
        Role "role" Warning Nothing,

        /// A file holds more nodes, slots or rows of one kind than any capture has.
        ///
        /// The rest was not read, so nothing is answered from it.
        ///
        /// Give what was captured alone; see the limits in the help of the command.
        Rows "rows" Error Rest,

        /// CLUSTER SHARDS lists a shard without its slots, as Redis 7 does where the master failed.
        ///
        /// Who owns those slots is not told in this answer.
        ///
        /// Capture `cluster nodes` too.
        ShardSlots "shard-slots" Warning Nothing,

        /// A word that stands where slots stand is neither a slot nor a range.
        ///
        /// It was ignored, so the node may own slots that nobody sees.
        ///
        /// Save `cluster nodes` again.
        Slot "slot" Warning Line,

        /// A line among node lines is no node line and nothing of one.
        ///
        /// It was skipped and costs nothing.
        ///
        /// Nothing, unless it should have been a node.
        Text "text" Note Nothing,

        /// A word that stands where a time stands is no number of milliseconds.
        ///
        /// It was taken for 0: nothing is decided on it alone.
        ///
        /// Save `cluster nodes` again if ages matter.
        Time "time" Warning Line,

        /// A file stops in the middle of a line or of an answer.
        ///
        /// Nodes or slots behind that place are missing; absence in this file proves nothing. As a
        /// note it says that only the last line end is missing.
        ///
        /// Save the answer again.
        Truncated "truncated" Warning Rest,

        /// Two views follow each other in one file, and lines between them may belong to either.
        ///
        /// They were given to one of them, and neither counts as whole.
        ///
        /// Save each view in a file of its own, or with the command above it.
        UnclearBorder "unclear-border" Warning Nothing,

        /// The version in INFO is none.
        ///
        /// What differs between versions is said as for an unknown one.
        ///
        /// Save `info server` again.
        Version "version" Warning Nothing,
    }
}
