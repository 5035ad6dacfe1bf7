//! Environments of the two functions, as their cold starts make them except the addresses, which are given.

use super::outside::{LocalCloud, Outside};
use super::queues::Lane;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use stallkeeper::Result;
use stallkeeper::lambda::Inbox;
use stallkeeper::queue::Queue;
use stallkeeper::schedule::{Schedules, Targets};
use stallkeeper::sp_api::{Endpoints, SpApi};
use stallkeeper::store::{Store, Tables};
use stallkeeper::vault::Vault;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

/// When a function that starts now must have ended: the longest that Lambda allows, so that a slow machine does not
/// change what a test sees.
fn deadline() -> SystemTime {
    SystemTime::now() + Duration::from_secs(900)
}

pub async fn poll(app: &poll_orders::App, event: SqsEvent) -> Result<SqsBatchResponse> {
    poll_orders::handle(app, event, deadline()).await
}

pub async fn remap(app: &remap_carriers::App, event: SqsEvent) -> Result<SqsBatchResponse> {
    remap_carriers::handle(app, event, deadline()).await
}

pub(super) async fn new_poll_orders(
    outside: &Outside,
    amazon: SpApi,
    tables: &tables::Embedded,
    (ticks, orders): (&Lane, &Lane),
) -> poll_orders::App {
    let (db, aws) = (
        Outside::sdk(&outside.dynamodb).await,
        Outside::sdk(&outside.aws).await,
    );
    let sqs = aws_sdk_sqs::Client::new(&aws);
    let schedules = Schedules::new(
        aws_sdk_scheduler::Client::new(&aws),
        LocalCloud::running().output("ScheduleGroupName").to_owned(),
        "arn:aws:iam::000000000000:role/never-assumed".to_owned(),
        Targets {
            order_ticks: ticks.arn.clone(),
            stock_ticks: "arn:aws:sqs:eu-west-1:000000000000:never-ticked".to_owned(),
            listing_jobs: "arn:aws:sqs:eu-west-1:000000000000:never-asked".to_owned(),
        },
    );
    poll_orders::App {
        store: store(&db, tables),
        vault: vault(&aws),
        amazon,
        schedules,
        orders: Queue::new(sqs.clone(), orders.url.clone()),
        ticks: Queue::new(sqs.clone(), ticks.url.clone()),
        // No dispatch waits here.
        dispatches: Queue::new(sqs.clone(), String::new()),
        feed_checks: Queue::new(sqs.clone(), ticks.url.clone()),
        cancellations: Queue::new(sqs.clone(), String::new()),
        inbox: Inbox::new(sqs, ticks.url.clone(), ticks.dead_letter_url.clone()),
        at_risk_before: jiff::SignedDuration::from_hours(12),
        // The journeys over the deployed functions have them.
        notices: None,
        storms: poll_orders::Storms::default(),
    }
}

pub(super) async fn new_remap_carriers(
    outside: &Outside,
    amazon: SpApi,
    tables: &tables::Embedded,
    (_, orders): (&Lane, &Lane),
) -> remap_carriers::App {
    let (db, aws) = (
        Outside::sdk(&outside.dynamodb).await,
        Outside::sdk(&outside.aws).await,
    );
    let sqs = aws_sdk_sqs::Client::new(&aws);
    remap_carriers::App {
        store: store(&db, tables),
        vault: vault(&aws),
        amazon,
        orders: Queue::new(sqs.clone(), orders.url.clone()),
        inbox: Inbox::new(sqs, orders.url.clone(), orders.dead_letter_url.clone()),
        logged_unknown: Mutex::default(),
        terms: Mutex::default(),
    }
}

fn store(db: &aws_config::SdkConfig, tables: &tables::Embedded) -> Store {
    let name = |logical_id| tables.name(logical_id).to_owned();
    let names = Tables {
        connections: name("ConnectionsTable"),
        orders: name("OrdersTable"),
        buyers: name("BuyersTable"),
        catalogue: name("CatalogueTable"),
        events: name("EventsTable"),
    };
    Store::new(aws_sdk_dynamodb::Client::new(db), names)
}

fn vault(aws: &aws_config::SdkConfig) -> Vault {
    let cloud = LocalCloud::running();
    Vault::new(
        aws_sdk_kms::Client::new(aws),
        cloud.output("DataKeyArn").to_owned(),
        aws_sdk_secretsmanager::Client::new(aws),
        cloud.output("LwaSecretArn").to_owned(),
    )
}

pub(super) fn sp_api(outside: &Outside) -> SpApi {
    SpApi::new(Endpoints::all_at(&outside.amazon.parse().unwrap())).unwrap()
}
