//! The slots from 0 to 16383 as a strip, and who owns which.

use crate::model::SLOT_COUNT;
use crate::model::SlotSet;
use crate::render::page::LABEL;
use crate::render::page::Line;
use crate::render::page::Page;
use crate::render::show::name;
use crate::render::show::shown;
use crate::render::style::Ink;
use crate::report::ShowReport;
use crate::text::words::count;

/// Cells of the strip: 256 slots each.
const CELLS: usize = 64;

pub(super) fn write(page: &mut Page, report: &ShowReport) {
    let down = ranges(&report.uncovered);
    let mut strip = Vec::with_capacity(CELLS);
    let size = usize::from(SLOT_COUNT) / CELLS;
    for cell in 0..CELLS {
        let (first, last) = ((cell * size) as u16, ((cell + 1) * size - 1) as u16);
        let own = SlotSet::from_ranges([(first, last)]);
        let lost = own.intersection(&down).len();
        let open = report.open.iter().any(|slot| (first..=last).contains(slot));
        strip.push(match lost {
            0 if open => '~',
            0 => '#',
            n if n as usize == size => '.',
            _ => '-',
        });
    }
    let mut line = Line::new().put(Ink::Head, "slots").at(LABEL);
    line = line.put(Ink::Dim, "0 ");
    for run in strip.chunk_by(|a, b| a == b) {
        let ink = match run[0] {
            '#' => Ink::Good,
            '~' => Ink::Warning,
            _ => Ink::Error,
        };
        line = line.put(ink, &run.iter().collect::<String>());
    }
    page.line(line.put(Ink::Dim, " 16383"));
    let text =
        "256 slots a sign: # served, ~ one of them open, - some without a live owner, . none";
    page.wrapped(Line::new(), LABEL, Ink::Dim, text);
    if !report.uncovered.is_empty() {
        let lost = count(down.len() as usize, "slot");
        page.labelled(Ink::Error, "down", &format!("{lost}: {}", report.uncovered));
    }
    if !report.open.is_empty() {
        let slots = SlotSet::from_ranges(report.open.iter().map(|&slot| (slot, slot)));
        page.labelled(Ink::Warning, "open", &slots.to_string());
    }
    page.gap();
    // By slots, not by trouble.
    let mut owned: Vec<(u16, u16, usize)> = Vec::new();
    for (index, shard) in report.shards.iter().enumerate() {
        let ranges = ranges(&shard.slots).ranges();
        owned.extend(ranges.into_iter().map(|(first, last)| (first, last, index)));
    }
    owned.sort_unstable();
    let visible = shown(page, owned.len());
    for &(first, last, index) in owned.iter().take(visible) {
        let shard = &report.shards[index];
        let Some(owner) = shard.copies.first() else {
            continue;
        };
        let slots = match first == last {
            true => first.to_string(),
            false => format!("{first}-{last}"),
        };
        let host = owner.host.as_deref().unwrap_or("-");
        let (ink, dead) = match owner.live {
            true => (Ink::Plain, ""),
            false => (Ink::Error, "  dead"),
        };
        let line = Line::new().put(Ink::Plain, &slots).at(LABEL + 2);
        let size = u32::from(last - first) + 1;
        page.line(
            line.put(Ink::Dim, &format!("{size:>5}"))
                .at(LABEL + 9)
                .put(ink, &format!("{}  {host}{dead}", name(owner))),
        );
    }
    if owned.len() > visible {
        let text = format!("and {} more ranges, all shown by -v", owned.len() - visible);
        page.wrapped(Line::new(), 0, Ink::Dim, &text);
    }
}

/// The slots of a text that a report spells: `0-5460,7`.
fn ranges(text: &str) -> SlotSet {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some((first.parse().ok()?, last.parse().ok()?))
    };
    SlotSet::from_ranges(text.split(',').filter_map(range))
}
