//! Diagnostics on the files of a capture, and on whose answers they hold.

use crate::diagnostic::area::area;

area! {
    /// A file that could not be used as it is, or answers that contradict each other.
    Capture "capture" {
        /// A file holds a list of addresses, such as a `find-masters` prints.
        ///
        /// It was not needed: the views tell the same and more.
        ///
        /// Nothing. `topoplan list` prints such lists from the views.
        AddressList "address-list" Note Nothing,

        /// The nodes announce other addresses than the names in the capture.
        ///
        /// Behind an address translation that is as it should be: answers are matched by both.
        ///
        /// Nothing, if the nodes are behind an address translation; else rename the files.
        AnnouncedElsewhere "announced-elsewhere" Note Nothing,

        /// An answer of which nothing says whose it is, or whose name fits several nodes.
        ///
        /// It was not used.
        ///
        /// Save it in a file or folder named after the node's address: `10.0.0.1_7000`.
        AnswerOfUnknownNode "answer-of-unknown-node" Note Nothing,

        /// An archive, or a member of it, is damaged or cut off.
        ///
        /// What could be unpacked was read; the rest counts as not captured.
        ///
        /// Copy the archive again from where it was written.
        ArchiveDamaged "archive-damaged" Warning Nothing,

        /// A member of an archive is behind a password.
        ///
        /// It was not read.
        ///
        /// Unpack it and name the directory.
        ArchiveEncrypted "archive-encrypted" Warning Nothing,

        /// An archive, or a member of it, is larger or deeper than is unpacked.
        ///
        /// It was not read: a small archive can hold more than a machine has room for.
        ///
        /// Pack only what was captured; or unpack it where there is room, and name the directory.
        ArchiveLimit "archive-limit" Warning Nothing,

        /// A member of an archive is compressed in a way that is not known here.
        ///
        /// It was not read.
        ///
        /// Pack as zip with deflate, or as tar with gzip or zstd.
        ArchiveMethod "archive-method" Warning Nothing,

        /// The name of a member leads out of its archive, or cannot be shown.
        ///
        /// It was not read.
        ///
        /// Pack with relative names: `tar -C DIRECTORY -czf night.tar.gz .`.
        ArchiveName "archive-name" Warning Nothing,

        /// An archive holds a member more than once.
        ///
        /// The last one was read, as unpacking would leave it.
        ///
        /// Nothing, if the archive was appended to on purpose.
        ArchiveRepeated "archive-repeated" Note Nothing,

        /// An archive holds links, devices or the like.
        ///
        /// They were not read.
        ///
        /// Pack the files themselves: `tar -h`.
        ArchiveSpecial "archive-special" Note Nothing,

        /// A file is not text.
        ///
        /// It was not used.
        ///
        /// Nothing, unless it should have held an answer.
        BinaryFile "binary-file" Warning File,

        /// The cluster bus port of a node was asked, which answers no client.
        ///
        /// That it gave no answer says nothing of the node.
        ///
        /// Ask the client port, usually 10000 less.
        BusPort "bus-port" Note Nothing,

        /// A node is dead by the views, but its process runs.
        ///
        /// It hangs or is cut off, and may still take writes of clients that reach it.
        ///
        /// Unless the list is older than the views: stop the process, or see that no client reaches
        /// it, before another node takes over.
        DeadButRuns "dead-but-runs" Warning Nothing,

        /// A file holds what changed between two views, as `diff -u` prints it.
        ///
        /// It was read as the newer of them, where all of its lines are shown.
        ///
        /// Save the newer view itself.
        Diff "diff" Note Nothing,

        /// A table of masters and replicas per host counts otherwise than the views.
        ///
        /// The views count.
        ///
        /// Nothing: such tables leave out nodes that did not answer.
        Distribution "distribution" Note Nothing,

        /// Clocks under one name are far apart, so files of several times lie together.
        ///
        /// Which view of a node is the newest is judged by its pongs alone.
        ///
        /// Keep captures of different times in folders of their own.
        DoubtfulClock "doubtful-clock" Note Nothing,

        /// A node that was asked gave an empty answer.
        ///
        /// It counts as one that did not answer.
        ///
        /// Ask it again.
        EmptyAnswer "empty-answer" Warning Nothing,

        /// A file is empty, or holds an empty answer.
        ///
        /// The command that should have filled it said nothing.
        ///
        /// Run the command again and look at its error output.
        EmptyFile "empty-file" Warning Nothing,

        /// A `nodes.conf` is empty.
        ///
        /// A server that starts with it makes up a new id and knows nobody.
        ///
        /// See K002 before anybody restarts it.
        EmptyNodesConf "empty-nodes-conf" Warning Identity,

        /// A file is not UTF-8.
        ///
        /// It was read as what it most likely is; names in it may be wrong.
        ///
        /// Nothing, if the names look right.
        Encoding "encoding" Note Nothing,

        /// A file is larger than is read.
        ///
        /// It was not read.
        ///
        /// Give the answers alone, without what stands around them.
        FileLimit "file-limit" Warning Nothing,

        /// The command of a view ends in a filter such as `grep`.
        ///
        /// The view may lack lines, so it does not count as whole.
        ///
        /// Capture `cluster nodes` without a filter.
        Filtered "filtered" Warning Nothing,

        /// A directory holds hidden files.
        ///
        /// They were not read.
        ///
        /// Name one as an argument to have it read.
        HiddenFile "hidden-file" Note Nothing,

        /// Nodes announce one IP but were reached at several.
        ///
        /// The IPs where they were reached are taken for their hosts.
        ///
        /// If they are containers of one machine, name it in a host map.
        HostsBehindOneIp "hosts-behind-one-ip" Note Nothing,

        /// A `redis.conf` includes another file, in which its port or directory stands.
        ///
        /// Without that file the settings are of no known node.
        ///
        /// Capture the included file too.
        Include "include" Note Nothing,

        /// INFO of a node and the views say different things of its role or its master.
        ///
        /// The views count; its offset is not used.
        ///
        /// Capture `cluster nodes` and `info` of it again, one right after the other.
        InfoContradicts "info-contradicts" Warning Nothing,

        /// Lines were cut in pieces of one width, as a terminal or a mail does.
        ///
        /// They were joined again.
        ///
        /// Nothing. A file that is written directly has no such pieces.
        JoinedLines "joined-lines" Note Nothing,

        /// A link leads out of the directory that was named.
        ///
        /// It was not followed: a capture of a stranger must not have files of this machine read.
        ///
        /// Name its target as an argument to have it read.
        LinkOutside "link-outside" Warning Nothing,

        /// The name of a file, or the line above an answer, says that it is a `nodes.conf`.
        ///
        /// It was on a disk, so it does not show that its node runs.
        ///
        /// Save what a process answers to `cluster nodes` under another name.
        NamedNodesConf "named-nodes-conf" Note Nothing,

        /// A file looks like the output of commands, but no answer in it can be used.
        ///
        /// It was not used.
        ///
        /// Save what the commands printed, not only the commands.
        NoAnswer "no-answer" Note Nothing,

        /// The capture has no `cluster nodes`; the nodes are read from another answer.
        ///
        /// That answer leaves out nodes, links, epochs or open slots, so little can be judged and
        /// nothing is planned.
        ///
        /// Capture `cluster nodes` of every node.
        NoClusterNodes "no-cluster-nodes" Note Nothing,

        /// This kind of server does not show in its dumps who is failed.
        ///
        /// Only who gave no answer is known to be dead.
        ///
        /// Ask every node, and keep the notes of those that did not answer.
        NoFailureFlags "no-failure-flags" Note Nothing,

        /// CLUSTER SLOTS of an old version gives no ids.
        ///
        /// The nodes are named by their addresses.
        ///
        /// Capture `cluster nodes` too.
        NoIds "no-ids" Note Nothing,

        /// `showtable` was captured without `showtablet`.
        ///
        /// The name server calls copies on a dead tablet alive while `auto_failover` is off: nothing
        /// says which tablets run.
        ///
        /// Capture `showtablet` at the same time.
        NoShowtablet "no-showtablet" Warning Nothing,

        /// What a directory holds is no regular file: a pipe, a socket or a device.
        ///
        /// It was not read, as that could wait for ever.
        ///
        /// Nothing.
        NotAFile "not-a-file" Note Nothing,

        /// A very large file has answers inside other output.
        ///
        /// They were not looked for.
        ///
        /// Save the answers of each node in a file of their own.
        NotUnwrapped "not-unwrapped" Warning Nothing,

        /// An answer of a node is older than the views.
        ///
        /// It does not show that the node lives: it may have died since.
        ///
        /// Ask it again, and keep captures of different times in folders of their own.
        OlderAnswer "older-answer" Note Nothing,

        /// The capture holds files of several times.
        ///
        /// The older ones were not used.
        ///
        /// Give one capture alone to judge an older state.
        OlderCapture "older-capture" Note Nothing,

        /// The name of a file, or the header above an answer, and the `myself` line in it name two
        /// nodes.
        ///
        /// The line is believed.
        ///
        /// Rename the file, unless the node moved.
        OwnerContradiction "owner-contradiction" Note Nothing,

        /// A list of processes tells that a node is stopped, or does not run.
        ///
        /// The node is taken for dead.
        ///
        /// `kill -CONT` wakes a stopped process; look at its disk first.
        Process "process" Note Nothing,

        /// A server refused a command instead of answering it.
        ///
        /// What the command should have told is not known.
        ///
        /// See the help beside it: a password, a permission, a server that loads or is no cluster.
        Refused "refused" Warning Nothing,

        /// A directory is reached twice.
        ///
        /// It was read once.
        ///
        /// Nothing.
        RepeatedDirectory "repeated-directory" Note Nothing,

        /// A replica is listed with slots.
        ///
        /// Servers never write that, so its line is damaged or put together of two.
        ///
        /// Save `cluster nodes` of that node again.
        ReplicaWithSlots "replica-with-slots" Warning Line,

        /// A file lists only replicas of one master, as CLUSTER REPLICAS does.
        ///
        /// The rest of the cluster is not in it.
        ///
        /// Capture `cluster nodes` too.
        ReplicasOnly "replicas-only" Note Nothing,

        /// `showtable` lists one partition twice on one tablet.
        ///
        /// The first row counts.
        ///
        /// Capture `showtable` again.
        RowTwice "row-twice" Warning Nothing,

        /// The same ids are in the capture at two sets of addresses.
        ///
        /// The nodes moved, or a copy of the cluster runs elsewhere: a command may reach the wrong
        /// one, so nothing is planned.
        ///
        /// Give the files of one of them alone, from a directory of its own.
        SameIdsElsewhere "same-ids-elsewhere" Warning Nothing,

        /// The capture holds views of two clusters.
        ///
        /// One of them was judged, the other left out.
        ///
        /// Capture each cluster into a directory of its own.
        SecondCluster "second-cluster" Warning Nothing,

        /// A view lists fewer nodes than its own node knows, or names a master that it does not list.
        ///
        /// Lines are missing, so absence in it proves nothing.
        ///
        /// Capture `cluster nodes` of this node again.
        ShortView "short-view" Warning Rest,

        /// A note says that a node did not answer, and the capture holds an answer of it.
        ///
        /// It is taken for alive.
        ///
        /// Ask it again: it may have stopped or come back in between.
        SilentButAnswers "silent-but-answers" Note Nothing,

        /// Directories lie deeper in each other than is read.
        ///
        /// What is in them was not read.
        ///
        /// Name one as an argument to have it read.
        TooDeep "too-deep" Warning Nothing,

        /// Views show one node at two addresses.
        ///
        /// The address of its own view is used, or that of most views.
        ///
        /// If it moved, capture again once all views agree; behind an address translation, capture
        /// all nodes from one side.
        TwoAddresses "two-addresses" Warning Nothing,

        /// Two ids are at one address.
        ///
        /// One of them is taken for gone: its process has another id now.
        ///
        /// Capture all nodes again in one go.
        TwoAtOneAddress "two-at-one-address" Warning Nothing,

        /// Views were taken before and after a failover.
        ///
        /// Together they show no moment of the cluster, so nothing is planned.
        ///
        /// Capture all nodes again in one go.
        TwoMoments "two-moments" Warning Nothing,

        /// A second `myself` line stands in one view: two dumps in one.
        ///
        /// The first is taken for the owner.
        ///
        /// Save each view in a file of its own.
        TwoMyself "two-myself" Warning Nothing,

        /// The capture holds two views of one node.
        ///
        /// The newer one was used.
        ///
        /// Nothing, unless the older one is wanted: give it alone.
        TwoViews "two-views" Note Nothing,

        /// An answer that topoplan does not know.
        ///
        /// It was not used.
        ///
        /// If it should have been, save it again as the server printed it.
        UnknownAnswer "unknown-answer" Note Nothing,

        /// Nothing in a file is known.
        ///
        /// It was not used.
        ///
        /// If it should have held an answer, save it again as the server printed it.
        UnknownFile "unknown-file" Note File,

        /// Nothing says of which host an answer is.
        ///
        /// It was not used.
        ///
        /// Save what is about one host in a folder or a file that has its name or IP:
        /// `hosts/10.0.0.1/df.txt`.
        UnknownHost "unknown-host" Note Nothing,

        /// A view has no `myself` line, and its path names no node.
        ///
        /// Nobody can say whose view it is; it counts as one view of nobody.
        ///
        /// Save `cluster nodes` whole, in a file named after the node: `10.0.0.1_7000`.
        UnknownOwner "unknown-owner" Note Nothing,

        /// A server in cluster mode runs that no view lists.
        ///
        /// It was never met, was forgotten, or is of another cluster.
        ///
        /// Capture `cluster nodes` of it: who lists only itself was never met, see M007.
        UnknownServer "unknown-server" Warning Nothing,

        /// A file or directory cannot be read.
        ///
        /// The capture is judged without it.
        ///
        /// Give the right to read it.
        UnreadableFile "unreadable-file" Warning Nothing,

        /// Output beside the answers in a wrapped log was not used.
        ///
        /// It is no answer: messages of the tool that ran the commands, hosts that it did not reach.
        ///
        /// Look whether a host is missing.
        UnusedOutput "unused-output" Note Nothing,

        /// A view was taken before its node died, by the views that were taken later.
        ///
        /// It was not used.
        ///
        /// Keep captures of different times in folders of their own.
        ViewOfTheDead "view-of-the-dead" Note Nothing,

        /// A node that knows only itself, and nothing says that it is meant for this cluster.
        ///
        /// It was left out.
        ///
        /// Capture the cluster and its new nodes into one directory, and nothing else.
        WhoseBlank "whose-blank" Warning Nothing,
    }
}
