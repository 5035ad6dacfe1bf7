//! A listing that somebody else closed at Amazon stays closed.

use crate::seller::Seller;
use crate::states::send;
use crate::world::{Line, World, hours_before, line, made_at};
use jiff::Timestamp;
use stallkeeper::domain::listing::Listing;
use stallkeeper::domain::listing::ListingState::{ClosedElsewhere, Matched};
use stallkeeper::domain::marketplace::Marketplace::{De, Uk};

fn inactive<'a>(sku: &'a str, quantity: &'a str) -> Line<'a> {
    Line {
        status: "Inactive",
        ..line(sku, quantity)
    }
}

async fn sent(seller: &Seller<'_>, sku: &str, quantity: u32) -> Listing {
    seller.publish().await;
    seller.put_product(sku, &[]).await;
    seller.world.report(Uk, &[line(sku, "5")]);
    seller.match_listings().await;
    send(seller, sku, quantity, hours_before(48)).await;
    seller.recomputed();
    seller.listing(sku).await.unwrap()
}

#[tokio::test]
async fn what_is_closed_on_the_first_day_is_asked_once_and_never_refilled() {
    let world = World::new().await;
    let seller = world.connect("first", &[Uk, De]).await;
    seller.publish().await;
    let rows = [
        (line("ZERO", "0"), ClosedElsewhere),
        (inactive("CLOSED", "0"), ClosedElsewhere),
        (inactive("STOPPED", "7"), ClosedElsewhere),
        (
            Line {
                status: "Incomplete",
                ..line("PART", "7")
            },
            ClosedElsewhere,
        ),
        (line("SOLD", "7"), Matched),
        (
            Line {
                status: "New word",
                ..line("WORD", "7")
            },
            Matched,
        ),
        (
            Line {
                price: "",
                ..inactive("NO-PRICE", "7")
            },
            Matched,
        ),
        (inactive("ONE", "7"), Matched),
    ];
    let mut lines = Vec::new();
    let mut states = Vec::new();
    for (line, state) in rows {
        seller.put_product(line.sku, &[]).await;
        states.push((line.sku, state));
        lines.push(line);
    }
    world.report(Uk, &lines);
    world.report(De, &[line("ONE", "7")]);
    for _ in 0..2 {
        let matching = seller.match_listings().await;
        assert_eq!(
            (matching.counts.matched, matching.counts.closed_elsewhere),
            (4, 4)
        );
        for (sku, state) in &states {
            let listing = seller.listing(sku).await.unwrap();
            assert_eq!(listing.state, *state, "{sku}");
            assert!(listing.product.is_some(), "its orders reserve: {sku}");
        }
        assert!(
            seller
                .recomputed()
                .iter()
                .all(|(sku, _)| !states.contains(&(sku, ClosedElsewhere)))
        );
    }
    // Sold again, by a hand at Amazon.
    world.report(
        Uk,
        &[
            line("ZERO", "1"),
            line("CLOSED", "2"),
            inactive("STOPPED", "7"),
            inactive("PART", "7"),
            line("SOLD", "7"),
            line("WORD", "7"),
            line("NO-PRICE", "7"),
        ],
    );
    assert_eq!(seller.match_listings().await.counts.closed_elsewhere, 2);
    assert_eq!(seller.listing("ZERO").await.unwrap().state, Matched);
}

#[tokio::test]
async fn a_zero_that_neither_we_nor_a_sale_explain_closes_a_listing() {
    let world = World::new().await;
    let seller = world.connect("zeroed", &[Uk]).await;
    sent(&seller, "A-1", 5).await;
    world.report(Uk, &[inactive("A-1", "0")]);
    seller.match_listings().await;
    let closed = seller.listing("A-1").await.unwrap();
    assert_eq!(
        (closed.state, closed.sent.is_none()),
        (ClosedElsewhere, true)
    );
    let note = closed.closed.unwrap();
    assert_eq!((note.quantity, note.at), (Some(0), made_at()));
    assert!(seller.recomputed().is_empty());
}

#[tokio::test]
async fn our_own_zero_closes_nothing_and_a_fresh_one_proves_nothing() {
    let world = World::new().await;
    let seller = world.connect("ours", &[Uk]).await;
    sent(&seller, "A-1", 0).await;
    world.report(Uk, &[inactive("A-1", "0")]);
    seller.match_listings().await;
    assert_eq!(seller.listing("A-1").await.unwrap().state, Matched);
    let seller = world.connect("fresh", &[Uk]).await;
    world.report(Uk, &[line("A-1", "5")]);
    seller.publish().await;
    seller.put_product("A-1", &[]).await;
    seller.match_listings().await;
    send(&seller, "A-1", 5, made_at()).await;
    world.report(Uk, &[inactive("A-1", "0")]);
    seller.match_listings().await;
    assert_eq!(
        seller.listing("A-1").await.unwrap().state,
        Matched,
        "what we sent may not be in it yet"
    );
}

#[tokio::test]
async fn a_zero_that_sales_explain_closes_nothing() {
    let world = World::new().await;
    let seller = world.connect("soldout", &[Uk]).await;
    let listing = sent(&seller, "A-1", 5).await;
    seller.sell(&listing, 5, hours_before(24)).await;
    world.report(Uk, &[inactive("A-1", "0")]);
    seller.match_listings().await;
    let listing = seller.listing("A-1").await.unwrap();
    assert_eq!((listing.state, listing.sent.is_some()), (Matched, true));
}

#[tokio::test]
async fn what_a_person_reopened_is_not_closed_again_by_the_same_report() {
    let world = World::new().await;
    let seller = world.connect("reopened", &[Uk]).await;
    seller.publish().await;
    seller.put_product("A-1", &[]).await;
    world.report(Uk, &[inactive("A-1", "0")]);
    seller.match_listings().await;
    let read = seller.listing("A-1").await.unwrap();
    let open = Listing {
        state: Matched,
        closed: None,
        reopened_at: Some(Timestamp::now()),
        ..read
    };
    seller.put_listing(&open).await;
    seller.match_listings().await;
    assert_eq!(seller.listing("A-1").await.unwrap().state, Matched);
    let sold = line("A-1", "5");
    world.report(Uk, &[sold]);
    seller.match_listings().await;
    let listing = seller.listing("A-1").await.unwrap();
    assert_eq!((listing.state, listing.reopened_at), (Matched, None));
}
