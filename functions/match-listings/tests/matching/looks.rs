//! What a look before sending found counts beside the reports, until another look finds something else.

use crate::seller::Seller;
use crate::world::{World, by_amazon, line};
use jiff::{SignedDuration, Timestamp};
use stallkeeper::domain::listing::ListingState::{self, FulfilledByAmazon, Matched, MultiLocation};
use stallkeeper::domain::listing::{Finding, Listing, Look};
use stallkeeper::domain::marketplace::Marketplace::Uk;

const LOOK: &str = "GET listings/2021-08-01/items";

/// A matched listing that a look of so many hours ago guards.
async fn guarded(seller: &Seller<'_>, found: Finding, hours: i64) -> Listing {
    seller.put_product("A-1", &[]).await;
    seller.world.report(Uk, &[line("A-1", "0")]);
    let look = Look::new(None, found, hours_ago(hours));
    let listing = Listing {
        state: look.guarded_state().unwrap(),
        product: Some("A-1".parse().unwrap()),
        marketplaces: vec![Uk],
        ..seller.new_listing("A-1", Matched)
    };
    seller.put_listing(&listing).await;
    let store = &seller.world.store;
    store.note_look(&listing.key(), &look).await.unwrap();
    seller.listing("A-1").await.unwrap()
}

fn hours_ago(hours: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_hours(hours)
}

fn looks(world: &World) -> usize {
    let amazon = world.heard();
    amazon.calls.iter().filter(|call| **call == LOOK).count()
}

fn shows(world: &World, channels: &[&'static str]) {
    world.heard().channels.insert("A-1", channels.to_vec());
}

async fn state(seller: &Seller<'_>) -> ListingState {
    seller.match_listings().await;
    seller.listing("A-1").await.unwrap().state
}

#[tokio::test]
async fn a_listing_that_a_look_guards_stays_so_although_reports_show_it_as_the_merchants() {
    let rows = [
        (Finding::Amazon, FulfilledByAmazon, "AMAZON_EU"),
        (Finding::SeveralLocations, MultiLocation, "353e4e48-6301"),
    ];
    for (found, expected, channel) in rows {
        let world = World::new().await;
        let seller = world.connect("looked", &[Uk]).await;
        guarded(&seller, found, 1).await;
        seller.match_listings().await;
        let before = looks(&world);
        assert_eq!(state(&seller).await, expected);
        assert_eq!(looks(&world), before, "the last look counts for a day");

        guarded_again(&seller, found).await;
        shows(&world, &[channel]);
        assert_eq!(state(&seller).await, expected);
        assert_eq!(looks(&world), before + 1);
        guarded_again(&seller, found).await;
        world.heard().channels.clear();
        assert_eq!(state(&seller).await, expected, "an answer without channels");
        shows(&world, &["DEFAULT"]);
        let matched = state(&seller).await;
        assert_ne!(matched, expected, "the merchant's again");
    }
}

/// The last look is a day old.
async fn guarded_again(seller: &Seller<'_>, found: Finding) {
    let listing = seller.listing("A-1").await.unwrap();
    let look = Look::new(None, found, hours_ago(25));
    let store = &seller.world.store;
    store.note_look(&listing.key(), &look).await.unwrap();
}

#[tokio::test]
async fn a_report_that_shows_it_as_amazons_makes_the_look_worthless() {
    let world = World::new().await;
    let seller = world.connect("worthless", &[Uk]).await;
    guarded(&seller, Finding::SeveralLocations, 1).await;
    world.report(Uk, &[by_amazon("A-1")]);
    assert_eq!(state(&seller).await, FulfilledByAmazon);
    assert_eq!(seller.listing("A-1").await.unwrap().look, None);
    world.report(Uk, &[line("A-1", "3")]);
    assert_eq!(state(&seller).await, Matched, "looked at before it is sent");
}

#[tokio::test]
async fn listings_with_several_locations_are_counted_by_themselves() {
    let world = World::new().await;
    let seller = world.connect("counted", &[Uk]).await;
    guarded(&seller, Finding::SeveralLocations, 1).await;
    let counts = seller.match_listings().await.counts;
    assert_eq!((counts.multi_location, counts.matched), (1, 0));
    assert_eq!(counts.closed_elsewhere, 0, "its zero is no closing");
}
