    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    use super::*;
    use crate::model::Direction;

    const ID: &str = "1111111111111111111111111111111111111111";

    fn read(text: &str) -> Result<NodeLine<'_>, Broken<'_>> {
        LineReader::default().node_line(text)
    }

    fn with_address(address: &str) -> String {
        format!("{ID} {address} master - 0 0 1 connected")
    }

    #[test]
    fn reads_every_form_of_an_address() {
        for (address, ip, port, hostname) in [
            ("10.0.0.1:7000", "10.0.0.1", 7000, None),
            ("10.0.0.1:7000@17000", "10.0.0.1", 7000, None),
            ("10.0.0.1:7000@17000,", "10.0.0.1", 7000, None),
            ("10.0.0.1:7000@17000,r-0.x", "10.0.0.1", 7000, Some("r-0.x")),
            ("10.0.0.1:7000@17000,,tls-port=0", "10.0.0.1", 7000, None),
            ("10.0.0.1:0@17000,,tls-port=18007", "10.0.0.1", 18007, None),
            ("fd01::85:14:6379", "fd01::85:14", 6379, None),
            ("[fd01::85:14]:6379@16379", "fd01::85:14", 6379, None),
            ("redis-0.svc:6379@16379", "redis-0.svc", 6379, None),
            (":7001@17001", "", 7001, None),
            (":0@0", "", 0, None),
            (":0", "", 0, None),
        ] {
            let text = with_address(address);
            let line = read(&text).unwrap();
            assert_eq!(
                (line.ip, line.port, line.hostname),
                (ip, port, hostname),
                "{address}"
            );
        }
    }

    #[test]
    fn keeps_the_bus_port_where_there_is_one() {
        for (address, bus_port) in [
            ("10.0.0.1:7000", None),
            ("10.0.0.1:7000@17000", Some(17000)),
            ("10.0.0.1:7000@9999,r-0.x", Some(9999)),
            ("10.0.0.1:60000@70000", None),
            (":0@0", None),
        ] {
            let text = with_address(address);
            assert_eq!(read(&text).unwrap().bus_port, bus_port, "{address}");
        }
    }

    #[test]
    fn finds_the_zone_among_the_aux_fields() {
        let text = with_address("10.0.0.1:7000@17000,,shard-id=ab,availability-zone=eu-1a");
        assert_eq!(read(&text).unwrap().zone, Some("eu-1a"));
    }

    #[test]
    fn names_the_field_that_is_broken() {
        for (text, code) in [
            (format!("{ID} 10.0.0.1:7000 master"), Parse::Fields),
            (with_address("10.0.0.1"), Parse::Address),
            (with_address("10.0.0.1:66000@67000"), Parse::Address),
            (with_address("$(reboot):7000"), Parse::Address),
            (with_address("10.0.0.1:7000@"), Parse::Address),
            (format!("{ID} a:1 boss - 0 0 1 connected"), Parse::Flags),
            (format!("{ID} a:1 master - 0 0 x connected"), Parse::Epoch),
            (
                format!("{ID} a:1 master - 0 0 1 conected"),
                Parse::LinkState,
            ),
            (
                format!("{ID}\" a:1 master - 0 0 1 connected"),
                Parse::NodeId,
            ),
            (
                format!("{ID} a:1 slave \u{1b}[m 0 0 1 connected"),
                Parse::NodeId,
            ),
        ] {
            assert_eq!(read(&text).unwrap_err().code, code, "{text}");
        }
    }

    #[test]
    fn keeps_the_line_when_the_link_state_is_cut_or_quoted() {
        for (word, connected) in [
            ("connecte", Some(true)),
            ("\"connected", Some(true)),
            ("'connected'", Some(true)),
            ("disconnec", Some(false)),
            ("con", None),
            ("conected", None),
            ("connectedx", None),
            ("\"\"", None),
        ] {
            let text = format!("{ID} a:1 master - 0 0 1 {word} 0-10");
            let mut reader = LineReader::default();
            let line = reader.node_line(&text).ok();
            let read = line.as_ref().map(|l| (l.connected, l.slots.clone()));
            assert_eq!(read, connected.map(|c| (c, vec![(0, 10)])), "{word}");
            let codes: Vec<_> = reader.skipped.iter().map(|b| b.code).collect();
            assert_eq!(codes.len(), usize::from(connected.is_some()), "{word}");
        }
    }

    #[test]
    fn keeps_the_line_when_a_slot_or_a_flag_is_odd() {
        let text = format!("{ID} a:1 boss,master - x 0 1 connected 0-10 16384 9-5 7 [3->-");
        let mut reader = LineReader::default();
        let line = reader.node_line(&text).unwrap();
        assert_eq!(line.slots, [(0, 10), (7, 7)]);
        let codes: Vec<_> = reader.skipped.iter().map(|b| b.code).collect();
        assert_eq!(
            codes,
            [
                Parse::Flags,
                Parse::Time,
                Parse::Slot,
                Parse::Slot,
                Parse::Slot
            ]
        );
    }

    #[test]
    fn reads_open_slots_and_ranges_of_them() {
        let text = format!("{ID} a:1 myself,master - 0 0 1 connected [93->-{ID}] [4-5-<-b]");
        let line = read(&text).unwrap();
        let open = |slot, direction, peer| OpenRef {
            slot,
            direction,
            peer,
        };
        assert_eq!(
            line.open,
            [
                open(93, Direction::Migrating, ID),
                open(4, Direction::Importing, "b"),
                open(5, Direction::Importing, "b"),
            ]
        );
    }

    #[test]
    fn cannot_be_made_to_fill_the_memory() {
        let many = " [0-16383->-x]".repeat(100);
        let text = format!("{ID} a:1 myself,master - 0 0 1 connected{many}");
        let mut reader = LineReader::default();
        assert_eq!(reader.node_line(&text).unwrap().open.len(), OPEN_SLOTS_MAX);
        assert_eq!(reader.skipped.len(), 96);
    }

    /// The line as Redis 7 prints it; the bus port is the client port + 10000.
    fn print(line: &NodeLine) -> String {
        let words = [
            (Flags::MYSELF, "myself"),
            (Flags::MASTER, "master"),
            (Flags::REPLICA, "slave"),
            (Flags::SUSPECTED, "fail?"),
            (Flags::FAILED, "fail"),
            (Flags::HANDSHAKE, "handshake"),
            (Flags::NOADDR, "noaddr"),
            (Flags::NOFAILOVER, "nofailover"),
        ];
        let flags: Vec<_> = words
            .into_iter()
            .filter(|&(flag, _)| line.flags.has(flag))
            .map(|(_, word)| word)
            .collect();
        let mut text = format!(
            "{} {}:{}@{}{} {} {} {} {} {} {}",
            line.id,
            line.ip,
            line.port,
            u32::from(line.port) + 10000,
            line.hostname.map_or(String::new(), |h| format!(",{h}")),
            flags.join(","),
            line.master.as_deref().unwrap_or("-"),
            line.ping_sent,
            line.pong_received,
            line.config_epoch,
            if line.connected {
                "connected"
            } else {
                "disconnected"
            },
        );
        for &(first, last) in &line.slots {
            text += &match first == last {
                true => format!(" {first}"),
                false => format!(" {first}-{last}"),
            };
        }
        for open in &line.open {
            let arrow = match open.direction {
                Direction::Migrating => "->-",
                Direction::Importing => "-<-",
            };
            text += &format!(" [{}{arrow}{}]", open.slot, open.peer);
        }
        text
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn what_is_printed_is_read_back(
            id in "[0-9a-f]{40}",
            ip in "([0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3})?|[0-9a-f]{1,4}::[0-9a-f]{1,4}",
            port: u16,
            hostname in option::of("[a-z][a-z0-9.-]{0,20}"),
            flags in 1u16..256,
            master in option::of("[0-9a-f]{40}"),
            times: (u64, u64, u64),
            connected: bool,
            slots in vec((0u16..8000, 0u16..8000), 0..4),
            open in vec((0..SLOT_COUNT, any::<bool>(), "[0-9a-f]{40}"), 0..3),
        ) {
            let line = NodeLine {
                line: 0,
                column: 0,
                id: Cow::Borrowed(&id),
                ip: &ip,
                port,
                bus_port: port.checked_add(10000),
                hostname: hostname.as_deref(),
                zone: None,
                flags: Flags(flags),
                master: master.as_deref().map(Cow::Borrowed),
                ping_sent: times.0,
                pong_received: times.1,
                config_epoch: times.2,
                connected,
                slots: slots.iter().map(|&(first, more)| (first, first + more)).collect(),
                open: open.iter().map(|(slot, migrating, peer)| OpenRef {
                    slot: *slot,
                    direction: match migrating {
                        true => Direction::Migrating,
                        false => Direction::Importing,
                    },
                    peer,
                }).collect(),
            };
            let text = print(&line);
            let mut reader = LineReader::default();
            prop_assert_eq!(reader.node_line(&text), Ok(line));
            prop_assert!(reader.skipped.is_empty());
        }

        #[test]
        fn any_text_is_survived(text in ".{0,200}") {
            let _ = LineReader::default().node_line(&text);
        }
    }
