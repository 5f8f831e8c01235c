//! Files of a cluster that was left out: what they tell is of none of the nodes that are judged,
//! though its addresses may be the same.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::diagnostic::Capture;
use crate::diagnostic::Diagnostic;
use crate::inventory::clusters::Split;
use crate::inventory::gathered::Gathered;
use crate::inventory::whose::owner;
use crate::inventory::record::Token;
use crate::inventory::answers::Told;
use crate::model::Address;
use crate::parse::bundle;

/// Of which cluster the views of one place are.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Sides {
    ours: bool,
    theirs: bool,
}

/// A name in a file.
type Name = (String, Option<Address>);

/// Whose the views of each place are, from a name in a file to the folders around it.
#[derive(Default)]
struct Places {
    names: BTreeMap<Name, Sides>,
    bundles: BTreeMap<(String, String), Sides>,
    folders: BTreeMap<String, Sides>,
}

/// What to do with what stands at a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Use {
    Keep,
    /// It is of the other cluster.
    Drop,
    /// It may be of either, and they share its name.
    Unclear,
}

/// Drops answers and maps of other clusters than the chosen one: by the views nearest to them.
/// Host maps and what hosts tell stay, as clusters may share hosts.
pub(super) fn drop_foreign(
    gathered: &mut Gathered,
    split: &Split,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if split.foreign.is_empty() {
        return;
    }
    let places = Places::of(gathered, split);
    let mut unclear: Vec<Told> = Vec::new();
    for told in std::mem::take(&mut gathered.told) {
        match places.of_told(&told, &split.foreign) {
            Use::Keep => gathered.told.push(told),
            Use::Drop => {}
            Use::Unclear => unclear.push(told),
        }
    }
    diagnostics.extend(note(&unclear));
    let ours = |path: &str| !places.is_foreign(path);
    gathered.homes.retain(|(path, _)| ours(path));
    gathered.disks.retain(|(path, _)| ours(path));
    gathered.properties.retain(|(path, _)| ours(path));
    gathered.distributions.retain(|(path, _)| ours(path));
    gathered.confs.retain(|of| ours(&of.path));
    gathered.nodes_confs.retain(|of| ours(&of.path));
}

fn note(unclear: &[Told]) -> Option<Diagnostic> {
    let answers: usize = unclear.iter().map(|t| t.count).sum();
    let first = unclear.iter().find(|t| t.count > 0)?;
    let what = match answers {
        1 => "an answer under a name".to_owned(),
        n => format!("{n} answers under names"),
    };
    let message = format!("{what} that nodes of two clusters have: nobody can say whose; not used");
    let note = Diagnostic::new(Capture::AnswerOfUnknownNode, message);
    Some(
        note.at(first.place.clone())
            .help("capture each cluster into a directory of its own"),
    )
}

impl Places {
    fn of(gathered: &Gathered, split: &Split) -> Self {
        let mut places = Self::default();
        for view in &gathered.views {
            let first = view.lines.first().map(|l| gathered.fact(l).token);
            let Some(anchor) = owner(gathered, view).or(first) else {
                continue;
            };
            let side = Sides {
                ours: split.members.contains(&anchor) || split.unmet.contains(&anchor),
                theirs: split.foreign.contains(&anchor),
            };
            let name = (view.spot.to_string(), view.named.clone());
            places.names.entry(name).or_default().add(side);
            let (folder, rest) = bundle(&view.spot);
            let bundle = (folder.to_owned(), rest);
            places.bundles.entry(bundle).or_default().add(side);
            for folder in folders(&view.spot) {
                match places.folders.get_mut(folder) {
                    Some(known) => known.add(side),
                    None => {
                        places.folders.insert(folder.to_owned(), side);
                    }
                }
            }
        }
        places
    }

    fn of_told(&self, told: &Told, foreign: &BTreeSet<Token>) -> Use {
        if told.said.my_id.is_some_and(|id| foreign.contains(&id)) {
            return Use::Drop;
        }
        let name = (told.spot.to_string(), told.named.clone());
        let (folder, rest) = bundle(&told.spot);
        let bundle = (folder.to_owned(), rest);
        let near = [self.names.get(&name), self.bundles.get(&bundle)];
        match near.into_iter().flatten().find(|s| s.ours || s.theirs) {
            Some(sides) if sides.ours && sides.theirs => Use::Unclear,
            Some(sides) if sides.theirs => Use::Drop,
            Some(_) => Use::Keep,
            None if self.is_foreign(&told.spot) => Use::Drop,
            None => Use::Keep,
        }
    }

    /// Only views of others are in the nearest folder that has any.
    fn is_foreign(&self, path: &str) -> bool {
        let sides = folders(path).filter_map(|folder| self.folders.get(folder));
        let mut sides = sides.filter(|s| s.ours || s.theirs);
        sides.next().is_some_and(|s| !s.ours)
    }
}

impl Sides {
    fn add(&mut self, other: Self) {
        self.ours |= other.ours;
        self.theirs |= other.theirs;
    }
}

/// The file and the folders around it, the nearest first.
fn folders(path: &str) -> impl Iterator<Item = &str> {
    let ends = path.rmatch_indices('/').map(|(at, _)| at);
    std::iter::once(path.len())
        .chain(ends)
        .chain([0])
        .map(|end| &path[..end])
}
