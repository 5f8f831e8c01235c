//! Single processes, some at a time.
//!
//! Copies of one shard go one after the other, its master last. How many may go at a time beside
//! that is up to what their syncs burden. Without such a limit the shard with the most copies
//! decides how many waves it takes; with one it is an edge colouring, sought greedily and held
//! against what a host, and all of them together, can carry.

use std::collections::BTreeMap;

use crate::plan::rolling::Bounded;

/// One process that goes down.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Job {
    /// Jobs of one group go one after the other.
    pub group: Option<usize>,
    /// It goes after all others of its group.
    pub last: bool,
    /// What its sync burdens, each once.
    pub burdens: Vec<usize>,
}

/// How many syncs at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Limits {
    /// At each of the burdened.
    pub each: Option<usize>,
    pub in_all: Option<usize>,
}

/// Positions of jobs, wave by wave, ascending in each; and how many waves.
pub fn waves(jobs: &[Job], limits: Limits) -> (Vec<Vec<usize>>, Bounded) {
    let bound = least(jobs, limits);
    let orders = [Hurry::Group, Hurry::Burden];
    let found = orders.map(|hurry| dealt(jobs, limits, hurry));
    let best = found.into_iter().min_by_key(Vec::len).unwrap_or_default();
    let value = best.len() as i64;
    (best, Bounded { value, bound })
}

/// What decides who goes first.
#[derive(Clone, Copy)]
enum Hurry {
    /// Jobs left in its group.
    Group,
    /// Jobs left at whom it burdens most.
    Burden,
}

/// Wave by wave, the job in most of a hurry first.
fn dealt(jobs: &[Job], limits: Limits, hurry: Hurry) -> Vec<Vec<usize>> {
    let mut left: Vec<usize> = (0..jobs.len()).collect();
    let mut waves = Vec::new();
    while !left.is_empty() {
        let (mut in_group, mut at) = (BTreeMap::new(), BTreeMap::new());
        for &job in &left {
            if let Some(group) = jobs[job].group {
                *in_group.entry(group).or_insert(0_usize) += 1;
            }
            for &burden in &jobs[job].burdens {
                *at.entry(burden).or_insert(0_usize) += 1;
            }
        }
        let group_left = |job: usize| jobs[job].group.map_or(1, |g| in_group[&g]);
        let burden_left = |job: usize| {
            let all = jobs[job].burdens.iter().map(|b| at[b]);
            all.max().unwrap_or(0)
        };
        left.sort_by_key(|&job| {
            let (group, burden) = (group_left(job), burden_left(job));
            let (first, second) = match hurry {
                Hurry::Group => (group, burden),
                Hurry::Burden => (burden, group),
            };
            (std::cmp::Reverse((first, second)), job)
        });
        let mut wave = Wave::default();
        let ready = |job: usize| !jobs[job].last || group_left(job) == 1;
        left.retain(|&job| !(ready(job) && wave.takes(job, &jobs[job], limits)));
        wave.jobs.sort_unstable();
        waves.push(wave.jobs);
    }
    waves
}

#[derive(Default)]
struct Wave {
    jobs: Vec<usize>,
    groups: BTreeMap<usize, ()>,
    burdens: BTreeMap<usize, usize>,
    /// Jobs that burden anybody.
    syncs: usize,
}

impl Wave {
    /// Takes the job in, if it fits. An empty wave takes any.
    fn takes(&mut self, index: usize, job: &Job, limits: Limits) -> bool {
        let full = |n: usize, limit: Option<usize>| limit.is_some_and(|limit| n >= limit.max(1));
        let busy = |b: &usize| full(self.burdens.get(b).copied().unwrap_or(0), limits.each);
        let burdens = !job.burdens.is_empty();
        if job.group.is_some_and(|g| self.groups.contains_key(&g))
            || job.burdens.iter().any(busy)
            || (burdens && full(self.syncs, limits.in_all))
        {
            return false;
        }
        self.groups.extend(job.group.map(|g| (g, ())));
        for &burden in &job.burdens {
            *self.burdens.entry(burden).or_default() += 1;
        }
        self.syncs += usize::from(burdens);
        self.jobs.push(index);
        true
    }
}

/// Waves that none can do without: those of the largest group, those of the most burdened, and
/// those of all, as a wave has room for so many ends of syncs.
fn least(jobs: &[Job], limits: Limits) -> i64 {
    let (mut groups, mut at) = (BTreeMap::new(), BTreeMap::new());
    for job in jobs {
        if let Some(group) = job.group {
            *groups.entry(group).or_insert(0_usize) += 1;
        }
        for &burden in &job.burdens {
            *at.entry(burden).or_insert(0_usize) += 1;
        }
    }
    let mut bound = groups.values().copied().max().unwrap_or(0);
    bound = bound.max(usize::from(!jobs.is_empty()));
    let syncs = jobs.iter().filter(|j| !j.burdens.is_empty()).count();
    if let Some(limit) = limits.in_all {
        bound = bound.max(syncs.div_ceil(limit.max(1)));
    }
    if let Some(limit) = limits.each {
        let limit = limit.max(1);
        let most = at.values().copied().max().unwrap_or(0);
        bound = bound.max(most.div_ceil(limit));
        let room = limit * at.len();
        // With one end each as many fit as there is room; with two, half of that.
        let twos = jobs.iter().filter(|j| j.burdens.len() > 1).count();
        let pairs = (room / 2).max(1);
        bound = bound.max(twos.div_ceil(pairs));
    }
    bound as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(group: usize, last: bool, burdens: &[usize]) -> Job {
        Job {
            group: Some(group),
            last,
            burdens: burdens.to_vec(),
        }
    }

    fn check(jobs: &[Job], limits: Limits) -> Bounded {
        let (waves, length) = waves(jobs, limits);
        let mut place = vec![usize::MAX; jobs.len()];
        for (index, wave) in waves.iter().enumerate() {
            let mut at: BTreeMap<usize, usize> = BTreeMap::new();
            for &job in wave {
                place[job] = index;
                for &b in &jobs[job].burdens {
                    *at.entry(b).or_default() += 1;
                }
            }
            assert!(at.values().all(|&n| limits.each.is_none_or(|l| n <= l)));
        }
        for (a, first) in jobs.iter().enumerate() {
            for (b, second) in jobs.iter().enumerate().filter(|(b, _)| *b != a) {
                if first.group.is_some() && first.group == second.group {
                    assert_ne!(place[a], place[b]);
                    assert!(!first.last || place[a] > place[b]);
                }
            }
        }
        assert!(place.iter().all(|&p| p != usize::MAX));
        assert!(length.bound <= length.value, "{length:?}");
        length
    }

    /// Fewest waves, by trying all.
    fn brute(jobs: &[Job], limits: Limits) -> i64 {
        fn walk(jobs: &[Job], limits: Limits, left: usize, best: &mut Vec<i64>) -> i64 {
            if left == 0 {
                return 0;
            }
            if best[left] >= 0 {
                return best[left];
            }
            let inside = |j: usize| left >> j & 1 == 1;
            let ready = |j: usize| {
                let of_group =
                    (0..jobs.len()).filter(|&o| inside(o) && jobs[o].group == jobs[j].group);
                inside(j) && (!jobs[j].last || of_group.count() == 1)
            };
            let all: usize = (0..jobs.len()).filter(|&j| ready(j)).map(|j| 1 << j).sum();
            let mut sub = all;
            let mut fewest = i64::MAX;
            while sub > 0 {
                let mut wave = Wave::default();
                let fits = (0..jobs.len())
                    .filter(|j| sub >> j & 1 == 1)
                    .all(|j| wave.takes(j, &jobs[j], limits));
                if fits {
                    fewest = fewest.min(1 + walk(jobs, limits, left & !sub, best));
                }
                sub = (sub - 1) & all;
            }
            best[left] = fewest;
            fewest
        }
        walk(
            jobs,
            limits,
            (1 << jobs.len()) - 1,
            &mut vec![-1; 1 << jobs.len()],
        )
    }

    #[test]
    fn without_a_limit_the_largest_shard_decides() {
        let jobs: Vec<Job> = (0..12).map(|n| job(n / 3, n % 3 == 2, &[n % 4])).collect();
        assert_eq!(check(&jobs, Limits::default()), Bounded::exact(3));
    }

    #[test]
    fn three_hosts_in_a_ring_go_one_by_one() {
        let limits = Limits {
            each: Some(1),
            in_all: None,
        };
        let pairs = [(0, 1), (1, 2), (2, 0)];
        let jobs: Vec<Job> = (0..6)
            .map(|n| job(n / 2, n % 2 == 1, &[pairs[n / 2].0, pairs[n / 2].1]))
            .collect();
        assert_eq!(check(&jobs, limits), Bounded::exact(6));
    }

    #[test]
    fn what_is_dealt_is_between_its_bound_and_the_fewest() {
        let mut seed = 5_u64;
        let mut below = |n: usize| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(99);
            (seed >> 33) as usize % n
        };
        let mut exact = 0;
        for round in 0..40 {
            let hosts = 3 + round % 3;
            let mut jobs = Vec::new();
            for group in 0..4 {
                let a = below(hosts);
                let b = (a + 1 + below(hosts - 1)) % hosts;
                jobs.push(job(group, false, &[a, b]));
                jobs.push(job(group, true, &[b, a]));
            }
            let limits = Limits {
                each: Some(1 + round % 2),
                in_all: (round % 5 == 0).then_some(2),
            };
            let found = check(&jobs, limits);
            let fewest = brute(&jobs, limits);
            assert!(
                found.bound <= fewest && fewest <= found.value,
                "{found:?} {fewest}"
            );
            exact += usize::from(found.value == fewest);
        }
        assert!(exact >= 36, "{exact} of 40 are the fewest");
    }
}
