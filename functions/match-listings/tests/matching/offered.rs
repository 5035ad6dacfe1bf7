//! Offers that were made here, once Amazon's report shows them.

use crate::seller::Seller;
use crate::world::{World, by_amazon, line};
use jiff::Timestamp;
use stallkeeper::domain::ids::Sku;
use stallkeeper::domain::listing::ListingState;
use stallkeeper::domain::marketplace::Marketplace::Uk;
use stallkeeper::domain::new_offer::{NewOffer, NewOfferState};
use stallkeeper::store::Written;

impl Seller<'_> {
    /// Puts an offer that Amazon accepted, or one that still waits for its turn.
    async fn put_offer(&self, sku: &str, accepted: bool) {
        let (key, now) = (&self.connection.key(), Timestamp::now());
        let wanted = NewOffer::wanted(key, sku.parse().unwrap(), Uk, None, None, now);
        let offer = match accepted {
            true => wanted.accepted(Vec::new(), now),
            false => wanted,
        };
        let put = self.world.store.put_new_offer(&offer, None).await;
        assert_eq!(put.unwrap(), Written::Done);
    }

    async fn offer(&self, sku: &str) -> NewOffer {
        let (key, sku) = (&self.connection.key(), &sku.parse::<Sku>().unwrap());
        let offer = self.world.store.new_offer(key, sku).await;
        offer.unwrap().unwrap()
    }
}

#[tokio::test]
async fn an_offer_is_matched_with_the_report_that_shows_it_and_not_before() {
    let world = World::new().await;
    let seller = world.connect("offered", &[Uk]).await;
    for sku in ["NEW", "FBA", "LATE", "WAITS", "OLD"] {
        seller.put_product(sku, &[]).await;
    }
    world.report(Uk, &[line("OLD", "5")]);
    seller.match_listings().await;
    for (sku, accepted) in [
        ("NEW", true),
        ("FBA", true),
        ("LATE", true),
        ("WAITS", false),
    ] {
        seller.put_offer(sku, accepted).await;
    }
    let late = seller.offer("LATE").await;
    let lines = [
        line("OLD", "5"),
        line("NEW", "4"),
        by_amazon("FBA"),
        line("WAITS", "1"),
    ];
    world.report(Uk, &lines);
    for _ in 0..2 {
        seller.release_reports().await;
        seller.match_listings().await;
        let new = seller.offer("NEW").await;
        assert_eq!((new.state, new.due_at), (NewOfferState::Matched, None));
        let fba = seller.offer("FBA").await;
        assert_eq!(fba.state, NewOfferState::SeenInReport);
        assert!(fba.why.contains("fulfilled_by_amazon") && fba.due_at.is_some());
        assert_eq!(seller.offer("LATE").await, late);
        assert_eq!(seller.offer("WAITS").await.state, NewOfferState::Wanted);
    }
    let listing = seller.listing("NEW").await.unwrap();
    assert_eq!(listing.state, ListingState::Matched);
}
