//! `plan --add`: what nodes that do not exist yet would bring.

use sha2::Digest;
use sha2::Sha256;

use crate::cli::Exit;
use crate::cli::Failure;
use crate::cli::output::Terminal;
use crate::cli::plan;
use crate::cli::plan::PlanArgs;
use crate::plan::Added;
use crate::plan::BadAddition;
use crate::plan::Request;
use crate::policy::HostEntry;
use crate::policy::HostPlace;
use crate::policy::Policy;
use crate::render;
use crate::report;
use crate::text::Place;
use crate::text::Source;

/// Reads one `--add`.
pub(super) fn added(text: &str) -> Result<Added, BadAddition> {
    text.parse()
}

pub(super) fn run(
    args: &PlanArgs,
    mut request: Request,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let more = |policy: &mut Policy| suppose(&request.added, policy);
    let (mut real, mut supposed) = args.capture.read_twice(more, terminal)?;
    if real.tablets.is_some() {
        return Err(Failure::Usage(
            "`--add` is for Redis clusters".to_owned(),
            "a tablet must run before anything is planned with it".to_owned(),
        ));
    }
    let mut bare = Request {
        added: Vec::new(),
        ..request.clone()
    };
    // What names the supposed nodes makes no sense without them.
    let alone = args.prepare(&mut bare, &mut real, &mut |_| {}).is_ok();
    let talk = &mut |said: &str| terminal.talk(said);
    let blocked = args.prepare(&mut request, &mut supposed, talk)?;
    let bare = alone.then_some(&bare);
    let report = report::plan_supposing((&real, bare), (&supposed, &request));
    let report = report.map_err(Failure::Internal)?;
    let exit = match args.exit(&report) {
        Exit::Refused if blocked => Exit::Blocked,
        exit => exit,
    };
    let json = render::json::report(&report);
    let ended = args.print(&report, &json, (&request, exit), terminal)?;
    if exit == Exit::Unproven {
        let open = plan::open_levels(&report);
        terminal.talk(&format!("not proven minimal: {open}"));
    }
    if let Some(file) = &args.output {
        plan::write(file, &json, exit, terminal)?;
    }
    Ok(ended)
}

/// As if they ran already, blank, and nobody had met them: what each would say of itself, and on
/// which host it is.
fn suppose(added: &[Added], policy: &mut Policy) -> Vec<Source> {
    let mut views = Vec::new();
    for added in added {
        let addresses = added.addresses();
        let places = addresses.iter().cloned().map(HostPlace::Address);
        policy.hosts.push(HostEntry {
            name: added.host.clone(),
            places: places.collect(),
            zone: added.zone.clone(),
            rack: None,
            memory_bytes: None,
            at: Place {
                path: "--add".into(),
                line: 1,
                column: 1,
            },
        });
        for address in addresses {
            // The same for the same place, and no id that a server gave itself.
            let hash = Sha256::digest(address.to_string());
            let id: String = hash.iter().take(20).map(|b| format!("{b:02x}")).collect();
            let port = address.port();
            let view = format!("{id} {address}@{port} myself,master - 0 0 0 connected\n");
            let path = format!("--add/{}_{port}/cluster-nodes.txt", address.ip());
            views.push(Source::new(&path, view, String::new()));
            let path = format!("--add/{}_{port}/info.txt", address.ip());
            let blank = "# Replication\nrole:master\nconnected_slaves:0\n\n# Keyspace\n".to_owned();
            views.push(Source::new(&path, blank, String::new()));
        }
    }
    views
}
