    use super::*;
    use crate::model::Direction;
    use crate::parse::Parsed;
    use crate::parse::read as parse_file;
    use crate::text::Source;

    fn source(text: &str) -> Source {
        Source::new("f", text.to_owned(), String::new())
    }

    fn dump<'a, 'p>(parsed: &'p Parsed<'a>) -> &'p NodesDump<'a> {
        match &parsed.sections[0].facts {
            Facts::Nodes(dump) => dump,
            other => panic!("{other:?}"),
        }
    }

    const REPORT: &str = "10.0.0.1:7000 (aa...) -> 0 keys | 5461 slots | 1 slaves.\n\
        \u{1b}[29;1m>>> Performing Cluster Check (using node 10.0.0.1:7000)\n\
        \u{1b}[0mM: aa 10.0.0.1:7000\n   slots:[0-5460],[5462] (5462 slots) master\n   1 additional replica(s)\n\
        S: bb ::1:7001\n   slots: (0 slots) slave,nofailover\n   replicates aa\n\
        M: cc 10.0.0.3:7000\n   slots:5463-16383 (10921 slots) master,fail\n\
        \u{1b}[0m\u{1b}[31;1m[WARNING] Node 10.0.0.1:7000 has slots in migrating state 100,101.\n\
        [WARNING] Node 10.0.0.3:7000 has slots in importing state (100).\n\
        [WARNING] Node ::1:7001 has slots in migrating state 100.\n\
        Could not connect to Redis at 10.0.0.4:7000: Connection refused\n\
        [ERR] Not all 16384 slots are covered by nodes.\n";

    #[test]
    fn a_report_lists_nodes_and_keeps_its_complaints() {
        let source = source(REPORT);
        let parsed = parse_file(&source);
        let dump = dump(&parsed);
        assert!(!dump.incomplete);
        let [a, b, c] = &dump.lines[..] else {
            panic!("{dump:?}");
        };
        assert_eq!(
            (a.slots.as_slice(), a.line),
            ([(0, 5460), (5462, 5462)].as_slice(), 3)
        );
        assert_eq!(b.flags, Flags::REPLICA.with(Flags::NOFAILOVER));
        assert_eq!(
            (b.ip, b.port, b.master.as_deref()),
            ("::1", 7001, Some("aa"))
        );
        assert_eq!((c.flags.has(Flags::FAILED), c.connected), (true, false));
        // Slot 101 has no other side, and the replica only copies its master's.
        let open: Vec<_> = dump.lines.iter().flat_map(|n| n.open.clone()).collect();
        assert_eq!(
            open.iter()
                .map(|o| (o.slot, o.direction, o.peer))
                .collect::<Vec<_>>(),
            [
                (100, Direction::Migrating, "cc"),
                (100, Direction::Importing, "aa")
            ]
        );
        assert_eq!(parsed.diagnostics, []);
        let said: Vec<_> = dump.complaints.iter().map(|c| (c.line, &c.what)).collect();
        let open = |node: &str, slots: &[u16]| Wrong::OpenSlots {
            node: node.parse().expect("an address"),
            direction: Direction::Migrating,
            slots: slots.to_vec(),
        };
        assert_eq!(
            said,
            [
                (11, &open("10.0.0.1:7000", &[101])),
                (15, &Wrong::SlotsUncovered)
            ]
        );
        let of = |s: &Section| s.of.as_ref().map(Address::to_string);
        assert_eq!(of(&parsed.sections[0]).as_deref(), Some("10.0.0.1:7000"));
        assert_eq!(of(&parsed.sections[1]).as_deref(), Some("10.0.0.4:7000"));
        assert!(matches!(parsed.sections[1].facts, Facts::Unreachable(_)));
    }

    #[test]
    fn a_report_that_was_cut_off_is_incomplete() {
        let end = REPORT.find("M: cc").expect("the third node");
        for (text, incomplete) in [
            (REPORT[..end].to_owned(), true),
            ("M: aa 10.0.0.1:7000\n   slots:0-16383 (16384 slots) master\n   0 additional replica(s)\n".into(), false),
            ("M: aa 10.0.0.1:7000\n   slots:0-16383 (16384 slots) master\n   1 additional replica(s)\n".into(), true),
        ] {
            let source = source(&text);
            let parsed = parse_file(&source);
            assert_eq!(dump(&parsed).incomplete, incomplete, "{text}");
            let said = parsed.diagnostics.iter().any(|d| d.code == diagnostic::Report::CutOff);
            assert_eq!(said, incomplete, "{text}");
        }
    }

    #[test]
    fn what_a_new_cluster_shall_be_is_no_fact_until_it_was_checked() {
        let plan = ">>> Performing hash slots allocation on 1 nodes...\nMaster[0] -> Slots 0 - 16383\nM: aa 10.0.0.1:7000\n   slots:[0-16383] (16384 slots) master\n";
        let file = source(plan);
        let parsed = parse_file(&file);
        assert!(parsed.sections.is_empty());
        assert_eq!(parsed.diagnostics[0].code, diagnostic::Report::Plan);
        let made = source(&format!("{plan}{REPORT}"));
        let parsed = parse_file(&made);
        assert_eq!(dump(&parsed).lines.len(), 3);
    }

    #[test]
    fn what_stands_below_a_node_that_cannot_be_read_is_skipped_too() {
        for (broken, code) in [
            ("S: $(x) 10.0.0.2:7001", Parse::NodeId),
            ("M: aa ::1:9", Parse::DuplicateId),
        ] {
            let text = format!(
                "M: aa 10.0.0.1:7000\n   slots:0-9 (10 slots) master\n{broken}\n   slots:10-19 (10 slots) slave\n   replicates bb\n"
            );
            let source = source(&text);
            let parsed = parse_file(&source);
            let [node] = &dump(&parsed).lines[..] else {
                panic!("{parsed:?}");
            };
            assert_eq!(
                (node.slots.as_slice(), &node.master),
                ([(0, 9)].as_slice(), &None)
            );
            assert_eq!(parsed.diagnostics[0].code, code);
        }
    }

    #[test]
    fn a_report_without_nodes_is_one_note() {
        for text in [
            "10.0.0.1:7000 (a5f1acac...) -> 62 keys | 5461 slots | 1 slaves.\n[OK] 62 keys in 1 masters.\n",
            "(no more output; interrupted after 8 s)\n",
        ] {
            let source = source(text);
            let parsed = parse_file(&source);
            assert!(parsed.sections.is_empty(), "{text}");
            let codes: Vec<_> = parsed.diagnostics.iter().map(|d| d.code).collect();
            assert_eq!(codes, [diagnostic::Report::NoNodes], "{text}");
        }
    }
