//! One test's world: tables, one server that plays Amazon and the rest of AWS, and a feed that Amazon has.

mod outside;

pub(crate) use kit::sample::at;

use jiff::{SignedDuration, Timestamp};
use kit::{Aws, Calls, Database, Side, StandIn};
use outside::Feeds;
use secrecy::SecretString;
use serde_json::{Value, json};
use settle_feeds::{App, handle};
use stallkeeper::domain::connection::{Connection, Credentials};
use stallkeeper::domain::feed::{Feed, FeedKind, FeedLine, FeedState, LineValue, SentBy};
use stallkeeper::domain::ids::{AmazonSku, FeedId};
use stallkeeper::domain::listing::{Listing, ListingState, Offer, Sent, WantedPrice};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::price::SentLimits;
use stallkeeper::domain::stock::Wanted;
use stallkeeper::store::{Attached, Store, ToSend, Written};
use std::time::{Duration, SystemTime};

pub(crate) const FEED: &str = "01KAFEED0000000000000000AA";
pub(crate) const STORE: Marketplace = Marketplace::Uk;

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) connection: Connection,
    pub(crate) outside: StandIn<Feeds>,
    app: App,
    database: Database,
}

impl World {
    pub(crate) async fn start() -> Self {
        let outside = StandIn::start(Aws::default(), Feeds::new()).await;
        let database = Database::new().await;
        let clients = outside.clients(&Calls::default());
        let app = App {
            store: database.store.clone(),
            vault: clients.vault(),
            amazon: clients.amazon(),
            checks: clients.queue("feed-checks"),
            ticks: clients.queue("stock-ticks"),
            cancellations: clients.queue("cancellations"),
            offer_jobs: clients.queue("offer-jobs"),
            inbox: clients.inbox("feed-checks"),
        };
        Self::furnish(database, app, outside).await
    }

    /// Another world with the same server, which has forgotten all, and clients, which are slow to make.
    pub(crate) async fn again(&self) -> Self {
        self.heard(|feeds| *feeds = Feeds::new());
        *self.outside.aws() = Aws::default();
        let database = Database::new().await;
        let app = self.app_on(database.store.clone());
        Self::furnish(database, app, self.outside.clone()).await
    }

    fn app_on(&self, store: Store) -> App {
        App {
            store,
            vault: self.app.vault.clone(),
            amazon: self.app.amazon.clone(),
            checks: self.app.checks.clone(),
            ticks: self.app.ticks.clone(),
            cancellations: self.app.cancellations.clone(),
            offer_jobs: self.app.offer_jobs.clone(),
            inbox: self.app.inbox.clone(),
        }
    }

    async fn furnish(database: Database, app: App, outside: StandIn<Feeds>) -> Self {
        let store = app.store.clone();
        let connection = Connection {
            seller: Some("A1STALL".parse().unwrap()),
            authorised_at: Some(at(0)),
            ..kit::sample::connection("north", "c1")
        };
        let credentials = Credentials {
            refresh_token: SecretString::from("Atzr|refresh"),
            own_app: None,
        };
        let key = &connection.key();
        let sealed = app.vault.seal(key, &credentials).await.unwrap();
        let seller = connection.seller.clone().unwrap();
        let attached = store.attach_seller(&connection, &seller, &sealed);
        assert_eq!(attached.await.unwrap(), Attached::Done);
        Self {
            store,
            connection,
            outside,
            app,
            database,
        }
    }

    pub(crate) fn heard<T>(&self, of: impl FnOnce(&mut Feeds) -> T) -> T {
        of(&mut self.outside.amazon())
    }

    /// What the queues were sent, with the delay.
    pub(crate) fn queued(&self) -> Vec<(String, Value, i64)> {
        self.outside.aws().messages.clone()
    }

    /// A listing that is sent `quantity` by the feed.
    pub(crate) async fn listing(&self, sku: &str, quantity: u32) -> FeedLine {
        let sku: AmazonSku = sku.parse().unwrap();
        let mut listing = Listing::new(&self.connection, sku.clone(), ListingState::Matched);
        listing.product = Some(sku.as_product());
        listing.marketplaces = vec![STORE];
        let placed = self.store.place_listing(&listing, None, false);
        assert_eq!(placed.await.unwrap(), Written::Done);
        self.want(&sku, quantity, 1).await;
        self.claim(&sku, quantity, 1, 0, SentBy::Feed(feed_id()))
            .await;
        line(sku, LineValue::Quantity(quantity))
    }

    pub(crate) async fn want(&self, sku: &AmazonSku, quantity: u32, generation: u64) {
        let wanted = Wanted {
            quantity: Some(quantity),
            why: "counted".into(),
            level_at: None,
            ended: std::collections::BTreeSet::new(),
            asks: false,
            unsold: false,
            generation,
            at: at(0),
        };
        let key = self.connection.key().listing(sku);
        let product = sku.as_product();
        let written = self.store.write_wanted(&key, (&product, 1), &wanted);
        let _ = written.await.unwrap();
    }

    pub(crate) async fn claim(
        &self,
        sku: &AmazonSku,
        value: u32,
        generation: u64,
        send_count: u64,
        by: SentBy,
    ) {
        let sent = Sent {
            value,
            generation,
            at: at(10),
            by,
        };
        let key = self.connection.key().listing(sku);
        let claimed = self.store.claim_listing(&key, send_count, &sent);
        let _ = claimed.await.unwrap();
        let listing = self.shown(sku.as_str()).await;
        assert_eq!(listing.send_count, send_count + 1, "it was claimed");
    }

    /// An offer that is sent `amount` by the feed.
    pub(crate) async fn offer(&self, sku: &str, amount: &str) -> FeedLine {
        let sku: AmazonSku = sku.parse().unwrap();
        let key = &self.connection.key().listing(&sku).offer(STORE);
        let amount = amount.parse().unwrap();
        let wanted = WantedPrice {
            amount: Some(amount),
            why: "recommended".into(),
            generation: 1,
            at: at(0),
            ..WantedPrice::default()
        };
        let _ = self.store.write_wanted_price(key, &wanted).await.unwrap();
        let sent = Sent {
            value: amount,
            generation: 1,
            at: at(10),
            by: SentBy::Feed(feed_id()),
        };
        let _ = self
            .store
            .claim_offer(key, 0, &sent, SentLimits::default())
            .await
            .unwrap();
        line(sku.clone(), LineValue::price(amount, STORE))
    }

    /// Amazon has a feed of these lines.
    pub(crate) async fn submitted(&self, lines: &[FeedLine], change: impl FnOnce(&mut Feed)) {
        let price = lines
            .iter()
            .any(|line| matches!(line.value, LineValue::Price { .. }));
        let mut feed = Feed {
            connection: self.connection.key(),
            id: feed_id(),
            kind: if price {
                FeedKind::Price
            } else {
                FeedKind::Quantity
            },
            marketplace: STORE,
            state: FeedState::Submitted,
            lines: u32::try_from(lines.len()).unwrap(),
            parts: 1,
            created_at: minutes_ago(5),
            amazon_id: Some("9001".into()),
            submitted_at: Some(at(20)),
            applied_at: None,
            accepted: 0,
            refused: 0,
            note: None,
            stuck: false,
            decreases_again: false,
            next_check_at: None,
            overtaken: Vec::new(),
            revision: 1,
        };
        change(&mut feed);
        self.store.put_manifest_part(&feed, 0, lines).await.unwrap();
        assert_eq!(self.store.save_feed(&feed).await.unwrap(), Written::Done);
    }

    /// Hands a check to the function; whether it is acknowledged.
    pub(crate) async fn check(&self, hop: u32) -> bool {
        self.deliver(&self.app, check_message(hop)).await
    }

    pub(crate) async fn deliver(&self, app: &App, message: Value) -> bool {
        let event = kit::sqs_event(&[message]);
        let deadline = SystemTime::now() + Duration::from_secs(300);
        let answer = handle(app, event, deadline).await.unwrap();
        answer.batch_item_failures.is_empty()
    }

    /// As [`Self::check`], with the n-th call of DynamoDB failing; whether it was acknowledged.
    pub(crate) async fn check_failing_at(&self, n: usize, side: Side) -> bool {
        let calls = Calls::default();
        calls.fail_at(n, side);
        let app = self.app_on(self.database.store_counted_by(&calls));
        self.deliver(&app, check_message(0)).await
    }

    /// Hands the function what it queued to itself last.
    pub(crate) async fn next_check(&self) -> bool {
        let (queue, message, _) = self.queued().pop().unwrap();
        assert_eq!(queue, "feed-checks");
        self.deliver(&self.app, message).await
    }

    pub(crate) async fn feed(&self) -> Feed {
        let connection = &self.connection.key();
        let id = feed_id();
        let feed = self.store.feed(connection, &id);
        feed.await.unwrap().unwrap()
    }

    pub(crate) async fn shown(&self, sku: &str) -> Listing {
        let key = self.connection.key().listing(&sku.parse().unwrap());
        self.store.listing(&key).await.unwrap().unwrap()
    }

    pub(crate) async fn offered(&self, sku: &str) -> Offer {
        let key = self.connection.key().listing(&sku.parse().unwrap());
        self.store.offer(&key.offer(STORE)).await.unwrap().unwrap()
    }

    /// What is to be sent, by SKU.
    pub(crate) async fn to_send(&self) -> Vec<ToSend> {
        let connection = &self.connection.key();
        let mut entries = self.store.to_send(connection, true).await.unwrap();
        entries.sort_by(|one, other| one.sku.cmp(&other.sku));
        entries
    }

    pub(crate) async fn skus_to_send(&self) -> Vec<String> {
        let entries = self.to_send().await;
        entries.into_iter().map(|entry| entry.sku.into()).collect()
    }
}

pub(crate) fn feed_id() -> FeedId {
    FEED.parse().unwrap()
}

fn line(sku: AmazonSku, value: LineValue) -> FeedLine {
    FeedLine {
        sku,
        value,
        generation: 1,
        send_count: 0,
        product_type: None,
        increase: false,
    }
}

pub(crate) fn check_message(hop: u32) -> Value {
    json!({"v": 1, "kind": "check", "tenant": "north", "connection": "c1", "feed": FEED, "hop": hop})
}

pub(crate) fn minutes_ago(minutes: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_mins(minutes)
}

/// A processing report of so many messages, of which these are refused.
pub(crate) fn report(messages: usize, refused: &[(u32, &str)]) -> String {
    let issues: Vec<Value> = refused
        .iter()
        .map(|(id, code)| {
            json!({"messageId": id, "code": code, "severity": "ERROR", "message": "Amazon's words"})
        })
        .collect();
    json!({
        "header": {"sellerId": "A1STALL", "version": "2.0", "feedId": "9001"},
        "issues": issues,
        "summary": {
            "errors": refused.len(), "warnings": 0, "messagesProcessed": messages,
            "messagesAccepted": messages - refused.len(), "messagesInvalid": refused.len(),
        },
    })
    .to_string()
}
