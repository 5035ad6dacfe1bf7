//! A hold survives whatever the matching finds.

use crate::seller::Seller;
use crate::states::send;
use crate::world::{World, hours_before, line};
use stallkeeper::domain::listing::ListingState::{Matched, NotOnAmazon};
use stallkeeper::domain::listing::{HoldMode, ListingHold};
use stallkeeper::domain::marketplace::Marketplace::Uk;
use stallkeeper::store::Written;

async fn hold(seller: &Seller<'_>, sku: &str, mode: HoldMode) {
    let read = seller.listing(sku).await.unwrap();
    let hold = ListingHold {
        mode,
        reason: "a test".into(),
        until: None,
        author: None,
        since: hours_before(24),
    };
    let held = seller.world.store.hold_listing(&read, &hold).await;
    assert_eq!(held.unwrap(), Written::Done);
}

#[tokio::test]
async fn a_held_listing_that_neither_amazon_nor_the_catalogue_has_is_still_held_once_it_comes_back()
{
    let world = World::new().await;
    let seller = world.connect("back", &[Uk]).await;
    seller.publish().await;
    world.report(Uk, &[line("HELD", "5"), line("FREE", "5"), line("A", "1")]);
    seller.match_listings().await;
    hold(&seller, "HELD", HoldMode::Leave).await;
    world.report(Uk, &[line("A", "1")]);
    seller.release_reports().await;
    seller.match_listings().await;
    assert_eq!(seller.listing("FREE").await, None);
    let gone = seller.listing("HELD").await.unwrap();
    assert_eq!((gone.state, gone.hold.is_some()), (NotOnAmazon, true));
    seller.put_product("HELD", &[]).await;
    world.report(Uk, &[line("HELD", "5"), line("A", "1")]);
    seller.match_listings().await;
    let back = seller.listing("HELD").await.unwrap();
    assert_eq!((back.state, back.hold.is_some()), (Matched, true));
}

#[tokio::test]
async fn what_people_make_of_a_listing_while_it_is_held_does_not_close_it_and_is_noted() {
    let world = World::new().await;
    let seller = world.connect("by_hand", &[Uk]).await;
    seller.publish().await;
    seller.put_product("A-1", &[]).await;
    world.report(Uk, &[line("A-1", "5")]);
    seller.match_listings().await;
    send(&seller, "A-1", 5, hours_before(48)).await;
    seller.recomputed();
    hold(&seller, "A-1", HoldMode::Leave).await;
    world.report(Uk, &[line("A-1", "0")]);
    seller.match_listings().await;
    let listing = seller.listing("A-1").await.unwrap();
    assert_eq!((listing.state, listing.sent), (Matched, None));
    assert_eq!(listing.observed.unwrap().value, 0);
    assert!(seller.recomputed().is_empty(), "nothing is to be sent");
    assert!(listing.hold.is_some());
}

#[tokio::test]
async fn a_listing_held_at_zero_is_zeroed_again_if_somebody_refills_it() {
    let world = World::new().await;
    let seller = world.connect("refilled", &[Uk]).await;
    seller.publish().await;
    seller.put_product("A-1", &[]).await;
    world.report(Uk, &[line("A-1", "5")]);
    seller.match_listings().await;
    send(&seller, "A-1", 0, hours_before(48)).await;
    seller.recomputed();
    hold(&seller, "A-1", HoldMode::Zero).await;
    world.report(Uk, &[line("A-1", "0")]);
    seller.match_listings().await;
    assert!(seller.recomputed().is_empty(), "it shows zero");
    world.report(Uk, &[line("A-1", "9")]);
    seller.match_listings().await;
    assert_eq!(seller.recomputed().len(), 1);
}
