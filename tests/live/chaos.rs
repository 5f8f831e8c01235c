//! A node dies, hangs or returns at any moment of a script, or the script itself dies, with a
//! writer on: nothing that a replica confirmed is lost.
//!
//! `TOPOPLAN_LIVE_ROUNDS` (1) asks for more rounds of each scenario, `TOPOPLAN_LIVE_SEED` (7) for
//! other moments: the same seed does the same at about the same time.

use std::net::SocketAddr;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use crate::flow::Planned;
use crate::resp::Client;
use crate::resp::Trouble;
use crate::servers::Layout;
use crate::servers::Servers;
use crate::servers::until;

/// A broken cluster and what is asked of `plan`.
struct Scenario {
    name: &'static str,
    layout: fn() -> Layout,
    broken: fn(&mut Servers),
    options: fn(&Servers) -> Vec<String>,
}

fn nothing(_: &Servers) -> Vec<String> {
    Vec::new()
}

#[test]
fn a_move_of_a_replica() {
    rounds(&Scenario {
        name: "chaos-move",
        layout: || {
            Layout::of(&[
                (1, None),
                (2, None),
                (3, None),
                (2, Some(0)),
                (3, Some(0)),
                (1, Some(1)),
            ])
        },
        broken: |_| {},
        options: nothing,
    });
}

#[test]
fn masters_handed_back() {
    rounds(&Scenario {
        name: "chaos-spread",
        layout: || Layout::ring(3, 2),
        broken: |servers| crate::masters::skew(servers),
        options: nothing,
    });
}

#[test]
fn a_node_reborn_and_its_old_id_forgotten() {
    rounds(&Scenario {
        name: "chaos-reborn",
        layout: || Layout::ring(3, 1),
        broken: |servers| {
            let replica = 4;
            let id = servers.id(replica);
            servers.reborn(replica);
            crate::expect::wait_ghost(servers, &id);
            until("all agree", || servers.agreed());
            servers.nodes[replica].met = true;
        },
        options: nothing,
    });
}

#[test]
fn a_majority_lost() {
    rounds(&Scenario {
        name: "chaos-majority",
        layout: || {
            Layout::of(&[
                (1, None),
                (1, None),
                (2, None),
                (2, Some(0)),
                (3, Some(1)),
                (3, Some(2)),
            ])
        },
        broken: |servers| {
            servers.kill(0);
            servers.kill(1);
            until("the survivors notice", || servers.agreed());
        },
        options: nothing,
    });
}

/// Three masters with a replica each, and two nodes more that nobody met.
fn ring_and_two() -> Layout {
    let mut layout = Layout::ring(3, 1);
    layout.nodes.extend([(4, None), (4, None)]);
    layout.unmet = vec![6, 7];
    layout
}

#[test]
fn slots_for_a_new_master() {
    rounds(&Scenario {
        name: "chaos-join",
        layout: ring_and_two,
        broken: |_| {},
        options: |servers| vec!["--join".to_owned(), servers.nodes[6].address.to_string()],
    });
}

#[test]
fn a_host_for_another() {
    rounds(&Scenario {
        name: "chaos-replace",
        layout: ring_and_two,
        broken: |_| {},
        options: |_| {
            let asked = ["--replace", "host:host-1=host:host-4"];
            asked.map(str::to_owned).into()
        },
    });
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.roll() % n
    }
}

/// What happens while the script runs.
#[derive(Clone, Copy, Debug)]
enum Event {
    Dies,
    /// It hangs, and goes on after so many milliseconds.
    Hangs(u64),
    /// It dies, and starts again after so many milliseconds.
    Blinks(u64),
    ScriptDies,
}

fn number(name: &str, default: u64) -> u64 {
    let told = std::env::var(name).ok();
    told.map_or(default, |v| {
        v.parse()
            .unwrap_or_else(|_| panic!("{name} is `{v}`, no number"))
    })
}

fn rounds(scenario: &Scenario) {
    let seed = number("TOPOPLAN_LIVE_SEED", 7);
    for round in 0..number("TOPOPLAN_LIVE_ROUNDS", 1) {
        let mix = |h: u64, b: u8| h.wrapping_mul(31).wrapping_add(u64::from(b));
        let own = scenario.name.bytes().fold(seed + 1000 * round, mix);
        let mut layout = (scenario.layout)();
        // Whoever dies has its data when it returns: only a wrong command loses any.
        layout.options = vec!["--appendonly", "yes"];
        let Some(mut servers) = Servers::start(scenario.name, layout) else {
            return;
        };
        println!("{}: round {round}, seed {seed}", scenario.name);
        play(scenario, &mut servers, &mut Dice(own));
    }
}

fn play(scenario: &Scenario, servers: &mut Servers, dice: &mut Dice) {
    servers.form();
    (scenario.broken)(servers);
    let options = (scenario.options)(servers);
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let planned = servers.plan_with(&[], &options);
    assert!(!planned.plan.steps.is_empty(), "there is something to do");
    let delay = Duration::from_millis(dice.below(3000));
    let node = dice.below(servers.nodes.len() as u64) as usize;
    let event = match dice.below(4) {
        0 => Event::Dies,
        1 => Event::Hangs(500 + dice.below(4000)),
        2 => Event::Blinks(200 + dice.below(3000)),
        _ => Event::ScriptDies,
    };
    println!(
        "after {delay:?}: {event:?} at {}",
        servers.nodes[node].address
    );

    let addresses = servers.nodes.iter().map(|n| n.socket()).collect();
    let writer = Writer::start(addresses);
    let mut script = start(&planned);
    std::thread::sleep(delay);
    happen(event, node, servers, &mut script);
    let status = script.wait().expect("own child can be waited for");
    println!("the script ended with {status}:\n{}", log(&planned));

    // Everybody returns, and the same script runs again: it goes on, or says why not.
    for i in 0..servers.nodes.len() {
        if !servers.nodes[i].runs() {
            servers.restart(i);
        }
    }
    servers.see_who_is_met();
    until("all slots are served", || {
        servers.serving_among_themselves()
    });
    servers.script(&planned, &["--apply"]);
    let confirmed = writer.stop();

    // And if it does not, a new plan does.
    let begin = Instant::now();
    loop {
        if let Some(planned) = servers.try_plan(&options) {
            if planned.plan.steps.is_empty() {
                break;
            }
            servers.script(&planned, &["--apply"]);
        } else {
            // Slots that a move left open are in the way of others.
            let settled = servers.try_plan(&["--settle-slots", "--only", "S003"]);
            if let Some(planned) = settled.filter(|p| !p.plan.steps.is_empty()) {
                servers.script(&planned, &["--apply", "--replace-keys"]);
            }
            std::thread::sleep(Duration::from_millis(500));
        }
        assert!(
            begin.elapsed() < Duration::from_secs(120),
            "it is never done"
        );
    }
    servers.see_who_is_met();
    servers.wait_settled();
    servers.assert_keys();
    println!("{} writes were confirmed", confirmed.len());
    assert!(!confirmed.is_empty(), "the writer got nowhere");
    let lost: Vec<&String> = confirmed.iter().filter(|key| !servers.has(key)).collect();
    assert!(lost.is_empty(), "{} lost: {lost:?}", lost.len());
}

fn happen(event: Event, node: usize, servers: &mut Servers, script: &mut Child) {
    let pause = |ms| std::thread::sleep(Duration::from_millis(ms));
    match event {
        Event::ScriptDies => kill(script),
        // The dead return.
        _ if !servers.nodes[node].runs() => servers.restart(node),
        Event::Dies => servers.kill(node),
        Event::Hangs(ms) => {
            servers.pause(node);
            pause(ms);
            servers.resume(node);
        }
        Event::Blinks(ms) => {
            servers.kill(node);
            pause(ms);
            servers.restart(node);
        }
    }
}

/// Ends the script with `timeout`, which leads its group: alone that would leave the script running.
pub fn kill(script: &mut Child) {
    let group = format!("-{}", script.id());
    let killed = Command::new("kill").args(["-KILL", "--", &group]).status();
    assert!(
        killed.expect("kill runs").success(),
        "it was not waited for"
    );
}

pub fn start(planned: &Planned) -> Child {
    let out = std::fs::File::create(planned.dir.join("out")).expect("writable");
    Command::new("timeout")
        .args(["-k", "5", "150", "bash", "plan.sh", "--apply"])
        .env_remove("REDIS_CLI")
        .current_dir(&planned.dir)
        .stdin(Stdio::null())
        .stderr(out.try_clone().expect("a file handle can be cloned"))
        .stdout(out)
        .spawn()
        .expect("bash runs")
}

fn log(planned: &Planned) -> String {
    std::fs::read_to_string(planned.dir.join("out")).unwrap_or_default()
}

/// Writes to whoever takes writes, and remembers which a replica confirmed.
pub struct Writer {
    done: Arc<AtomicBool>,
    /// Something was confirmed.
    heard: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<Vec<String>>,
}

impl Writer {
    pub fn start(addresses: Vec<SocketAddr>) -> Self {
        let done = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&done);
        let heard = Arc::new(AtomicBool::new(false));
        let hears = Arc::clone(&heard);
        let thread = std::thread::spawn(move || {
            let mut confirmed = Vec::new();
            let mut at = addresses[0];
            let mut client: Option<Client> = None;
            for n in 0.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let key = format!("written:{n}");
                for _ in 0..4 {
                    match write(&mut client, at, &key) {
                        Ok(true) => {
                            confirmed.push(key);
                            hears.store(true, Ordering::Relaxed);
                            break;
                        }
                        Ok(false) => break,
                        Err(moved) => {
                            client = None;
                            let next = || addresses[(n + confirmed.len()) % addresses.len()];
                            at = moved.unwrap_or_else(next);
                        }
                    }
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            confirmed
        });
        Self {
            done,
            heard,
            thread,
        }
    }

    /// What was confirmed, and something is as soon as replicas are in sync again.
    pub fn stop(self) -> Vec<String> {
        let begin = Instant::now();
        while !self.heard.load(Ordering::Relaxed) && begin.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(50));
        }
        self.done.store(true, Ordering::Relaxed);
        self.thread.join().expect("the writer does not panic")
    }
}

/// True if a replica confirmed it; `Err` says where to go instead, if anywhere.
fn write(
    client: &mut Option<Client>,
    at: SocketAddr,
    key: &str,
) -> Result<bool, Option<SocketAddr>> {
    let nowhere = |_| None;
    if client.is_none() {
        *client = Some(Client::within(at, Duration::from_millis(700)).map_err(nowhere)?);
    }
    let open = client.as_mut().expect("just set");
    match open.ask(&["SET", key, key]) {
        Ok(_) => {}
        Err(Trouble::Refused(said)) => {
            let target = |word| said.strip_prefix(word)?.split(' ').nth(1)?.parse().ok();
            if let Some(there) = target("ASK ") {
                return asking(there, key).map_err(nowhere);
            }
            return Err(target("MOVED "));
        }
        Err(Trouble::Unreachable(_)) => return Err(None),
    }
    let reached = open.ask(&["WAIT", "1", "300"]).map_err(nowhere)?;
    Ok(reached.lines().trim() != "0")
}

/// The same at a node that the slot is on its way to.
fn asking(there: SocketAddr, key: &str) -> Result<bool, Trouble> {
    let mut client = Client::within(there, Duration::from_millis(700))?;
    client.ask(&["ASKING"])?;
    client.ask(&["SET", key, key])?;
    let reached = client.ask(&["WAIT", "1", "300"])?;
    Ok(reached.lines().trim() != "0")
}
