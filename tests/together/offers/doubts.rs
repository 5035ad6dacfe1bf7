//! Feeds of which nobody knows what became: an offer is sent again only once Amazon shows that it has none.

use crate::world::{MUG, SELLER, World};
use serde_json::json;
use stallkeeper::domain::new_offer::NewOfferState;

async fn one_wanted() -> World {
    let world = World::unchecked().await;
    world.item(MUG, "4006381333931").await;
    world.wanted("MUG", "4006381333931").await;
    world
}

#[tokio::test]
async fn a_lost_answer_to_a_feed_that_amazon_has_makes_no_second_one() {
    let world = one_wanted().await;
    let lost = json!({"operation": "createFeed", "kind": "lost"});
    world.admin("POST", "faults", lost).await;
    assert!(world.run().await);
    let offer = world.offer("MUG").await;
    assert_eq!((offer.state, offer.tries), (NewOfferState::Searching, 1));
    assert!(offer.sent.is_some() && offer.due_at.is_some());
    world.make_due("MUG").await;
    assert!(world.run().await);
    assert_eq!(
        world.state("MUG").await,
        NewOfferState::Accepted,
        "Amazon shows it"
    );
    assert_eq!(world.count("createFeed").await, 1);
    assert_eq!(world.violations().await, json!([]));
}

#[tokio::test]
async fn a_feed_that_never_reached_amazon_goes_again() {
    for kind in ["reset", "status"] {
        let world = one_wanted().await;
        let fault = json!({"operation": "createFeed", "kind": kind, "status": 503});
        world.admin("POST", "faults", fault).await;
        let _ = world.run().await;
        world.make_due("MUG").await;
        assert!(world.run().await && world.settle().await, "{kind}");
        let offer = world.offer("MUG").await;
        assert_eq!(
            offer.state,
            NewOfferState::Accepted,
            "{kind}: {}",
            offer.why
        );
        assert_eq!(world.at_amazon("MUG").await["quantity"], 4, "{kind}");
        assert_eq!(world.violations().await, json!([]), "{kind}");
    }
}

#[tokio::test]
async fn a_role_that_the_app_lacks_is_said_and_tried_ever_later() {
    let world = one_wanted().await;
    let fault = json!({"operation": "searchCatalogItems", "kind": "status", "status": 403});
    world.admin("POST", "faults", fault).await;
    assert!(
        world.run().await,
        "no dead letter: what waits is in the table"
    );
    let offer = world.offer("MUG").await;
    assert_eq!((offer.state, offer.tries), (NewOfferState::Wanted, 1));
    assert!(
        offer.why.contains("Product Listing") && offer.due_at.is_some(),
        "{}",
        offer.why
    );
    world.make_due("MUG").await;
    assert!(world.run().await);
    assert_eq!(world.state("MUG").await, NewOfferState::Sent);
}

#[tokio::test]
async fn what_a_feed_without_a_verdict_made_is_found_and_what_it_did_not_make_goes_again() {
    for (fault, applied) in [
        ("fatal", 1.0),
        ("fatal", 0.0),
        ("cancelled", 0.0),
        ("report_missing", 0.0),
        ("report_cut", 0.0),
    ] {
        let world = one_wanted().await;
        let faults = json!([{"kind": fault, "applied": applied}]);
        world
            .admin("PUT", &format!("sellers/{SELLER}/feed-faults"), faults)
            .await;
        assert!(world.run().await);
        for _ in 0..6 {
            assert!(world.settle().await);
        }
        assert_eq!(
            world.state("MUG").await,
            NewOfferState::Searching,
            "{fault}"
        );
        assert!(world.open_feeds().await.is_empty(), "{fault}");
        world.make_due("MUG").await;
        assert!(world.run().await && world.settle().await, "{fault}");
        let offer = world.offer("MUG").await;
        assert_eq!(
            offer.state,
            NewOfferState::Accepted,
            "{fault}: {}",
            offer.why
        );
        let history = world.at_amazon("MUG").await["history"].clone();
        assert_eq!(history.as_array().unwrap().len(), 1, "{fault}: made once");
        assert_eq!(world.violations().await, json!([]), "{fault}");
    }
}
