//! Environments of all functions that have to do with stock, as their cold starts make them except the addresses.

use crate::world::outside::Outside;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedHttpClient};
use stallkeeper::lambda::Inbox;
use stallkeeper::queue::Queue;
use stallkeeper::schedule::{Schedules, Targets};
use stallkeeper::sp_api::{Endpoints, SpApi};
use stallkeeper::store::{Store, Tables};
use stallkeeper::vault::Vault;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

/// A function that a queue wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    PollOrders,
    RemapCarriers,
    ComputeListings,
    MatchListings,
    SyncStock,
    SettleFeeds,
}

impl Function {
    /// The queue that wakes it.
    pub fn queue(self) -> &'static str {
        match self {
            Self::PollOrders => "order-ticks",
            Self::RemapCarriers => "orders",
            Self::ComputeListings => "stock-changes",
            Self::MatchListings => "listing-jobs",
            Self::SyncStock => "stock-ticks",
            Self::SettleFeeds => "feed-checks",
        }
    }
}

/// One warm environment of each function.
pub struct Environments {
    pub poll_orders: poll_orders::App,
    pub remap_carriers: remap_carriers::App,
    pub announce_changes: announce_changes::App,
    pub compute_listings: compute_listings::App,
    pub reserve_stock: reserve_stock::App,
    pub manage_catalogue: Arc<manage_catalogue::App>,
    pub match_listings: match_listings::App,
    pub sync_stock: sync_stock::App,
    pub settle_feeds: settle_feeds::App,
}

/// What environments are made of.
#[derive(Clone)]
pub struct Maker {
    pub outside: Outside,
    pub tables: Tables,
    /// How many differences go by patch.
    pub patch_most: usize,
    /// Making one takes longer than most of what a test does, so all environments of a stall share it.
    pub http: Option<SharedHttpClient>,
}

macro_rules! client {
    ($sdk:ident, $endpoint:expr, $http:expr) => {{
        let mut config = $sdk::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-west-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .retry_config(aws_config::retry::RetryConfig::disabled())
            .endpoint_url($endpoint);
        config.set_http_client($http.clone());
        $sdk::Client::from_conf(config.build())
    }};
}

impl Maker {
    pub fn environments(&self) -> Environments {
        let amazon = SpApi::new(Endpoints::all_at(&self.outside.amazon.parse().unwrap())).unwrap();
        let sqs = client!(aws_sdk_sqs, &self.outside.aws, self.http);
        let queue = |function: Function| Queue::new(sqs.clone(), self.url(function.queue()));
        let inbox = |function: Function| {
            let name = function.queue();
            Inbox::new(
                sqs.clone(),
                self.url(name),
                self.url(&format!("dead-{name}")),
            )
        };
        let (store, vault, schedules) = (self.store(), self.vault(), self.schedules());
        use Function::*;
        Environments {
            poll_orders: poll_orders::App {
                store: store.clone(),
                vault: vault.clone(),
                amazon: amazon.clone(),
                schedules: schedules.clone(),
                orders: queue(RemapCarriers),
                ticks: queue(PollOrders),
                dispatches: Queue::new(sqs.clone(), String::new()),
                feed_checks: queue(SettleFeeds),
                cancellations: Queue::new(sqs.clone(), String::new()),
                inbox: inbox(PollOrders),
                at_risk_before: jiff::SignedDuration::from_hours(12),
                notices: None,
                storms: poll_orders::Storms::default(),
            },
            remap_carriers: remap_carriers::App {
                store: store.clone(),
                vault: vault.clone(),
                amazon: amazon.clone(),
                orders: queue(RemapCarriers),
                inbox: inbox(RemapCarriers),
                logged_unknown: Mutex::default(),
                terms: Mutex::default(),
            },
            announce_changes: announce_changes::App {
                bus: announce_changes::Bus::new(
                    client!(aws_sdk_eventbridge, &self.outside.aws, self.http),
                    "bus".into(),
                ),
                schedules,
                store: store.clone(),
                at_risk_before: jiff::SignedDuration::from_hours(12),
                dispatches: Queue::new(sqs.clone(), String::new()),
            },
            reserve_stock: reserve_stock::App {
                store: store.clone(),
                changes: queue(ComputeListings),
            },
            compute_listings: compute_listings::App {
                store: store.clone(),
                inbox: inbox(ComputeListings),
                stock_changes: queue(ComputeListings),
                stock_ticks: queue(SyncStock),
            },
            manage_catalogue: Arc::new(manage_catalogue::App {
                store: store.clone(),
                stock_changes: queue(ComputeListings),
                stock_ticks: queue(SyncStock),
                listing_jobs: queue(MatchListings),
                tenant_claim: "tenant".into(),
            }),
            match_listings: match_listings::App {
                store: store.clone(),
                vault: vault.clone(),
                amazon: amazon.clone(),
                jobs: queue(MatchListings),
                stock_changes: queue(ComputeListings),
                inbox: inbox(MatchListings),
            },
            sync_stock: sync_stock::App {
                offer_jobs: Queue::new(sqs.clone(), String::new()),
                store: store.clone(),
                vault: vault.clone(),
                amazon: amazon.clone(),
                ticks: queue(SyncStock),
                checks: queue(SettleFeeds),
                inbox: inbox(SyncStock),
                patch_most: self.patch_most,
            },
            settle_feeds: settle_feeds::App {
                offer_jobs: Queue::new(sqs.clone(), String::new()),
                cancellations: queue(SettleFeeds),
                store,
                vault,
                amazon,
                checks: queue(SettleFeeds),
                ticks: queue(SyncStock),
                inbox: inbox(SettleFeeds),
            },
        }
    }

    fn url(&self, queue: &str) -> String {
        format!("{}/q/{queue}", self.outside.aws)
    }

    pub fn store(&self) -> Store {
        let db = client!(aws_sdk_dynamodb, &self.outside.dynamodb, self.http);
        Store::new(db, self.tables.clone())
    }

    pub fn vault(&self) -> Vault {
        Vault::new(
            client!(aws_sdk_kms, &self.outside.aws, self.http),
            "key".into(),
            client!(aws_sdk_secretsmanager, &self.outside.aws, self.http),
            "secret".into(),
        )
    }

    fn schedules(&self) -> Schedules {
        let arn = |queue: &str| format!("arn:aws:sqs:eu-west-1:000000000000:{queue}");
        Schedules::new(
            client!(aws_sdk_scheduler, &self.outside.aws, self.http),
            "stalls".to_owned(),
            "arn:aws:iam::000000000000:role/never-assumed".to_owned(),
            Targets {
                order_ticks: arn("order-ticks"),
                stock_ticks: arn("stock-ticks"),
                listing_jobs: arn("listing-jobs"),
            },
        )
    }
}

impl Environments {
    /// Hands a batch to a function, as Lambda does.
    pub async fn call(
        &self,
        function: Function,
        event: SqsEvent,
    ) -> stallkeeper::Result<SqsBatchResponse> {
        let deadline = SystemTime::now() + Duration::from_secs(300);
        match function {
            Function::PollOrders => poll_orders::handle(&self.poll_orders, event, deadline).await,
            Function::RemapCarriers => {
                remap_carriers::handle(&self.remap_carriers, event, deadline).await
            }
            Function::ComputeListings => {
                compute_listings::handle(&self.compute_listings, event).await
            }
            Function::MatchListings => {
                match_listings::handle(&self.match_listings, event, deadline).await
            }
            Function::SyncStock => sync_stock::handle(&self.sync_stock, event, deadline).await,
            Function::SettleFeeds => {
                settle_feeds::handle(&self.settle_feeds, event, deadline).await
            }
        }
    }
}
