//! Offers that were ended here, as reports show them: never taken for closed by somebody else, sent again if Amazon did not
//! take it, and left alone once a person opened them at Amazon.

use crate::seller::Seller;
use crate::states::send;
use crate::world::{Line, World, hours_before, line};
use jiff::Timestamp;
use stallkeeper::domain::feed::SentBy;
use stallkeeper::domain::listing::ListingState::{ClosedElsewhere, Matched};
use stallkeeper::domain::listing::Sent;
use stallkeeper::domain::marketplace::Marketplace::{self, De, Uk};
use stallkeeper::domain::stock::Wanted;
use stallkeeper::store::{Claimed, WantedWritten};
use std::collections::BTreeSet;

fn inactive<'a>(sku: &'a str, quantity: &'a str) -> Line<'a> {
    Line {
        status: "Inactive",
        ..line(sku, quantity)
    }
}

impl Seller<'_> {
    /// A listing with stock whose offers on these marketplaces are wanted to be ended, and were sent that long ago.
    async fn ended(&self, sku: &str, on: &[Marketplace], at: Timestamp) {
        self.put_product(sku, &[]).await;
        for marketplace in [Uk, De] {
            self.world.report(marketplace, &[line(sku, "5")]);
        }
        self.match_listings().await;
        send(self, sku, 5, hours_before(48)).await;
        let (store, listing) = (&self.world.store, self.listing(sku).await.unwrap());
        let wanted = Wanted {
            ended: on.iter().copied().collect(),
            generation: 6,
            ..listing.wanted.clone().unwrap()
        };
        let (name, product) = (listing.key(), (listing.product.as_ref().unwrap(), 1));
        let written = store.write_wanted(&name, product, &wanted).await.unwrap();
        assert!(matches!(written, WantedWritten::Current(_)));
        for marketplace in on {
            let sent = Sent {
                value: true,
                generation: 6,
                at,
                by: SentBy::Patch,
            };
            let claimed = store.claim_end(&name, *marketplace, 0, &sent).await;
            assert_eq!(claimed.unwrap(), Claimed::Done);
        }
        self.recomputed();
    }
}

#[tokio::test]
async fn an_offer_that_was_ended_here_is_not_closed_elsewhere() {
    let world = World::new().await;
    let seller = world.connect("ends", &[Uk, De]).await;
    seller.publish().await;
    seller.ended("A", &[Uk, De], hours_before(24)).await;
    for marketplace in [Uk, De] {
        world.report(marketplace, &[inactive("A", "5")]);
    }
    seller.match_listings().await;
    let listing = seller.listing("A").await.unwrap();
    assert_eq!(listing.state, Matched);
    assert!(listing.end(De).observed.unwrap().value);
    assert_eq!(seller.recomputed(), BTreeSet::new());
}

#[tokio::test]
async fn what_closes_the_rest_of_an_offer_that_was_ended_here_is_somebody_else() {
    let world = World::new().await;
    let seller = world.connect("rest", &[Uk, De]).await;
    seller.publish().await;
    seller.ended("A", &[De], hours_before(24)).await;
    for marketplace in [Uk, De] {
        world.report(marketplace, &[inactive("A", "5")]);
    }
    seller.match_listings().await;
    assert_eq!(seller.listing("A").await.unwrap().state, ClosedElsewhere);
}

#[tokio::test]
async fn an_end_that_amazon_did_not_take_is_sent_again_and_one_that_a_person_undid_is_not() {
    let world = World::new().await;
    let seller = world.connect("undone", &[Uk, De]).await;
    seller.publish().await;
    seller.ended("A", &[De], hours_before(1)).await;
    seller.match_listings().await;
    assert_eq!(seller.recomputed(), BTreeSet::new(), "too early to say");
    let again = Sent {
        value: true,
        generation: 6,
        at: hours_before(24),
        by: SentBy::Patch,
    };
    let name = seller.listing("A").await.unwrap().key();
    let claimed = world.store.claim_end(&name, De, 1, &again).await;
    assert_eq!(claimed.unwrap(), Claimed::Done);
    seller.match_listings().await;
    assert_eq!(seller.listing("A").await.unwrap().end(De).sent, None);
    assert_eq!(seller.recomputed(), [("A".into(), false)].into());
    let claimed = world.store.claim_end(&name, De, 2, &again).await;
    assert_eq!(claimed.unwrap(), Claimed::Done);
    world.report(De, &[inactive("A", "5")]);
    seller.match_listings().await;
    world.report(De, &[line("A", "5")]);
    seller.match_listings().await;
    let end = seller.listing("A").await.unwrap().end(De);
    assert!(end.is_reopened() && end.sent.is_some());
    assert_eq!(seller.recomputed(), BTreeSet::new());
}

#[tokio::test]
async fn an_offer_that_was_opened_again_is_not_closed_elsewhere_while_reports_lag_and_is_opened_once_more()
 {
    let world = World::new().await;
    let seller = world.connect("opened", &[Uk, De]).await;
    seller.publish().await;
    seller.ended("A", &[Uk, De], hours_before(48)).await;
    let (store, listing) = (&world.store, seller.listing("A").await.unwrap());
    let wanted = Wanted {
        ended: BTreeSet::new(),
        generation: 7,
        ..listing.wanted.clone().unwrap()
    };
    let (name, product) = (listing.key(), (listing.product.as_ref().unwrap(), 1));
    let written = store.write_wanted(&name, product, &wanted).await.unwrap();
    assert!(matches!(written, WantedWritten::Current(_)));
    let open = async |send_count: u64, at: Timestamp| {
        for marketplace in [Uk, De] {
            let sent = Sent {
                value: false,
                generation: 7,
                at,
                by: SentBy::Patch,
            };
            let claimed = store.claim_end(&name, marketplace, send_count, &sent).await;
            assert_eq!(claimed.unwrap(), Claimed::Done);
        }
    };
    for marketplace in [Uk, De] {
        world.report(marketplace, &[inactive("A", "5")]);
    }
    open(1, hours_before(1)).await;
    seller.match_listings().await;
    assert_eq!(seller.listing("A").await.unwrap().state, Matched);
    assert_eq!(seller.recomputed(), BTreeSet::new(), "too early to say");
    open(2, hours_before(24)).await;
    seller.match_listings().await;
    let listing = seller.listing("A").await.unwrap();
    assert_eq!(
        (listing.state, listing.end(Uk).not_taken),
        (Matched, Some(false))
    );
    assert_eq!(seller.recomputed(), [("A".into(), false)].into());
    // Opened once more in vain, it is a person's word.
    open(3, hours_before(24)).await;
    seller.match_listings().await;
    let listing = seller.listing("A").await.unwrap();
    assert!(!listing.end(Uk).sent.unwrap().value);
    assert!(listing.end(Uk).observed.unwrap().value);
    assert_eq!(seller.recomputed(), BTreeSet::new());
}

#[tokio::test]
async fn an_offer_that_the_seller_ended_is_known_as_theirs_until_it_is_sold_again() {
    let world = World::new().await;
    let seller = world.connect("theirs", &[Uk, De]).await;
    seller.publish().await;
    seller.ended("A", &[], hours_before(24)).await;
    world.report(De, &[inactive("A", "5")]);
    seller.match_listings().await;
    let listing = seller.listing("A").await.unwrap();
    assert_eq!(
        (listing.state, &listing.inactive_on),
        (Matched, &[De].into())
    );
    world.report(De, &[line("A", "5")]);
    seller.match_listings().await;
    assert!(seller.listing("A").await.unwrap().inactive_on.is_empty());
    // What was ended here is not theirs.
    let ours = world.connect("ours", &[Uk, De]).await;
    ours.publish().await;
    ours.ended("B", &[De], hours_before(24)).await;
    world.report(De, &[inactive("B", "5")]);
    ours.match_listings().await;
    assert!(ours.listing("B").await.unwrap().inactive_on.is_empty());
}
