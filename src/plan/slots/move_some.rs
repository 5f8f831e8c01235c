//! Slots that are asked to go from one node to another.

use crate::plan::slots::MoveSlots;
use crate::plan::slots::SlotTrouble;
use crate::plan::slots::SomeSlots;
use crate::plan::slots::pairs::Pair;
use crate::plan::slots::pick;
use crate::plan::slots::reshape::MASTERS_MIN;
use crate::plan::slots::reshape::Shaper;

impl Shaper<'_> {
    pub(super) fn move_some(&mut self, asked: &MoveSlots) -> Result<(), SlotTrouble> {
        let from = self.find("--from", &asked.from)?;
        let to = self.comer("--to", &asked.to)?;
        if from == to {
            return Err(SlotTrouble::Both { node: to });
        }
        self.named.extend([from, to]);
        if let SomeSlots::These(slots) = &asked.slots {
            let mut slots = slots.clone();
            slots.subtract(&self.at.node(to).slots);
            if slots.is_empty() {
                return Ok(());
            }
        }
        if !self.owners().contains(&from) {
            return Err(SlotTrouble::NoMaster {
                option: "--from",
                node: from,
            });
        }
        self.meet(to);
        let owned = self.at.node(from).slots.clone();
        let slots = match &asked.slots {
            SomeSlots::These(slots) => {
                let mut slots = slots.clone();
                slots.subtract(&self.at.node(to).slots);
                slots
            }
            SomeSlots::Count(count) if *count > owned.len() || *count == 0 => {
                return Err(SlotTrouble::NoRoom);
            }
            SomeSlots::Count(count) => {
                let pair = Pair {
                    from: 0,
                    to: 1,
                    slots: *count,
                };
                let both = [owned.clone(), self.at.node(to).slots.clone()];
                let picked = pick::pick(&both, &[pair]).pop();
                picked.map(|t| t.slots).unwrap_or_default()
            }
        };
        let mut lacking = slots.clone();
        lacking.subtract(&owned);
        if !lacking.is_empty() {
            return Err(SlotTrouble::NotOwned {
                node: from,
                slots: lacking,
            });
        }
        if slots == owned
            && self.owners().len() - 1 + usize::from(self.at.node(to).slots.is_empty())
                < MASTERS_MIN
        {
            let masters = self.owners().len() - 1;
            return Err(SlotTrouble::TooFew { masters });
        }
        self.tally.moved += slots.len();
        self.tally.moved_bound += slots.len();
        self.tally.pairs += 1;
        self.tally.pairs_bound += 1;
        self.migrate(from, to, slots, "as asked".to_owned());
        Ok(())
    }
}
