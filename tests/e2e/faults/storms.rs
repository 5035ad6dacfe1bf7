//! Amazon's notices gone wrong, through the deployed stack: storms of several sellers beside a quiet one.

use crate::stack::STAFF;
use crate::stack::shop::Shop;
use crate::world::amazon::{bought, order, order_id};
use jiff::{SignedDuration, Timestamp};

/// Orders of each stormy seller, all at once.
const STORM: u32 = 20;
/// As the README says.
const FETCHED_A_MINUTE: i64 = 3;
/// Old enough for Amazon's search to show.
const SEARCHABLE: SignedDuration = SignedDuration::from_mins(4);

async fn storm(shop: &Shop, kind: &str) {
    shop.seller.notices_are(kind, STORM, 2_000).await;
    let changed = bought(Timestamp::now() - SEARCHABLE);
    let orders = (1..=STORM).map(|number| order(number, changed.clone()));
    shop.seller.add(orders.collect()).await;
}

async fn is_stored_once(shop: &Shop, id: &str) {
    let order = shop.order(id).await;
    let history = order["history"].as_array().unwrap().iter();
    let imported = history.filter(|entry| entry["kind"] == "imported");
    assert_eq!(imported.count(), 1, "{order}");
}

#[tokio::test]
async fn storms_of_notices_cost_a_few_calls_and_a_sweep_lose_nothing_and_delay_no_other_seller() {
    let (doubled, late, quiet) = tokio::join!(
        Shop::subscribed(STAFF),
        Shop::subscribed(STAFF),
        Shop::subscribed(STAFF)
    );
    let began = Timestamp::now();
    tokio::join!(storm(&doubled, "doubled"), storm(&late, "late"));
    // Amazon's search shows it in three minutes only: its notice brings it.
    let now = bought(Timestamp::now());
    quiet.seller.add(vec![order(1, now)]).await;
    quiet.has_orders("ready", 1).await;
    assert_eq!(quiet.seller.calls("getOrder").await.len(), 1);
    // The two deliveries of a doubled notice may be read at the same moment: then each of them costs a call.
    for (stormy, deliveries) in [(&doubled, 2), (&late, 1)] {
        stormy.fetches("ready", STORM as usize).await;
        for number in 1..=STORM {
            is_stored_once(stormy, &order_id(number)).await;
        }
        let minute = |at: Timestamp| at.as_second() / 60;
        let minutes = minute(Timestamp::now()) - minute(began) + 1;
        let fetched = stormy.seller.calls("getOrder").await.len() as i64;
        let most = deliveries * FETCHED_A_MINUTE * minutes;
        assert!(fetched <= most, "{fetched} of {most} fetched");
        stormy.assert_amazon_allowed_all().await;
    }
    let told = doubled.seller.told().await;
    let told = told.iter().filter(|(kind, _)| kind == "ORDER_CHANGE");
    assert_eq!(
        told.map(|(_, times)| times).sum::<u64>(),
        2 * u64::from(STORM)
    );
    quiet.assert_amazon_allowed_all().await;
}
