//! What a connection sells: products that are out go to zero or are left, offers are ended on one marketplace, and what is in
//! again is as before.

use super::explain::{contains, explained};
use super::*;
use stallkeeper::domain::feed::LineValue;
use stallkeeper::domain::selling_rules::{RulesDraft, SellingRules};

const DE: Marketplace = Marketplace::De;

impl Stand {
    /// Puts rules in force, as a publication does, and computes these products again.
    async fn sell_by(&self, revision: u64, rules: Value, skus: &[&str]) {
        let rules: SellingRules = serde_json::from_value(rules).unwrap();
        let draft = RulesDraft { revision, rules };
        self.store.keep_rules(&key(), &draft).await.unwrap();
        self.publish(|plan| plan.published.as_mut().unwrap().rules = Some(revision))
            .await;
        self.deliver(&[recompute_message(skus, false)]).await;
    }

    /// A product with stock, listed in the UK and in Germany, where Amazon shows 9.
    async fn stocked(&self, product: Value) {
        let name = product["sku"].as_str().unwrap().to_owned();
        self.put("/products", json!([product])).await.is(202);
        self.work().await;
        self.list(&name, &name, 1, 9).await;
        let read = self.listing(&name).await;
        let both = Listing {
            marketplaces: vec![Marketplace::Uk, DE],
            ..read.clone()
        };
        let placed = self.store.place_listing(&both, Some(&read), false).await;
        assert_eq!(placed.unwrap(), Written::Done);
        self.deliver(&[levels_message(vec![level(&name, "LON", 5, 10)])])
            .await;
    }

    async fn forget_entries(&self) {
        for entry in self.store.to_send(&key(), true).await.unwrap() {
            self.store.delete_to_send(&key(), &entry).await.unwrap();
        }
    }

    async fn end_to_send(&self, sku: &str) -> Option<LineValue> {
        let part = ListingPart::End(DE);
        let (key, sku) = (&key(), &sku.parse().unwrap());
        let entry = self.store.to_send_of(key, sku, part).await.unwrap();
        entry.map(|entry| entry.value)
    }
}

fn acme(sku: &str) -> Value {
    json!({ "sku": sku, "brand": "ACME", "category": "Home > Kitchen" })
}

#[tokio::test]
async fn a_brand_that_is_excluded_goes_to_zero_says_why_and_comes_back_as_before() {
    let stand = Stand::new().await;
    stand.stocked(acme("A")).await;
    stand.stocked(json!({ "sku": "N", "brand": "North" })).await;
    let out = json!({ "selection": { "products": { "exclude": [{ "type": "brand", "brand": "Acme" }] } } });
    stand.sell_by(1, out.clone(), &["A", "N"]).await;
    assert_eq!(stand.wanted("A").await, Some(0));
    assert_eq!(stand.wanted("N").await, Some(5));
    let entry = stand.to_send("A").await.unwrap();
    assert_eq!(
        (entry.value, entry.decrease),
        (LineValue::Quantity(0), true)
    );
    let explanation = explained(&stand, "A").await;
    contains(&explanation["wanted"]["why"], "excluded: brand Acme");
    // A level that comes meanwhile changes nothing.
    stand
        .deliver(&[levels_message(vec![level("A", "LON", 7, 20)])])
        .await;
    assert_eq!(stand.wanted("A").await, Some(0));
    let mut left = out;
    left["selection"]["when_out"] = json!("leave");
    stand.sell_by(2, left, &["A"]).await;
    assert_eq!(stand.wanted("A").await, None);
    stand.sell_by(3, json!({}), &["A"]).await;
    assert_eq!(stand.wanted("A").await, Some(7));
}

#[tokio::test]
async fn what_one_marketplace_does_not_offer_is_ended_there_and_its_quantity_goes_on() {
    let stand = Stand::new().await;
    stand.stocked(acme("A")).await;
    let only_uk = json!({ "selection": { "marketplaces": {
        "DE": { "exclude": [{ "type": "category", "category": "Home" }] },
    } } });
    stand.sell_by(1, only_uk.clone(), &["A"]).await;
    assert_eq!(stand.wanted("A").await, Some(5));
    let ended = Some(LineValue::End { ended: true });
    assert_eq!(stand.end_to_send("A").await, ended);
    let listing = stand.listing("A").await;
    let sent = stallkeeper::domain::listing::Sent {
        value: true,
        generation: listing.wanted.as_ref().unwrap().generation,
        at: at(50),
        by: stallkeeper::domain::feed::SentBy::Patch,
    };
    let claimed = stand.store.claim_end(&listing.key(), DE, 0, &sent).await;
    assert_eq!(claimed.unwrap(), stallkeeper::store::Claimed::Done);
    stand.forget_entries().await;
    // Once it is ended, nothing more is sent.
    stand.sell_by(2, only_uk, &["A"]).await;
    assert_eq!(stand.end_to_send("A").await, None);
    stand.sell_by(3, json!({}), &["A"]).await;
    let opened = Some(LineValue::End { ended: false });
    assert_eq!(stand.end_to_send("A").await, opened);
}

#[tokio::test]
async fn an_end_is_listed_again_by_a_level_that_comes_before_it_is_sent() {
    let stand = Stand::new().await;
    stand.stocked(acme("A")).await;
    let only_uk = json!({ "selection": { "marketplaces": {
        "DE": { "exclude": [{ "type": "brand", "brand": "Acme" }] },
    } } });
    stand.sell_by(1, only_uk, &["A"]).await;
    // As a round does that finds the generation of the entry overtaken.
    stand.forget_entries().await;
    stand
        .deliver(&[levels_message(vec![level("A", "LON", 4, 20)])])
        .await;
    let ended = Some(LineValue::End { ended: true });
    assert_eq!(stand.end_to_send("A").await, ended);
}

#[tokio::test]
async fn no_price_is_sent_of_a_product_that_is_out_also_none_that_was_listed_before() {
    let stand = Stand::new().await;
    stand.stocked(acme("A")).await;
    assert!(stand.listing("A").await.is_sent_prices());
    let out = json!({ "selection": { "products": { "exclude": [{ "type": "brand", "brand": "Acme" }] } } });
    stand.sell_by(1, out, &["A"]).await;
    assert!(!stand.listing("A").await.is_sent_prices());
    stand.sell_by(2, json!({}), &["A"]).await;
    assert!(stand.listing("A").await.is_sent_prices());
}

#[tokio::test]
async fn a_new_category_sends_nothing_new_and_of_what_was_sent_before_only_less() {
    let stand = Stand::new().await;
    let since = Timestamp::now();
    let asks = json!({ "selection": { "asks_since": since } });
    stand.stocked(acme("OLD")).await;
    stand.forget_entries().await;
    stand.sell_by(1, asks.clone(), &["OLD"]).await;
    assert!(stand.listing("OLD").await.asks(), "it appeared after that");
    assert_eq!(stand.to_send("OLD").await.map(|it| it.value), None);
    let asked = async || stand.database.images("CatalogueTable", "ASKS#").await;
    let first = asked().await;
    assert_eq!(first.len(), 1, "the stream announces it");
    stand.sell_by(1, asks, &["OLD"]).await;
    assert_eq!(asked().await, first, "once");
    let explanation = explained(&stand, "OLD").await;
    contains(&explanation["wanted"]["why"], "a person must decide");
    let known = json!({ "selection": { "asks_since": since, "known_categories": ["home"] } });
    stand.sell_by(2, known, &["OLD"]).await;
    assert!(!stand.listing("OLD").await.asks());
    let entry = stand.to_send("OLD").await.unwrap();
    assert_eq!(entry.value, LineValue::Quantity(5));
}

#[tokio::test]
async fn a_stock_policy_follows_the_narrowest_rule() {
    let stand = Stand::new().await;
    stand.stocked(acme("A")).await;
    let rules = json!({ "policies": [
        { "products": { "type": "all" }, "buffer": 1, "percentage": 100 },
        { "products": { "type": "brand", "brand": "acme" }, "buffer": 0, "percentage": 100, "maximum": 2 },
    ] });
    stand.sell_by(1, rules, &["A"]).await;
    assert_eq!(stand.wanted("A").await, Some(2));
    let explanation = explained(&stand, "A").await;
    contains(&explanation["wanted"]["why"], "policy of brand acme");
}
