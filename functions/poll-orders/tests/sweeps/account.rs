//! Amazon deactivates an account: freezes that are doubled, overtaken, or undone by a person.

use crate::world::World;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::notice::{AccountNote, AccountStatus};
use stallkeeper::store::{Store, Tables, Written};
use std::sync::atomic::{AtomicBool, Ordering};

/// As Amazon writes of the account on UK, so many seconds ago.
fn account(status: &str, seconds_ago: i64) -> String {
    json!({
        "notificationType": "ACCOUNT_STATUS_CHANGED",
        "eventTime": (Timestamp::now() - SignedDuration::from_secs(seconds_ago)).to_string(),
        "payload": {"accountStatusChangeNotification": {"marketplaceId": Marketplace::Uk.id(), "currentAccountStatus": status}},
        "notificationMetadata": {"subscriptionId": "s1"},
    })
    .to_string()
}

async fn is_frozen(world: &World) -> bool {
    let plan = world.store.stock_plan(&world.connection.key()).await;
    plan.unwrap().frozen.is_some()
}

#[tokio::test]
async fn a_doubled_notice_does_not_undo_a_persons_unfreeze_and_a_newer_deactivation_does() {
    let world = World::start().await;
    let key = world.connection.key();
    world.store.put_subscriber("s1", &key).await.unwrap();
    let deactivated = account("DEACTIVATED", 60);
    assert!(world.notices(std::slice::from_ref(&deactivated)).await);
    assert!(is_frozen(&world).await);
    let mut plan = world.store.stock_plan(&key).await.unwrap();
    plan.frozen = None;
    plan.revision += 1;
    let saved = world.store.save_stock_plan(&key, &plan).await;
    assert_eq!(saved.unwrap(), Written::Done);
    let late = account("AT_RISK", 90);
    assert!(world.notices(&[deactivated, late]).await);
    assert!(!is_frozen(&world).await, "the person has decided");
    assert!(world.notices(&[account("DEACTIVATED", 30)]).await);
    assert!(is_frozen(&world).await, "Amazon deactivates it once more");
}

/// Another run notes that Amazon took it back, and finds nothing frozen, just before this one stores its freeze.
#[derive(Debug)]
struct TakenBack {
    client: Client,
    tables: Tables,
    key: ConnectionKey,
    done: AtomicBool,
}

impl TakenBack {
    #[tokio::main(flavor = "current_thread")]
    async fn note(&self) {
        let client = self.client.config().to_builder();
        let client = client.http_client(tables::plain_http()).build();
        let store = Store::new(Client::from_conf(client), self.tables.clone());
        let note = AccountNote {
            status: AccountStatus::Normal,
            at: Timestamp::now(),
        };
        let noted = store.change_notice_settings(&self.key, |kept| {
            kept.note_account(&[Marketplace::Uk], note);
        });
        noted.await.unwrap();
    }
}

impl Intercept for TakenBack {
    fn name(&self) -> &'static str {
        "taken back"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request();
        let is_put = request.headers().get("x-amz-target") == Some("DynamoDB_20120810.PutItem");
        let body = request.body().bytes().unwrap_or_default();
        let is_plan = String::from_utf8_lossy(body).contains("draft_revision");
        if is_put && is_plan && !self.done.swap(true, Ordering::SeqCst) {
            std::thread::scope(|scope| scope.spawn(|| self.note()).join().unwrap());
        }
        Ok(())
    }
}

/// Several threads: while the one waits for the other run, the tables must answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_freeze_does_not_stay_that_amazon_took_back_while_it_was_stored() {
    let mut world = World::start().await;
    let key = world.connection.key();
    world.store.put_subscriber("s1", &key).await.unwrap();
    let client = &world.tables.client;
    let meanwhile = TakenBack {
        client: client.clone(),
        tables: world.names(),
        key: key.clone(),
        done: AtomicBool::new(false),
    };
    let watched = client.config().to_builder().interceptor(meanwhile).build();
    world.app.store = Store::new(Client::from_conf(watched), world.names());
    assert!(world.notices(&[account("DEACTIVATED", 60)]).await);
    let kept = world.store.notice_settings(&key).await.unwrap();
    assert_eq!(kept.account[&Marketplace::Uk].status, AccountStatus::Normal);
    assert!(!is_frozen(&world).await);
}
