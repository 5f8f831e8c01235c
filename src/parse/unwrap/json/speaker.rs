//! Whose output a string of JSON is: the key, heading or command nearest around it that names
//! somebody, and how far the document reaches in which it stands.

use crate::model::Address;
use crate::parse::file_name::address_in_path;
use crate::parse::heading::Kind;
use crate::parse::heading::address_of_command;
use crate::parse::heading::heading;

/// Reads what stands between the strings, once and in order.
#[derive(Default)]
pub(super) struct Speaker<'a> {
    /// Braces that are open.
    depth: usize,
    /// Brackets that are open, in lines that are JSON alone.
    brackets: usize,
    /// Who was named, outermost first; each until the brace closes that leaves its depth.
    named: Vec<Name>,
    /// The command of a client, the words of it, and the depth with which it is over.
    commands: Vec<(usize, Vec<&'a str>)>,
    /// The list of words of a command goes on.
    in_command: bool,
    /// Depth of the key whose object speaks for the object around it.
    lent: Option<usize>,
    start: usize,
    holds_string: bool,
    documents: Vec<(usize, usize)>,
}

struct Name {
    depth: usize,
    of: Option<Address>,
    host: Option<String>,
}

impl<'a> Speaker<'a> {
    /// Goes on with `text`, which begins at the byte `from` of the file. Whether what follows may
    /// be of somebody else, or of another command, than what was before.
    pub fn read(&mut self, text: &'a str, from: usize) -> bool {
        let mut moved = false;
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let behind = text.get(at + line.len()..).unwrap_or("");
            let mut begin = 0;
            if let Some(after) = self.heading(line, from + at) {
                moved = true;
                begin = after;
            }
            moved |= self.json(line, begin, from + at, behind);
            at += line.len();
        }
        moved
    }

    /// A string of interest stands here.
    pub fn see_string(&mut self) {
        self.holds_string = true;
    }

    /// From the first brace or bracket of each document with such a string to behind its last.
    pub fn documents(mut self, end: usize) -> Vec<(usize, usize)> {
        self.close_document(end);
        self.documents
    }

    /// Node and host.
    pub fn who(&self) -> (Option<Address>, Option<String>) {
        let name = self.named.last();
        let of = name.and_then(|n| n.of.clone());
        let host = name.and_then(|n| n.host.clone());
        // A command outside of the object of a host is not his.
        let inner = |c: &&(usize, Vec<&str>)| name.is_none_or(|n| c.0 >= n.depth);
        let Some((_, words)) = self.commands.last().filter(inner) else {
            return (of, host);
        };
        let words = words.join(" ");
        // On a host that nobody names the client asks that host itself.
        let near = host.as_deref().or(of.as_ref().map(Address::ip));
        let near = near.unwrap_or("127.0.0.1");
        let told = address_of_command(&words);
        let told = match told {
            Some(told) if is_loopback(told.ip()) => Address::new(near, told.port()).ok(),
            Some(told) => Some(told),
            None => address_of_command(&format!("-h {near} {words}")),
        };
        (told.or(of), host)
    }

    /// A line that is no JSON, or begins with none: where its JSON may begin.
    fn heading(&mut self, line: &str, at: usize) -> Option<usize> {
        if is_json(line) {
            return None;
        }
        let bare = line.trim().trim_end_matches(['{', ' ', '=', '>']);
        let found = heading(line).or_else(|| heading(bare))?;
        if found.kind != Kind::Fence {
            self.close_document(at);
            *self = Self {
                documents: std::mem::take(&mut self.documents),
                ..Self::default()
            };
            self.named.push(Name {
                depth: 0,
                of: found.of,
                host: found.host.map(str::to_owned),
            });
        }
        Some(line.find("=>").unwrap_or(line.len()))
    }

    /// Words in quotes, braces and brackets of a line from `begin` on.
    fn json(&mut self, line: &'a str, begin: usize, from: usize, behind: &str) -> bool {
        let counts_brackets = is_json(line);
        let mut moved = false;
        let mut at = begin;
        while let Some(&byte) = line.as_bytes().get(at) {
            at += 1;
            match byte {
                b'{' => {
                    self.open_document(from + at - 1);
                    self.depth += 1;
                }
                b'[' if counts_brackets => {
                    self.open_document(from + at - 1);
                    self.brackets += 1;
                }
                b'}' => {
                    moved = true;
                    self.close_brace();
                    self.end_document(from + at);
                }
                b']' => {
                    self.in_command = false;
                    self.brackets = self.brackets.saturating_sub(usize::from(counts_brackets));
                    self.end_document(from + at);
                }
                b'"' => {
                    let end = end_of_string(line, at);
                    let word = line.get(at..end).unwrap_or("");
                    at = end + 1;
                    let rest = line.get(at..).unwrap_or("");
                    moved |= self.word(word, opens_object(rest, behind));
                }
                _ => {}
            }
        }
        moved
    }

    fn word(&mut self, word: &'a str, opens: bool) -> bool {
        if self.in_command {
            if let Some((_, words)) = self.commands.last_mut() {
                words.push(word);
            }
            return false;
        }
        if opens {
            let address = word.parse::<Address>().ok();
            if LENDS.contains(&word) {
                self.lent = self.lent.or(Some(self.depth));
            } else if is_host(word) && !OWN.contains(&word) {
                let of = address.or_else(|| address_in_path(word));
                let host = of.is_none().then(|| word.to_owned());
                self.name(self.depth, of, host);
                self.commands.retain(|c| c.0 < self.depth);
                return true;
            }
            return false;
        }
        let depth = self.lent.unwrap_or(self.depth).saturating_sub(1);
        if word.contains("redis-cli") || word.contains("valkey-cli") {
            self.commands.retain(|c| c.0 < depth);
            self.commands.push((depth, vec![word]));
            self.in_command = !word.contains(' ');
            return false;
        }
        if let Ok(address) = word.parse::<Address>()
            && is_ip(address.ip())
        {
            self.name(depth, Some(address), None);
            return true;
        }
        let of = self.named.last().and_then(|n| n.of.as_ref());
        if is_ip(word) && of.is_none_or(|of| of.ip() != word) {
            self.name(depth, None, Some(word.to_owned()));
            return true;
        }
        false
    }

    fn name(&mut self, depth: usize, of: Option<Address>, host: Option<String>) {
        self.named.retain(|n| n.depth < depth);
        self.named.push(Name { depth, of, host });
    }

    fn close_brace(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        let depth = self.depth;
        self.in_command = false;
        self.lent = self.lent.filter(|&lent| lent < depth);
        while self.named.pop_if(|n| n.depth >= depth).is_some() {}
        while self.commands.pop_if(|c| c.0 >= depth).is_some() {}
    }

    fn open_document(&mut self, at: usize) {
        if self.depth == 0 && self.brackets == 0 {
            self.start = at;
            self.holds_string = false;
        }
    }

    fn end_document(&mut self, at: usize) {
        if self.depth == 0 && self.brackets == 0 {
            self.close_document(at);
        }
    }

    fn close_document(&mut self, at: usize) {
        if std::mem::take(&mut self.holds_string) {
            self.documents.push((self.start, at));
        }
    }
}

/// Keys whose object says something of the answer beside it.
const LENDS: [&str; 3] = ["invocation", "module_args", "item"];

/// Keys of objects that ansible has of its own.
const OWN: [&str; 8] = [
    "hosts",
    "play",
    "plays",
    "task",
    "tasks",
    "duration",
    "ansible_facts",
    "stats",
];

fn is_host(word: &str) -> bool {
    !word.is_empty()
        && word
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".-_:".contains(&b))
}

/// `: {` follows, here or in the lines below.
fn opens_object(rest: &str, below: &str) -> bool {
    let Some(value) = rest.trim_start().strip_prefix(':') else {
        return false;
    };
    match value.trim_start() {
        "" => below.trim_start().starts_with('{'),
        value => value.starts_with('{'),
    }
}

/// Where the string ends that begins at `at`, or the line.
fn end_of_string(line: &str, at: usize) -> usize {
    let mut escaped = false;
    for (offset, byte) in line.bytes().enumerate().skip(at) {
        if byte == b'"' && !escaped {
            return offset;
        }
        escaped = !escaped && byte == b'\\';
    }
    line.len()
}

fn is_json(line: &str) -> bool {
    line.trim_start()
        .starts_with(['"', '{', '}', '[', ']', ','])
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

fn is_ip(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok()
}
