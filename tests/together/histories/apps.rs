//! The functions of a history beside those that cancel.

use crate::world::World;
use kit::Clients;
use serde_json::json;
use stallkeeper::sp_api::Operation;
use std::time::{Duration, SystemTime};

pub(crate) fn confirm_app(world: &World) -> confirm_shipments::App {
    let (clients, same) = (
        Clients::new(&world.outside.aws, &world.calls),
        &world.cancel,
    );
    confirm_shipments::App {
        store: same.store.clone(),
        vault: same.vault.clone(),
        amazon: same.amazon.clone(),
        clock: confirm_shipments::AmazonsClock::default(),
        dispatches: clients.queue("dispatches"),
        inbox: clients.inbox("dispatches"),
    }
}

pub(crate) fn remap_app(world: &World) -> remap_carriers::App {
    let (clients, same) = (
        Clients::new(&world.outside.aws, &world.calls),
        &world.cancel,
    );
    remap_carriers::App {
        store: same.store.clone(),
        vault: same.vault.clone(),
        amazon: same.amazon.clone(),
        orders: clients.queue("orders"),
        inbox: clients.inbox("orders"),
        logged_unknown: Default::default(),
        terms: Default::default(),
    }
}

/// Amazon's limits refill at once, there and here: a history lasts as long as its calls.
pub(crate) async fn no_limits(world: &World) {
    let endless = json!({"refill_factor": 1_000_000.0, "rate_limit_header": false});
    world.admin("PUT", "settings", endless).await;
    for operation in [
        Operation::ConfirmShipment,
        Operation::CreateFeed,
        Operation::CreateFeedDocument,
        Operation::GetFeed,
        Operation::GetFeedDocument,
        Operation::GetOrder,
    ] {
        world.session().note_rate(operation, 1_000.0).await.unwrap();
    }
}

pub(crate) fn deadline() -> SystemTime {
    SystemTime::now() + Duration::from_secs(60)
}
