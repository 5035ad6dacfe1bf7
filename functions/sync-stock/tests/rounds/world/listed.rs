//! What is listed, wanted and kept in the tables, and what happens to it.

use super::*;
use std::collections::BTreeSet;

impl World {
    /// Lists SKUs on Amazon and here, matched, in the UK.
    pub(crate) async fn list(&self, skus: &[&str], quantity: u32) {
        self.list_in(skus, quantity, &[Marketplace::Uk]).await;
    }

    pub(crate) async fn list_in(&self, skus: &[&str], quantity: u32, marketplaces: &[Marketplace]) {
        let ids: Vec<&str> = marketplaces.iter().map(|store| store.id()).collect();
        let listings: Vec<Value> = skus
            .iter()
            .map(|sku| json!({ "sku": sku, "marketplaces": ids, "quantity": quantity }))
            .collect();
        self.on_seller("PUT", "listings", json!({ "listings": listings }))
            .await;
        for sku in skus {
            let sku: AmazonSku = sku.parse().unwrap();
            let mut listing = Listing::new(&self.connection, sku.clone(), ListingState::Matched);
            listing.product = Some(sku.as_product());
            listing.marketplaces = marketplaces.to_vec();
            let placed = self.store.place_listing(&listing, None, false).await;
            assert_eq!(placed.unwrap(), Written::Done);
        }
    }

    /// Writes what is wanted, and puts an entry if that must be sent, as a recompute does.
    pub(crate) async fn want(&self, sku: &str, quantity: u32) {
        self.want_of_level(sku, quantity, None).await;
    }

    pub(crate) async fn want_of_level(
        &self,
        sku: &str,
        quantity: u32,
        level_at: Option<Timestamp>,
    ) {
        let key = &self.ids();
        let sku: AmazonSku = sku.parse().unwrap();
        let generation = self.generations.fetch_add(1, Ordering::Relaxed) + 1;
        let wanted = Wanted {
            quantity: Some(quantity),
            why: String::new(),
            level_at,
            ended: BTreeSet::new(),
            asks: false,
            unsold: false,
            generation,
            at: Timestamp::now(),
        };
        let product = (&sku.as_product(), 1);
        let name = key.listing(&sku);
        let written = self.store.write_wanted(&name, product, &wanted);
        let WantedWritten::Current(listing) = written.await.unwrap() else {
            panic!("{sku} is not listed so");
        };
        let standing = self.standing(&listing).await;
        let plan = self.store.stock_plan(key).await.unwrap();
        let policy = plan.published.unwrap().settings.policy;
        let Next::Send {
            quantity,
            decrease,
            urgent,
            after,
        } = next(&listing, standing, &[], &policy)
        else {
            return;
        };
        let entry = ToSend {
            sku,
            price_on: None,
            end_on: None,
            value: LineValue::Quantity(quantity),
            generation,
            send_count: listing.send_count,
            decrease: decrease && level_at.is_none(),
            urgent,
            level_at,
            after,
            marketplaces: listing.marketplaces.clone(),
            product_type: None,
            at: Timestamp::now(),
            by_patch: false,
            tries: 0,
            next_at: None,
        };
        self.store.put_to_send(key, &entry).await.unwrap();
    }

    async fn standing(&self, listing: &Listing) -> Standing {
        let feed = match listing.sent_in_feed() {
            Some(feed) => self.store.feed(&self.ids(), feed).await.unwrap(),
            None => None,
        };
        Standing::of(listing.sent_by(), feed.as_ref())
    }

    pub(crate) async fn listing(&self, sku: &str) -> Listing {
        let key = &self.ids();
        let sku = sku.parse().unwrap();
        self.store
            .listing(&key.listing(&sku))
            .await
            .unwrap()
            .unwrap()
    }

    /// Entries that are left, in the order of their SKUs.
    pub(crate) async fn to_send(&self) -> Vec<String> {
        let key = &self.ids();
        let entries = self.store.to_send(key, true).await.unwrap();
        let mut skus: Vec<String> = entries.into_iter().map(|it| it.sku.into()).collect();
        skus.sort();
        skus
    }

    pub(crate) async fn round(&self) -> Round {
        self.leased_round().await.state
    }

    pub(crate) async fn leased_round(&self) -> Leased<Round> {
        self.store.round(&self.ids()).await.unwrap()
    }

    pub(crate) async fn save_round(&self, change: impl FnOnce(&mut Round)) {
        let key = &self.ids();
        let mut round = self.leased_round().await;
        change(&mut round);
        let saved = self.store.save_leased(key, &mut round).await;
        assert_eq!(saved.unwrap(), Written::Done);
    }

    /// All feeds, the newest first.
    pub(crate) async fn feeds(&self) -> Vec<Feed> {
        let key = &self.ids();
        let page = self.store.feed_page(key, None, 50).await;
        page.unwrap().feeds
    }

    pub(crate) async fn states(&self) -> Vec<FeedState> {
        self.feeds().await.iter().map(|feed| feed.state).collect()
    }

    /// Plays `settle-feeds` for a feed that Amazon is done with, all lines accepted.
    pub(crate) async fn settle(&self, feed: &FeedId) {
        let key = &self.ids();
        let mut feed = self.store.feed(key, feed).await.unwrap().unwrap();
        feed.state = FeedState::Settled;
        feed.applied_at = Some(Timestamp::now());
        feed.revision += 1;
        assert_eq!(self.store.save_feed(&feed).await.unwrap(), Written::Done);
    }

    /// Puts an entry that waits for a feed, as a recompute does if only that feed's moment is in doubt.
    pub(crate) async fn wait_for(&self, feed: &FeedId, sku: &str, quantity: u32) {
        let key = &self.ids();
        let listing = self.listing(sku).await;
        let entry = ToSend {
            sku: listing.amazon_sku.clone(),
            price_on: None,
            end_on: None,
            value: LineValue::Quantity(quantity),
            generation: listing.wanted.unwrap().generation,
            send_count: listing.send_count,
            decrease: true,
            urgent: false,
            level_at: None,
            after: Some(feed.clone()),
            marketplaces: listing.marketplaces,
            product_type: None,
            at: Timestamp::now(),
            by_patch: false,
            tries: 0,
            next_at: None,
        };
        self.store.put_to_send(key, &entry).await.unwrap();
    }

    /// Time passes for Amazon's limits: ours and its own.
    pub(crate) async fn forget_limits(&self) {
        self.settings(json!({ "refill": true })).await;
        let tables = &self.database.tables;
        let table = tables.name("ConnectionsTable");
        for item in self.database.items("ConnectionsTable").await {
            if !item["pk"].as_s().unwrap().starts_with("LIMIT#") {
                continue;
            }
            let delete = tables.client.delete_item().table_name(table);
            let delete = delete.key("pk", item["pk"].clone());
            delete.key("sk", item["sk"].clone()).send().await.unwrap();
        }
    }

    /// The sort keys of what will vanish from the catalogue by itself.
    pub(crate) async fn expiring(&self) -> Vec<String> {
        let items = self.database.items("CatalogueTable").await;
        let expiring = items.iter().filter(|item| item.contains_key("expires_at"));
        expiring
            .map(|item| item["sk"].as_s().unwrap().clone())
            .collect()
    }

    /// For how long a lease is still held.
    pub(crate) async fn longest_lease(&self) -> SignedDuration {
        let tables = &self.database.tables;
        let scan = tables.client.scan();
        let scan = scan.table_name(tables.name("ConnectionsTable"));
        let items = scan.send().await.unwrap().items.unwrap();
        let until = items
            .iter()
            .filter(|item| item["sk"].as_s().unwrap().starts_with("STOCK_"))
            .filter_map(|item| item.get("leased_until_ms")?.as_n().ok()?.parse().ok());
        let until: i64 = until.max().unwrap_or_default();
        SignedDuration::from_millis(until - Timestamp::now().as_millisecond())
    }

    /// A killed run keeps its leases until they expire. This makes those pass.
    pub(crate) async fn let_leases_expire(&self) {
        for sk in ["STOCK_ROUND", "STOCK_URGENT"] {
            let tables = &self.database.tables;
            let table = tables.name("ConnectionsTable");
            for item in self.database.items("ConnectionsTable").await {
                if item["sk"].as_s().unwrap() != sk {
                    continue;
                }
                let update = tables.client.update_item().table_name(table);
                update
                    .key("pk", item["pk"].clone())
                    .key("sk", item["sk"].clone())
                    .update_expression("SET leased_until_ms = :past")
                    .expression_attribute_values(":past", AttributeValue::N("0".into()))
                    .send()
                    .await
                    .unwrap();
            }
        }
    }
}
