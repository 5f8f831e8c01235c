use super::*;
use crate::plan::target::testing;
use crate::plan::target::testing::Size;

#[test]
fn the_cheapest_outcome_is_the_cheapest() {
    let size = Size {
        places: 5,
        zones: 3,
        classes: 1,
        spares: 5,
        shards: 1,
    };
    let mut compared = 0;
    for seed in 0..1_000 {
        let instance = testing::instance(seed, size);
        let prices = testing::prices(seed, &instance);
        let class = &instance.classes[0];
        let oracle = Oracle::new(&instance, &prices).expect("small numbers");
        let Ok((cost, outcome)) = oracle.cheapest(class) else {
            continue;
        };
        let priced = |o: &Outcome| {
            let mut sum = prices.weigh(&instance.outcome(class, o)).expect("small");
            let place = instance.place_of(class, o.lead);
            sum = sum.plus(&Wide::of(&prices.places[place])).expect("small");
            for &kind in &o.comes {
                sum = sum.plus(&Wide::of(&prices.kinds[kind])).expect("small");
            }
            for &seat in &o.gone {
                let (kind, _) = class.seats[seat].leave.expect("it may leave");
                sum = sum.minus(&Wide::of(&prices.kinds[kind])).expect("small");
            }
            sum
        };
        let all = testing::outcomes(&instance, class, 5);
        let truth = all.iter().map(priced).min().expect("one outcome at least");
        let best = all.iter().min_by_key(|o| priced(o));
        assert!(
            cost <= truth,
            "seed {seed}: a bound must not be too high: {outcome:?} and not {best:?} of {class:?}"
        );
        if outcome.comes.len() <= 5 {
            assert_eq!(cost, truth, "seed {seed}: {outcome:?}");
            assert_eq!(priced(&outcome), cost, "seed {seed}");
            compared += 1;
        }
    }
    assert!(compared > 600, "{compared} compared");
}
