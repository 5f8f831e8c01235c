//! Adding copies to a shard as long as one pays.

use crate::plan::level::Cost;
use crate::plan::target::certificate::Flaw;
use crate::plan::target::instance::Class;
use crate::plan::target::instance::KindId;
use crate::plan::target::instance::PlaceId;
use crate::plan::target::oracle::Among;
use crate::plan::target::oracle::Copy;
use crate::plan::target::oracle::ENDLESS;
use crate::plan::target::oracle::MANY_ZONES;
use crate::plan::target::oracle::Next;
use crate::plan::target::oracle::Oracle;
use crate::plan::target::seated::Seated;
use crate::plan::target::wide::Wide;

impl<'a> Oracle<'a> {
    /// The cheapest way to add to the copies that are there, and how many were looked at.
    pub(super) fn filled(
        &self,
        class: &Class,
        seated: Seated<'a>,
    ) -> Result<(Wide, Seated<'a>, usize), Flaw> {
        let mut best = self.filled_in_order(class, seated.clone())?;
        // Copies in zones are chosen first, and the first apart is paid for: what would do without that, as
        // one outside of zones is apart, is looked at on its own.
        if seated.apart || class.bare_host == Cost::ZERO || self.instance.zones_in_use == 0 {
            return Ok(best);
        }
        let mut with = seated;
        let apart = self.next(class, &with, Among::Apart)?;
        if let Some(next) = apart.filter(|_| !self.stops(class, &with)) {
            with.pay(&next.cost)?;
            self.seat(class, &mut with, next.copy);
            self.bounded(class, &with)?;
            let other = self.filled_in_order(class, with)?;
            let longest = best.2.max(other.2);
            if other.0 < best.0 {
                best = other;
            }
            best.2 = longest;
        }
        Ok(best)
    }

    fn filled_in_order(
        &self,
        class: &Class,
        seated: Seated<'a>,
    ) -> Result<(Wide, Seated<'a>, usize), Flaw> {
        let spares = class.spared.zone && self.same_zone != Wide::ZERO;
        if spares && self.instance.zones_in_use > MANY_ZONES {
            // What it costs to share a zone is left out: the bound is no higher for it.
            self.fill_anywhere(class, &seated)
        } else if spares {
            self.fill_each(class, &seated)
        } else {
            self.fill(class, seated)
        }
    }

    /// Adds what is cheapest next, and is in a zone; the best of all lengths, each with the
    /// copies outside of zones that pay beside it.
    fn fill(
        &self,
        class: &Class,
        mut seated: Seated<'a>,
    ) -> Result<(Wide, Seated<'a>, usize), Flaw> {
        let mut best: Option<(Wide, Seated<'a>)> = None;
        let mut length = 0;
        loop {
            let forced = self.instance.forced(class, seated.zoned);
            let mut whole = seated.clone();
            length = length.max(self.fill_unzoned(class, &mut whole)?);
            let off = self.same_zone.times(i128::from(forced))?;
            let cost = whole.cost.minus(&off)?;
            if best.as_ref().is_none_or(|b| cost < b.0) {
                best = Some((cost, whole));
            }
            let next = self.next(class, &seated, Among::Zoned(None))?;
            let Some(next) = next.filter(|_| !self.stops(class, &seated)) else {
                break;
            };
            let settled = if self.instance.forced(class, seated.zoned + 1) > 0 {
                // Each further copy takes one off for sharing a zone, and costs no less.
                next.cost.minus(&self.same_zone)? >= Wide::ZERO
            } else {
                // No copy pays wherever it is put, and none is left to be pardoned for.
                next.cost >= Wide::ZERO
                    && seated.doubled <= forced
                    && self.never_pays(class, &seated)?
            };
            if settled {
                break;
            }
            seated.pay(&next.cost)?;
            self.seat(class, &mut seated, next.copy);
            self.bounded(class, &seated)?;
        }
        let (cost, seated) = best.expect("no copies at all were looked at first");
        Ok((cost, seated, length))
    }

    /// Adds copies outside of zones as long as one pays; returns how many were added by then.
    pub(super) fn fill_unzoned(
        &self,
        class: &Class,
        seated: &mut Seated<'a>,
    ) -> Result<usize, Flaw> {
        while let Some(next) = self.next(class, seated, Among::Unzoned)? {
            if next.cost >= Wide::ZERO || self.stops(class, seated) {
                break;
            }
            seated.pay(&next.cost)?;
            self.seat(class, seated, next.copy);
            self.bounded(class, seated)?;
        }
        Ok(seated.added + 1)
    }

    fn bounded(&self, class: &Class, seated: &Seated) -> Result<(), Flaw> {
        let zones = usize::try_from(self.instance.zones_in_use).unwrap_or(usize::MAX);
        if seated.added > class.seats.len() + zones.saturating_add(ENDLESS) {
            return Err(Flaw::Unbounded);
        }
        Ok(())
    }

    /// No copy could pay here even if hosts, disks and zones cost nothing, other than by being
    /// the first on another host.
    fn never_pays(&self, class: &Class, seated: &Seated) -> Result<bool, Flaw> {
        let step = self.certificate.weigh(&class.count_step(seated.usable))?;
        let sync = self.certificate.weigh(&class.sync)?;
        if let Some(least) = &self.least
            && least.plus(&sync)?.plus(&step)? < Wide::ZERO
        {
            return Ok(false);
        }
        for (index, seat) in class.seats.iter().enumerate() {
            let Some((kind, leave)) = &seat.leave else {
                continue;
            };
            let price = Wide::of(&self.certificate.kinds[*kind]);
            let own = self
                .certificate
                .weigh(&(seat.stay - *leave))?
                .plus(&price)?;
            if !seated.stays.contains(&index) && own.plus(&step)? < Wide::ZERO {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The same where doubling up costs only what is worse than now: each number of copies has
    /// its own allowance and is filled by itself.
    fn fill_each(
        &self,
        class: &Class,
        start: &Seated<'a>,
    ) -> Result<(Wide, Seated<'a>, usize), Flaw> {
        let mut best: Option<(Wide, Seated<'a>)> = None;
        let mut longest = 0;
        for length in 0.. {
            let zoned = start.zoned + length;
            let allowed = self.instance.forced(class, zoned);
            let mut seated = start.clone();
            let over = self
                .same_zone
                .times(i128::from(seated.doubled.min(allowed)))?;
            seated.cost = seated.cost.minus(&over)?;
            let mut exhausted = false;
            for _ in 0..length {
                let Some(next) = self.next(class, &seated, Among::Zoned(Some(allowed)))? else {
                    exhausted = true;
                    break;
                };
                seated.pay(&next.cost)?;
                self.seat(class, &mut seated, next.copy);
                self.bounded(class, &seated)?;
            }
            let after = self.instance.forced(class, zoned + 1);
            let next = self.next(class, &seated, Among::Zoned(Some(after)))?;
            // One copy more pardons one that shares a zone already.
            let settled = after > 0
                && seated.doubled <= allowed
                && next.is_none_or(|n| n.cost >= Wide::ZERO)
                && self.never_pays(class, &seated)?;
            let settled = settled || self.stops(class, &seated);
            longest = longest.max(self.fill_unzoned(class, &mut seated)?);
            if !exhausted && best.as_ref().is_none_or(|b| seated.cost < b.0) {
                best = Some((seated.cost, seated));
            }
            if settled || exhausted {
                break;
            }
        }
        let (cost, seated) = best.expect("no copies at all were looked at first");
        Ok((cost, seated, longest))
    }

    /// The same where sharing a zone costs nothing.
    fn fill_anywhere(
        &self,
        class: &Class,
        start: &Seated<'a>,
    ) -> Result<(Wide, Seated<'a>, usize), Flaw> {
        let mut seated = start.clone();
        let over = self.same_zone.times(i128::from(seated.doubled))?;
        seated.cost = seated.cost.minus(&over)?;
        while let Some(next) = self.next(class, &seated, Among::Zoned(Some(i64::MAX)))? {
            if next.cost >= Wide::ZERO || self.stops(class, &seated) {
                break;
            }
            seated.pay(&next.cost)?;
            self.seat(class, &mut seated, next.copy);
            self.bounded(class, &seated)?;
        }
        let length = self.fill_unzoned(class, &mut seated)?;
        Ok((seated.cost, seated, length))
    }

    /// The cheapest copy to add; `None` if there is none at all.
    fn next(&self, class: &Class, seated: &Seated<'a>, among: Among) -> Result<Option<Next>, Flaw> {
        let mut best: Option<Next> = None;
        let zoned = |place: PlaceId| self.instance.zone_of(place).is_some();
        let fits = |place: PlaceId| match among {
            Among::Zoned(_) => zoned(place),
            Among::Unzoned => !zoned(place),
            Among::Apart => !zoned(place) && seated.is_apart(place),
        };
        let mut offer = |copy: Copy| -> Result<(), Flaw> {
            let mut step = self.step(class, seated, copy)?;
            if let Among::Zoned(Some(allowed)) = among
                && step.cost != step.unzoned
                && seated.doubled < allowed
            {
                step.cost = step.unzoned;
            }
            let better = |b: &Next| (step.cost, step.copy) < (b.cost, b.copy);
            if best.as_ref().is_none_or(better) {
                best = Some(step);
            }
            Ok(())
        };
        for (index, seat) in class.seats.iter().enumerate() {
            let may = seat.leave.is_some() && !seated.stays.contains(&index);
            let counts = seat.usable || among != Among::Apart;
            if may && counts && fits(seat.place) {
                offer(Copy::Stays(index))?;
            }
        }
        for place in seated.places().filter(|&p| fits(p)) {
            for &kind in &self.kinds_at[place] {
                let takes = !class.refuses.contains(&self.kind(kind).group);
                if takes && self.has_more(seated, kind) {
                    offer(Copy::Comes(kind))?;
                }
            }
        }
        let mut bins: Vec<usize> = Vec::new();
        match among {
            Among::Unzoned | Among::Apart => bins.extend(&self.zoneless),
            Among::Zoned(_) => {
                bins.extend(seated.zones().flat_map(|z| &self.bins_of[z]));
                bins.extend(self.by_come.iter().find(|&&b| {
                    let bin = &self.bins[b];
                    let fresh = bin.zone.is_some_and(|z| seated.in_zone(z) == 0);
                    fresh && !class.refuses.contains(&bin.group)
                }));
            }
        }
        for bin in bins {
            let bin = &self.bins[bin];
            if class.refuses.contains(&bin.group) {
                continue;
            }
            let apart = |&&k: &&KindId| {
                seated.at_place(self.kind(k).place) == 0 && self.has_more(seated, k)
            };
            if let Some(&kind) = bin.come.iter().find(apart) {
                offer(Copy::Comes(kind))?;
            }
        }
        Ok(best)
    }

    fn has_more(&self, seated: &Seated, kind: KindId) -> bool {
        seated.taken(kind) < self.most[kind]
    }

    /// What one more copy costs.
    pub(super) fn step(&self, class: &Class, seated: &Seated, copy: Copy) -> Result<Next, Flaw> {
        self.looked.set(self.looked.get() + 1);
        let (place, disk, usable) = match copy {
            Copy::Stays(index) => {
                let seat = &class.seats[index];
                (seat.place, seat.disk, seat.usable && index > 0)
            }
            Copy::Comes(kind) => (self.kind(kind).place, self.kind(kind).disk, true),
        };
        let mut plain = self
            .instance
            .host_step(class, place, seated.at_place(place));
        if let Some(disk) = disk {
            plain = plain + self.instance.disk_step(class, disk, seated.on_disk(disk));
        }
        if usable {
            plain = plain + class.count_step(seated.usable);
            if !seated.apart && seated.is_apart(place) {
                plain = plain - class.bare_host;
            }
        }
        let mut unzoned = seated.beside_step(place);
        match copy {
            Copy::Stays(index) => {
                if let Some((kind, leave)) = &class.seats[index].leave {
                    plain = plain + class.seats[index].stay - *leave;
                    unzoned = unzoned.plus(&Wide::of(&self.certificate.kinds[*kind]))?;
                }
            }
            Copy::Comes(kind) => {
                plain = plain + class.sync;
                unzoned = unzoned.plus(&self.come[kind])?;
            }
        }
        let unzoned = unzoned.plus(&self.certificate.weigh(&plain)?)?;
        let zone = self.instance.zone_of(place);
        let zoned = zone.map(|z| self.instance.zone_step(class, z, seated.in_zone(z)));
        let cost = match zoned {
            Some(zoned) => unzoned.plus(&self.certificate.weigh(&zoned)?)?,
            None => unzoned,
        };
        Ok(Next {
            copy,
            cost,
            unzoned,
        })
    }

    pub(super) fn seat(&self, class: &Class, seated: &mut Seated<'a>, copy: Copy) {
        let (place, disk) = match copy {
            Copy::Stays(index) => (class.seats[index].place, class.seats[index].disk),
            Copy::Comes(kind) => (self.kind(kind).place, self.kind(kind).disk),
        };
        let usable = match copy {
            Copy::Stays(index) => class.seats[index].usable && index > 0,
            Copy::Comes(_) => true,
        };
        if let Some(zone) = self.instance.zone_of(place) {
            let doubles = self.instance.zone_step(class, zone, seated.in_zone(zone));
            seated.doubled += i64::from(doubles != Cost::ZERO);
            seated.zoned += 1;
        }
        seated.add(place, disk);
        if usable {
            seated.usable += 1;
            seated.apart |= seated.is_apart(place);
        }
        match copy {
            Copy::Stays(index) if class.seats[index].leave.is_some() => {
                seated.stays.push(index);
                seated.added += 1;
            }
            Copy::Stays(_) => {}
            Copy::Comes(kind) => {
                seated.take(kind);
                seated.added += 1;
            }
        }
    }
}
