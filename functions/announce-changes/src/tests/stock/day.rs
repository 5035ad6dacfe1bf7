//! A day of the catalogue and the rounds, as the real store writes it.

use super::*;
use kit::{Database, stream_record as record};
use serde_json::{Value, json};
use stallkeeper::domain::feed::{Feed, FeedKind, FeedState, SentBy};
use stallkeeper::domain::listing::{
    Closed, Differing, HoldMode, Listing, ListingHold, ListingState, Refused, Sent, WantedPrice,
};
use stallkeeper::domain::new_offer::{Candidate, NewOffer, NewOfferState, Restriction};
use stallkeeper::domain::price::SentLimits;
use stallkeeper::domain::stock::Wanted;
use stallkeeper::store::{AskedCategory, HeldReport, HeldRound, Matching, Round, Written};

pub(super) fn active() -> Connection {
    connection(ConnectionStatus::Active)
}

fn by() -> SentBy {
    SentBy::Feed("01K5QZ6D3M8N0V4T7R2W9X1YFD".parse().unwrap())
}

fn refused<V>(value: V, code: &str) -> Refused<V> {
    Refused {
        value,
        code: code.into(),
        message: "SKU is not in the catalogue.".into(),
        at: at(600),
        by: by(),
    }
}

/// A listing is sent a quantity, which Amazon refuses.
async fn refused_listing(database: &Database) -> Vec<Value> {
    let (store, connection) = (&database.store, active());
    let sku = "MUG #1/b".parse().unwrap();
    let mut listing = Listing::new(&connection, sku, ListingState::Matched);
    listing.product = Some("MUG".parse().unwrap());
    let placed = store.place_listing(&listing, None, false);
    assert_eq!(placed.await.unwrap(), Written::Done);
    let key = &listing.key();
    let wanted = Wanted {
        quantity: Some(4),
        why: "counted".into(),
        level_at: None,
        ended: std::collections::BTreeSet::new(),
        asks: false,
        unsold: false,
        generation: 1,
        at: at(500),
    };
    let product = "MUG".parse().unwrap();
    let wrote = store.write_wanted(key, (&product, 1), &wanted);
    let _ = wrote.await.unwrap();
    let sent = Sent {
        value: 4,
        generation: 1,
        at: at(510),
        by: by(),
    };
    let _ = store.claim_listing(key, 0, &sent).await.unwrap();
    let before = database.images("CatalogueTable", "LISTING").await.remove(0);
    let refusal = refused(4, "13013");
    let noted = store.refuse_listing(key, &refusal);
    assert!(noted.await.unwrap().is_some());
    let after = database.images("CatalogueTable", "LISTING").await.remove(0);
    vec![record(4, Some(&before), Some(&after))]
}

/// A listing turns out to be spelt otherwise.
async fn mismatched_listing(database: &Database) -> Value {
    let connection = active();
    let sku = "plate ".parse().unwrap();
    let mut listing = Listing::new(&connection, sku, ListingState::CaseMismatch);
    listing.other_spelling = Some("PLATE".parse().unwrap());
    listing.marketplaces = vec![Marketplace::Uk];
    let placed = database.store.place_listing(&listing, None, false);
    assert_eq!(placed.await.unwrap(), Written::Done);
    let images = database.images("CatalogueTable", "LISTING").await;
    let image = images
        .into_iter()
        .find(|image| image["state"] == json!({"S": "case_mismatch"}));
    record(5, None, Some(&image.unwrap()))
}

/// A listing is closed at Amazon by somebody else, and one marketplace still shows a quantity.
async fn closed_listing(database: &Database) -> Value {
    let connection = active();
    let sku = "CLOSED".parse().unwrap();
    let mut listing = Listing::new(&connection, sku, ListingState::ClosedElsewhere);
    listing.closed = Some(Closed {
        at: at(5),
        quantity: Some(3),
        inactive: true,
    });
    listing.differing = Some(Differing {
        since: at(5),
        quantities: [(Marketplace::Uk, 0), (Marketplace::De, 3)].into(),
    });
    let placed = database.store.place_listing(&listing, None, false);
    assert_eq!(placed.await.unwrap(), Written::Done);
    let images = database.images("CatalogueTable", "LISTING").await;
    let image = images
        .into_iter()
        .find(|image| image["state"] == json!({"S": "closed_elsewhere"}));
    record(11, None, Some(&image.unwrap()))
}

async fn refused_offer(database: &Database) -> Value {
    let (store, connection) = (&database.store, active());
    let sku = "MUG #1/b".parse().unwrap();
    let key = &connection.key().listing(&sku).offer(Marketplace::De);
    let wanted = WantedPrice {
        amount: Some("12.50".parse().unwrap()),
        why: "recommended".into(),
        generation: 1,
        at: at(500),
        ..WantedPrice::default()
    };
    let _ = store.write_wanted_price(key, &wanted).await.unwrap();
    let sent = Sent {
        value: "12.50".parse().unwrap(),
        generation: 1,
        at: at(510),
        by: SentBy::Patch,
    };
    let _ = store
        .claim_offer(key, 0, &sent, SentLimits::default())
        .await
        .unwrap();
    let before = database.images("CatalogueTable", "OFFER#").await.remove(0);
    let refusal = Refused {
        by: SentBy::Patch,
        ..refused("12.50".parse().unwrap(), "19037")
    };
    assert!(store.refuse_offer(key, &refusal).await.unwrap().is_some());
    let after = database.images("CatalogueTable", "OFFER#").await.remove(0);
    record(6, Some(&before), Some(&after))
}

async fn stuck_feed(database: &Database) -> Value {
    let mut feed = Feed {
        connection: active().key(),
        id: "01K5QZ6D3M8N0V4T7R2W9X1YFD".parse().unwrap(),
        kind: FeedKind::Quantity,
        marketplace: Marketplace::Uk,
        state: FeedState::Submitted,
        lines: 4_000,
        parts: 1,
        created_at: at(0),
        amazon_id: Some("50023018996".into()),
        submitted_at: Some(at(20)),
        applied_at: None,
        accepted: 0,
        refused: 0,
        note: Some("Amazon: IN_QUEUE".into()),
        stuck: false,
        decreases_again: false,
        next_check_at: None,
        overtaken: Vec::new(),
        revision: 1,
    };
    assert_eq!(
        database.store.save_feed(&feed).await.unwrap(),
        Written::Done
    );
    let before = feeds(database).await;
    feed.stuck = true;
    feed.revision = 2;
    assert_eq!(
        database.store.save_feed(&feed).await.unwrap(),
        Written::Done
    );
    record(7, Some(&before), Some(&feeds(database).await))
}

pub(super) async fn feeds(database: &Database) -> Value {
    let images = database.images("CatalogueTable", "01K5").await;
    let feed = images.into_iter().find(|image| image.get("kind").is_some());
    feed.unwrap()
}

async fn rejected_row(database: &Database) -> Value {
    let (tenant, sku) = (active().tenant, "TAßE".parse().unwrap());
    let note = database
        .store
        .note_rejected(&tenant, &sku, "conflict: 3 is stored", at(30));
    note.await.unwrap();
    let image = database
        .images("CatalogueTable", "REJECTED")
        .await
        .remove(0);
    record(8, None, Some(&image))
}

async fn given_up(database: &Database) -> Value {
    let (tenant, sku) = (active().tenant, "TAßE".parse().unwrap());
    let reservation = serde_json::from_value(json!({
        "connection": active().id, "order": "026-1", "line": "1", "amazon_sku": "TAßE", "units": 3, "sale": null,
        "acknowledged_at": at(10), "dispatched": [], "revision": 2,
    }))
    .unwrap();
    for moment in [at(60), at(70)] {
        let store = &database.store;
        let noted = store.note_given_up(&tenant, &sku, &reservation, 3, moment);
        noted.await.unwrap();
    }
    let images = database.images("CatalogueTable", "GIVEN_UP").await;
    assert_eq!(images.len(), 1, "noted once");
    record(20, None, Some(&images[0]))
}

/// A listing is held until a moment, which comes.
async fn held_listing(database: &Database) -> [Value; 2] {
    let store = &database.store;
    let key = active().key().listing(&"MUG #1/b".parse().unwrap());
    let read = store.listing(&key).await.unwrap().unwrap();
    let hold = ListingHold {
        mode: HoldMode::Zero,
        reason: "a recall".into(),
        until: Some(at(90)),
        author: Some("ann".into()),
        since: at(80),
    };
    let held = store.hold_listing(&read, &hold).await.unwrap();
    assert_eq!(held, Written::Done);
    let held = store.listing(&key).await.unwrap().unwrap();
    let ended = store.end_hold(held, at(90)).await.unwrap().unwrap();
    assert_eq!(ended.hold, None);
    let mut images = database.images("CatalogueTable", "HOLD#").await;
    images.sort_by_key(|image| image["sk"].to_string());
    let [began, ended] = images.try_into().unwrap();
    [
        record(21, None, Some(&began)),
        record(22, None, Some(&ended)),
    ]
}

/// Two offers are to be made: one may be several items, the other is restricted.
async fn waiting_offers(database: &Database) -> Vec<Value> {
    let (store, key) = (&database.store, &active().key());
    let (waits, uk) = (
        [NewOfferState::Ask, NewOfferState::Restricted],
        Marketplace::Uk,
    );
    let mut records = Vec::new();
    for (n, (sku, state)) in (33..).zip(["VASE", "WATCH"].into_iter().zip(waits)) {
        let offer = NewOffer::wanted(key, sku.parse().unwrap(), uk, None, None, at(100));
        let put = store.put_new_offer(&offer, None).await;
        assert_eq!(put.unwrap(), Written::Done);
        let item = async || {
            let images = database.images("CatalogueTable", "NEW_OFFER#").await;
            let of_sku = |image: &Value| image["sku"] == json!({"S": sku});
            images.into_iter().find(of_sku).unwrap()
        };
        let before = item().await;
        let mut waits = NewOffer {
            state,
            why: "a person must say more".into(),
            revision: offer.revision + 1,
            ..offer.clone()
        };
        match state {
            NewOfferState::Ask => {
                waits.candidates = vec![Candidate {
                    asin: "B000000001".parse().unwrap(),
                    title: Some("A vase".into()),
                    brand: None,
                    product_type: None,
                }]
            }
            _ => {
                waits.restrictions = vec![Restriction {
                    code: Some("APPROVAL_REQUIRED".into()),
                    message: "You need approval to list in this brand.".into(),
                    link: None,
                }]
            }
        }
        let put = store.put_new_offer(&waits, Some(&offer)).await;
        assert_eq!(put.unwrap(), Written::Done);
        records.push(record(n, Some(&before), Some(&item().await)));
    }
    records
}

/// A connection asks about a category, as often as products of it are looked at.
async fn asked_category(database: &Database) -> Value {
    let connection = active();
    for second in [110, 120] {
        let asked = AskedCategory {
            tenant: connection.tenant.clone(),
            connection: connection.id.clone(),
            category: "Home > Kitchen > Kettles".parse().unwrap(),
            at: at(second),
        };
        let noted = database.store.note_asked_category(&asked).await;
        noted.unwrap();
    }
    record(
        35,
        None,
        Some(&database.image("CatalogueTable", "ASKS#").await),
    )
}

/// A round is held while no stock level comes.
async fn held_round(database: &Database) -> Value {
    let connection = active();
    let round = Round {
        tenant: Some(connection.tenant.clone()),
        connection: Some(connection.id.clone()),
        held: Some(HeldRound {
            at: at(50),
            zeros: 400,
            matched: 900,
            ends_alone: false,
        }),
        stale_since: Some(at(40)),
        ..Round::default()
    };
    let key = connection.key();
    let saved = database.store.save_leased(&key, &mut round.into()).await;
    assert_eq!(saved.unwrap(), Written::Done);
    let image = database
        .images("ConnectionsTable", "STOCK_ROUND")
        .await
        .remove(0);
    record(9, None, Some(&image))
}

/// A report is held, and that of another marketplace failed.
async fn odd_reports(database: &Database) -> Value {
    let key = active().key();
    let mut matching = Matching {
        attention_since: Some(at(70)),
        ..Matching::default()
    };
    let uk = matching.reports_of_mut(Marketplace::Uk);
    uk.doubt("it lost 400 of 900 listings".into());
    uk.held = Some(HeldReport {
        at: at(70),
        known: 900,
        lost: 400,
    });
    let fr = matching.reports_of_mut(Marketplace::Fr);
    fr.fail("it failed on Amazon's side".into(), at(70));
    let saved = database.store.save_leased(&key, &mut matching.into()).await;
    assert_eq!(saved.unwrap(), Written::Done);
    let image = database.images("ConnectionsTable", "MATCH").await.remove(0);
    record(10, None, Some(&image))
}

/// What stock out has to announce of a day.
pub(in super::super) async fn a_day() -> Vec<Value> {
    let database = Database::new().await;
    let mut records = refused_listing(&database).await;
    records.push(mismatched_listing(&database).await);
    records.push(refused_offer(&database).await);
    records.push(stuck_feed(&database).await);
    records.push(rejected_row(&database).await);
    records.push(held_round(&database).await);
    records.push(odd_reports(&database).await);
    records.push(closed_listing(&database).await);
    records.push(given_up(&database).await);
    records.extend(held_listing(&database).await);
    records.extend(waiting_offers(&database).await);
    records.push(asked_category(&database).await);
    records
}

pub(in super::super) const A_DAYS_EVENTS: [&str; 17] = [
    "listing.refused",
    "listing.case_mismatch",
    "listing.refused",
    "feed.stuck",
    "stock.rejected",
    "round.held",
    "stock.stale",
    "report.held",
    "report.failed",
    "listing.closed_elsewhere",
    "listing.quantities_differ",
    "reservation.given_up",
    "listing.held",
    "listing.released",
    "offer.asks",
    "offer.restricted",
    "selection.category_asks",
];
