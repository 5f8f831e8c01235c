//! Passwords and users among the words of a line: options of servers and clients, directives,
//! typed commands, access lists.

use std::ops::Range;

use crate::redact::argument;
use crate::redact::argument::Word;
use crate::redact::key::Meaning;
use crate::redact::key::meaning;
use crate::redact::sign::Signs;
use crate::redact::target;
use crate::redact::token::Token;
use crate::redact::token::What;

pub(super) const CLIENTS: [&str; 8] = [
    "redis-cli",
    "valkey-cli",
    "keydb-cli",
    "flashbase",
    "ltcli",
    "redis-benchmark",
    "memtier_benchmark",
    "redis-trib",
];

static CLIENT_SIGNS: Signs = Signs::new(&CLIENTS);

/// Programs of which an option says whose cluster it is.
const CLOUDS: [&str; 8] = [
    "kubectl", "oc", "helm", "k9s", "aws", "gcloud", "az", "argocd",
];

const NAMESPACES: [&str; 12] = [
    "-n",
    "--namespace",
    "--context",
    "--kube-context",
    "--cluster",
    "--profile",
    "--role-arn",
    "--role",
    "--account",
    "--project",
    "--subscription",
    "--resource-group",
];

static CLOUD_SIGNS: Signs = Signs::new(&[
    "kubectl ", "oc ", "helm ", "k9s ", "aws ", "gcloud ", "az ", "argocd ", "arn:",
]);

/// What a line with any of this to find has in it, in lower case.
static SIGNS: Signs = Signs::new(&[
    "pw",
    "curl",
    "mysql",
    "mariadb",
    "auth",
    "pass",
    "user",
    "rename-command",
    "bearer",
    "secret",
    "token",
    "setname",
    "-key",
]);

/// Their `-p` has the password behind it without a blank.
const DATABASES: [&str; 6] = [
    "mysql",
    "mysqladmin",
    "mysqldump",
    "mariadb",
    "mariadb-admin",
    "mariadb-dump",
];

/// So many words back a command is looked for: a line may be a megabyte.
pub(super) const NEAR: usize = 64;

/// Passwords, users and hidden names of commands in a line.
pub(super) fn claim(line: &str, out: &mut Vec<Token>) {
    let client = CLIENT_SIGNS.stand_in(line);
    let targets = client || target::SIGNS.stand_in(line);
    let clouds = CLOUD_SIGNS.stand_in(line);
    if !targets && !clouds && !SIGNS.stand_in(line) {
        return;
    }
    let words = argument::words(line);
    let line = Line::of(line, &words, client);
    let (mut seen, mut claimed) = (out.len(), 0);
    for (at, word) in words.iter().enumerate() {
        // What was claimed is one value: to look into it again would be to look at each of its
        // words once for every other.
        let ends = out[seen..].iter().map(|token| token.range.end);
        claimed = ends.fold(claimed, usize::max);
        seen = out.len();
        // An option at its very end may be one of its own, with a value behind it.
        let is_last = word.range.end >= claimed && line.bare(at).starts_with('-');
        if word.range.start < claimed && !is_last {
            continue;
        }
        line.option(at, out);
        line.glued_option(at, out);
        line.account(at, out);
        line.quoted_setting(at, out);
        line.environment(at, out);
        line.directive(at, out);
        line.login(at, out);
        line.access_rule(at, out);
        line.netrc(at, out);
        line.written_login(at, out);
        if targets {
            target::claim(&line, at, out);
        }
        if clouds {
            line.cloud(at, out);
        }
    }
}

/// What of a word is the name of a setting: without the file, the number and the sign that
/// `grep -A`, `diff` and `sed` put before it.
fn setting_name(text: &str) -> &str {
    let mut name = text.rsplit([':', '/']).next().unwrap_or(text);
    if let Some((_, behind)) = name.rsplit_once(".conf-") {
        name = behind.trim_start_matches(|c: char| c.is_ascii_digit());
        name = name.strip_prefix('-').unwrap_or(name);
    }
    name.trim_start_matches(['+', '<', '^'])
}

/// What the line below this one is, and what stands before the words of both: a key at the end of
/// a line, behind the signs of lists, quoting and `pdsh`.
pub(super) fn pending(line: &str) -> Option<(Meaning, &str)> {
    const LONGEST: usize = 256;
    static SIGNS: Signs = Signs::new(&[
        "auth", "pass", "user", "whoami", "getname", "\"-a\"", "- -a", "secret", "hostname", "pw",
    ]);
    if line.len() > LONGEST || !SIGNS.stand_in(line) {
        return None;
    }
    let words = argument::words(line);
    let line = Line::of(line, &words, true);
    let last = (0..words.len())
        .rev()
        .find(|at| !line.bare(*at).is_empty())?;
    // `redis.conf:requirepass`, as `grep` prints it.
    let bare = line.bare(last);
    let name = setting_name(bare);
    let prefixed = name.len() < bare.len();
    let start = match words[last].text(line.text).rfind(name) {
        Some(inner) if prefixed => words[last].range.start + inner,
        _ => words[last].range.start,
    };
    let prefix = line.text[..start].trim_end_matches(['"', '\'', '\\']);
    let name = name.trim_start_matches("--");
    let asked =
        |first: &str, second: &str| last > 0 && line.is(last - 1, first) && line.is(last, second);
    if asked("acl", "whoami") || asked("client", "getname") {
        return Some((Meaning::User, ""));
    }
    // Asked of a shell.
    let prompt = last > 0 && words[last - 1].text(line.text).ends_with(['$', '#']);
    match name {
        "whoami" if prompt => return Some((Meaning::User, "")),
        "hostname" if prompt => return Some((Meaning::Host, "")),
        _ => {}
    }
    if asked("acl", "genpass") {
        return Some((Meaning::Secret, ""));
    }
    // The name of a variable in YAML: its value is the line below.
    let of_name = last > 0
        && line.text[..words[last].range.start]
            .trim_end()
            .ends_with("name:");
    if of_name && meaning(name) == Some(Meaning::Secret) {
        return Some((Meaning::Secret, ""));
    }
    if !line.begins_line(last, prefixed) {
        return None;
    }
    match directive(&name.to_ascii_lowercase(), false) {
        Some((What::Secret, 0)) => Some((Meaning::Secret, prefix)),
        Some((What::User, 0)) => Some((Meaning::User, prefix)),
        _ if name == "-a" || line.bare(last) == "--pass" => Some((Meaning::Secret, prefix)),
        _ => None,
    }
}

/// What a directive says, and how many words stand between it and that.
fn directive(name: &str, of_sentinel: bool) -> Option<(What, usize)> {
    match name {
        "requirepass"
        | "masterauth"
        | "primaryauth"
        | "tls-key-file-pass"
        | "tls-client-key-file-pass"
        | "sentinel-pass" => Some((What::Secret, 0)),
        "masteruser" | "primaryuser" | "sentinel-user" => Some((What::User, 0)),
        "auth-pass" => Some((What::Secret, 1)),
        "auth-user" => Some((What::User, 1)),
        // The new name is as good as a password.
        "rename-command" if of_sentinel => Some((What::Secret, 2)),
        "rename-command" => Some((What::Secret, 1)),
        _ => None,
    }
}

/// A line and its words.
pub(super) struct Line<'a, 'w> {
    pub text: &'a str,
    pub words: &'w [Word],
    /// It calls a client, or may.
    pub client: bool,
    /// Of each word the next one, on whatever line, that is more than a sign of a list.
    next: Vec<usize>,
}

impl<'a, 'w> Line<'a, 'w> {
    fn of(text: &'a str, words: &'w [Word], client: bool) -> Self {
        let mut line = Self {
            text,
            words,
            client,
            next: vec![usize::MAX; words.len()],
        };
        let mut next = usize::MAX;
        for at in (0..words.len()).rev() {
            line.next[at] = next;
            if !["", "=>"].contains(&line.bare(at)) {
                next = at;
            }
        }
        line
    }

    /// A word without the signs of lists around it.
    pub fn bare(&self, at: usize) -> &'a str {
        let text = self.words.get(at).map_or("", |w| w.text(self.text));
        text.trim_matches(['[', ']', '{', '}', ',', ':', '(', ')'])
    }

    pub fn is(&self, at: usize, word: &str) -> bool {
        self.bare(at).eq_ignore_ascii_case(word)
    }

    /// The next word of the same line that is more than a sign of a list.
    pub fn next(&self, at: usize) -> Option<usize> {
        let line = self.words.get(at)?.line;
        let next = *self.next.get(at)?;
        (self.words.get(next)?.line == line).then_some(next)
    }

    /// The value that begins with this word, and the strings that a shell glues to it.
    pub fn value(&self, at: usize, what: What, out: &mut Vec<Token>) {
        let word = &self.words[at];
        let range = word.value(self.text);
        let mut end = range.end;
        push(out, range, what);
        if !word.opens() {
            return;
        }
        for next in &self.words[at + 1..] {
            if next.range.start < end {
                continue;
            }
            if !next.glued {
                return;
            }
            let range = next.value(self.text);
            end = range.end;
            push(out, range, what);
        }
    }

    /// One of these programs is called by the command that the word belongs to.
    pub fn is_of(&self, at: usize, programs: &[&str]) -> bool {
        let near = self.words[at.saturating_sub(NEAR)..at].iter().rev();
        let near = near.map(|w| w.text(self.text));
        let mut command = near.take_while(|text| !text.ends_with(['|', ';', '&']));
        command.any(|text| {
            let name = text.rsplit('/').next().unwrap_or(text);
            programs.contains(&name)
        })
    }

    /// `-u user:password` of `curl`.
    fn account(&self, at: usize, out: &mut Vec<Token>) {
        let option = self.bare(at);
        let named = ["-u", "--user", "-U", "--proxy-user"].contains(&option);
        let short = option.starts_with("-u") || option.starts_with("-U");
        if !(named || short) || !self.is_of(at, &["curl"]) {
            return;
        }
        let range = match named {
            true => match self.next(at) {
                Some(next) => self.words[next].value(self.text),
                None => return,
            },
            false => {
                let word = &self.words[at];
                word.range.start + 2..word.range.end
            }
        };
        let text = &self.text[range.clone()];
        if let Some((user, _)) = text.split_once(':') {
            let between = range.start + user.len();
            push(out, range.start..between, What::User);
            push(out, between + 1..range.end, What::Secret);
        }
    }

    /// `kubectl -n NAMESPACE`, `aws --profile=NAME`, `arn:aws:…`.
    fn cloud(&self, at: usize, out: &mut Vec<Token>) {
        let (word, range) = (self.bare(at), self.words[at].value(self.text));
        if word.starts_with("arn:") {
            return push(out, range, What::Hidden);
        }
        let (option, value) = match word.split_once('=') {
            Some((option, value)) => (option, Some(value)),
            None => (word, None),
        };
        if !NAMESPACES.contains(&option) || !self.is_of(at, &CLOUDS) {
            return;
        }
        match (value, self.next(at)) {
            (Some(value), _) => push(out, range.end - value.len()..range.end, What::User),
            (None, Some(next)) => self.value(next, What::User, out),
            (None, None) => {}
        }
    }

    /// `-ppassword`, and `-apassword` of our own clients.
    fn glued_option(&self, at: usize, out: &mut Vec<Token>) {
        let option = self.bare(at);
        let found = option.starts_with("-a") && self.client && self.is_of(at, &CLIENTS)
            || option.starts_with("-p") && self.is_of(at, &DATABASES);
        if found && option.len() > 2 {
            let range = self.words[at].value(self.text);
            push(out, range.start + 2..range.end, What::Secret);
        }
    }

    /// `masterauth "password"` within a sentence.
    fn quoted_setting(&self, at: usize, out: &mut Vec<Token>) {
        const NAMES: [&str; 3] = ["requirepass", "masterauth", "primaryauth"];
        let Some(next) = self.next(at) else { return };
        let (word, value) = (&self.words[at], &self.words[next]);
        if word.opens() || !value.opens() || !NAMES.iter().any(|n| self.is(at, n)) {
            return;
        }
        let between = &self.text[word.range.end..value.range.start];
        let marks = between.trim_start();
        // In a list there is a sign between them, or the quote that closes the first.
        if marks.len() < between.len() && marks.trim_matches(['"', '\'', '\\']).is_empty() {
            self.value(next, What::Secret, out);
        }
    }

    /// `-a`, `--pass` and `--user` of a client; `--requirepass` and its like of any program, also
    /// behind `OPTIONS=`.
    fn option(&self, at: usize, out: &mut Vec<Token>) {
        let word = self.bare(at);
        let behind = word.rsplit_once('=').map(|(_, option)| option);
        let option = behind.filter(|o| o.starts_with("--")).unwrap_or(word);
        let remote = at > 0 && self.is(at - 1, "sshpass");
        let what = match option {
            "-a" | "--authenticate" if self.client => What::Secret,
            "-p" if remote => What::Secret,
            "--user" if self.client => What::User,
            _ if option.starts_with('-') && option.len() > 2 && !option.contains('=') => {
                match meaning(option) {
                    Some(Meaning::Secret) => What::Secret,
                    _ => return,
                }
            }
            _ if remote && option.starts_with("-p") => {
                let start = self.words[at].range.start + 2;
                return push(out, start..self.words[at].range.end, What::Secret);
            }
            _ => return,
        };
        let Some(next) = self.next(at) else { return };
        // Nobody's user or client password begins so, and an option without a value may be last.
        if self.client && self.bare(next).starts_with("--") {
            return;
        }
        self.value(next, what, out);
        if !self.client && what == What::Secret {
            self.more(next, out);
        }
    }

    /// `ps` shows no quotes: up to the next option it is one password.
    fn more(&self, first: usize, out: &mut Vec<Token>) {
        let begins = &self.words[first];
        let rest = self.words[first..].iter();
        let beside = rest.take_while(|w| w.is_beside(begins));
        let last = beside
            .skip(1)
            .take_while(|w| !w.text(self.text).starts_with("--"))
            .last();
        if let Some(last) = last.filter(|_| !begins.opens()) {
            let end = last.value(self.text).end;
            push(out, begins.range.start..end, What::Secret);
        }
    }

    /// `REDISCLI_AUTH=password`.
    pub(super) fn environment(&self, at: usize, out: &mut Vec<Token>) {
        let word = &self.words[at];
        let Some((name, value)) = word.text(self.text).split_once('=') else {
            return;
        };
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
        if value.is_empty() || !name.bytes().all(plain) || meaning(name) != Some(Meaning::Secret) {
            return;
        }
        let end = match word.opens() {
            true => word.range.end,
            false => word.value(self.text).end,
        };
        push(out, word.range.start + name.len() + 1..end, What::Secret);
    }

    /// `requirepass password` in a file, in an answer, behind `--`, or in `config set`.
    fn directive(&self, at: usize, out: &mut Vec<Token>) {
        let text = self.bare(at);
        // `redis.conf:12:requirepass`, as `grep` prints it.
        let name = setting_name(text);
        let option = name.starts_with("--");
        let name = name.trim_start_matches('-').to_ascii_lowercase();
        let before = self.bare(at.wrapping_sub(1)).rsplit(':').next();
        let before = before.map(|b| b.trim_start_matches("--"));
        let of_sentinel = before.is_some_and(|b| b.eq_ignore_ascii_case("sentinel"));
        let Some((what, skipped)) = directive(&name, of_sentinel) else {
            return;
        };
        if option && meaning(&name) == Some(Meaning::Secret) {
            return;
        }
        let line = self.words[at].line;
        let asked = at > 1 && self.is(at - 2, "config") && self.is(at - 1, "get");
        if asked && self.words[at - 1].line == line {
            return;
        }
        let mut near = at.saturating_sub(NEAR)..at;
        let is_set = !option
            && name != "rename-command"
            && near.any(|b| self.is(b, "set") && self.words[b].line == line);
        let begins = option || of_sentinel || self.begins_line(at, text.len() > name.len());
        let mut next = self.next(at);
        // `sentinel set NAME auth-pass PASSWORD`
        let between = if is_set { 0 } else { skipped };
        for _ in 0..between {
            next = next.and_then(|n| self.next(n));
        }
        let Some(next) = next.filter(|_| is_set || begins) else {
            return;
        };
        // Of `sed`, whose words stand in quotes.
        let replaced = text.contains('/');
        if is_set || option || what == What::User || of_sentinel || replaced {
            self.value(next, what, out);
            if option {
                self.more(next, out);
            }
        } else {
            let range = self.words[next].rest(self.text);
            let inner = self.text[range.clone()].trim_end_matches(['"', '\'', '\\', ',']);
            push(out, range.start..range.start + inner.len(), what);
        }
    }

    /// Only numbers of lists, signs of quoting and names of files stand before it.
    pub fn begins_line(&self, at: usize, prefixed: bool) -> bool {
        let word = &self.words[at];
        let before = self.words[..at].iter().rev().take(NEAR);
        let mut before = before.take_while(|w| w.is_beside(word));
        let plain = |w: &Word| {
            let text = w.text(self.text);
            text.ends_with([':', ')', '>', '|', '#'])
                || !text.bytes().any(|b| b.is_ascii_alphabetic())
        };
        prefixed || before.all(plain)
    }
}

pub(super) fn push(out: &mut Vec<Token>, range: Range<usize>, what: What) {
    if !range.is_empty() {
        out.push(Token { range, what });
    }
}
