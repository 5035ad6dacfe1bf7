//! What taking over, giving back and dispatching make of a reservation, and revisions that come late or change nothing.

use super::*;

#[tokio::test]
async fn acknowledging_stamps_and_costs_no_line_that_vanished() {
    let cloud = Cloud::new().await;
    let first = order(vec![item("1", "MUG", 1), item("2", "SPOON", 2)]);
    let taken = next(&first, |order| {
        order.status = OrderStatus::Acknowledged;
        order.acknowledged_at = Some(at(900));
        order.warehouse = Some("LON".parse().unwrap());
        order.order.items.pop();
    });
    live(&cloud, &[first, taken]).await;
    let mug = only(&cloud, "MUG").await;
    assert_eq!(mug.acknowledged_at, Some(at(900)));
    assert_eq!(mug.warehouse, Some("LON".parse().unwrap()));
    assert_eq!(only(&cloud, "SPOON").await.units, 0, "the line is gone");
}

#[tokio::test]
async fn what_is_given_back_is_reserved_again_as_if_nobody_had_taken_it_over() {
    let cloud = Cloud::new().await;
    let first = order(vec![item("1", "MUG", 1)]);
    let taken = next(&first, |order| {
        order.status = OrderStatus::Acknowledged;
        order.acknowledged_at = Some(at(900));
        order.warehouse = Some("LON".parse().unwrap());
    });
    let given_back = next(&taken, |order| {
        order.status = OrderStatus::Ready;
        (order.acknowledged_at, order.warehouse) = (None, None);
        order.given_back_at = Some(at(950));
    });
    live(&cloud, &[first, taken, given_back.clone()]).await;
    let mug = only(&cloud, "MUG").await;
    assert_eq!(
        (mug.acknowledged_at, mug.warehouse, mug.units),
        (None, None, 1)
    );
    assert_eq!(cloud.recomputed().len(), 3);

    let again = next(&given_back, |order| {
        order.status = OrderStatus::Acknowledged;
        order.acknowledged_at = Some(at(1000));
    });
    reserve(&cloud.app, [changes(Some(&given_back), &again)].iter())
        .await
        .unwrap();
    assert_eq!(only(&cloud, "MUG").await.acknowledged_at, Some(at(1000)));
}

#[tokio::test]
async fn a_revision_that_changes_nothing_queues_nothing_and_one_that_may_be_half_done_queues_all() {
    let cloud = Cloud::new().await;
    let first = order(vec![item("1", "MUG", 1)]);
    let ready = next(&first, |order| order.status = OrderStatus::Ready);
    live(&cloud, &[first.clone(), ready.clone()]).await;
    assert_eq!(cloud.recomputed().len(), 1);
    assert_eq!(only(&cloud, "MUG").await.revision, 2);
    reserve(&cloud.app, [changes(Some(&first), &ready)].iter())
        .await
        .unwrap();
    reserve(&cloud.app, [changes(None, &first)].iter())
        .await
        .unwrap();
    assert_eq!(cloud.recomputed().len(), 3, "both came again");
    assert_eq!(only(&cloud, "MUG").await.revision, 2);
}

#[tokio::test]
async fn what_is_over_and_forgotten_is_not_reserved_again_by_a_late_change() {
    let cloud = Cloud::new().await;
    let first = order(vec![item("1", "MUG", 1)]);
    let shipped = next(&first, |order| order.status = OrderStatus::Dispatched);
    let touched = next(&shipped, |order| order.order.total = None);
    live(&cloud, &[first, shipped.clone()]).await;
    let over = only(&cloud, "MUG").await;
    let tenant = stored().tenant;
    let (store, mug) = (&cloud.app.store, "MUG".parse().unwrap());
    let forget = store.forget_reservation(&tenant, &mug, &over);
    forget.await.unwrap();
    reserve(&cloud.app, [changes(Some(&shipped), &touched)].iter())
        .await
        .unwrap();
    assert!(inputs(&cloud, "MUG").await.reservations.is_empty());
}

#[tokio::test]
async fn a_batch_whose_recompute_cannot_be_queued_comes_again_and_queues_it() {
    let cloud = Cloud::new().await;
    cloud.outside.aws().queues_down = true;
    let order = order(vec![item("1", "MUG", 1)]);
    let one = [changes(None, &order)];
    assert!(reserve(&cloud.app, one.iter()).await.is_err());
    assert_eq!(only(&cloud, "MUG").await.units, 1, "reserved all the same");
    cloud.outside.aws().queues_down = false;
    assert_eq!(reserve(&cloud.app, one.iter()).await.unwrap(), 1);
    assert_eq!(cloud.recomputed().last().unwrap(), &["MUG"]);
    assert_eq!(inputs(&cloud, "MUG").await.levels.generation, 2);
}

#[test]
fn what_is_elsewhere_says_so_until_it_is_taken_over() {
    let watched = StoredOrder {
        status: OrderStatus::Elsewhere,
        ..order(vec![item("1", "MUG", 2)])
    };
    let taken_over = next(&watched, |order| order.status = OrderStatus::Ready);
    for (stored, is_elsewhere) in [(watched, true), (taken_over, false)] {
        let demand = changes(None, &stored).demand();
        let reservation = demand.reservation(&demand.lines[0], 1, true, None);
        assert_eq!(
            (reservation.units, reservation.is_elsewhere),
            (2, is_elsewhere)
        );
        assert_eq!(
            reservation.sale.unwrap().units,
            2,
            "Amazon's own number is lower either way"
        );
    }
}

#[tokio::test]
async fn what_a_dispatch_says_has_left_before_amazon_says_so_and_not_before_its_hand_over() {
    use stallkeeper::domain::order::{ClaimedBy, LineClaim};
    let first = order(vec![item("1", "MUG", 3)]);
    let dispatched = next(&first, |order| {
        order.acknowledged_at = Some(at(500));
        order.warehouse = Some("LON".parse().unwrap());
        order.status = OrderStatus::PartlyDispatched;
        order.claims = vec![LineClaim {
            by: ClaimedBy::Dispatch("P1".parse().unwrap()),
            leaves_at: Some(at(9_000)),
            ..LineClaim::by_cancellation(&order.order.items[0], 2, "C1".parse().unwrap())
        }];
    });
    let shown = next(&dispatched, |order| {
        order.order.items[0].quantity_fulfilled = 2;
    });
    for life in [
        vec![first.clone(), dispatched.clone()],
        vec![first, dispatched, shown],
    ] {
        let demand = changes(life.iter().rev().nth(1), &life[life.len() - 1]).demand();
        let before = (life.len() > 2).then(|| {
            let earlier = changes(Some(&life[0]), &life[1]).demand();
            earlier.reservation(&earlier.lines[0], 1, true, None)
        });
        let held = demand.reservation(&demand.lines[0], 1, true, before.as_ref());
        assert_eq!(held.warehouse, Some("LON".parse().unwrap()));
        let left: Vec<_> = held.dispatched.iter().map(|it| (it.units, it.at)).collect();
        assert_eq!(left, [(2, at(9_000))]);
    }
}
