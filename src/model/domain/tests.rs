    use super::*;
    use crate::model::testing::cluster;

    #[test]
    fn a_directory_on_a_disk_that_is_known_by_its_name_alone_names_the_disk() {
        let mut cluster = cluster("m1@h1/-/d1 < r1@h1/-/d2");
        cluster.disks[0].name = "/data/ssd_1".into();
        cluster.disks[1].name = "/data".into();
        let domains = Domains::of(&cluster);
        let on = |dir: &str| domains.nodes_in(&Domain::Disk("h1".to_owned(), dir.to_owned()));
        assert_eq!(on("/data/ssd_1/kv/kv"), Ok(vec![NodeId(0)]));
        assert_eq!(on("/data/ssd_10/kv"), Ok(vec![NodeId(1)]));
        assert!(on("/other").is_err());
    }

    #[test]
    fn reads_domains() {
        let disk = |host: &str, dir: &str| Domain::Disk(host.to_owned(), dir.to_owned());
        let read = |text: &str| text.parse::<Domain>();
        assert_eq!(read("host:h1"), Ok(Domain::Host("h1".to_owned())));
        assert_eq!(read("zone:a:b"), Ok(Domain::Zone("a:b".to_owned())));
        assert_eq!(
            read("node:10.0.0.1:7000"),
            Ok(Domain::Node("10.0.0.1:7000".to_owned()))
        );
        let rack = |zone: Option<&str>| Domain::Rack(zone.map(str::to_owned), "r1".to_owned());
        assert_eq!(read("rack:r1"), Ok(rack(None)));
        assert_eq!(read("rack:a/r1"), Ok(rack(Some("a"))));
        assert_eq!(read("disk:h1:/data/1"), Ok(disk("h1", "/data/1")));
        assert_eq!(read("disk:fd01::1:/data"), Ok(disk("fd01::1", "/data")));
        assert_eq!(read("disk:h1:nvme0"), Ok(disk("h1", "nvme0")));
    }

    #[test]
    fn a_rack_of_two_zones_is_named_with_its_zone() {
        let mut cluster = cluster("m1@h1/a < r1@h2/b; x@h3/b");
        let rack = |name: &str, zone: u32| Rack {
            name: name.into(),
            zone: Some(ZoneId(zone)),
        };
        cluster.racks = vec![rack("r1", 0), rack("r1", 1), rack("r/2", 1)];
        for (host, rack) in [(0, 0), (1, 1), (2, 2)] {
            cluster.hosts[host].rack = Some(RackId(rack));
        }
        let domains = Domains::of(&cluster);
        let named = |text: &str| domains.nodes_in(&text.parse().expect("a domain"));
        assert_eq!(named("rack:b/r1"), Ok(vec![NodeId(1)]));
        assert_eq!(named("rack:r/2"), Ok(vec![NodeId(2)]));
        let why = |text: &str| named(text).err().map(|e| e.to_string());
        assert_eq!(
            why("rack:r1").as_deref(),
            Some("rack `r1` is in more than one zone: say rack:a/r1 or rack:b/r1")
        );
        assert!(why("rack:a/r2").is_some_and(|w| w.contains("it has rack:a/r1, rack:b/r1")));
        let each = domains.each(DomainKind::Rack);
        assert_eq!(
            (each.len(), each[2].0.to_string()),
            (3, "rack:b/r/2".to_owned())
        );
    }

    #[test]
    fn refuses_what_is_no_domain() {
        for bad in [
            "", "host", "host:", "rack:", "shelf:1", "node:h", "disk:h1", "disk::/d", "disk:h:",
        ] {
            assert!(bad.parse::<Domain>().is_err(), "{bad}");
        }
    }

    #[test]
    fn one_domain_is_the_same_whether_named_or_listed() {
        let cluster = cluster("m1@h1/a/1 < r1@h2/b/1; m2@h2/b/2 < r2@h1/a/2; x!@h1/a");
        let domains = Domains::of(&cluster);
        let mut listed = 0;
        for kind in DomainKind::ALL {
            for (domain, nodes) in domains.each(kind) {
                assert_eq!(domains.nodes_in(&domain), Ok(nodes), "{domain}");
                listed += 1;
            }
        }
        assert_eq!(listed, 2 + 4 + 2 + 5);
        let by_ip = Domain::Host("10.0.0.1".to_owned());
        let by_name = Domain::Host("h1".to_owned());
        assert_eq!(domains.nodes_in(&by_ip), domains.nodes_in(&by_name));
        let missing = domains.nodes_in(&Domain::Zone("c".to_owned()));
        let why = missing.err().map(|e| e.to_string());
        assert_eq!(
            why.as_deref(),
            Some("no zone `c` in the capture; it has a, b")
        );
    }
