    use super::*;

    fn claimed(text: &str) -> Vec<(&str, What)> {
        let mut scanner = Scanner::default();
        let mut all = Vec::new();
        for line in text.lines() {
            let mut out = Vec::new();
            scanner.line(line, &mut out);
            all.extend(out.into_iter().map(|t| (&line[t.range], t.what)));
        }
        all
    }

    #[test]
    fn passwords_are_found_in_every_form() {
        for text in [
            "requirepass hunter 2",
            "requirepass \"hunter 2\"",
            "requirepass\nhunter 2\n",
            "1) \"requirepass\"\n2) \"hunter 2\"\n",
            "1# \"requirepass\" => \"hunter 2\"",
            "{\"requirepass\":\"hunter 2\"}",
            "{\\\"requirepass\\\":\\\"hunter 2\\\"}",
            "\"requirepass\",\"hunter 2\"",
            "ansible_ssh_pass='hunter 2' x=1",
            "password: hunter 2",
            "{\"stdout\":\"hz\\n10\\nrequirepass\\nhunter 2\\nhz\\n10\"}",
            "\"requirepass\\r\\nhunter 2\\r\\n\"",
        ] {
            assert_eq!(claimed(text), [("hunter 2", What::Secret)], "{text}");
        }
        for text in [
            "masterauth\n\ndir\n",
            "\"pass\": null,",
            "redis-cli --askpass x",
        ] {
            assert_eq!(claimed(text), [], "{text}");
        }
    }

    #[test]
    fn maps_tell_hosts_and_zones_by_their_columns() {
        assert_eq!(
            claimed("host,ip,zone\na, 10.0.0.1 ,\"b\"\n"),
            [
                ("a", What::HostCell),
                ("10.0.0.1", What::Ip),
                ("b", What::ZoneCell)
            ]
        );
    }

    #[test]
    fn names_of_machines_are_found_behind_their_keys() {
        for text in [
            "cluster-announce-hostname\nparis\n",
            "cluster-announce-hostname paris",
            "master_host:paris",
            "{\"hostname\": \"paris\"}",
            "hosts = 1, nodename=paris",
            "hosts = [ \"paris\" ]",
        ] {
            assert_eq!(claimed(text), [("paris", What::Host)], "{text}");
        }
        assert_eq!(claimed("replicaof no one"), []);
    }

    #[test]
    fn what_stands_in_quotes_is_one_name() {
        assert_eq!(
            claimed("{\"hostname\": \"db1 (Acme, Bank)\"}"),
            [("db1 (Acme, Bank)", What::HostCell)]
        );
        assert_eq!(claimed("zone = 'a b'"), [("a b", What::ZoneCell)]);
        assert_eq!(claimed("<host>db1</host>"), [("db1", What::Host)]);
    }

    #[test]
    fn passwords_are_found_beside_their_names() {
        let pw = [("hunter2", What::Secret)];
        for text in [
            "- {name: REDIS_PASSWORD, value: hunter2}",
            "{\"name\":\"REDIS_PASSWORD\",\"value\":\"hunter2\"}",
            "<password>hunter2</password>",
            "<redis.password>hunter2</redis.password>",
            "{\n  \"name\": \"REDIS_PASSWORD\",\n  \"value\": \"hunter2\"\n}",
        ] {
            assert_eq!(claimed(text), pw, "{text}");
        }
        assert_eq!(claimed("{name: REDIS_PORT, value: 7000}"), []);
    }

    #[test]
    fn an_option_within_a_password_hides_no_other() {
        let line = "x --pass ab\\ --pass hunter2 y";
        let hidden =
            |(text, what): &(&str, What)| *what == What::Secret && text.contains("hunter2");
        assert!(claimed(line).iter().any(hidden), "{:?}", claimed(line));
        assert_eq!(claimed("version=07c37dfeb235213a")[0].1, What::Hex);
        assert_eq!(claimed("version=7.2.4-rc1"), [("7.2.4-rc1", What::Kept)]);
        assert_eq!(
            claimed("addr=10.0.0.1:1 fd=8 name=a1 lib-name=jedis").len(),
            2
        );
    }

    /// Each byte is looked at so many times, whatever the line repeats.
    #[test]
    fn long_words_are_hidden_or_claimed_as_a_whole() {
        for (unit, what) in [
            ("pw=", What::Secret),
            ("user=", What::Hidden),
            ("host=!", What::Hidden),
            ("version=", What::Hidden),
        ] {
            let line = unit.repeat(1000);
            let mut scanner = Scanner::default();
            let mut tokens = Vec::new();
            scanner.line(&line, &mut tokens);
            scanner.hide(&mut tokens);
            let of_kind = tokens.iter().filter(|t| t.what == what);
            assert_eq!(of_kind.count(), 1, "{unit}");
        }
    }

    #[test]
    fn paths_may_be_relative_and_have_blanks() {
        assert_eq!(
            claimed("dir:/my data/7000"),
            [("my data", What::Component), ("7000", What::Component)]
        );
        assert_eq!(claimed("db0:keys=1"), [("db0", What::Kept)]);
        assert_eq!(
            claimed("\"executable:/x/redis-server\\r\\nhz:10\""),
            [("x", What::Component), ("redis-server", What::Component)]
        );
    }

    #[test]
    fn what_is_hidden_takes_whole_tokens_with_it() {
        let token = |range, what| Token { range, what };
        let scanner = Scanner {
            hidden: vec![20..25, 4..10, 8..12],
            ..Scanner::default()
        };
        let mut tokens = vec![
            token(0..2, What::Ip),
            token(3..5, What::Ip),
            token(11..14, What::Hex),
            token(14..16, What::Ip),
            token(30..31, What::Ip),
        ];
        scanner.hide(&mut tokens);
        assert_eq!(
            tokens,
            [
                token(0..2, What::Ip),
                token(3..14, What::Hidden),
                token(14..16, What::Ip),
                token(20..25, What::Hidden),
                token(30..31, What::Ip),
            ]
        );
    }

    #[test]
    fn a_heading_is_no_value() {
        assert_eq!(
            claimed("requirepass\n=== 10.0.0.1:7000 ===\n"),
            [("10.0.0.1", What::Ip)]
        );
    }
