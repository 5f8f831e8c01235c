//! Takes dumps in, line by line.

use std::hash::DefaultHasher;
use std::hash::Hash;
use std::hash::Hasher;
use std::sync::Arc;

use crate::diagnostic::Capture;
use crate::diagnostic::Diagnostic;
use crate::inventory::record::ConfRead;
use crate::inventory::gathered::Gathered;
use crate::inventory::record::Doubted;
use crate::inventory::record::Fact;
use crate::inventory::record::Line;
use crate::inventory::record::View;
use crate::inventory::server;
use crate::model::Address;
use crate::parse::Authority;
use crate::parse::Facts;
use crate::parse::Flags;
use crate::parse::NodeLine;
use crate::parse::NodesDump;
use crate::text::Place;
use crate::text::Source;

/// What was known of a dump before its batch was taken in.
#[derive(Debug, Default)]
pub(super) struct Before {
    /// Of each line: the fact that it repeats, or [`UNKNOWN`].
    facts: Vec<u32>,
    looks_like: Option<&'static str>,
}

/// No fact has this number.
const UNKNOWN: u32 = u32::MAX;

/// No unix ms are later: the year 3000.
const LATEST: u64 = 32_503_680_000_000;

impl Gathered {
    pub fn take_view(
        &mut self,
        source: &Source,
        file: usize,
        spot: &Arc<str>,
        named: Option<&Address>,
        mut dump: NodesDump,
        before: &Before,
    ) {
        self.keep_faults(source, named, &mut dump);
        if dump.lines.is_empty() && dump.authority == Authority::Disk {
            return;
        }
        if dump.authority > Authority::Disk && named.is_some() {
            let told = self.told_of(named, &source.path, file, &source.place(1, 1));
            told.said.answered = true;
        }
        let mut lines = Vec::with_capacity(dump.lines.len());
        let mut of_doubted = Vec::new();
        let mut myself = None;
        let mut clock = 0;
        for (index, line) in dump.lines.iter().enumerate() {
            let is_myself = line.flags.has(Flags::MYSELF);
            // The last word of a peer that is gone says when it went.
            let doubted = line.flags.has(Flags::SUSPECTED) || line.flags.has(Flags::FAILED);
            // Other stores print other times.
            if line.pong_received < LATEST && (is_myself || (line.connected && !doubted)) {
                clock = clock.max(line.pong_received);
            }
            if doubted || !line.connected {
                let time = |ms: u64| if ms < LATEST { ms } else { 0 };
                of_doubted.push(Doubted {
                    line: lines.len(),
                    ping_sent: time(line.ping_sent),
                    pong_received: time(line.pong_received),
                });
            }
            if is_myself && myself.is_none() {
                myself = Some(lines.len());
            } else if is_myself {
                self.diagnostics.push(
                    Diagnostic::new(
                        Capture::TwoMyself,
                        "a second `myself` line: two dumps in one; the first is taken for the owner",
                    )
                    .at(source.place(line.line, line.column)),
                );
            }
            let fact = match before.facts.get(index) {
                Some(&known) if known != UNKNOWN => known,
                _ => self.fact_of(line),
            };
            self.keep_ghost(source, dump.authority, line, fact);
            let (line, column) = source.in_file(line.line, line.column);
            lines.push(Line { fact, line, column });
        }
        // These are told by a process that runs; a report is written by a client.
        if matches!(dump.authority, Authority::Shards | Authority::Slots) {
            let told = self.told_of(named, spot, file, &source.place(1, 1));
            told.said.answered = true;
        }
        let garbled = self.note_contradictions(source, &lines) || dump.unread > 0;
        let mut listed = std::mem::take(&mut self.listed);
        let whole = !garbled
            && !dump.incomplete
            && myself.is_some()
            && listed.names_only_listed(self, &lines);
        self.listed = listed;
        for complaint in &mut dump.complaints {
            complaint.line = source.in_file(complaint.line, 1).0;
        }
        self.views.push(View {
            path: source.path.clone(),
            spot: spot.clone(),
            file,
            myself,
            whole,
            lines,
            doubted: of_doubted,
            authority: dump.authority,
            incomplete: dump.incomplete,
            garbled,
            named: named.cloned(),
            clock,
            complaints: dump.complaints,
            looks_like: before.looks_like,
        });
    }

    /// Says where a replica is shown with slots, once for a view; whether there is such a line.
    fn note_contradictions(&mut self, source: &Source, lines: &[Line]) -> bool {
        let mut odd = lines.iter().filter(|l| self.fact(l).contradicts_itself());
        let Some(first) = odd.next() else {
            return false;
        };
        let more = match odd.count() {
            0 => String::new(),
            1 => ", and 1 more line here does, too".to_owned(),
            n => format!(", and {n} more lines here do, too"),
        };
        let message = format!(
            "a replica is shown with slots, which no server does{more}: its flags or its slots are garbled"
        );
        let place = Place {
            path: source.path.clone(),
            line: first.line,
            column: first.column,
        };
        let note = Diagnostic::new(Capture::ReplicaWithSlots, message);
        self.diagnostics.push(note.at(place));
        true
    }

    /// What a server would stumble over in a file on disk.
    fn keep_faults(&mut self, source: &Source, named: Option<&Address>, dump: &mut NodesDump) {
        if dump.load_faults.is_empty() {
            return;
        }
        self.nodes_confs.push(ConfRead {
            path: source.path.clone(),
            written_by: dump.written_by.take(),
            named: named.cloned(),
            faults: std::mem::take(&mut dump.load_faults),
        });
    }

    /// A node that met nobody has no address in its own line, and is no ghost.
    fn keep_ghost(&mut self, source: &Source, authority: Authority, line: &NodeLine, fact: u32) {
        let fact = &self.facts[fact as usize];
        let addressless = fact.flags.has(Flags::NOADDR) || line.ip.is_empty();
        if !addressless || fact.flags.has(Flags::MYSELF) {
            return;
        }
        match self.ghost_lines.get(&fact.token) {
            Some((kept, _)) if *kept <= authority => {}
            Some(_) | None => {
                if let Some(text) = text_from(source, &line.id) {
                    self.ghost_lines
                        .insert(fact.token, (authority, text.into()));
                }
            }
        }
    }

    /// What is known of a dump already. Only looks, so that many dumps can be looked up at once:
    /// a thousand views of one cluster say nearly the same.
    pub fn before(&self, facts: &Facts) -> Before {
        let Facts::Nodes(dump) = facts else {
            return Before::default();
        };
        let find = |line| self.known(line).unwrap_or(UNKNOWN);
        Before {
            facts: dump.lines.iter().map(find).collect(),
            looks_like: server::looks_like(&dump.lines),
        }
    }

    fn known(&self, line: &NodeLine) -> Option<u32> {
        let token = *self.tokens.get(&*line.id)?;
        let of_id = &self.by_token[token as usize];
        let same = |&&index: &&u32| self.says(&self.facts[index as usize], line);
        if of_id.len() <= FEW {
            return of_id.iter().find(same).copied();
        }
        self.alike
            .get(&(token, hash(line)))?
            .iter()
            .find(same)
            .copied()
    }

    fn says(&self, fact: &Fact, line: &NodeLine) -> bool {
        // By name: looking the token up again costs more than all the rest.
        let master = fact.master.map(|m| self.names[m as usize].as_str());
        fact.flags == line.flags
            && fact.config_epoch == line.config_epoch
            && fact.connected == line.connected
            && master == line.master.as_deref()
            && fact.port == line.port
            && fact.bus_port == line.bus_port
            && &*fact.ip == line.ip
            && fact.slots == line.slots
            && fact.zone.as_deref() == line.zone
            && fact.hostname.as_deref() == line.hostname
            && fact.open.len() == line.open.len()
            && fact.open.iter().zip(&line.open).all(|(a, b)| {
                (a.0, a.1) == (b.slot, b.direction) && self.names[a.2 as usize].as_str() == b.peer
            })
    }

    fn fact_of(&mut self, line: &NodeLine) -> u32 {
        if let Some(index) = self.known(line) {
            return index;
        }
        let token = self.token(&line.id);
        let master = line.master.as_deref().map(|m| self.token(m));
        let open = line
            .open
            .iter()
            .map(|o| (o.slot, o.direction, self.token(o.peer)))
            .collect();
        let index = self.facts.len() as u32;
        self.facts.push(Fact {
            token,
            ip: line.ip.into(),
            port: line.port,
            bus_port: line.bus_port,
            hostname: line.hostname.map(Into::into),
            zone: line.zone.map(Into::into),
            flags: line.flags,
            master,
            config_epoch: line.config_epoch,
            connected: line.connected,
            slots: line.slots.clone(),
            open,
        });
        self.by_token[token as usize].push(index);
        let alike = self.alike.entry((token, hash(line))).or_default();
        alike.push(index);
        index
    }
}

impl Gathered {
    /// A member of which a report tells no more than the address.
    pub fn unlisted(&mut self, address: &Address) -> u32 {
        let token = self.token(&address.to_string());
        let index = self.facts.len() as u32;
        self.facts.push(Fact {
            token,
            ip: address.ip().into(),
            port: address.port(),
            bus_port: None,
            hostname: None,
            zone: None,
            flags: Flags::MASTER.with(Flags::UNLISTED),
            master: None,
            config_epoch: 0,
            connected: false,
            slots: Vec::new(),
            open: Vec::new(),
        });
        self.by_token[token as usize].push(index);
        index
    }
}

/// So many facts of one id are looked through; where there are more, by their hash.
const FEW: usize = 16;

/// The same for lines that say the same; clocks aside.
fn hash(line: &NodeLine) -> u64 {
    // With fixed keys: the same in every run.
    let mut hasher = DefaultHasher::new();
    let place = (line.ip, line.port, line.bus_port, line.hostname, line.zone);
    let role = (line.flags, line.master.as_deref(), line.connected);
    (place, role, line.config_epoch, &line.slots).hash(&mut hasher);
    for open in &line.open {
        (open.slot, open.peer).hash(&mut hasher);
    }
    hasher.finish()
}

/// Bytes kept of the line of a ghost: without an address there is little to say.
const GHOST_BYTES: usize = 1 << 10;

/// The captured line from `id` on, of which it must be a slice; quotes behind it are none of it.
/// People paste whole dumps with `\n` spelled out, and lists of lines in quotes, so these end a
/// line, too.
fn text_from<'a>(source: &'a Source, id: &str) -> Option<&'a str> {
    let offset = (id.as_ptr() as usize).wrapping_sub(source.text.as_ptr() as usize);
    let rest = source.text.get(offset..)?;
    let mut ends = (0..=rest.len().min(GHOST_BYTES)).rev();
    let rest = rest.get(..ends.find(|&at| rest.is_char_boundary(at))?)?;
    let mut ends = rest.match_indices(['\n', '\\', '"']).map(|(at, _)| at);
    let end = ends.find(|&at| {
        let rest = rest.get(at..).unwrap_or("");
        rest.starts_with(['\n', '"']) || rest.starts_with("\\n")
    });
    let line = rest.get(..end.unwrap_or(rest.len()))?;
    let around = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '*' | '\\');
    Some(line.trim_end_matches(around))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::tests::file;

    #[test]
    fn the_line_of_a_ghost_ends_with_it_and_is_short() {
        let ghost = "aa :0@0 master,noaddr - 0 0 1 disconnected";
        for behind in [
            "",
            "\n",
            "\r\nbb x",
            "\",\"bb x\"]",
            "\\\",\\\"bb x",
            "\\nbb x",
            "**",
        ] {
            let source = file("f", &format!("[\"{ghost}{behind}"));
            let id = &source.text[2..4];
            assert_eq!(text_from(&source, id), Some(ghost), "{behind}");
        }
        let long = file("f", &"é".repeat(GHOST_BYTES));
        let text = text_from(&long, &long.text[2..4]).expect("a part of it");
        assert_eq!(text.len(), GHOST_BYTES);
    }

    #[test]
    fn lines_that_say_the_same_share_a_fact_however_many_there_are_of_one_id() {
        let line = |epoch: usize| {
            format!("a 10.0.0.1:7000@17000 myself,master - 0 {epoch} {epoch} connected 0-5\n")
        };
        let many = 10 * FEW;
        let batch: Vec<Source> = (0..many)
            .map(|epoch| file(&format!("{epoch}.txt"), &line(epoch)))
            .collect();
        let mut gathered = Gathered::default();
        // The lines of a batch are looked up before any of it is taken in.
        for part in [&batch[..FEW / 2], &batch, &batch] {
            gathered.take_batch(part);
        }
        assert_eq!(gathered.facts.len(), many);
        let of_view = |view: &View| gathered.fact(&view.lines[0]).config_epoch;
        let epochs: Vec<u64> = gathered.views.iter().map(of_view).collect();
        let expected = (0..FEW / 2).chain(0..many).chain(0..many);
        assert_eq!(epochs, expected.map(|e| e as u64).collect::<Vec<_>>());
    }
}
