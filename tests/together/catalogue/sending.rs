//! What a recompute puts down to be sent, and what it forgets.

use super::*;
use jiff::SignedDuration;
use stallkeeper::domain::connection::{MarketplaceSettings, PriceMode};
use stallkeeper::domain::feed::{LineValue, SentBy};
use stallkeeper::domain::listing::Sent;
use stallkeeper::domain::stock::{Dispatch, Reservation, Sale};
use stallkeeper::store::Claimed;

fn reservation(order: &str, units: u32, ordered: i64) -> Reservation {
    Reservation {
        connection: c1(),
        order: order.parse().unwrap(),
        line: "1".into(),
        amazon_sku: "A".parse().unwrap(),
        units,
        sale: Some(Sale {
            ordered_at: at(ordered),
            units,
            most: units,
            reduced_at: None,
        }),
        acknowledged_at: None,
        dispatched: Vec::new(),
        is_elsewhere: false,
        warehouse: None,
        revision: 1,
    }
}

async fn reserve(stand: &Stand, reservation: &Reservation) {
    let written = stand
        .store
        .put_reservation(&tenant(), &sku("A"), reservation)
        .await;
    assert_eq!(written.unwrap(), Written::Done);
    stand
        .store
        .raise_counter(&tenant(), &sku("A"), 1, true)
        .await
        .unwrap();
}

async fn claim(stand: &Stand, second: i64) {
    let listing = stand.listing("A").await;
    let wanted = listing.wanted.unwrap();
    let sent = Sent {
        value: wanted.quantity.unwrap(),
        generation: wanted.generation,
        at: at(second),
        by: SentBy::Patch,
    };
    let name = "A".parse().unwrap();
    let claimed = stand
        .store
        .claim_listing(&key().listing(&name), listing.send_count, &sent)
        .await;
    assert_eq!(claimed.unwrap(), Claimed::Done);
    let entry = stand.to_send("A").await.unwrap();
    stand.store.delete_to_send(&key(), &entry).await.unwrap();
}

async fn stand_with_a(observed: u32) -> Stand {
    let stand = Stand::new().await;
    stand.keep(&["A"]).await;
    stand.list("A", "A", 1, observed).await;
    stand
}

#[tokio::test]
async fn only_a_decrease_to_the_low_stock_mark_is_urgent_and_one_tick_a_message_tells_so() {
    let stand = stand_with_a(10).await;
    stand.list("A2", "A", 1, 10).await;
    stand
        .publish(|plan| {
            plan.published
                .as_mut()
                .unwrap()
                .settings
                .policy
                .low_stock_mark = 2
        })
        .await;
    for (quantity, second, urgent) in [(12, 1, false), (5, 2, false), (2, 3, true)] {
        stand
            .deliver(&[levels_message(vec![level("A", "LON", quantity, second)])])
            .await;
        let entry = stand.to_send("A").await.unwrap();
        assert_eq!(entry.value, LineValue::Quantity(quantity));
        assert_eq!(
            (entry.decrease, entry.urgent),
            (quantity < 10, urgent),
            "{quantity}"
        );
        assert_eq!(entry.level_at, Some(at(second)));
        let ticks = stand.queued("ticks");
        assert_eq!(ticks.len(), usize::from(urgent));
    }
}

#[tokio::test]
async fn what_amazon_shows_already_is_not_put_down() {
    let stand = stand_with_a(7).await;
    stand
        .deliver(&[levels_message(vec![level("A", "LON", 7, 1)])])
        .await;
    assert_eq!(stand.wanted("A").await, Some(7));
    assert_eq!(stand.to_send("A").await, None);
}

#[tokio::test]
async fn nothing_is_computed_for_a_connection_whose_stock_is_off() {
    let stand = stand_with_a(7).await;
    stand
        .publish(|plan| plan.published.as_mut().unwrap().settings.on = false)
        .await;
    stand
        .deliver(&[levels_message(vec![level("A", "LON", 1, 1)])])
        .await;
    assert_eq!(stand.listing("A").await.wanted, None);
    // Switched on, everything is computed from what came meanwhile.
    stand.publish(|_| {}).await;
    stand.deliver(&[recompute_message(&["A"], false)]).await;
    assert_eq!(stand.wanted("A").await, Some(1));
}

#[tokio::test]
async fn a_frozen_connection_is_computed_and_gets_no_urgent_tick() {
    let stand = stand_with_a(7).await;
    let freeze = stallkeeper::domain::stock_settings::Freeze {
        at: at(0),
        reason: None,
    };
    stand.publish(|plan| plan.frozen = Some(freeze)).await;
    stand
        .deliver(&[levels_message(vec![level("A", "LON", 0, 1)])])
        .await;
    assert!(stand.to_send("A").await.unwrap().urgent);
    assert!(stand.queued("ticks").is_empty());
}

#[tokio::test]
async fn a_reservation_lowers_what_is_wanted_until_it_is_over_and_is_forgotten_then() {
    let stand = stand_with_a(100).await;
    stand
        .deliver(&[levels_message(vec![level("A", "LON", 10, 1)])])
        .await;
    claim(&stand, 5).await;
    reserve(&stand, &reservation("o-1", 3, 1_000)).await;
    stand.deliver(&[recompute_message(&["A"], false)]).await;
    assert_eq!(stand.wanted("A").await, Some(7));
    // Amazon took the three off itself.
    assert_eq!(stand.to_send("A").await, None);
    let dispatched = Reservation {
        acknowledged_at: Some(at(1_100)),
        dispatched: vec![Dispatch {
            at: at(1_200),
            units: 3,
        }],
        is_elsewhere: false,
        revision: 2,
        ..reservation("o-1", 3, 1_000)
    };
    reserve(&stand, &dispatched).await;
    stand
        .deliver(&[levels_message(vec![level("A", "LON", 7, 1_300)])])
        .await;
    assert_eq!(stand.wanted("A").await, Some(7));
    let held = async || {
        let inputs = stand.store.sku_inputs(&tenant(), &sku("A")).await.unwrap();
        (inputs.reservations.len(), inputs.levels.reserving)
    };
    // It is over, and still says what Amazon shows.
    assert_eq!(held().await, (1, true));
    stand
        .deliver(&[levels_message(vec![level("A", "LON", 9, 1_400)])])
        .await;
    claim(&stand, 1_500).await;
    stand.deliver(&[recompute_message(&["A"], true)]).await;
    stand.deliver(&[recompute_message(&["A"], true)]).await;
    assert_eq!(held().await, (0, false));
    assert_eq!(stand.wanted("A").await, Some(9));
}

/// LON has counted 5 of A and MAN 4, and three were sold and acknowledged after that.
async fn three_sold_of_two_warehouses(warehouse: Option<&str>) -> Stand {
    let stand = stand_with_a(100).await;
    let rows = vec![level("A", "LON", 5, 1), level("A", "MAN", 4, 1)];
    stand.deliver(&[levels_message(rows)]).await;
    let sold = Reservation {
        acknowledged_at: Some(at(100)),
        warehouse: warehouse.map(|warehouse| warehouse.parse().unwrap()),
        ..reservation("o-1", 3, 50)
    };
    reserve(&stand, &sold).await;
    stand.deliver(&[recompute_message(&["A"], false)]).await;
    assert_eq!(stand.wanted("A").await, Some(6));
    stand
}

#[tokio::test]
async fn another_warehouse_counts_and_the_reservation_stays_until_the_one_that_gave_the_units_does()
{
    for warehouse in [None, Some("LON")] {
        let stand = three_sold_of_two_warehouses(warehouse).await;
        let count = |rows| [levels_message(rows)];
        stand.deliver(&count(vec![level("A", "MAN", 4, 200)])).await;
        assert_eq!(stand.wanted("A").await, Some(6), "{warehouse:?}");
        stand.deliver(&count(vec![level("A", "LON", 2, 150)])).await;
        assert_eq!(stand.wanted("A").await, Some(6), "{warehouse:?}");
        stand.deliver(&count(vec![level("A", "LON", 3, 160)])).await;
        assert_eq!(stand.wanted("A").await, Some(7), "{warehouse:?}");
    }
}

#[tokio::test]
async fn the_count_of_the_warehouse_that_gave_the_units_ends_the_reservation_whatever_others_do() {
    let stand = three_sold_of_two_warehouses(Some("MAN")).await;
    stand
        .deliver(&[levels_message(vec![level("A", "MAN", 1, 200)])])
        .await;
    assert_eq!(stand.wanted("A").await, Some(6));
    let shown = stand.get("/stock-levels?sku=A").await.is(200);
    assert_eq!(shown["reservations"][0]["warehouse"], "MAN");
}

#[tokio::test]
async fn a_warehouse_that_never_counts_again_is_given_up_after_days_and_announced() {
    let stand = three_sold_of_two_warehouses(None).await;
    let days = 72 * 3_600;
    for (second, wanted, notes) in [(days, 6, 0), (days + 100, 9, 1), (days + 200, 9, 1)] {
        stand
            .deliver(&[levels_message(vec![level("A", "MAN", 4, second)])])
            .await;
        assert_eq!(stand.wanted("A").await, Some(wanted));
        let noted = stand.database.images("CatalogueTable", "GIVEN_UP").await;
        assert_eq!(noted.len(), notes);
    }
}

#[tokio::test]
async fn finished_reservations_do_not_pile_up_where_nothing_is_sent() {
    let stand = stand_with_a(100).await;
    stand
        .deliver(&[levels_message(vec![level("A", "LON", 10, 1)])])
        .await;
    claim(&stand, 5).await;
    for n in 0..51 {
        let mut over = reservation(&format!("o-{n}"), 0, 1_000 + n);
        over.sale = over.sale.map(|sale| Sale {
            units: 0,
            most: 0,
            ..sale
        });
        reserve(&stand, &over).await;
    }
    stand.deliver(&[recompute_message(&["A"], true)]).await;
    assert_eq!(
        stand.to_send("A").await.unwrap().value,
        LineValue::Quantity(10)
    );
    claim(&stand, 2_000).await;
    for left in [26, 1, 0] {
        stand.deliver(&[recompute_message(&["A"], true)]).await;
        let inputs = stand.store.sku_inputs(&tenant(), &sku("A")).await.unwrap();
        assert_eq!(inputs.reservations.len(), left);
    }
}

#[tokio::test]
async fn where_no_level_ever_comes_orders_that_left_long_ago_are_forgotten() {
    let stand = Stand::new().await;
    let left = |order: &str, when: Timestamp| Reservation {
        amazon_sku: "B".parse().unwrap(),
        dispatched: vec![Dispatch { at: when, units: 1 }],
        ..reservation(order, 1, when.as_second() - at(0).as_second())
    };
    let recently = Timestamp::now() - SignedDuration::from_hours(24);
    let open = Reservation {
        dispatched: Vec::new(),
        warehouse: None,
        ..left("OPEN", at(10))
    };
    let orders = [left("OLD", at(10)), left("NEW", recently), open];
    // As listed by a connection that has nothing published yet, and as an order of a SKU that is no listing here.
    stand.connect("C2").await;
    let (unpublished, product) = ("C2".parse().unwrap(), sku("B"));
    let name = "B".parse().unwrap();
    let tied = stand
        .store
        .tie(&product, &connection("C2").key().listing(&name), 1)
        .await;
    tied.unwrap();
    for connection in [c1(), unpublished] {
        for order in orders.clone() {
            let order = Reservation {
                connection: connection.clone(),
                ..order
            };
            let store = &stand.store;
            let put = store.put_reservation(&tenant(), &product, &order).await;
            assert_eq!(put.unwrap(), Written::Done);
        }
    }
    stand.deliver(&[recompute_message(&["B"], true)]).await;
    let inputs = stand.store.sku_inputs(&tenant(), &product).await.unwrap();
    let mut kept: Vec<&str> = inputs
        .reservations
        .iter()
        .map(|it| it.order.as_str())
        .collect();
    kept.sort_unstable();
    assert_eq!(kept, ["NEW", "NEW", "OPEN", "OPEN"]);
}

#[tokio::test]
async fn a_recommended_price_is_put_down_only_where_the_marketplace_asks_for_it() {
    let stand = stand_with_a(7).await;
    let product = json!([{"sku": "A", "rrp": {"GBP": "9.90"}}]);
    stand.put("/products", product).await.is(202);
    stand.work().await;
    let prices = async || {
        let entries = stand.store.to_send(&key(), true).await.unwrap();
        entries
            .into_iter()
            .filter(|entry| entry.price_on.is_some())
            .map(|entry| entry.value)
            .collect::<Vec<_>>()
    };
    assert_eq!(prices().await, []);
    let mut uk = MarketplaceSettings::new(Marketplace::Uk);
    uk.active = true;
    uk.price_mode = PriceMode::Rrp;
    stand.store.put_marketplace(&key(), &uk).await.unwrap();
    stand.deliver(&[recompute_message(&["A"], true)]).await;
    assert_eq!(prices().await, [], "a first price waits for a person");
    let offer = key().listing(&"A".parse().unwrap()).offer(Marketplace::Uk);
    let observed = Observed {
        value: "8.90".parse().unwrap(),
        at: at(0),
    };
    stand
        .store
        .observe_offer(&offer, &observed, false)
        .await
        .unwrap();
    stand.deliver(&[recompute_message(&["A"], true)]).await;
    let amount = "9.90".parse().unwrap();
    assert_eq!(prices().await, [LineValue::price(amount, Marketplace::Uk)]);
}
