//! The answer of `show` for people, one file for each picture.

mod matrix;
mod sights;
mod slots;
mod tree;

use crate::render::check;
use crate::render::list;
use crate::render::page::Page;
use crate::render::state;
use crate::render::style::Look;
use crate::render::tablets;
use crate::report::ShowReport;
use crate::report::ShownNode;

/// What of the cluster is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Picture {
    /// Shards with their copies, the worst first.
    Shards,
    /// Hosts with their nodes.
    Hosts,
    /// Hosts by shards.
    Matrix,
    /// The table of flashbase's `check-distribution`.
    Distribution,
    /// The slots from 0 to 16383.
    Slots,
    /// Who sees whom how.
    Sights,
}

/// More shards or hosts than these are summed up, unless `-v` asks for all.
const SHOWN: usize = 24;

/// One picture under the headline; the distribution alone, byte for byte as the runbook has it.
pub fn show(report: &ShowReport, picture: Picture, look: Look) -> String {
    if picture == Picture::Distribution {
        return list::list(&report.distribution, list::Column::Address);
    }
    let mut page = Page::new(look);
    if !look.quiet {
        match &report.tablets {
            Some(facts) => tablets::head(&mut page, report, facts),
            None => {
                let version = report.server.version.as_deref();
                let server = check::server(&report.server.name, version);
                check::headline(&mut page, &server, &report.summary, &report.views);
                state::line(&mut page, &report.state);
            }
        }
        page.gap();
    }
    match picture {
        Picture::Shards => tree::shards(&mut page, report),
        Picture::Hosts => tree::hosts(&mut page, report),
        Picture::Matrix => matrix::write(&mut page, report),
        Picture::Slots => slots::write(&mut page, report),
        Picture::Sights => sights::write(&mut page, report),
        // Answered above.
        Picture::Distribution => {}
    }
    page.finish()
}

/// What a node is called: its address, or the short id of one that has none.
fn name(node: &ShownNode) -> String {
    match &node.address {
        Some(address) => address.clone(),
        None => {
            let last = node.last_address.as_ref();
            let last = last.map_or(String::new(), |at| format!(" (was {at})"));
            format!("{}{last}", node.id.chars().take(8).collect::<String>())
        }
    }
}

/// How many of a list are shown.
fn shown(page: &Page, all: usize) -> usize {
    if page.look.verbose > 0 {
        all
    } else {
        all.min(SHOWN)
    }
}
