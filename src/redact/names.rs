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
type Map = BTreeMap<String, String>;

/// First run of letters and digits to the names that begin with it.
pub(super) type Words = BTreeMap<String, Vec<Word>>;

/// A name that is told from what it is spelled like.
#[derive(Debug)]
pub(super) struct Word {
    /// Signs before its first letter or digit.
    pub signs: String,
    /// All of it from there on.
    pub old: String,
    pub new: String,
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
        let taken = |stem: &str| {
            let hosts = found.hosts.iter().chain(&found.labels);
            let others = found.zones.iter().chain(&found.users);
            let mut all = hosts.chain(others).chain(&found.ids).chain(&found.secrets);
            all.any(|old| old.contains(stem))
        };
        let numbered = |olds: &BTreeSet<String>, stems: [&str; 4], taken: &dyn Fn(&str) -> bool| {
            let stem = free_stem(&stems, taken);
            let count = olds.len();
            let new = |(rank, old): (usize, &String)| {
                (old.clone(), format!("{stem}{}", number(rank + 1, count)))
            };
            olds.iter().enumerate().map(new).collect::<Map>()
        };
        let hosts = numbered(
            &found.hosts,
            ["host-", "server-", "machine-", "box-"],
            &taken,
        );
        let zones = numbered(
            &found.zones,
            ["zone-", "area-", "place-", "domain-"],
            &taken,
        );
        let labels = numbered(&found.labels, ["name-", "label-", "item-", "word-"], &taken);
        let begins = |stem: &str| {
            let mut behind = found.stems.iter().filter_map(|old| old.strip_prefix(stem));
            behind.any(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        };
        let stems = numbered(&found.stems, ["p", "q", "dir", "part"], &begins);
        let mut names = Self {
            ids: id::rename(&found.ids),
            ips: address::rename(&found.ips),
            hosts,
            labels,
            zones,
            stems,
            words: Words::new(),
            path_words: Words::new(),
            users: found.users.len(),
            secrets: found.secrets.len(),
        };
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
        let labels = self.labels.iter();
        let labels = labels.filter(|(old, _)| old.bytes().any(|b| b.is_ascii_digit()));
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
    let mut words = Words::new();
    for (whole, new) in names {
        let old = whole.trim_start_matches(is_sign).to_owned();
        let run = old.find(is_sign).unwrap_or(old.len());
        if run > 0 {
            let signs = whole[..whole.len() - old.len()].to_owned();
            let known = words.entry(old[..run].to_owned()).or_default();
            known.push(Word { signs, old, new });
        }
    }
    for known in words.values_mut() {
        known.sort_by_key(|word| std::cmp::Reverse((word.old.len(), word.signs.len())));
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

/// The first stem that no old name could be mistaken for.
fn free_stem(stems: &[&str], taken: &dyn Fn(&str) -> bool) -> String {
    let free = stems.iter().find(|stem| !taken(stem));
    if let Some(stem) = free {
        return (*stem).to_owned();
    }
    let mut stem = format!("x{}", stems[0]);
    // Every round makes it longer than some old name.
    while taken(&stem) {
        stem.insert(0, 'x');
    }
    stem
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
        let text = "x myself,master - 0 0 1 slave,slave s3cret";
        assert_eq!(names.text(text), text);
        assert_eq!(
            names.text("!s3cret 서버1 büro-2 서버12 서버"),
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
