//! Several marketplaces of one seller: quantities that differ, and what Amazon fulfils on one that is not switched on.

use crate::seller::Seller;
use crate::states::send;
use crate::world::{World, by_amazon, hours_before, line};
use stallkeeper::domain::connection::Participation;
use stallkeeper::domain::listing::ListingState::{FulfilledByAmazon, Matched};
use stallkeeper::domain::marketplace::Marketplace::{self, De, Fr, Uk};
use stallkeeper::store::ToSend;

async fn matched(seller: &Seller<'_>, sku: &str, quantity: &str) {
    seller.publish().await;
    seller.put_product(sku, &[]).await;
    for marketplace in [Uk, De] {
        seller.world.report(marketplace, &[line(sku, quantity)]);
    }
    assert_eq!(seller.match_listings().await.counts.matched, 1);
    seller.recomputed();
}

#[tokio::test]
async fn what_is_on_sale_on_the_second_marketplace_only_is_sent_zero_through_it() {
    let world = World::new().await;
    let seller = world.connect("zombie", &[Uk, De]).await;
    matched(&seller, "Z-1", "3").await;
    send(&seller, "Z-1", 0, hours_before(48)).await;
    for marketplace in [Uk, De] {
        world.report(marketplace, &[line("Z-1", "0")]);
    }
    seller.match_listings().await;
    assert_eq!(
        seller.listing("Z-1").await.unwrap().state,
        Matched,
        "our own zero"
    );
    seller.recomputed();
    world.report(De, &[line("Z-1", "4")]);
    let matching = seller.match_listings().await;
    let listing = seller.listing("Z-1").await.unwrap();
    assert_eq!((listing.state, listing.sent.clone()), (Matched, None));
    assert_eq!(listing.observed.as_ref().unwrap().value, 4);
    assert_eq!(matching.counts.differing, 1);
    let quantities = listing.differing.clone().unwrap().quantities;
    assert_eq!(quantities, [(Uk, 0), (De, 4)].into());
    let pending = [("Z-1".to_owned(), false)];
    assert_eq!(seller.recomputed(), pending.into_iter().collect());
    let policy = Default::default();
    let entry = ToSend::lost_quantity(&listing, &policy, hours_before(0)).unwrap();
    assert_eq!(entry.marketplaces, [De]);
}

#[tokio::test]
async fn a_row_of_any_marketplace_shows_what_somebody_else_changed() {
    for (name, shows) in [("home", [Uk, De]), ("second", [De, Uk])] {
        let world = World::new().await;
        let seller = world.connect(name, &[Uk, De]).await;
        matched(&seller, "Z-1", "10").await;
        send(&seller, "Z-1", 10, hours_before(48)).await;
        world.report(shows[0], &[line("Z-1", "3")]);
        seller.match_listings().await;
        let listing = seller.listing("Z-1").await.unwrap();
        assert_eq!(
            (listing.sent, listing.observed.unwrap().value),
            (None, 3),
            "{name}"
        );
        world.report(shows[0], &[line("Z-1", "10")]);
        seller.match_listings().await;
        assert_eq!(seller.listing("Z-1").await.unwrap().differing, None);
    }
}

/// The seller takes part in these marketplaces, switched on or not.
fn takes_part(seller: &mut Seller<'_>, marketplaces: &[Marketplace]) {
    let participation = |marketplace: &Marketplace| Participation {
        marketplace: *marketplace,
        participating: true,
        suspended_listings: false,
    };
    seller.connection.participations = marketplaces.iter().map(participation).collect();
}

#[tokio::test]
async fn what_amazon_fulfils_on_a_marketplace_that_is_not_switched_on_is_sent_nothing() {
    let world = World::new().await;
    let mut seller = world.connect("guard", &[Uk]).await;
    takes_part(&mut seller, &[Uk, De, Fr]);
    seller
        .set_status(stallkeeper::domain::connection::ConnectionStatus::Active)
        .await;
    for sku in ["A-1", "FBA-1"] {
        seller.put_product(sku, &[]).await;
    }
    world.report(Uk, &[line("A-1", "1"), line("FBA-1", "1")]);
    world.report(De, &[by_amazon("FBA-1"), line("ONLY-DE", "1")]);
    world.status(Fr, "FATAL");
    let matching = seller.match_listings().await;
    assert_eq!((matching.failed, matching.counts.matched), (None, 1));
    let fba = seller.listing("FBA-1").await.unwrap();
    assert_eq!((fba.state, fba.marketplaces), (FulfilledByAmazon, vec![Uk]));
    assert_eq!(seller.listing("ONLY-DE").await, None);
    // A guard's report that fails proves nothing.
    world.status(De, "FATAL");
    seller.match_listings().await;
    assert_eq!(
        seller.listing("FBA-1").await.unwrap().state,
        FulfilledByAmazon
    );
    for marketplace in [De, Fr] {
        world.report(marketplace, &[line("ONLY-DE", "1")]);
    }
    seller.match_listings().await;
    assert_eq!(seller.listing("FBA-1").await.unwrap().state, Matched);
}
