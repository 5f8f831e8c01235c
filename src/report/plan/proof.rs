//! What proves a plan, written into its file and read back.

use std::collections::BTreeMap;

use crate::model::Cluster;
use crate::plan::Level;
use crate::plan::Target;
use crate::plan::level::Cost;
use crate::plan::level::PRICED;
use crate::plan::target::certificate;
use crate::plan::target::instance;
use crate::plan::target::instance::Instance;
use crate::plan::target::instance::Supply;
use crate::report::plan::certificate as written;
use crate::report::plan::certificate::Certificate;

/// As it stands in the plan file. Without a decision to make there is nothing to prove.
pub fn write(cluster: &Cluster, target: &Target) -> Option<Certificate> {
    if target.instance.classes.is_empty() {
        return None;
    }
    let mut writer = Writer::default();
    let problem = writer.problem(cluster, target);
    let prices = target.certificates.iter().map(prices);
    Some(Certificate {
        problem,
        prices: prices.collect(),
        value: amounts(&target.value),
    })
}

/// Why a certificate cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unreadable {
    #[error("the certificate names {0} {1}, which it does not list")]
    Missing(&'static str, usize),
    #[error("no level is called {0:?}")]
    Level(String),
}

/// What a plan file's certificate says: the problem, its prices, and the value to be proven.
pub fn read(
    certificate: &Certificate,
) -> Result<(Instance, Vec<certificate::Certificate>, Cost), Unreadable> {
    let reader = Reader::new(&certificate.problem)?;
    let instance = reader.instance()?;
    let prices = certificate
        .prices
        .iter()
        .map(|p| reader.prices(p, &instance));
    Ok((
        instance.clone(),
        prices.collect::<Result<_, _>>()?,
        cost(&certificate.value)?,
    ))
}

fn amounts(cost: &Cost) -> written::Amounts {
    let levels = PRICED.iter().filter(|l| l.of(cost) != 0);
    levels.map(|l| (l.name().to_owned(), l.of(cost))).collect()
}

fn cost(amounts: &written::Amounts) -> Result<Cost, Unreadable> {
    let mut cost = Cost::ZERO;
    for (name, amount) in amounts {
        cost.0[level(name)? as usize] = *amount;
    }
    Ok(cost)
}

fn level(name: &str) -> Result<Level, Unreadable> {
    let known = PRICED.iter().copied().find(|l| l.name() == name);
    known.ok_or_else(|| Unreadable::Level(name.to_owned()))
}

fn prices(certificate: &certificate::Certificate) -> written::Prices {
    let sparse = |list: &[Cost]| {
        let paid = list.iter().enumerate().filter(|(_, c)| **c != Cost::ZERO);
        paid.map(|(index, cost)| (index, amounts(cost))).collect()
    };
    let frozen = certificate.frozen.iter().map(|f| written::Frozen {
        level: f.level.name().to_owned(),
        value: f.value,
        weight: amounts(&f.weight),
    });
    written::Prices {
        scale: certificate.scale,
        frozen: frozen.collect(),
        kinds: sparse(&certificate.kinds),
        places: sparse(&certificate.places),
        zones: sparse(&certificate.zones),
    }
}

/// Everything that was listed so far, and where.
#[derive(Default)]
struct Writer {
    costs: BTreeMap<Cost, usize>,
    seats: BTreeMap<written::Seat, usize>,
    shapes: BTreeMap<written::Shape, usize>,
}

/// The position of an item, listed now if it was not.
fn listed<T: Ord>(list: &mut BTreeMap<T, usize>, item: T) -> usize {
    let next = list.len();
    *list.entry(item).or_insert(next)
}

fn in_order<T>(list: BTreeMap<T, usize>) -> Vec<T> {
    let mut items: Vec<(T, usize)> = list.into_iter().collect();
    items.sort_by_key(|i| i.1);
    items.into_iter().map(|i| i.0).collect()
}

impl Writer {
    fn cost(&mut self, cost: &Cost) -> usize {
        listed(&mut self.costs, *cost)
    }

    fn problem(&mut self, cluster: &Cluster, target: &Target) -> written::Problem {
        let of = &target.instance;
        let place_name = |at: usize| match cluster.hosts.get(target.places[at]) {
            Some(host) => host.name.to_string(),
            None => cluster.nodes[target.places[at] - cluster.hosts.len()].to_string(),
        };
        let zone_name = |at: usize| cluster.zones[target.zones[at].0 as usize].name.to_string();
        let tariff = written::Tariff {
            same_host: self.cost(&of.tariff.same_host),
            same_disk: self.cost(&of.tariff.same_disk),
            same_zone: self.cost(&of.tariff.same_zone),
            beside: self.cost(&of.tariff.beside),
        };
        let zones = of.zones.iter().enumerate().map(|(at, load)| written::Zone {
            name: zone_name(at),
            load: self.load(load),
        });
        let zones = zones.collect();
        let places = of.places.iter().enumerate().map(|(at, p)| written::Place {
            name: place_name(at),
            zone: p.zone,
            load: self.load(&p.load),
        });
        let places = places.collect();
        let kinds = of.kinds.iter().map(|k| self.kind(k)).collect();
        let classes = of.classes.iter().map(|c| self.class(c)).collect();
        written::Problem {
            tariff,
            zones_in_use: of.zones_in_use,
            zones,
            places,
            kinds,
            classes,
            seats: in_order(std::mem::take(&mut self.seats)),
            shapes: in_order(std::mem::take(&mut self.shapes)),
            costs: in_order(std::mem::take(&mut self.costs))
                .iter()
                .map(amounts)
                .collect(),
        }
    }

    fn load(&mut self, load: &instance::Load) -> Vec<(i64, usize)> {
        let steps = load.steps.iter();
        steps
            .map(|(limit, cost)| (*limit, self.cost(cost)))
            .collect()
    }

    fn kind(&mut self, kind: &instance::Kind) -> written::Kind {
        written::Kind {
            place: kind.place,
            disk: kind.disk,
            group: kind.group,
            spares: match kind.supply {
                Supply::Spares(count) => Some(count),
                Supply::Released => None,
            },
            arrive: self.cost(&kind.arrive),
            lead: kind.lead.map(|c| self.cost(&c)),
        }
    }

    fn class(&mut self, class: &instance::Class) -> written::Class {
        let seats = class.seats.iter().map(|seat| {
            let seat = written::Seat {
                place: seat.place,
                disk: seat.disk,
                usable: seat.usable,
                stay: self.cost(&seat.stay),
                leave: seat.leave.map(|(kind, cost)| (kind, self.cost(&cost))),
                lead: seat.lead.map(|c| self.cost(&c)),
            };
            listed(&mut self.seats, seat)
        });
        let seats = seats.collect();
        let (count, spared) = (&class.count, class.spared);
        let shape = written::Shape {
            open: class.open,
            hands_over: class.hands_over,
            led_anew: class.led_anew,
            refuses: class.refuses.clone(),
            sync: self.cost(&class.sync),
            none: self.cost(&count.none),
            wanted: count.wanted,
            missing: self.cost(&count.missing),
            enough: count.enough,
            surplus: self.cost(&count.surplus),
            most: (count.most != i64::MAX).then_some(count.most),
            beyond: self.cost(&count.beyond),
            bare_host: self.cost(&class.bare_host),
            spared: (spared.host, spared.disk, spared.zone),
        };
        written::Class {
            size: class.size,
            shape: listed(&mut self.shapes, shape),
            seats,
        }
    }
}

struct Reader<'a> {
    problem: &'a written::Problem,
    costs: Vec<Cost>,
}

impl<'a> Reader<'a> {
    fn new(problem: &'a written::Problem) -> Result<Self, Unreadable> {
        let costs = problem.costs.iter().map(cost);
        Ok(Self {
            problem,
            costs: costs.collect::<Result<_, _>>()?,
        })
    }

    fn cost(&self, at: usize) -> Result<Cost, Unreadable> {
        let known = self.costs.get(at).copied();
        known.ok_or(Unreadable::Missing("cost", at))
    }

    fn maybe(&self, at: Option<usize>) -> Result<Option<Cost>, Unreadable> {
        at.map(|at| self.cost(at)).transpose()
    }

    fn place(&self, at: usize) -> Result<usize, Unreadable> {
        within("place", at, self.problem.places.len())
    }

    fn instance(&self) -> Result<Instance, Unreadable> {
        let problem = self.problem;
        let zones = problem.zones.iter().map(|z| self.load(&z.load));
        let places = problem.places.iter().map(|place| {
            let zone = place.zone.map(|z| within("zone", z, problem.zones.len()));
            Ok(instance::Place {
                zone: zone.transpose()?,
                load: self.load(&place.load)?,
            })
        });
        let kinds = problem.kinds.iter().map(|kind| {
            Ok(instance::Kind {
                place: self.place(kind.place)?,
                disk: kind.disk,
                group: kind.group,
                supply: kind.spares.map_or(Supply::Released, Supply::Spares),
                arrive: self.cost(kind.arrive)?,
                lead: self.maybe(kind.lead)?,
            })
        });
        let classes = problem.classes.iter().map(|class| self.class(class));
        Ok(Instance {
            zones: zones.collect::<Result<_, _>>()?,
            places: places.collect::<Result<_, _>>()?,
            zones_in_use: problem.zones_in_use,
            kinds: kinds.collect::<Result<_, _>>()?,
            classes: classes.collect::<Result<_, _>>()?,
            tariff: instance::Tariff {
                same_host: self.cost(problem.tariff.same_host)?,
                same_disk: self.cost(problem.tariff.same_disk)?,
                same_zone: self.cost(problem.tariff.same_zone)?,
                beside: self.cost(problem.tariff.beside)?,
            },
        })
    }

    fn load(&self, steps: &[(i64, usize)]) -> Result<instance::Load, Unreadable> {
        let steps = steps.iter().map(|&(limit, at)| Ok((limit, self.cost(at)?)));
        Ok(instance::Load {
            steps: steps.collect::<Result<_, _>>()?,
        })
    }

    fn class(&self, class: &written::Class) -> Result<instance::Class, Unreadable> {
        let shapes = &self.problem.shapes;
        let shape = &shapes[within("shape", class.shape, shapes.len())?];
        let seats = class.seats.iter().map(|&seat| self.seat(seat));
        let seats: Vec<instance::Seat> = seats.collect::<Result<_, _>>()?;
        if seats.is_empty() {
            return Err(Unreadable::Missing("seat", 0));
        }
        Ok(instance::Class {
            size: class.size,
            open: shape.open,
            hands_over: shape.hands_over,
            led_anew: shape.led_anew,
            seats,
            refuses: shape.refuses.clone(),
            sync: self.cost(shape.sync)?,
            count: instance::Count {
                none: self.cost(shape.none)?,
                wanted: shape.wanted,
                missing: self.cost(shape.missing)?,
                enough: shape.enough,
                surplus: self.cost(shape.surplus)?,
                most: shape.most.unwrap_or(i64::MAX),
                beyond: self.cost(shape.beyond)?,
            },
            bare_host: self.cost(shape.bare_host)?,
            spared: instance::Spared {
                host: shape.spared.0,
                disk: shape.spared.1,
                zone: shape.spared.2,
            },
        })
    }

    fn seat(&self, at: usize) -> Result<instance::Seat, Unreadable> {
        let seats = &self.problem.seats;
        let seat = &seats[within("seat", at, seats.len())?];
        let leave = seat.leave.map(|(kind, cost)| {
            let kind = within("kind", kind, self.problem.kinds.len())?;
            Ok((kind, self.cost(cost)?))
        });
        Ok(instance::Seat {
            place: self.place(seat.place)?,
            disk: seat.disk,
            usable: seat.usable,
            stay: self.cost(seat.stay)?,
            leave: leave.transpose()?,
            lead: self.maybe(seat.lead)?,
        })
    }

    fn prices(
        &self,
        prices: &written::Prices,
        instance: &Instance,
    ) -> Result<certificate::Certificate, Unreadable> {
        let full = |what: &'static str, sparse: &BTreeMap<usize, written::Amounts>, len: usize| {
            let mut list = vec![Cost::ZERO; len];
            for (&at, amounts) in sparse {
                list[within(what, at, len)?] = cost(amounts)?;
            }
            Ok(list)
        };
        let frozen = prices.frozen.iter().map(|frozen| {
            Ok(certificate::Frozen {
                level: level(&frozen.level)?,
                value: frozen.value,
                weight: cost(&frozen.weight)?,
            })
        });
        Ok(certificate::Certificate {
            scale: prices.scale,
            frozen: frozen.collect::<Result<_, _>>()?,
            kinds: full("kind", &prices.kinds, instance.kinds.len())?,
            places: full("place", &prices.places, instance.places.len())?,
            zones: full("zone", &prices.zones, instance.zones.len())?,
        })
    }
}

fn within(what: &'static str, at: usize, len: usize) -> Result<usize, Unreadable> {
    let there = at < len;
    there.then_some(at).ok_or(Unreadable::Missing(what, at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::cluster;
    use crate::plan;
    use crate::plan::Kind;
    use crate::plan::Plan;
    use crate::plan::Request;
    use crate::plan::target;
    use crate::policy::Flag;
    use crate::policy::Policy;

    const CLUSTERS: [&str; 4] = [
        "m1@h1/a < r1@h2/b; m2@h1/a < r2@h3/c; m3@h1/a < r3@h3/c; m4@h1/a < r4@h2/b",
        "m1@h1/a; m2@h2/b; m3@h3/a < r3@h1/a; x1@h1/a; x2@h3/a; x3@h4/b; x4@h4/b",
        "m1@h1 < r1@h1 s1@h2; m2@h1 < r2@h2; m3@h3 < r3@h3; x1@h2; x2*@h4",
        "m1@h1/a < r1@h2/a s1@h3/b; m2@h1/a < r2@h2/a; x1@h5/c; m3@h4/c < r3@h5/c s3@h2/a",
    ];

    fn planned(text: &str, flags: &[Flag]) -> (Cluster, Plan) {
        let (cluster, policy) = (cluster(text), Policy::default());
        let wanted = policy.wanted(&cluster);
        let request = Request {
            flags: flags.iter().copied().collect(),
            ..Request::default()
        };
        let plan = plan::plan(&cluster, &policy, &wanted, &request).expect("a plan");
        (cluster, plan)
    }

    fn written(cluster: &Cluster, plan: &Plan) -> Certificate {
        let written = write(cluster, &plan.target).expect("something was decided");
        let text = serde_json::to_string(&written).expect("plain data");
        serde_json::from_str(&text).expect("we wrote it")
    }

    fn proven(certificate: &Certificate) -> Vec<(Level, i64)> {
        let (instance, prices, value) = read(certificate).expect("it names what it lists");
        target::recheck(&instance, &value, prices).expect("no flaw")
    }

    #[test]
    fn what_is_written_proves_what_the_plan_says() {
        for text in CLUSTERS {
            for flags in [&[][..], &[Flag::AllowMoves]] {
                let (cluster, plan) = planned(text, flags);
                let bounds: BTreeMap<Level, i64> =
                    proven(&written(&cluster, &plan)).into_iter().collect();
                for value in &plan.values {
                    let by_prices = matches!(value.kind, Kind::Flow | Kind::Multipliers);
                    let cost = value.level.of(&plan.target.value);
                    if by_prices {
                        assert_eq!(bounds.get(&value.level), Some(&cost), "{text} {value:?}");
                    }
                }
                assert!(plan.values.iter().all(|v| v.kind != Kind::None), "{text}");
            }
        }
    }

    #[test]
    fn prices_that_were_changed_prove_less_or_nothing() {
        let (cluster, plan) = planned(CLUSTERS[1], &[]);
        let honest = written(&cluster, &plan);
        let all = proven(&honest).len();
        let mut cheaper = honest.clone();
        cheaper.prices[0].places.clear();
        cheaper.prices[0].kinds.clear();
        cheaper.prices.truncate(1);
        assert!(proven(&cheaper).len() < all);
        let mut negative = honest.clone();
        let paid = BTreeMap::from([("sync-mib".to_owned(), -1)]);
        negative.prices[0].kinds.insert(0, paid);
        let (instance, prices, value) = read(&negative).expect("it can be read");
        assert!(target::recheck(&instance, &value, prices).is_err());
        let mut elsewhere = honest;
        elsewhere.prices[0].kinds.insert(1_000, BTreeMap::new());
        assert!(read(&elsewhere).is_err());
    }
}
