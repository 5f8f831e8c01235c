//! Server processes on loopback: one address per simulated host, one directory per node.
//!
//! Whatever happens, no process outlives its test: `Drop` ends them, and where `setpriv` exists
//! the kernel does if the test itself is killed.

use std::cell::RefCell;
use std::fs;
use std::fs::File;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use topoplan::model::Address;

use crate::resp::Client;
use crate::resp::Reply;
use crate::resp::Trouble;

const DEADLINE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(50);

/// How a cluster is laid out and how its servers are started.
pub struct Layout {
    /// Per node: its host from 1, and the index of the node it replicates; `None` for a master.
    pub nodes: Vec<(u8, Option<usize>)>,
    /// Indexes of nodes that run, but that nobody meets.
    pub unmet: Vec<usize>,
    pub node_timeout_ms: u64,
    pub options: Vec<&'static str>,
    /// Another server than the usual one.
    pub server: Option<PathBuf>,
    /// All nodes on `::1`: then there is one host.
    pub ipv6: bool,
}

impl Layout {
    pub fn of(nodes: &[(u8, Option<usize>)]) -> Self {
        Self {
            nodes: nodes.to_vec(),
            unmet: Vec::new(),
            node_timeout_ms: 2000,
            options: Vec::new(),
            server: None,
            ipv6: false,
        }
    }

    /// Every host runs `masters` masters, and the replicas of the host before it.
    pub fn ring(hosts: u8, masters: u8) -> Self {
        let primaries = (1..=hosts).flat_map(|host| (0..masters).map(move |_| (host, None)));
        let count = usize::from(hosts) * usize::from(masters);
        let replicas = (0..count).map(|i| {
            let host = i / usize::from(masters) + 1;
            ((host % usize::from(hosts)) as u8 + 1, Some(i))
        });
        Self::of(&primaries.chain(replicas).collect::<Vec<_>>())
    }
}

pub struct Node {
    pub host: u8,
    pub address: Address,
    /// Index of the node it replicates when the cluster is formed.
    pub replicates: Option<usize>,
    /// Others know it.
    pub met: bool,
    pub dir: PathBuf,
    process: Option<Child>,
    client: RefCell<Option<Client>>,
}

impl Node {
    pub fn runs(&self) -> bool {
        self.process.is_some()
    }

    pub fn socket(&self) -> SocketAddr {
        socket(&self.address)
    }

    pub fn disk(&self) -> &str {
        self.dir
            .parent()
            .and_then(Path::file_name)
            .and_then(|name| name.to_str())
            .expect("node directories are made as ROOT/HOST/DISK/PORT")
    }
}

pub struct Servers {
    pub nodes: Vec<Node>,
    /// Everything the test writes is below.
    pub root: PathBuf,
    pub node_timeout_ms: u64,
    options: Vec<&'static str>,
    program: PathBuf,
    version: u32,
    /// `setpriv` is there to tie a server's life to the test's.
    can_tie: bool,
    /// Keeps other runs of these tests off the same addresses.
    _claim: TcpListener,
}

impl Servers {
    /// Starts all nodes, not yet a cluster; `None` if live tests are to be skipped.
    pub fn start(name: &str, layout: Layout) -> Option<Self> {
        if std::env::var("TOPOPLAN_LIVE").is_ok_and(|value| value == "skip") {
            println!("{name}: skipped, TOPOPLAN_LIVE=skip");
            return None;
        }
        let program = layout.server.unwrap_or_else(server_program);
        let version = server_version(&program);
        require("redis-cli", Command::new("redis-cli").arg("--version"));
        let (claim, addresses) = free_addresses(name, &layout.nodes, layout.ipv6);
        let root = scratch_dir(name);
        let mut servers = Self {
            nodes: Vec::new(),
            root,
            node_timeout_ms: layout.node_timeout_ms,
            options: layout.options,
            program,
            version,
            can_tie: Command::new("setpriv").arg("--version").output().is_ok(),
            _claim: claim,
        };
        for (i, (&(host, replicates), address)) in layout.nodes.iter().zip(addresses).enumerate() {
            let disk = format!("disk{}", usize::from(replicates.is_some()) + 1);
            servers.nodes.push(Node {
                host,
                replicates,
                met: !layout.unmet.contains(&i),
                dir: servers
                    .root
                    .join(format!("host-{host}/{disk}/{}", address.port())),
                address,
                process: None,
                client: RefCell::new(None),
            });
            servers.spawn(i);
        }
        for i in 0..servers.nodes.len() {
            servers.wait_awake(i);
        }
        Some(servers)
    }

    /// Ends a process without a farewell.
    pub fn kill(&mut self, i: usize) {
        let node = &mut self.nodes[i];
        node.client.replace(None);
        if let Some(mut process) = node.process.take() {
            process.kill().expect("own child can be killed");
            process.wait().expect("own child can be waited for");
        }
    }

    /// Stops a process as a hung disk does: it takes connections and never answers.
    pub fn pause(&self, i: usize) {
        self.signal(i, "-STOP");
    }

    /// Lets a stopped process go on.
    pub fn resume(&self, i: usize) {
        self.signal(i, "-CONT");
    }

    fn signal(&self, i: usize, name: &str) {
        let process = self.nodes[i].process.as_ref().expect("it runs");
        let sent = Command::new("kill")
            .args([name, &process.id().to_string()])
            .status();
        assert!(sent.is_ok_and(|status| status.success()));
    }

    /// Starts it again in its old directory.
    pub fn restart(&mut self, i: usize) {
        self.spawn(i);
        self.wait_awake(i);
    }

    /// The node comes back as a stranger on its old address: under a new id, empty, alone.
    pub fn reborn(&mut self, i: usize) {
        self.kill(i);
        let dir = &self.nodes[i].dir;
        fs::remove_file(dir.join("nodes.conf")).expect("a node has its nodes.conf");
        let data = dir.join("appendonlydir");
        if data.exists() {
            fs::remove_dir_all(data).expect("what a server wrote can be removed");
        }
        self.nodes[i].met = false;
        self.restart(i);
    }

    pub fn ask(&self, i: usize, words: &[&str]) -> Result<Reply, Trouble> {
        let node = &self.nodes[i];
        let mut client = match node.client.take() {
            Some(client) => client,
            None => Client::connect(node.socket())?,
        };
        let answer = client.ask(words);
        if !matches!(answer, Err(Trouble::Unreachable(_))) {
            node.client.replace(Some(client));
        }
        answer
    }

    /// Asks what must be answered; panics on a refusal.
    pub fn say(&self, i: usize, words: &[&str]) -> Reply {
        let address = &self.nodes[i].address;
        self.ask(i, words)
            .unwrap_or_else(|trouble| panic!("{address} {}: {trouble}", words.join(" ")))
    }

    pub fn id(&self, i: usize) -> String {
        self.say(i, &["CLUSTER", "MYID"]).text().to_owned()
    }

    /// Value of one line of INFO replication.
    pub fn replication(&self, i: usize, field: &str) -> Result<String, String> {
        let info = self
            .ask(i, &["INFO", "replication"])
            .map_err(|trouble| trouble.to_string())?;
        info.text()
            .lines()
            .find_map(|line| line.trim_end().strip_prefix(field)?.strip_prefix(':'))
            .map(str::to_owned)
            .ok_or_else(|| format!("{} says no `{field}`", self.nodes[i].address))
    }

    /// Indexes of running nodes that others know.
    pub fn members(&self) -> Vec<usize> {
        (0..self.nodes.len())
            .filter(|&i| self.nodes[i].runs() && self.nodes[i].met)
            .collect()
    }

    fn spawn(&mut self, i: usize) {
        let node = &mut self.nodes[i];
        fs::create_dir_all(&node.dir).expect("the scratch directory is writable");
        let log = File::options()
            .create(true)
            .append(true)
            .open(node.dir.join("server.log"))
            .expect("the scratch directory is writable");
        let ip = node.address.ip().to_owned();
        let mut command = if self.can_tie {
            let mut command = Command::new("setpriv");
            command.args(["--pdeathsig", "KILL"]).arg(&self.program);
            command
        } else {
            Command::new(&self.program)
        };
        command
            .args(["--port", &node.address.port().to_string(), "--bind", &ip])
            .arg("--dir")
            .arg(&node.dir)
            .args(["--cluster-enabled", "yes", "--cluster-config-file"])
            .args(["nodes.conf", "--cluster-node-timeout"])
            .arg(self.node_timeout_ms.to_string())
            .args(["--daemonize", "no", "--protected-mode", "no", "--save", ""])
            .args(["--appendonly", "no", "--loglevel", "notice"])
            .args(["--repl-diskless-sync", "yes"])
            .args(["--repl-diskless-sync-delay", "0", "--tcp-backlog", "128"])
            // Others learn an address from where a connection comes from: before 7.0 it cannot
            // be bound, only announced.
            .args(match self.version {
                0..7 => ["--cluster-announce-ip", &ip],
                _ => ["--bind-source-addr", &ip],
            })
            .args(&self.options)
            .stdin(Stdio::null())
            .stderr(log.try_clone().expect("a file handle can be cloned"))
            .stdout(log);
        node.process = Some(command.spawn().expect("the server was found on PATH"));
    }

    fn wait_awake(&mut self, i: usize) {
        let node = &mut self.nodes[i];
        let log = node.dir.join("server.log");
        let address = node.socket();
        let process = node.process.as_mut().expect("just started");
        until(&format!("{address} answers"), || {
            if let Ok(Some(status)) = process.try_wait() {
                let said = fs::read_to_string(&log).unwrap_or_default();
                panic!("{address} ended with {status}:\n{said}");
            }
            Client::connect(address)
                .and_then(|mut client| client.ask(&["PING"]))
                .map_err(|trouble| trouble.to_string())
        });
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for i in 0..self.nodes.len() {
            self.kill(i);
        }
        if std::thread::panicking() {
            eprintln!("kept for a look: {}", self.root.display());
        } else if let Err(error) = fs::remove_dir_all(&self.root) {
            eprintln!("{} is left behind: {error}", self.root.display());
        }
    }
}

/// Polls until `look` succeeds; panics with its last complaint after a generous time.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let start = Instant::now();
    loop {
        match look() {
            Ok(seen) => return seen,
            Err(complaint) if start.elapsed() > DEADLINE => {
                panic!("{what}: not within {} s: {complaint}", DEADLINE.as_secs())
            }
            Err(_) => std::thread::sleep(POLL),
        }
    }
}

pub fn server_program() -> PathBuf {
    let named = std::env::var_os("TOPOPLAN_LIVE_SERVER");
    named.unwrap_or_else(|| "redis-server".into()).into()
}

/// Major version; `Redis server v=7.0.15 sha=…` or `Valkey server v=8.0.1 …`.
fn server_version(program: &Path) -> u32 {
    let name = program.display().to_string();
    let said = require(&name, Command::new(program).arg("--version"));
    said.split_whitespace()
        .find_map(|word| word.strip_prefix("v=")?.split('.').next()?.parse().ok())
        .unwrap_or_else(|| panic!("`{name} --version` names no version: {said}"))
}

pub fn require(program: &str, command: &mut Command) -> String {
    match command.output() {
        Ok(output) => String::from_utf8_lossy(&output.stdout).into_owned(),
        Err(_) => panic!(
            "{program} is not on PATH: apt-get install -y redis-server (or set TOPOPLAN_LIVE=skip)"
        ),
    }
}

/// Memory where there is some: servers wait for the disk at each change of their `nodes.conf`,
/// and on a busy disk a waiting server looks dead.
pub fn scratch_dir(name: &str) -> PathBuf {
    let memory = Path::new("/dev/shm");
    let base = if memory.is_dir() {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    };
    for base in [base, std::env::temp_dir()] {
        let dir = base.join(format!("topoplan-live-{name}-{}", std::process::id()));
        if fs::create_dir_all(&dir).is_ok() {
            return dir;
        }
    }
    panic!("no writable directory for temporary files")
}

/// Blocks of addresses and ports that a test may have.
const BLOCKS: u8 = 150;

/// Addresses whose client and bus ports are free, and a listener that says they are taken: it
/// holds the block for as long as it lives, also against other checkouts, so nobody else looks for
/// free ports there. The name decides which block is tried first.
pub fn free_addresses(
    name: &str,
    nodes: &[(u8, Option<usize>)],
    ipv6: bool,
) -> (TcpListener, Vec<Address>) {
    let start = name
        .bytes()
        .fold(0u32, |sum, b| sum * 31 % 1009 + u32::from(b)) as u16;
    for round in 0..u16::from(BLOCKS) {
        let block = ((start + round) % u16::from(BLOCKS)) as u8;
        // Below the ports that the kernel gives to outgoing connections, with the bus as well.
        let first = 11_000 + 40 * u16::from(block);
        let ip = |host: u8| format!("127.0.{}.{host}", 80 + block);
        let Ok(claim) = TcpListener::bind((ip(254).as_str(), first)) else {
            continue;
        };
        let mut next = [first; 256];
        let mut place = |host: u8| {
            let (ip, counter) = if ipv6 {
                ("::1".to_owned(), &mut next[0])
            } else {
                (ip(host), &mut next[usize::from(host)])
            };
            *counter += 1;
            Address::new(&ip, *counter - 1).expect("an address")
        };
        let addresses: Vec<Address> = nodes.iter().map(|&(host, _)| place(host)).collect();
        let free = |more: u16| {
            move |a: &Address| {
                let socket = socket(a);
                TcpListener::bind((socket.ip(), socket.port() + more)).is_ok()
            }
        };
        if addresses.iter().all(free(0)) && addresses.iter().all(free(10_000)) {
            return (claim, addresses);
        }
    }
    panic!("no free ports on the loopback addresses for {name}")
}

pub fn socket(address: &Address) -> SocketAddr {
    let ip: IpAddr = address
        .ip()
        .parse()
        .expect("tests know their servers by IP");
    SocketAddr::new(ip, address.port())
}
