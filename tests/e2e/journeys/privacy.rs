//! Buyer data and secrets of a whole run are looked for everywhere they must not be, and found where they belong.

use crate::stack::browser::Browser;
use crate::stack::bus::Listener;
use crate::stack::seller::buyer_values;
use crate::stack::shop::Shop;
use crate::stack::{STAFF_WITH_BUYERS, Stack, operator, until};
use reqwest::Method;
use serde_json::{Value, json};
use stallkeeper::domain::marketplace::Marketplace::{De, Es, Uk};

/// Enough for one of each special case, and some everyday ones.
const ORDERS: usize = 60;
/// The name in messages that cannot be worked on.
const POISON: &str = "Undine Unreadable-Verylongname";

/// Places where nothing personal and nothing secret may be, each with all that is there.
type Places = Vec<(String, String)>;

#[tokio::test]
async fn buyer_data_and_secrets_are_nowhere_but_where_they_belong() {
    let mut bus = Listener::start(None).await;
    let shop = Shop::connect(&[Uk, De, Es], STAFF_WITH_BUYERS).await;
    let state = authorise(&shop).await;
    let shipped = run(&shop).await;
    ask_for_trouble(&shop).await;
    bury_two_messages(&shop).await;
    until("every import is announced", async || {
        bus.listen().await;
        let imported = bus.of_type("order.imported").into_iter();
        let own = imported.filter(|detail| detail["connection"] == json!(shop.connection));
        (own.count() == shipped).then_some(())
    })
    .await;

    let personal = buyer_values().await;
    assert!(personal.len() > ORDERS, "{} values", personal.len());
    let mut needles = personal.clone();
    needles.extend(["Atzr|", "Atza|", "sandbox-secret", POISON].map(str::to_owned));
    needles.push(shop.refresh_token.clone());
    assert_none(&answers(&shop), &needles);
    needles.push(state);
    assert_none(&events(&bus), &needles);
    for table in ["ConnectionsTable", "OrdersTable", "CatalogueTable"] {
        assert_none(&items(table, &shop).await, &needles);
    }
    assert_none(&logs(&shop).await, &needles);
    assert_none(&dead_letter_attributes(&shop).await, &needles);
    the_buyers_table_holds_them(&shop, &personal).await;
    bus.stop().await;
}

/// Looks for each needle in each place; a place must not be empty, so that looking there means something.
fn assert_none(places: &Places, needles: &[String]) {
    assert!(!places.is_empty());
    for (place, text) in places {
        for needle in needles {
            if let Some(at) = text.find(needle.as_str()) {
                let from = text[..at]
                    .char_indices()
                    .rev()
                    .nth(80)
                    .map_or(0, |(at, _)| at);
                panic!(
                    "{place} holds `{needle}`: …{}",
                    &text[from..at + needle.len()]
                );
            }
        }
    }
}

/// Authorises once more through the browser; returns the state that travelled.
async fn authorise(shop: &Shop) -> String {
    let again = shop
        .tenant
        .post(&shop.path("/reauthorise"), json!({}))
        .await;
    let again = again.is(200);
    let link = again["authorise_url"].as_str().unwrap();
    let last = Browser::default().authorise(link, &shop.seller.id).await;
    let who = json!({"seller_id": shop.seller.id, "code": last.code()});
    shop.tenant.post(&shop.path("/confirm"), who).await.is(200);
    link.split_once("state=").unwrap().1.to_owned()
}

/// Lets orders of all kinds come in, and looks at each; returns how many there are.
async fn run(shop: &Shop) -> usize {
    shop.put_courier().await;
    shop.map("STD UK DOM", "DPD/next-day").await;
    shop.switch_on("UK").await;
    shop.switch_on("DE").await;
    shop.seller
        .generate(json!({"count": ORDERS, "seed": 11}))
        .await;
    let orders = shop.seller.orders().await;
    let merchants = orders
        .iter()
        .filter(|order| order["fulfillment"]["fulfilledBy"] == "MERCHANT");
    let count = merchants.count();
    shop.set_status("active").await;
    let rows = until("all orders stored", async || {
        let rows = shop.tenant.all_orders().await;
        (rows.len() == count).then_some(rows)
    })
    .await;
    for row in rows {
        shop.order(row["order_id"].as_str().unwrap()).await;
    }
    count
}

/// Collects errors: refused choices, conflicts, things that are not there.
async fn ask_for_trouble(shop: &Shop) {
    for row in shop.tenant.all_orders().await {
        let id = row["order_id"].as_str().unwrap();
        let pick = shop.order_path(id, "/courier");
        shop.tenant
            .post(&pick, json!({"service": "DPD/none"}))
            .await;
        let body = json!({"service": 7, "buyer": true});
        shop.tenant.send(Method::POST, &pick, body).await.is(422);
    }
    let unknown = shop.order_path("000-0000000-0000000", "/buyer");
    shop.tenant.get(&unknown).await.is(404);
    shop.tenant.get("/orders?status=nowhere").await.is(422);
}

/// Queues two orders that nobody can read, and waits until they are dead letters.
async fn bury_two_messages(shop: &Shop) {
    let stack = Stack::running();
    let sqs = aws_sdk_sqs::Client::new(&stack.aws().await);
    let message = |fetched_at: &str, order: Value| {
        json!({"v": 1, "kind": "order", "tenant": shop.tenant.id, "connection": shop.connection,
            "fetched_at": fetched_at, "datasets": ["BUYER"], "order": order})
    };
    let bad_order = json!({"orderId": "000-0000000-0000001", "createdTime": POISON,
        "lastUpdatedTime": POISON, "buyer": {"buyerName": POISON}});
    let bad = [
        message(POISON, json!({"orderId": "000-0000000-0000002"})),
        message("2026-11-20T08:40:00Z", bad_order),
    ];
    for body in &bad {
        let send = sqs.send_message().message_body(body.to_string());
        send.queue_url(stack.output("OrdersQueueUrl"))
            .send()
            .await
            .unwrap();
    }
    until("two dead letters", async || {
        (own_dead_letters(shop).await.len() == bad.len()).then_some(())
    })
    .await;
}

async fn own_dead_letters(shop: &Shop) -> Vec<operator::DeadLetter> {
    let mut letters = operator::dead_letters().await;
    letters.retain(|letter| letter.body.contains(&shop.connection));
    letters
}

async fn dead_letter_attributes(shop: &Shop) -> Places {
    let letters = until("the dead letters", async || {
        let letters = own_dead_letters(shop).await;
        (letters.len() == 2).then_some(letters)
    })
    .await;
    let texts = letters.iter().map(|letter| {
        assert_eq!(letter.attributes["class"], "permanent");
        assert!(letter.body.contains(POISON));
        (
            "a dead letter".to_owned(),
            format!("{:?}", letter.attributes),
        )
    });
    texts.collect()
}

fn answers(shop: &Shop) -> Places {
    let heard = shop.tenant.heard();
    assert!(heard.len() > 3 * ORDERS);
    heard
        .into_iter()
        .map(|text| ("an answer".to_owned(), text))
        .collect()
}

fn events(bus: &Listener) -> Places {
    let events = bus.heard.values();
    events
        .map(|event| (event["detail-type"].to_string(), event.to_string()))
        .collect()
}

/// All items of a table, of whichever tenant.
async fn items(table: &str, shop: &Shop) -> Places {
    let items = operator::items(table).await;
    assert!(items.values().any(|text| text.contains(&shop.connection)));
    let items = items.into_iter();
    items
        .map(|((pk, sk), text)| (format!("{table} {pk} {sk}"), format!("{pk} {sk} {text}")))
        .collect()
}

/// The logs of all functions; those that had to do with the shop must tell of it.
async fn logs(shop: &Shop) -> Places {
    let logs = operator::logs().await;
    let functions =
        std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../functions")).unwrap();
    assert_eq!(logs.len(), functions.count(), "each function has an output");
    for function in ["ConnectAccount", "PollOrders", "RemapCarriers"] {
        let mut logs = logs.iter();
        let (_, log) = logs.find(|(name, _)| name.contains(function)).unwrap();
        assert!(
            log.contains(&shop.connection),
            "{function} logs nothing of the shop"
        );
    }
    logs.into_iter().collect()
}

/// Without this, a search that finds nothing would prove nothing. A few orders have no address and no buyer.
async fn the_buyers_table_holds_them(shop: &Shop, personal: &[String]) {
    let telling = |text: &str| personal.iter().any(|value| text.contains(value.as_str()));
    let mut buyers = operator::items_about("BuyersTable", &[&shop.connection]).await;
    buyers.retain(|_, text| telling(text));
    assert!(buyers.len() > ORDERS / 2, "{} items", buyers.len());
    for (pk, _) in buyers.keys() {
        let order = pk.rsplit('#').next().unwrap();
        let answer = shop.tenant.get(&shop.order_path(order, "/buyer")).await;
        assert!(telling(&answer.text), "{pk}");
        answer.is(200);
    }
}
