//! What the script needs of a client and its login, and of the addresses.

use std::process::Command;

use crate::flow::run;
use crate::flow::said;
use crate::servers::Layout;
use crate::servers::Servers;

/// All that a login for the script must be allowed, beside what its steps send.
const ALLOWED: &str = "+cluster +info +dbsize +exists +config|get";

#[test]
fn a_login_of_its_own_on_ipv6_will_do() {
    let mut layout = Layout::ring(3, 2);
    layout.ipv6 = true;
    layout.options = vec!["--cluster-migration-barrier", "5"];
    let Some(servers) = Servers::start("ipv6", layout) else {
        return;
    };
    servers.form();
    crate::masters::skew(&servers);
    // All run on one IP: only the ports tell the hosts apart.
    let planned = servers.plan(&[("P005", 1), ("C010", 0)]);
    assert_eq!(planned.actions(), ["failover"; 2]);
    for i in servers.members() {
        let mut words = vec!["ACL", "SETUSER", "ops", "on", ">secret", "allkeys", "-@all"];
        words.extend(ALLOWED.split(' '));
        servers.say(i, &words);
    }
    let applied = run(Command::new("timeout")
        .args(["-k", "5", "150", "bash", "plan.sh", "--apply"])
        .env("REDIS_CLI", "redis-cli --user ops --no-auth-warning")
        .env("REDISCLI_AUTH", "secret")
        .current_dir(&planned.dir));
    let text = said(&applied);
    assert_eq!(applied.status.code(), Some(0), "{text}");
    assert!(text.contains("done 2"), "{text}");
    assert!(!planned.journal().contains("secret"));
    servers.wait_settled();
    servers.assert_keys();
    servers.look_again(&[]);
}
