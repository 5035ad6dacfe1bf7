//! The functions, as their cold starts make them except the addresses.

use crate::world::Addresses;
use anyhow::Result;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::config::Credentials;
use jiff::SignedDuration;
use poll_orders::NoticesInbox;
use stallkeeper::lambda::Inbox;
use stallkeeper::queue::Queue;
use stallkeeper::schedule::{Schedules, Targets};
use stallkeeper::sp_api::{Endpoints, SpApi};
use stallkeeper::store::{Store, Tables};
use stallkeeper::vault::Vault;
use std::sync::Arc;
use tables::TableChanges;

pub(crate) const STOCK_CHANGES: &str = "stock-changes";
pub(crate) const LISTING_JOBS: &str = "listing-jobs";
pub(crate) const STOCK_TICKS: &str = "stock-ticks";
pub(crate) const CANCELLATIONS: &str = "cancellations";
pub(crate) const OFFER_JOBS: &str = "offer-jobs";
pub(crate) const ORDER_TICKS: &str = "order-ticks";
pub(crate) const ORDERS: &str = "orders";
pub(crate) const FEED_CHECKS: &str = "feed-checks";
pub(crate) const DISPATCHES: &str = "dispatches";
pub(crate) const NOTICES: &str = "notices";

pub(crate) struct Functions {
    /// Past the meter.
    pub(crate) store: Store,
    pub(crate) vault: Vault,
    pub(crate) compute_listings: compute_listings::App,
    pub(crate) manage_catalogue: Arc<manage_catalogue::App>,
    pub(crate) match_listings: match_listings::App,
    pub(crate) configure_selling: Arc<configure_selling::App>,
    pub(crate) sync_stock: sync_stock::App,
    pub(crate) settle_feeds: settle_feeds::App,
    pub(crate) poll_orders: poll_orders::App,
    pub(crate) remap_carriers: remap_carriers::App,
    pub(crate) desk_orders: Arc<desk_orders::App>,
    pub(crate) confirm_shipments: confirm_shipments::App,
    pub(crate) reserve_stock: reserve_stock::App,
    pub(crate) announce_changes: announce_changes::App,
    pub(crate) sqs: aws_sdk_sqs::Client,
    /// Past the meter.
    pub(crate) unmetered: aws_sdk_dynamodb::Client,
    /// Of the orders.
    pub(crate) stream: TableChanges,
}

async fn sdk(endpoint: &str) -> SdkConfig {
    let key = Credentials::new("bench", "bench", None, None, "bench");
    aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new("eu-west-1"))
        .credentials_provider(key)
        .load()
        .await
}

/// The address of a queue; the queue is known by it.
pub(crate) fn url(aws: &str, queue: &str) -> String {
    format!("{aws}/000000000000/{queue}")
}

impl Functions {
    pub(crate) async fn start(at: &Addresses) -> Result<Self> {
        let (db, aws) = (sdk(&at.dynamodb).await, sdk(&at.aws).await);
        let unmetered = sdk(&at.unmetered).await;
        let names = Tables {
            connections: at.connections.clone(),
            catalogue: at.catalogue.clone(),
            events: at.events.clone(),
            orders: at.orders.clone(),
            buyers: at.buyers.clone(),
        };
        let unmetered = aws_sdk_dynamodb::Client::new(&unmetered);
        let ours = Store::new(unmetered.clone(), names.clone());
        let store = Store::new(aws_sdk_dynamodb::Client::new(&db), names);
        let sqs = aws_sdk_sqs::Client::new(&aws);
        let vault = Vault::new(
            aws_sdk_kms::Client::new(&aws),
            "key".to_owned(),
            aws_sdk_secretsmanager::Client::new(&aws),
            "app".to_owned(),
        );
        let amazon = SpApi::new(Endpoints::all_at(&at.amazon.parse()?))?;
        let schedules = || {
            let targets = Targets {
                order_ticks: String::new(),
                stock_ticks: String::new(),
                listing_jobs: String::new(),
            };
            let client = aws_sdk_scheduler::Client::new(&aws);
            Schedules::new(client, String::new(), String::new(), targets)
        };
        let queue = |name: &str| Queue::new(sqs.clone(), url(&at.aws, name));
        let inbox = |name: &str| {
            let dead = url(&at.aws, &format!("{name}-dead"));
            Inbox::new(sqs.clone(), url(&at.aws, name), dead)
        };
        Ok(Self {
            compute_listings: compute_listings::App {
                store: store.clone(),
                inbox: inbox(STOCK_CHANGES),
                stock_changes: queue(STOCK_CHANGES),
                stock_ticks: queue(STOCK_TICKS),
            },
            manage_catalogue: Arc::new(manage_catalogue::App {
                store: store.clone(),
                stock_changes: queue(STOCK_CHANGES),
                stock_ticks: queue(STOCK_TICKS),
                listing_jobs: queue(LISTING_JOBS),
                tenant_claim: "tenant".to_owned(),
            }),
            configure_selling: Arc::new(configure_selling::App {
                store: store.clone(),
                schedules: schedules(),
                listing_jobs: queue(LISTING_JOBS),
                stock_changes: queue(STOCK_CHANGES),
                stock_ticks: queue(STOCK_TICKS),
                offer_jobs: queue(OFFER_JOBS),
                tenant_claim: "tenant".to_owned(),
            }),
            match_listings: match_listings::App {
                store: store.clone(),
                vault: vault.clone(),
                amazon: amazon.clone(),
                jobs: queue(LISTING_JOBS),
                stock_changes: queue(STOCK_CHANGES),
                inbox: inbox(LISTING_JOBS),
            },
            sync_stock: sync_stock::App {
                offer_jobs: queue(OFFER_JOBS),
                store: store.clone(),
                vault: vault.clone(),
                amazon: amazon.clone(),
                ticks: queue(STOCK_TICKS),
                checks: queue(FEED_CHECKS),
                inbox: inbox(STOCK_TICKS),
                patch_most: sync_stock::PATCH_MOST,
            },
            poll_orders: poll_orders::App {
                store: store.clone(),
                vault: vault.clone(),
                amazon: amazon.clone(),
                // Nothing here is on a schedule.
                schedules: schedules(),
                orders: queue(ORDERS),
                dispatches: queue(DISPATCHES),
                ticks: queue(ORDER_TICKS),
                feed_checks: queue(FEED_CHECKS),
                cancellations: queue(CANCELLATIONS),
                inbox: inbox(ORDER_TICKS),
                at_risk_before: SignedDuration::from_hours(4),
                notices: Some(NoticesInbox {
                    inbox: inbox(NOTICES),
                    queue_arn: NOTICES.to_owned(),
                    listing_notices: false,
                }),
                storms: Default::default(),
            },
            remap_carriers: remap_carriers::App {
                store: store.clone(),
                vault: vault.clone(),
                amazon: amazon.clone(),
                orders: queue(ORDERS),
                inbox: inbox(ORDERS),
                logged_unknown: Default::default(),
                terms: Default::default(),
            },
            desk_orders: Arc::new(desk_orders::App {
                store: store.clone(),
                vault: vault.clone(),
                dispatches: queue(DISPATCHES),
                cancellations: queue("cancellations"),
                at_risk_before: SignedDuration::from_hours(4),
                tenant_claim: "tenant".to_owned(),
            }),
            confirm_shipments: confirm_shipments::App {
                store: store.clone(),
                vault: vault.clone(),
                amazon: amazon.clone(),
                clock: Default::default(),
                dispatches: queue(DISPATCHES),
                inbox: inbox(DISPATCHES),
            },
            reserve_stock: reserve_stock::App {
                store: store.clone(),
                changes: queue(STOCK_CHANGES),
            },
            announce_changes: announce_changes::App {
                bus: announce_changes::Bus::new(
                    aws_sdk_eventbridge::Client::new(&aws),
                    "bus".to_owned(),
                ),
                schedules: schedules(),
                store: store.clone(),
                at_risk_before: SignedDuration::from_hours(4),
                dispatches: queue(DISPATCHES),
            },
            sqs: sqs.clone(),
            unmetered,
            stream: TableChanges::default(),
            settle_feeds: settle_feeds::App {
                offer_jobs: queue(OFFER_JOBS),
                cancellations: queue(CANCELLATIONS),
                store,
                vault: vault.clone(),
                amazon,
                checks: queue(FEED_CHECKS),
                ticks: queue(STOCK_TICKS),
                inbox: inbox(FEED_CHECKS),
            },
            store: ours,
            vault,
        })
    }
}
