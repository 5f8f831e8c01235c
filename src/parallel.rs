//! The same work on many items, on all cores.
//!
//! Knows nobody.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

/// Fewer items than this are not worth a thread.
const WORTH_IT: usize = 4;

/// What `work` makes of every item, in the order of the items.
///
/// Whoever is free takes the next item, so a large one does not hold up the rest.
pub fn map<'a, T: Sync, R: Send>(items: &'a [T], work: impl Fn(&'a T) -> R + Sync) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if items.len() < WORTH_IT || cores == 1 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut done = Vec::new();
        while let Some((index, item)) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            items.get(index).map(|item| (index, item))
        } {
            done.push((index, work(item)));
        }
        done
    };
    let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores.min(items.len()))
            .map(|_| scope.spawn(worker))
            .collect();
        let join = |worker: std::thread::ScopedJoinHandle<'_, Vec<_>>| {
            worker
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        workers.into_iter().flat_map(join).collect()
    });
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_order_of_the_items() {
        for count in [0, 1, 3, 4, 1000] {
            let items: Vec<usize> = (0..count).collect();
            let twice: Vec<usize> = items.iter().map(|i| 2 * i).collect();
            assert_eq!(map(&items, |i| 2 * i), twice);
        }
    }

    #[test]
    fn a_panic_of_the_work_is_not_swallowed() {
        let items = [0; 100];
        let outcome = std::panic::catch_unwind(|| map(&items, |_| panic!("on purpose")));
        assert!(outcome.is_err());
    }
}
