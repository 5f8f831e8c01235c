    use super::*;

    fn found(line: &str) -> Vec<(&str, What)> {
        let mut tokens = Vec::new();
        find(line, 0..line.len(), &mut tokens);
        tokens
            .into_iter()
            .map(|t| (&line[t.range], t.what))
            .collect()
    }

    #[test]
    fn devices_that_people_name_are_names() {
        let named = |line| {
            let all = found(line).into_iter();
            all.filter(|(_, what)| *what == What::Component)
                .map(|(name, _)| name)
                .collect::<Vec<_>>()
        };
        assert_eq!(named("/dev/mapper/acme-pay on /"), ["acme-pay"]);
        assert_eq!(named("/dev/acme/pay 1 2"), ["acme", "pay"]);
        for line in [
            "/dev/sda1 1",
            "/dev/disk/by-id/x",
            "/dev/pts/0",
            "/dev/mapper/",
        ] {
            assert!(named(line).is_empty(), "{line}");
        }
    }

    #[test]
    fn finds_addresses() {
        for line in [
            "10.0.0.1:7000@17000",
            "10.0.0.1_7000",
            "x-10.0.0.1.txt",
            "slave0:ip=10.0.0.1,port=7000",
            "node10.0.0.1",
            "at 10.0.0.1.",
        ] {
            assert_eq!(found(line), [("10.0.0.1", What::Ip)], "{line}");
        }
        assert_eq!(found("fd01::5:7000@17000"), [("fd01::5", What::Ip)]);
        assert_eq!(found("[fd01::5]:7000"), [("fd01::5", What::Ip)]);
        assert_eq!(found("ip=::1,port=1"), [("::1", What::Ip)]);
        assert_eq!(
            found("at fd01::5:7000: no"),
            [("fd01::5:7000", What::IpAndMaybePort)]
        );
        for line in ["1.2.3.4.5", "7.0.15", "22:22:56", "std::x", "300.1.1.1"] {
            assert_eq!(found(line), [], "{line}");
        }
        assert_eq!(found("0.0.0.0:1"), [("0.0.0.0", What::Kept)]);
    }

    #[test]
    fn addresses_in_unusual_forms_are_not_shown() {
        for ip in ["010.1.2.4", "10.01.002.4", "0x0a010204"] {
            assert_eq!(found(&format!("ip={ip},port=1")), [(ip, What::Hidden)]);
        }
        for other in ["1.02.03", "0x1f", "0xdeadbeef00", "7.0.15", "1.2.3.04.5"] {
            assert_eq!(found(other), [], "{other}");
        }
    }

    #[test]
    fn finds_ids_and_what_is_left_of_them() {
        let id = "07c37dfeb235213a872192d90877d0cd55635b91";
        assert_eq!(found(id), [(id, What::Hex)]);
        assert_eq!(found(&format!("\"x\\n{id} y")), [(id, What::Hex)]);
        assert_eq!(found(&format!("\u{1b}[0m{id}")), [(id, What::Hex)]);
        assert_eq!(found("(07c37dfe...)"), [("07c37dfe", What::Hex)]);
        assert_eq!(found(&format!("{id}x")), [(id, What::Hex)]);
        assert_eq!(found("7000 connected"), []);
    }

    #[test]
    fn finds_machines_and_paths() {
        assert_eq!(
            found("db1.example.com and db2:7000>"),
            [("db1.example.com", What::Host), ("db2", What::Host)]
        );
        assert_eq!(found("tcp_port:7000 redis.conf x:7000"), []);
        assert_eq!(
            found("dir:/data/disk1, and/or /dev/sda1"),
            [
                ("data", What::Component),
                ("disk1", What::Component),
                ("dev", What::Kept),
                ("sda1", What::Kept)
            ]
        );
    }
