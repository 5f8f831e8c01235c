//! Every key of a policy file: what the reader takes, the commented file and its JSON schema say.

/// One key.
pub(super) struct Key {
    pub name: &'static str,
    pub kind: Kind,
    pub need: Need,
    /// What it does, in one or two sentences.
    pub doc: &'static str,
    /// A value as it is written in a file; of the default where there is one.
    pub example: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Must,
    May,
}

/// What a key takes.
pub(super) enum Kind {
    Text,
    /// One text or a list of them.
    Texts,
    Word(&'static [&'static str]),
    /// From, to, and the word that may stand instead.
    Number(u32, u32, Option<&'static str>),
    /// A number with a unit of time: `90s`.
    Span,
    /// A part of a hundred: `85%`.
    Percent,
    /// A number with a unit of size: `64GiB`.
    Bytes,
    /// A TOML date, a TOML time, or the same as a text.
    Moment,
    /// `[name]`
    Section(&'static [Key]),
    /// `[[name]]`
    Entries(&'static [Key]),
    /// `[name]` of codes and levels.
    Levels,
}

const fn must(name: &'static str, kind: Kind, doc: &'static str, example: &'static str) -> Key {
    Key {
        name,
        kind,
        need: Need::Must,
        doc,
        example,
    }
}

const fn may(name: &'static str, kind: Kind, doc: &'static str, example: &'static str) -> Key {
    Key {
        name,
        kind,
        need: Need::May,
        doc,
        example,
    }
}

const fn table(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    may(name, kind, doc, "")
}

const ROLES: &[&str] = &["master", "replica"];
const UNTIL: &str = "The end: a day, which counts to its last minute, or a moment; without an \
                     offset it is UTC. It is held against the capture, or against `--now`.";
const DOMAIN: &str = "host:H, disk:H:/dir, zone:Z, rack:Z/R or node:ADDR.";

/// From and to.
pub(super) const FORKS: (u32, u32) = (0, 1000);
pub(super) const SOMAXCONN: (u32, u32) = (0, 1 << 20);

pub(super) const FILE: &[Key] = &[
    may(
        "replicas",
        Kind::Number(0, 100, Some("auto")),
        "Replicas that each shard should have; \"auto\" takes the number from the home map, else \
         from the capture.",
        "\"auto\"",
    ),
    may(
        "tolerance",
        Kind::Word(&["none", "host", "rack", "zone"]),
        "The largest domain whose loss the cluster must bear: placement and quorum rules of that \
         size are errors and warnings, those of larger ones notes. `[rules]` goes before it.",
        "\"host\"",
    ),
    table(
        "rules",
        Kind::Levels,
        "The level of a rule, by code or by name: error, warning, note or allow. What is allowed \
         stays in the JSON, is counted nowhere and cured by no default plan.",
    ),
    table(
        "limits",
        Kind::Section(&[
            may(
                "views_apart",
                Kind::Span,
                "Views that were taken further apart show no one moment (C003).",
                "\"60s\"",
            ),
            may(
                "disk_error",
                Kind::Percent,
                "A file system with data is an error from here on (K009).",
                "\"95%\"",
            ),
            may(
                "disk_warning",
                Kind::Percent,
                "A file system with data is a warning from here on (K009).",
                "\"85%\"",
            ),
            may(
                "memory",
                Kind::Percent,
                "`used_memory` of `maxmemory` where nothing is evicted (K006).",
                "\"90%\"",
            ),
            may(
                "host_memory",
                Kind::Percent,
                "What all servers of a host may use together of its memory (K007).",
                "\"70%\"",
            ),
            may(
                "forks",
                Kind::Number(FORKS.0, FORKS.1, None),
                "So many servers of a host may fork at one time, each for a second copy of its \
                 data (K007).",
                "1",
            ),
            may(
                "somaxconn",
                Kind::Number(SOMAXCONN.0, SOMAXCONN.1, None),
                "The lowest `net.core.somaxconn` (K012).",
                "511",
            ),
            may(
                "stale_heir",
                Kind::Span,
                "A link that broke so long before its master died lost writes (K013).",
                "\"10s\"",
            ),
            may(
                "lag",
                Kind::Span,
                "A replica that said nothing to its master for so long lags (R005).",
                "\"10s\"",
            ),
            may(
                "backlog",
                Kind::Span,
                "A replica that was away for so long must still find its place in the backlog \
                 (K016).",
                "\"60s\"",
            ),
        ]),
        "Where rules begin to complain; numbers carry their units.",
    ),
    table(
        "host",
        Kind::Entries(&[
            must("name", Kind::Text, "The host's name.", "\"host-1\""),
            must(
                "ip",
                Kind::Texts,
                "Its IP or IPs; `ip:port` where machines share an IP.",
                "[\"10.0.0.1\", \"10.0.1.1\"]",
            ),
            may("zone", Kind::Text, "Its zone.", "\"a\""),
            may(
                "rack",
                Kind::Text,
                "Its rack in that zone; where no host has a zone, racks are judged as zones.",
                "\"r1\"",
            ),
            may(
                "memory",
                Kind::Bytes,
                "How much memory it has.",
                "\"64GiB\"",
            ),
        ]),
        "A machine, as a row of the host map says it; a map that names the same IP must agree.",
    ),
    table(
        "zone",
        Kind::Entries(&[
            must("name", Kind::Text, "The zone's name.", "\"a\""),
            may(
                "cidr",
                Kind::Texts,
                "Networks: nodes in them are in this zone where no host map and no node says \
                 otherwise. Of two networks the narrower counts.",
                "[\"10.1.0.0/16\"]",
            ),
            may(
                "masters",
                Kind::Word(&["any", "never", "last", "prefer"]),
                "Whether masters may live there: never, only where no other zone has a copy \
                 (last), or rather there than elsewhere (prefer).",
                "\"any\"",
            ),
        ]),
        "An availability zone.",
    ),
    table(
        "home",
        Kind::Entries(&[
            must("address", Kind::Text, "The node.", "\"10.0.0.2:7001\""),
            must(
                "role",
                Kind::Word(&["master", "replica", "primary", "slave"]),
                "Its first role.",
                "\"replica\"",
            ),
            may(
                "master",
                Kind::Text,
                "Whose replica it is.",
                "\"10.0.0.1:7001\"",
            ),
        ]),
        "The first role and pair of a node, as a row of the home map says it (P009, and how many \
         replicas are wanted).",
    ),
    table(
        "pin",
        Kind::Entries(&[
            must("address", Kind::Text, "The node.", "\"10.0.0.1:7001\""),
            must(
                "role",
                Kind::Word(ROLES),
                "The role that it is to have.",
                "\"replica\"",
            ),
            may(
                "master",
                Kind::Text,
                "Of a replica: whose it is to be.",
                "\"10.0.0.2:7001\"",
            ),
        ]),
        "A node that is to have a role, whatever a plan would like better.",
    ),
    table(
        "drain",
        Kind::Entries(&[
            must("domain", Kind::Text, DOMAIN, "\"host:host-1\""),
            may("reason", Kind::Text, "Why.", "\"new disks on Monday\""),
            may(
                "then",
                Kind::Word(&["stop"]),
                "What runs there is stopped at the end.",
                "\"stop\"",
            ),
        ]),
        "A place that is to be emptied of masters and of copies that count.",
    ),
    table(
        "maintain",
        Kind::Entries(&[
            must("domain", Kind::Text, DOMAIN, "\"host:host-3\""),
            may("reason", Kind::Text, "Why.", "\"a new kernel\""),
        ]),
        "A place that nobody leads from while it is worked on; nothing is copied for it.",
    ),
    table(
        "remove",
        Kind::Entries(&[
            must("domain", Kind::Text, DOMAIN, "\"host:host-4\""),
            may("reason", Kind::Text, "Why.", "\"it goes back\""),
        ]),
        "A place that holds nothing any more and is forgotten; its copies are elsewhere before.",
    ),
    table(
        "replace",
        Kind::Entries(&[
            must("domain", Kind::Text, DOMAIN, "\"host:host-5\""),
            must(
                "by",
                Kind::Text,
                "Whose idle nodes take its place.",
                "\"host:host-6\"",
            ),
            may("reason", Kind::Text, "Why.", "\"the lease ends\""),
        ]),
        "A place that leaves while another one takes over from it, node by node.",
    ),
    table(
        "upgrade",
        Kind::Section(&[
            must(
                "to",
                Kind::Text,
                "Processes that run an older version are restarted with it.",
                "\"7.2.5\"",
            ),
            may(
                "unit",
                Kind::Word(&["process", "host", "zone"]),
                "What goes down at a time.",
                "\"process\"",
            ),
            may(
                "keep",
                Kind::Number(1, 100, None),
                "Live copies that every shard keeps.",
                "1",
            ),
        ]),
        "A rolling restart, planned where everybody lives and nothing else is asked for.",
    ),
    table(
        "slots",
        Kind::Section(&[
            may("shards", Kind::Number(1, 16384, None), "So many masters.", "6"),
            may(
                "balance",
                Kind::Word(&["slots", "keys", "memory"]),
                "Every master gets its share of these.",
                "\"slots\"",
            ),
            may(
                "within",
                Kind::Percent,
                "How far off its share a master may stay.",
                "\"5%\"",
            ),
            may(
                "join",
                Kind::Texts,
                "Nodes that are to be masters with a fair share.",
                "[\"10.0.0.7:7001\"]",
            ),
            may(
                "empty",
                Kind::Texts,
                "Masters that are to give all slots away, and stay.",
                "[\"10.0.0.8:7001\"]",
            ),
            may(
                "leave",
                Kind::Texts,
                "Places that give slots and copies away, are reset and forgotten.",
                "[\"host:host-9\"]",
            ),
        ]),
        "How slots are shared. It waits where that cannot be planned, and a repair is planned.",
    ),
    table(
        "down",
        Kind::Entries(&[
            must("domain", Kind::Text, DOMAIN, "\"host:host-2\""),
            may("until", Kind::Moment, UNTIL, "\"2027-01-31 14:00\""),
            may("reason", Kind::Text, "Why.", "\"board is exchanged\""),
        ]),
        "A place that is down and is known to be: its dead nodes (M003), what they did not answer \
         (C002), and masters that crowd elsewhere meanwhile (P005, P006), are allowed until then.",
    ),
    table(
        "ignore",
        Kind::Entries(&[
            must("code", Kind::Text, "The rule, by code or name.", "\"P004\""),
            may(
                "subject",
                Kind::Text,
                "What it is about: an address, an id, slots, a host, a zone, or a domain such as \
                 host:H for all that is in it. Without it every finding of the rule is meant.",
                "\"10.0.0.3:7002\"",
            ),
            must(
                "reason",
                Kind::Text,
                "Why this is no trouble; it is printed.",
                "\"moves in March\"",
            ),
            may("until", Kind::Moment, UNTIL, "2027-03-31"),
        ]),
        "A finding that somebody has judged: allowed until the end.",
    ),
    table(
        "budgets",
        Kind::Section(&[
            may(
                "syncs",
                Kind::Number(1, 1000, None),
                "In the whole cluster.",
                "4",
            ),
            may(
                "syncs_per_host",
                Kind::Number(1, 1000, None),
                "On one host.",
                "1",
            ),
            may(
                "syncs_per_disk",
                Kind::Number(1, 1000, None),
                "On one disk.",
                "1",
            ),
            may(
                "syncs_per_zone",
                Kind::Number(1, 1000, None),
                "In one zone.",
                "2",
            ),
        ]),
        "How many full syncs may run at a time: each forks a master and can double its memory.",
    ),
];

/// The key of that name.
pub(super) fn find(keys: &'static [Key], name: &str) -> Option<&'static Key> {
    keys.iter().find(|key| key.name == name)
}
