//! Whatever the order of arrival, the newest revision alone decides.

use super::*;
use proptest::prelude::*;

/// One thing that happens to an order.
#[derive(Debug, Clone, Copy)]
enum Step {
    Quantity(u32),
    Fulfilled(u32),
    Acknowledged,
    Touched,
    Shipped,
    Cancelled,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0u32..5).prop_map(Step::Quantity),
        (0u32..5).prop_map(Step::Fulfilled),
        Just(Step::Acknowledged),
        Just(Step::Touched),
        Just(Step::Shipped),
        Just(Step::Cancelled),
    ]
}

/// The revisions of an order; what is shipped or cancelled stays so.
fn life(steps: &[Step]) -> Vec<StoredOrder> {
    let mut life = vec![order(vec![item("1", "SET", 3), item("2", "MUG", 2)])];
    for step in steps {
        let before = life[life.len() - 1].clone();
        let ended = matches!(
            before.status,
            OrderStatus::Dispatched | OrderStatus::Cancelled
        );
        life.push(next(&before, |order| match step {
            _ if ended => {}
            Step::Quantity(units) => order.order.items[0].quantity = *units,
            Step::Fulfilled(units) => {
                let sent = &mut order.order.items[1].quantity_fulfilled;
                *sent = (*units).max(*sent);
            }
            Step::Acknowledged => order.acknowledged_at = Some(at(700)),
            Step::Touched => {}
            Step::Shipped => order.status = OrderStatus::Dispatched,
            Step::Cancelled => order.status = OrderStatus::Cancelled,
        }));
    }
    life
}

/// What all reservations of a SKU amount to.
async fn amounts(cloud: &Cloud, sku: &str) -> Vec<(u32, Option<u32>, u32, bool)> {
    let reservations = inputs(cloud, sku).await.reservations;
    let amounts = reservations.iter().map(|it| {
        let left = it.dispatched.iter().map(|dispatch| dispatch.units).sum();
        let sold = it.sale.map(|sale| sale.units);
        (it.units, sold, left, it.acknowledged_at.is_some())
    });
    amounts.collect()
}

async fn kitchen() -> Cloud {
    let cloud = Cloud::new().await;
    keep(&cloud, "SET", &[("MUG", 2), ("SPOON", 1)]).await;
    cloud
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_order_of_arrival_leaves_what_the_newest_revision_alone_leaves(
        steps in prop::collection::vec(step(), 0..6),
        again in prop::collection::vec(0usize..7, 0..6),
        seed in any::<u64>(),
    ) {
        let life = life(&steps);
        let mut arrivals: Vec<usize> = (0..life.len()).collect();
        arrivals.extend(again.into_iter().filter(|index| *index < life.len()));
        shuffle(&mut arrivals, seed);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let (shuffled, alone) = (kitchen().await, kitchen().await);
            for index in &arrivals {
                let old = index.checked_sub(1).map(|before| &life[before]);
                reserve(&shuffled.app, [changes(old, &life[*index])].iter()).await.unwrap();
            }
            reserve(&alone.app, [changes(None, &life[life.len() - 1])].iter()).await.unwrap();
            for sku in ["SET", "MUG", "SPOON"] {
                let (one, other) = (amounts(&shuffled, sku).await, amounts(&alone, sku).await);
                prop_assert_eq!(one, other, "{} after {:?}", sku, &arrivals);
            }
            Ok(())
        })?;
    }
}

fn shuffle(items: &mut [usize], mut seed: u64) {
    for last in (1..items.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let other = usize::try_from(seed >> 33).unwrap_or_default() % (last + 1);
        items.swap(last, other);
    }
}
