    use super::*;
    use crate::model::testing::cluster;
    use crate::rules;
    use crate::rules::Context;

    /// `P001 error` or `P001 allowed`, of a policy and a cluster in one line.
    fn judged(text: &str, dsl: &str, now_ms: Option<u64>) -> Vec<String> {
        let inventory = Inventory {
            cluster: cluster(dsl),
            policy: Policy {
                now_ms,
                ..Policy::parse(text).unwrap()
            },
            ..Inventory::default()
        };
        let wanted = inventory.policy.wanted(&inventory.cluster);
        let cx = Context::new(&inventory.cluster, &inventory.policy, &wanted);
        let mut found = rules::check(&cx);
        judge(&inventory, &inventory.cluster, &mut found);
        let mut said: Vec<String> = found
            .iter()
            .map(|f| match &f.allowed {
                Some(_) => format!("{:?} allowed", f.rule),
                None => format!("{:?} {}", f.rule, f.severity),
            })
            .collect();
        let notes = notes(&inventory, &found);
        said.extend(notes.iter().map(|note| note.code.to_string()));
        said
    }

    const PAIRS: &str = "m1@h1/a < r1@h2/a; m2@h2/a < r2@h3/b; m3@h3/b < r3@h1/a";

    #[test]
    fn a_level_of_a_rule_goes_before_the_tolerance() {
        assert_eq!(judged("", PAIRS, None)[0], "P003 warning");
        assert_eq!(judged("tolerance = \"zone\"", PAIRS, None)[0], "P003 error");
        let note = judged("tolerance = \"host\"", PAIRS, None);
        assert!(note.contains(&"P003 note".to_owned()), "{note:?}");
        let both = "tolerance = \"zone\"\n[rules]\nreplica-shares-zone = \"allow\"\n";
        assert!(judged(both, PAIRS, None).contains(&"P003 allowed".to_owned()));
    }

    #[test]
    fn an_ignored_finding_is_allowed_until_its_end() {
        let two = "m1@h1 <; m2@h2 < r2@h3 s2@h3; m3@h3 < r3@h1";
        let entry = "[[ignore]]\ncode = \"P004\"\nreason = \"moves soon\"\nuntil = 2026-11-30\n";
        let day = |text| Some(clock::moment(text).unwrap());
        let of = |now| {
            let said = judged(entry, two, now);
            let wanted = |s: &&String| s.starts_with("P004") || s.starts_with("policy");
            said.iter().filter(wanted).cloned().collect::<Vec<_>>()
        };
        assert_eq!(of(day("2026-11-30 23:59")), ["P004 allowed"]);
        assert_eq!(of(day("2026-12-01")), ["P004 warning", "policy/expired"]);
        assert_eq!(of(None), ["P004 warning", "policy/no-date"]);
        let unused = "[[ignore]]\ncode = \"P004\"\nsubject = \"host:h9\"\nreason = \"x\"\n";
        assert!(judged(unused, two, None).contains(&"policy/unused".to_owned()));
        let on_host = unused.replace("h9", "h3");
        assert!(judged(&on_host, two, None).contains(&"P004 allowed".to_owned()));
    }

    #[test]
    fn what_is_down_on_purpose_is_no_dead_node() {
        let dead = "m1@h1 < r1!@h2; m2@h3 < r2@h1; m3@h1 < r3@h3";
        let m003 = |text: &str| {
            let said = judged(text, dead, None);
            said.iter()
                .filter(|s| s.starts_with("M003"))
                .cloned()
                .collect::<Vec<_>>()
        };
        assert_eq!(m003(""), ["M003 warning"]);
        assert_eq!(m003("[[down]]\ndomain = \"host:h2\"\n"), ["M003 allowed"]);
        assert_eq!(m003("[[down]]\ndomain = \"host:h3\"\n"), ["M003 warning"]);
    }

    #[test]
    fn a_plan_leaves_alone_what_is_allowed_everywhere() {
        let inventory = Inventory {
            cluster: cluster(PAIRS),
            policy: Policy::parse("[rules]\nP005 = \"allow\"\n").unwrap(),
            ..Inventory::default()
        };
        let codes = left_alone(&inventory.policy, &[]);
        assert_eq!(codes, [Code::SkewedMasters].into());
    }
