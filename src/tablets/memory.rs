//! Whether what a plan copies fits into the memory of hosts.

use crate::model::HostId;
use crate::model::Tablets;
use crate::tablets::Left;
use crate::tablets::draft::Draft;

/// A host that takes more than it has, of those whose memory a host map tells, is no place: nothing is
/// done. Copies whose size nothing tells count for nothing.
pub(super) fn check(draft: &mut Draft) {
    for (index, host) in (0..).zip(&draft.captured.hosts) {
        let Some(room) = host.memory_bytes else {
            continue;
        };
        let id = HostId(index);
        let (before, after) = (used(draft.captured, id), used(&draft.state, id));
        if after > room && after > before {
            draft.left.push(Left {
                partition: None,
                subject: host.name.to_string(),
                reason: format!(
                    "its copies would use {} of its {} MiB",
                    after.div_ceil(MIB),
                    room / MIB
                ),
                unlock: "more memory, or another tablet".to_owned(),
                blocks: true,
            });
        }
    }
}

const MIB: u64 = 1 << 20;

fn used(state: &Tablets, host: HostId) -> u64 {
    let copies = state.partitions.iter().flat_map(|p| &p.copies);
    let here = copies.filter(|held| state.tablet(held.tablet).host == Some(host));
    let sizes = here.filter_map(|held| held.memory);
    sizes.fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use crate::model::testing::tablets;
    use crate::tablets::Request;
    use crate::tablets::plan;

    #[test]
    fn what_does_not_fit_is_not_copied() {
        let mut state = tablets("t 0: *a; t 1: *a; b");
        let request = Request {
            replicas: Some(1),
            skip: [crate::rules::Code::SkewedMasters].into(),
            ..Request::default()
        };
        state.hosts[1].memory_bytes = Some(2 << 20);
        let fits = plan(&state, &request).expect("a plan");
        assert_eq!(fits.steps.len(), 2);
        state.hosts[1].memory_bytes = Some(1 << 20);
        let full = plan(&state, &request).expect("a plan");
        assert!(full.steps.is_empty());
        assert_eq!(full.left[0].reason, "its copies would use 2 of its 1 MiB");
    }
}
