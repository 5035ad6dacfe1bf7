use super::*;
use crate::pick::{Pick, pick};
use stallkeeper::domain::courier::{
    AddressKind, AmazonShips, Constraint, Couriers, Requirements, Switches, Territory,
};

const PATH: &str = "/orders/C1/026-1/courier";

async fn with(order: &StoredOrder) -> Stand {
    let stand = Stand::new().await;
    stand.put_couriers().await;
    stand.put(order).await;
    stand
}

#[tokio::test]
async fn a_person_picks_once_and_the_same_again_answers_the_same() {
    let stand = with(&waiting("026-1", 1)).await;
    let first = stand
        .post(PATH, json!({"service": "DPD/two-day"}))
        .await
        .is(200);
    assert_eq!(
        (&first["status"], &first["revision"]),
        (&json!("ready"), &json!(2))
    );
    assert_eq!(first["decision"]["service"], "DPD/two-day");
    assert_eq!(first["decision"]["by_person"], true);
    assert_eq!(first["decision"]["reason"], Value::Null);
    assert_eq!(first["history"][1]["kind"], "courier_picked");
    let again = stand
        .post(PATH, json!({"service": "DPD/two-day"}))
        .await
        .is(200);
    assert_eq!(first, again);
    let again = stand
        .post(PATH, json!({"service": "DPD/two-day", "revision": 1}))
        .await
        .is(200);
    assert_eq!(first, again, "also with the revision that was looked at");
    let listed = stand.get("/orders?status=ready").await.is(200);
    assert_eq!(listed["orders"][0]["service"], "DPD/two-day");
    assert_eq!(listed["orders"][0]["reason"], Value::Null);
}

#[tokio::test]
async fn what_does_not_wait_any_more_is_answered_with_what_stands() {
    let stand = with(&ready("026-1", 1)).await;
    let problem = stand
        .post(PATH, json!({"service": "DPD/two-day"}))
        .await
        .problem(409, "not-pending");
    assert_eq!(problem["current"]["status"], "ready");
    assert_eq!(problem["current"]["decision"]["service"], "DPD/next-day");
    let problem = stand
        .post(PATH, json!({"service": "DPD/next-day"}))
        .await
        .problem(409, "not-pending");
    assert_eq!(
        problem["current"]["decision"]["by_person"], false,
        "a rule chose it: not this person's pick"
    );
}

#[tokio::test]
async fn an_order_that_changed_since_it_was_looked_at_is_not_touched() {
    let order = waiting("026-1", 1);
    let stand = with(&order).await;
    stand
        .change(&order, |order| {
            order.decision.reason = Some(Reason::BuyerCancel)
        })
        .await;
    let body = json!({"service": "DPD/two-day", "revision": 1});
    let problem = stand
        .post(PATH, body)
        .await
        .problem(409, "changed-meanwhile");
    assert_eq!(problem["current"]["revision"], 2);
    assert_eq!(problem["current"]["decision"]["reason"], "buyer_cancel");
    stand
        .post(PATH, json!({"service": "DPD/two-day", "revision": 2}))
        .await
        .is(200);
}

#[tokio::test]
async fn two_people_at_once_do_not_both_pick() {
    let stand = with(&waiting("026-1", 1)).await;
    let (one, two) = tokio::join!(
        stand.post(PATH, json!({"service": "DPD/two-day"})),
        stand.post(PATH, json!({"service": "DPD/next-day"})),
    );
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let lost = if one.status == StatusCode::OK {
        two
    } else {
        one
    };
    let current = lost.problem(409, "not-pending")["current"].clone();
    assert_eq!(
        current["history"].as_array().unwrap().len(),
        2,
        "one pick is in the history"
    );
}

#[tokio::test]
async fn a_pick_is_held_to_the_rules_of_a_mapping() {
    let stand = with(&waiting("026-1", 1)).await;
    let rows = [
        ("Evri/standard", "switched off"),
        ("DPD/teleport", "no service of any courier"),
    ];
    for (service, words) in rows {
        let problem = stand
            .post(PATH, json!({"service": service}))
            .await
            .problem(422, "service-does-not-fit");
        assert!(
            problem["title"].as_str().unwrap().contains(words),
            "{problem}"
        );
        assert_eq!(problem["errors"][0]["pointer"], "/service");
        assert_eq!(
            problem["detail"],
            "These could carry it: DPD/next-day, DPD/two-day, GLS/prime."
        );
    }
    for body in [
        json!({"service": "DPD"}),
        json!({"service": 7}),
        json!({}),
        json!({"service": "DPD/x", "by": "me"}),
    ] {
        stand.post(PATH, body).await.problem(422, "invalid-request");
    }
    let order = stand.get("/orders/C1/026-1").await.is(200);
    assert_eq!(
        (&order["status"], &order["revision"]),
        (&json!("pending_review"), &json!(1))
    );
}

#[tokio::test]
async fn nobody_picks_for_an_order_that_amazon_carries() {
    let mut order = waiting("026-1", 1);
    order.requirements.amazon_ships = Some(AmazonShips::EasyShip);
    order.decision.reason = Some(Reason::AmazonShips);
    let stand = with(&order).await;
    let problem = stand
        .post(PATH, json!({"service": "DPD/two-day"}))
        .await
        .problem(422, "amazon-ships");
    assert!(
        problem["detail"].as_str().unwrap().starts_with("Easy Ship"),
        "{problem}"
    );
}

#[test]
fn what_a_person_may_overrule_and_what_not() {
    let couriers: Vec<Courier> = serde_json::from_value(json!([
        {"code": "DPD", "name": "DPD", "services": [{"code": "plain"}]},
        {"code": "GLS", "name": "GLS", "services": [{"code": "able", "prime": true, "pickup_points": true, "constraints": ["signature"]}]},
    ]))
    .unwrap();
    let couriers = Couriers::new(couriers);
    let demands = |requirements: Requirements, reason| {
        let mut order = waiting("026-1", 1);
        order.requirements = requirements;
        order.decision.reason = Some(reason);
        order
    };
    let none = Requirements::default;
    let rows = [
        (demands(none(), Reason::NoMapping), true),
        (
            demands(
                Requirements {
                    buyer_cancel: true,
                    ..none()
                },
                Reason::BuyerCancel,
            ),
            true,
        ),
        (
            demands(
                Requirements {
                    address: AddressKind::Missing,
                    ..none()
                },
                Reason::AddressMissing,
            ),
            true,
        ),
        (
            demands(
                Requirements {
                    territory: Some(Territory::Jersey),
                    ..none()
                },
                Reason::UnreachedTerritory,
            ),
            true,
        ),
        (
            demands(
                Requirements {
                    prime: true,
                    ..none()
                },
                Reason::Constraint,
            ),
            false,
        ),
        (
            demands(
                Requirements {
                    prime: true,
                    territory: Some(Territory::Jersey),
                    ..none()
                },
                Reason::Constraint,
            ),
            false,
        ),
        (
            demands(
                Requirements {
                    address: AddressKind::PickupPoint,
                    ..none()
                },
                Reason::AddressType,
            ),
            false,
        ),
        (
            demands(
                Requirements {
                    constraints: [Constraint::Signature].into(),
                    ..none()
                },
                Reason::Constraint,
            ),
            false,
        ),
        (
            demands(
                Requirements {
                    amazon_ships: Some(AmazonShips::ShipPlus),
                    ..none()
                },
                Reason::AmazonShips,
            ),
            false,
        ),
    ];
    let hidden = demands(
        Requirements {
            buyer_cancel: true,
            lines_missing: true,
            ..none()
        },
        Reason::BuyerCancel,
    );
    let service = "GLS/able".parse().unwrap();
    let picked = pick(
        &hidden,
        &service,
        &couriers,
        &Switches::default(),
        false,
        at(2),
    );
    assert_eq!(picked, Pick::NoLines);
    for (order, plain_may) in rows {
        let picked = |service: &str| {
            pick(
                &order,
                &service.parse().unwrap(),
                &couriers,
                &Switches::default(),
                false,
                at(2),
            )
        };
        let taken = matches!(picked("DPD/plain"), Pick::Taken(..));
        assert_eq!(taken, plain_may, "{:?}", order.requirements);
        let able = matches!(picked("GLS/able"), Pick::Taken(..));
        assert_eq!(
            able,
            order.requirements.amazon_ships.is_none(),
            "{:?}",
            order.requirements
        );
        if let Pick::Unfit { fit, .. } = picked("DPD/plain") {
            let able = order.requirements.territory.is_none();
            let able = able.then(|| "GLS/able".parse().unwrap());
            assert_eq!(fit, Vec::from_iter(able));
        }
    }
}

#[test]
fn only_what_waits_can_be_picked_for() {
    let couriers = Couriers::default();
    for &status in OrderStatus::ALL {
        let mut order = ready("026-1", 1);
        order.status = status;
        order.decision.by_person = true;
        let same = pick(
            &order,
            &"DPD/next-day".parse().unwrap(),
            &couriers,
            &Switches::default(),
            false,
            at(2),
        );
        let other = pick(
            &order,
            &"DPD/two-day".parse().unwrap(),
            &couriers,
            &Switches::default(),
            false,
            at(2),
        );
        use OrderStatus::*;
        match status {
            PendingReview => assert!(matches!(same, Pick::Unfit { .. })),
            Ready | Acknowledged | PartlyDispatched | Dispatched => {
                assert_eq!((same, other), (Pick::Already, Pick::NotPending))
            }
            Parked | Elsewhere | AwaitingPayment | Cancelled => {
                assert_eq!((same, other), (Pick::NotPending, Pick::NotPending))
            }
        }
    }
}

#[tokio::test]
async fn who_read_a_ready_order_as_it_is_may_pick_another_service_for_it() {
    let stand = with(&ready("026-1", 1)).await;
    let other = json!({"service": "DPD/two-day"});
    stand.post(PATH, other).await.problem(409, "not-pending");
    let order = stand
        .post(PATH, json!({"service": "DPD/two-day", "revision": 1}))
        .await
        .is(200);
    assert_eq!(
        (
            &order["status"],
            &order["decision"]["service"],
            &order["decision"]["by_person"]
        ),
        (&json!("ready"), &json!("DPD/two-day"), &json!(true))
    );
    let note = order["history"][1]["note"].as_str().unwrap();
    assert!(note.contains("before, it was DPD/next-day"), "{note}");
    let again = json!({"service": "DPD/two-day", "revision": 2});
    assert_eq!(
        stand.post(PATH, again).await.is(200)["revision"],
        2,
        "the same again"
    );
    let stale = json!({"service": "DPD/next-day", "revision": 1});
    stand.post(PATH, stale).await.problem(409, "not-pending");
}
