    use super::*;

    fn of(line: &str) -> Option<String> {
        heading(line)?.of.map(|a| a.to_string())
    }

    #[test]
    fn finds_the_node_that_a_heading_names() {
        for line in [
            "redis client for 10.0.0.1:7000",
            "==> nodes/10.0.0.1_7000/cluster-nodes.txt <==",
            "10.0.0.1:7000> cluster nodes",
            "10.0.0.1:7000[1]> info",
            "10.0.0.1:7000>",
            "$ redis-cli -h 10.0.0.1 -p 7000 cluster nodes",
            "redis-cli -h 10.0.0.1 -p 7000 cluster nodes",
            "+ /usr/bin/redis-cli -p 7000 -h 10.0.0.1 info",
            "C:\\redis>redis-cli.exe -h 10.0.0.1 -p 7000 cluster nodes",
            "PS C:\\Program Files> .\\redis-cli -h 10.0.0.1 -p 7000 cluster nodes",
            "10.0.0.1:7000\u{200b}",
            "[op@jump ~]$ ssh op@10.0.0.1 valkey-cli -p 7000 info",
            "root@jump:~# redis-cli -u redis://user:pw@10.0.0.1:7000/0 ping",
            "=== 10.0.0.1:7000 ===",
            "--- 10.0.0.1 7000 ---",
            "# node 10.0.0.1:7000 cluster info",
            "10.0.0.1:7000",
            "10.0.0.1:7000:",
            "[1] 12:00:01 [SUCCESS] 10.0.0.1:7000",
            ">>> 10.0.0.1:7000",
            "10.0.0.1:7000: 1 10.0.0.1:7000 myself,master - 0 0 1 connected",
        ] {
            assert_eq!(of(line).as_deref(), Some("10.0.0.1:7000"), "{line}");
        }
        for line in ["[fd01::5]:7000> info", "== fd01::5:7000 =="] {
            assert_eq!(of(line).as_deref(), Some("fd01::5:7000"), "{line}");
        }
    }

    #[test]
    fn finds_the_host_where_no_port_is_named() {
        for line in ["10.0.0.1 | CHANGED | rc=0 >>", "=== 10.0.0.1 ==="] {
            assert_eq!(heading(line).unwrap().host, Some("10.0.0.1"), "{line}");
        }
    }

    #[test]
    fn ends_an_answer_without_naming_a_node() {
        for (line, kind) in [
            ("```", Kind::Fence),
            ("```text", Kind::Fence),
            ("op@jump:~$", Kind::End),
            ("[op@jump ~]$ ls -l", Kind::Command),
            ("------ CLUSTER NODES OUTPUT ------", Kind::Rule),
            (">>> Calling cluster nodes", Kind::Rule),
            ("redis-cli cluster nodes", Kind::Command),
        ] {
            let found = heading(line).unwrap();
            assert_eq!((found.kind, found.of), (kind, None), "{line}");
        }
    }

    #[test]
    fn what_stands_behind_a_fence_is_the_first_line_below_it() {
        let node = "07c37 10.0.0.1:7000@17000 master - 0 0 4 connected";
        let slots = " 1-2".repeat(200);
        for rest in [
            node.to_owned(),
            format!("{node}{slots}"),
            format!("{node}```"),
        ] {
            let line = format!("```{rest}");
            let found = heading(&line).unwrap();
            assert_eq!((found.kind, found.rest), (Kind::Fence, Some(&*rest)));
        }
        for line in ["~~~ cut ~~~", "``` `a` b", "``````x` y"] {
            assert_eq!(heading(line), None, "{line}");
        }
    }

    #[test]
    fn a_long_line_is_looked_at_for_an_address_only() {
        let node = format!("{} 10.0.0.2:7000 master - 0 0 1 connected", "a".repeat(40));
        let slots = " 1-2".repeat(200);
        for name in ["10.0.0.1:7000", "redis-1:7000"] {
            let line = format!("{name}: {node}{slots}");
            let found = heading(&line).unwrap();
            assert_eq!(found.of.map(|of| of.to_string()).as_deref(), Some(name));
            assert_eq!(found.rest, line.get(name.len() + 2..));
        }
        assert_eq!(
            heading(&format!("{}10.0.0.1:7000: x", " =".repeat(200))),
            None
        );
        assert_eq!(heading("redis-1:7000: is down"), None);
    }

    #[test]
    fn answers_are_no_headings() {
        for line in [
            "07c37 10.0.0.1:7000@17000 master - 0 1426238317239 4 connected 0-5460",
            "> 07c37 10.0.0.1:7000 master - 0 0 4 connected",
            "slave0:ip=10.0.0.1,port=7000,state=online,offset=1,lag=0",
            "# Server",
            "10.0.0.1",
            "7000",
            "bind 10.0.0.1",
            "M: 07c37 10.0.0.1:7000",
            ">>> Performing Cluster Check (using node 10.0.0.1:7000)",
            "10.0.0.1:7000 (a5f1acac...) -> 62 keys | 5461 slots | 1 slaves.",
            "Could not connect to Redis at 10.0.0.1:7000: Connection refused",
            "127.0.0.1   | 5 | 3",
            "10.0.0.1:7000,h1",
            "--------------------------------",
            "config_file:/etc/redis-cli/x",
            "/dev/sda1 on / type ext4 (rw)",
            "Filesystem 1K-blocks Used Available Use% Mounted on",
            "we ran redis-cli on 10.0.0.1:7000 and saw this",
        ] {
            assert_eq!(heading(line), None, "{line}");
        }
    }
