//! New names for old ones: one to one, and in the same order, because ties are broken by it.
//!
//! Everything is named by its rank alone: nothing of an old name can be computed from the new
//! one, and the same capture gives the same names.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::redact::address;
use crate::redact::collect::Found;
use crate::redact::id;
use crate::redact::words;

/// What users, passwords and names of clients become.
pub(super) const REDACTED: &str = "redacted";

/// Old name to new name.
pub(super) type Map = BTreeMap<String, String>;

/// Names that are told from what they are spelled like.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// First run of letters and digits to the lengths of the names that begin with it, the
    /// longest first: of ten thousand names that begin alike there are few.
    lengths: BTreeMap<String, Vec<usize>>,
    /// Each by all of it from its first letter or digit on.
    names: BTreeMap<String, Vec<Word>>,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Word {
    /// Signs before its first letter or digit.
    pub signs: String,
    pub new: String,
}

impl Words {
    /// The longest name that `text` begins with, behind the text `before`: its length, and what
    /// it is. `run` is the first run of letters and digits of the text.
    pub fn find(&self, run: &str, before: &str, text: &str) -> Option<(usize, &Word)> {
        self.lengths.get(run)?.iter().find_map(|length| {
            let old = text.get(..*length)?;
            if text[*length..].starts_with(char::is_alphanumeric) {
                return None;
            }
            let mut spelled = self.names.get(old)?.iter();
            let word = spelled.find(|word| before.ends_with(word.signs.as_str()))?;
            Some((*length, word))
        })
    }

    fn add(&mut self, whole: String, new: String) {
        let old = whole.trim_start_matches(is_sign);
        let run = old.find(is_sign).unwrap_or(old.len());
        if run == 0 {
            return;
        }
        let signs = whole[..whole.len() - old.len()].to_owned();
        let lengths = self.lengths.entry(old[..run].to_owned()).or_default();
        if let Err(at) = lengths.binary_search_by(|length| old.len().cmp(length)) {
            lengths.insert(at, old.len());
        }
        let spelled = self.names.entry(old.to_owned()).or_default();
        spelled.push(Word { signs, new });
        spelled.sort_by_key(|word| std::cmp::Reverse(word.signs.len()));
    }
}

/// The new names of everything in a capture.
#[derive(Debug)]
pub struct Names {
    pub(super) ids: Map,
    pub(super) ips: Map,
    pub(super) hosts: Map,
    labels: Map,
    pub(super) zones: Map,
    pub(super) stems: Map,
    /// What is renamed wherever it stands, by its first run of letters and digits: the longest
    /// name comes first.
    pub(super) words: Words,
    /// The same for the names of files.
    pub(super) path_words: Words,
    /// What hosts and zones are called now.
    pub(super) new: BTreeSet<String>,
    pub(super) new_ids: BTreeSet<String>,
    users: usize,
    secrets: usize,
}

/// How many names of each kind were found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Counts {
    pub ids: usize,
    pub addresses: usize,
    pub hosts: usize,
    /// Words in the names of files and folders.
    pub labels: usize,
    pub zones: usize,
    pub paths: usize,
    pub users: usize,
    pub secrets: usize,
}

impl Names {
    pub(super) fn new(found: &Found) -> Self {
        let olds = || {
            let hosts = found.hosts.iter().chain(&found.labels);
            let others = found.zones.iter().chain(&found.users);
            hosts.chain(others).chain(&found.ids).chain(&found.secrets)
        };
        let taken = |stem: &str| olds().any(|old| old.contains(stem));
        // Of those that stand before the stem in some old name, one more is in none of them.
        let longest = |stem: &str| {
            let before = |old: &str| {
                let places = old.match_indices(stem);
                let run = |at: usize| old[..at].bytes().rev().take_while(|b| *b == b'x').count();
                places.map(|(at, _)| run(at)).max().unwrap_or(0)
            };
            olds().map(|old| before(old)).max().unwrap_or(0)
        };
        let numbered = |olds: &BTreeSet<String>, stems: [&str; 4], is_free: Free| {
            let stem = free_stem(&stems, is_free);
            let count = olds.len();
            let new = |(rank, old): (usize, &String)| {
                (old.clone(), format!("{stem}{}", number(rank + 1, count)))
            };
            olds.iter().enumerate().map(new).collect::<Map>()
        };
        let free = Free {
            taken: &taken,
            longest: &longest,
        };
        let hosts = numbered(&found.hosts, ["host-", "server-", "machine-", "box-"], free);
        let zones = numbered(&found.zones, ["zone-", "area-", "place-", "domain-"], free);
        let labels = numbered(&found.labels, ["name-", "label-", "item-", "word-"], free);
        let begins = |stem: &str| {
            let mut behind = found.stems.iter().filter_map(|old| old.strip_prefix(stem));
            behind.any(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        };
        let leading = |_: &str| {
            let run = |old: &String| old.bytes().take_while(|b| *b == b'x').count();
            found.stems.iter().map(run).max().unwrap_or(0)
        };
        let free = Free {
            taken: &begins,
            longest: &leading,
        };
        let stems = numbered(&found.stems, ["p", "q", "dir", "part"], free);
        let mut names = Self {
            ids: id::rename(&found.ids),
            ips: address::rename(&found.ips),
            hosts,
            labels,
            zones,
            stems,
            words: Words::default(),
            path_words: Words::default(),
            new: BTreeSet::new(),
            new_ids: BTreeSet::new(),
            users: found.users.len(),
            secrets: found.secrets.len(),
        };
        names.new = names
            .hosts
            .values()
            .chain(names.zones.values())
            .cloned()
            .collect();
        names.new_ids = names.ids.values().cloned().collect();
        names.index(found);
        names
    }

    fn index(&mut self, found: &Found) {
        let mut words = Map::new();
        let constant = found.users.iter().chain(&found.secrets);
        // A short password is a word of some sentence; a number may be any number.
        let constant = constant.filter(|old| !is_sentence(old));
        words.extend(constant.map(|old| (old.clone(), REDACTED.to_owned())));
        let hex = |id: &&String| !id.bytes().all(|b| b.is_ascii_hexdigit());
        let ids = self.ids.keys().filter(hex);
        words.extend(ids.map(|old| (old.clone(), self.ids[old].clone())));
        words.extend(self.zones.clone());
        words.extend(self.hosts.clone());
        // `!master` is the word `master` to whoever reads a view.
        words.retain(|old, _| words::is_distinct(old.trim_matches(is_sign)));
        let mut all = self.labels.clone();
        all.extend(words.clone());
        // `maxmemory.txt` is called after a setting, `db1.txt` after a host.
        let named =
            |old: &String| found.parts.contains(old) || old.bytes().any(|b| b.is_ascii_digit());
        let labels = self.labels.iter().filter(|(old, _)| named(old));
        let mut most: Map = labels
            .map(|(old, new)| (old.clone(), new.clone()))
            .collect();
        most.extend(words);
        self.words = by_first_run(most);
        self.path_words = by_first_run(all);
    }

    /// Kind, old name and new name of everything that has a name of its own now.
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, &str, &str)> {
        let kinds = [
            ("id", &self.ids),
            ("address", &self.ips),
            ("host", &self.hosts),
            ("name", &self.labels),
            ("zone", &self.zones),
            ("path", &self.stems),
        ];
        kinds.into_iter().flat_map(|(kind, map)| {
            map.iter()
                .map(move |(old, new)| (kind, old.as_str(), new.as_str()))
                .filter(|(_, old, new)| old != new)
        })
    }

    pub fn counts(&self) -> Counts {
        Counts {
            ids: self.ids.len(),
            addresses: self.ips.iter().filter(|(old, new)| old != new).count(),
            hosts: self.hosts.len(),
            labels: self.labels.len(),
            zones: self.zones.len(),
            paths: self.stems.len(),
            users: self.users,
            secrets: self.secrets,
        }
    }
}

fn by_first_run(names: Map) -> Words {
    let mut words = Words::default();
    for (whole, new) in names {
        words.add(whole, new);
    }
    words
}

/// Neither a letter nor a digit of any script.
fn is_sign(c: char) -> bool {
    !c.is_alphanumeric()
}

/// Many words of which none is a name: no password is worth losing `master - 0 0` for.
fn is_sentence(text: &str) -> bool {
    let mut words = text.split(is_sign).filter(|word| !word.is_empty());
    text.contains(char::is_whitespace) && words.all(|word| !words::is_distinct(word))
}

/// Which stems old names leave free.
#[derive(Clone, Copy)]
struct Free<'a> {
    taken: &'a dyn Fn(&str) -> bool,
    /// The most `x` that stand before the stem in an old name.
    longest: &'a dyn Fn(&str) -> usize,
}

/// The first stem that no old name could be mistaken for.
fn free_stem(stems: &[&str], is_free: Free) -> String {
    let free = stems.iter().find(|stem| !(is_free.taken)(stem));
    if let Some(stem) = free {
        return (*stem).to_owned();
    }
    let more = (is_free.longest)(stems[0]) + 1;
    format!("{}{}", "x".repeat(more), stems[0])
}

/// `007`; of more than 999, `ab007`: never a stretch of digits that could be a port, and always
/// in the order of the numbers.
fn number(rank: usize, count: usize) -> String {
    let mut width = 0;
    let mut most = count / 1000;
    while most > 0 {
        width += 1;
        most /= 26;
    }
    let mut high = rank / 1000;
    let mut letters = vec![b'a'; width];
    for letter in letters.iter_mut().rev() {
        *letter = b'a' + (high % 26) as u8;
        high /= 26;
    }
    let letters: String = letters.into_iter().map(char::from).collect();
    format!("{letters}{:03}", rank % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::context::Scanner;

    #[test]
    fn numbers_keep_their_order_as_text() {
        for count in [3, 999, 1000, 26_000, 30_000] {
            let all: Vec<String> = (1..=count).map(|rank| number(rank, count)).collect();
            assert!(all.is_sorted(), "{count}");
            assert!(all.windows(2).all(|w| w[0] != w[1]), "{count}");
        }
    }

    #[test]
    fn words_of_answers_are_not_renamed_for_a_password_or_a_host_like_them() {
        let olds = |olds: &[&str]| olds.iter().map(|o| (*o).to_owned()).collect();
        let found = Found {
            secrets: olds(&["!master", ",slave", "master - 0 0", "!s3cret", "서버"]),
            hosts: olds(&["서버1", "büro-2", "1"]),
            ..Found::default()
        };
        let names = Names::new(&found);
        let renamed = |text| names.text(text, Scanner::default()).0;
        let text = "x myself,master - 0 0 1 slave,slave s3cret";
        assert_eq!(renamed(text), text);
        assert_eq!(
            renamed("!s3cret 서버1 büro-2 서버12 서버"),
            "redacted host-003 host-002 서버12 redacted"
        );
    }

    #[test]
    fn new_names_are_in_the_order_of_the_old_and_look_like_none_of_them() {
        let hosts = ["db-2", "db-1", "host-1"].map(str::to_owned);
        let found = Found {
            hosts: BTreeSet::from(hosts),
            ..Found::default()
        };
        let names = Names::new(&found);
        let pairs: Vec<_> = names.pairs().collect();
        assert_eq!(
            pairs,
            [
                ("host", "db-1", "server-001"),
                ("host", "db-2", "server-002"),
                ("host", "host-1", "server-003"),
            ]
        );
    }
}
