//! Schedules follow the tables: on an embedded DynamoDB, with a scheduler that remembers what it was sent.

use super::*;
use jiff::Timestamp;
use kit::{Aws, Calls, StandIn};
use serde_json::Value;
use stallkeeper::domain::stock_settings::{Published, StockSettings};
use stallkeeper::schedule::Schedules;
use std::collections::BTreeMap;
use std::sync::Arc;

struct World {
    _database: Database,
    outside: StandIn,
    store: Store,
    schedules: Schedules,
}

impl World {
    async fn new() -> Self {
        let database = Database::new().await;
        let outside = StandIn::start(Aws::default(), ()).await;
        let schedules = outside.clients(&Calls::default()).schedules();
        let store = database.store.clone();
        let made = store.create_connection(&connection("c1")).await.unwrap();
        assert_eq!(made, Written::Done);
        Self {
            _database: database,
            outside,
            store,
            schedules,
        }
    }

    /// When each schedule goes, by name.
    fn expressions(&self) -> BTreeMap<String, String> {
        let expression = |body: &Value| body["ScheduleExpression"].as_str().unwrap().to_owned();
        let aws = self.outside.aws();
        let all = aws.schedules.iter();
        all.map(|(name, body)| (name.clone(), expression(body)))
            .collect()
    }

    /// Where a schedule sends, and what.
    fn target(&self, name: &str) -> (String, Value) {
        let target = self.outside.aws().schedules[name]["Target"].clone();
        let input = serde_json::from_str(target["Input"].as_str().unwrap()).unwrap();
        (target["Arn"].as_str().unwrap().to_owned(), input)
    }

    fn names(&self) -> Vec<String> {
        self.expressions().into_keys().collect()
    }

    async fn follow(&self) {
        let key = key();
        let followed = self.schedules.follow_latest(&self.store, &key);
        followed.await.unwrap();
    }

    /// Changes the connection and lets the schedules follow, as every caller that changes it does.
    async fn set_status(&self, status: ConnectionStatus) {
        loop {
            let mut connection = self.store.connection(&key()).await.unwrap().unwrap();
            connection.status = status;
            connection.revision += 1;
            if self.store.replace_connection(&connection).await.unwrap() == Written::Done {
                break;
            }
        }
        self.follow_in_the_end().await;
    }

    /// Publishes other settings and lets the schedules follow.
    async fn publish(&self, settings: StockSettings) {
        loop {
            let mut plan = self.store.stock_plan(&key()).await.unwrap();
            let generation = plan.published.map_or(0, |published| published.generation) + 1;
            plan.published = Some(Published {
                settings: settings.clone(),
                generation,
                at: Timestamp::UNIX_EPOCH,
                shadow: false,
                rules: None,
                quantities: None,
            });
            plan.revision += 1;
            let saved = self.store.save_stock_plan(&key(), &plan).await;
            if saved.unwrap() == Written::Done {
                break;
            }
        }
        self.follow_in_the_end().await;
    }

    /// Follows again if the table changed faster, as a retried request or batch does.
    async fn follow_in_the_end(&self) {
        let key = key();
        while let Err(failure) = self.schedules.follow_latest(&self.store, &key).await {
            assert_eq!(failure.class().name(), "retryable", "{}", failure.chain());
        }
    }
}

fn settings(on: bool, every_minutes: u16) -> StockSettings {
    StockSettings {
        on,
        every_minutes,
        ..StockSettings::default()
    }
}

#[tokio::test]
async fn a_connection_that_sends_has_three_clocks_each_with_its_own_queue() {
    let world = World::new().await;
    world.publish(settings(true, 20)).await;
    let told = world.expressions();
    assert_eq!(told["orders-c1"], "rate(5 minutes)");
    assert_eq!(told["stock-c1"], "rate(20 minutes)");
    assert!(told["match-c1"].starts_with("cron("), "{told:?}");
    assert_eq!(told.len(), 3);
    let tick = json!({"v": 1, "kind": "tick", "tenant": "north", "connection": "c1", "hop": 0});
    let job = json!({"v": 1, "kind": "match", "tenant": "north", "connection": "c1", "why": "daily", "hop": 0});
    let target = |name| world.target(name);
    assert_eq!(
        target("orders-c1"),
        ("arn:order-ticks".to_owned(), tick.clone())
    );
    assert_eq!(target("stock-c1"), ("arn:stock-ticks".to_owned(), tick));
    assert_eq!(target("match-c1"), ("arn:listing-jobs".to_owned(), job));
}

#[tokio::test]
async fn a_changed_interval_and_a_pause_are_followed_at_once() {
    let world = World::new().await;
    world.follow().await;
    assert_eq!(world.names(), ["orders-c1"], "nothing is published");
    world.publish(settings(true, 20)).await;
    world.publish(settings(true, 45)).await;
    assert_eq!(world.expressions()["stock-c1"], "rate(45 minutes)");
    world.set_status(ConnectionStatus::Paused).await;
    assert_eq!(world.names(), ["orders-c1"], "orders still come");
    world.set_status(ConnectionStatus::Active).await;
    assert_eq!(world.expressions().len(), 3);
    world.publish(settings(false, 45)).await;
    assert_eq!(world.names(), ["orders-c1"]);
    world.set_status(ConnectionStatus::Disconnected).await;
    assert!(world.names().is_empty());
}

#[tokio::test]
async fn deleting_takes_all_clocks_and_twice_is_as_once() {
    let world = World::new().await;
    world.publish(settings(true, 20)).await;
    for _ in 0..2 {
        world.schedules.delete_schedules(&c1()).await.unwrap();
        assert!(world.names().is_empty());
    }
    world.follow().await;
    assert_eq!(world.names().len(), 3, "the table still says so");
}

/// Whoever acts on what it read a moment ago may undo what another has just done; it looks again and mends it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_crosses_once_all_are_done_the_schedules_are_what_the_table_says() {
    let world = Arc::new(World::new().await);
    let mut crossing = tokio::task::JoinSet::new();
    for n in 0..12_u16 {
        let world = world.clone();
        crossing.spawn(async move {
            let active = if n % 3 == 0 {
                ConnectionStatus::Paused
            } else {
                ConnectionStatus::Active
            };
            match n % 2 {
                0 => world.set_status(active).await,
                _ => world.publish(settings(n % 5 != 0, 15 + n)).await,
            }
        });
    }
    while let Some(done) = crossing.join_next().await {
        done.unwrap();
    }
    let left = world.expressions();
    world.schedules.delete_schedules(&c1()).await.unwrap();
    world.follow().await;
    assert_eq!(left, world.expressions());
}
