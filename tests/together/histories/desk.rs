//! One order of three lines, and everybody who does something with it.

use crate::Act;
use crate::apps::{confirm_app, deadline, no_limits, remap_app};
use crate::model::View;
use crate::world::{SELLER, World};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use stallkeeper::domain::cancellation::{
    CancelDecision, CancelReason, CancelUnits, LineWish, decide,
};
use stallkeeper::domain::courier::LabelSource;
use stallkeeper::domain::dispatch::{
    HandOver, HandOverRequest, LineRef, ParcelCarrier, ParcelUnits, UnitsOf,
};
use stallkeeper::domain::ids::OrderId;
use stallkeeper::hand_over::store_hand_over;
use stallkeeper::sp_api::Dataset;
use stallkeeper::store::Written;

/// Amazon's ids of its lines, and their units.
pub(crate) const LINES: [(&str, u32); 3] = [("1", 1), ("2", 3), ("3", 2)];
/// How often everybody does all there is to do until nothing more happens: a cancellation is tried eight times at most.
const ROUNDS: usize = 10;

pub(crate) struct Desk {
    world: World,
    order: OrderId,
    confirm: confirm_shipments::App,
    remap: remap_carriers::App,
    /// Messages with the order as it was read.
    readings: Vec<Value>,
    cancellations: u32,
}

impl Desk {
    pub(crate) async fn open() -> Self {
        let world = World::unchecked().await;
        let order = world.order_of("026-0000000-0000001", &LINES).await;
        no_limits(&world).await;
        let (confirm, remap) = (confirm_app(&world), remap_app(&world));
        Self {
            confirm,
            remap,
            world,
            order,
            readings: Vec::new(),
            cancellations: 0,
        }
    }

    pub(crate) async fn act(&mut self, act: &Act) {
        match *act {
            Act::HandOver {
                parcel,
                line,
                units,
            } => {
                let of = LineRef::Id(LINES[line].0.to_owned());
                let transparency_codes = Vec::new();
                let units = vec![UnitsOf {
                    of,
                    units,
                    transparency_codes,
                }];
                self.hand_over(parcel, ParcelUnits::Lines(units)).await;
            }
            Act::HandOverAll { parcel } => self.hand_over(parcel, ParcelUnits::AllOpen).await,
            Act::Cancel { line } => {
                let line = LINES[line].0.to_owned();
                let wish = vec![LineWish { line, units: None }];
                self.cancel(CancelUnits::Lines(wish)).await;
            }
            Act::CancelAll => self.cancel(CancelUnits::AllOpen).await,
            Act::BuyerAsks { line: Some(line) } => {
                let asked = json!({"items": [LINES[line].0]});
                self.at_amazon("PUT", "cancel-request", asked).await;
            }
            Act::BuyerAsks { line: None } => {
                self.at_amazon("DELETE", "cancel-request", Value::Null)
                    .await;
            }
            Act::AmazonCancels { line } => {
                let off = json!({"by": "AMAZON", "reason": "FRAUD", "items": [LINES[line].0]});
                self.at_amazon("POST", "cancel", off).await;
            }
            Act::ShippedElsewhere { line, units } => self.ship_elsewhere(line, units).await,
            Act::Lose { operation, kind } => {
                let fault = json!({"operation": operation, "kind": kind, "count": 1});
                self.world.admin("POST", "faults", fault).await;
            }
            Act::NoVerdict { kind, applied } => {
                let faults = json!([{"kind": kind, "applied": applied}]);
                let path = format!("sellers/{SELLER}/feed-faults");
                self.world.admin("PUT", &path, faults).await;
            }
            Act::Pass => self.pass().await,
            Act::Confirm => self.confirm().await,
            // What cannot be done now is reported as failed, and comes again.
            Act::SendFeed => {
                let _ = self.world.send().await;
            }
            Act::Settle => {
                let _ = self.world.settle().await;
            }
            Act::SettleAgain { n } => {
                let feeds = self.world.feeds().await;
                if let Some(feed) = feeds.get(n) {
                    self.world.check(feed).await;
                }
            }
            Act::Fetch => self.fetch().await,
            Act::Take { n, again } => self.take(n, again).await,
        }
    }

    /// Everybody does all there is to do, and nothing new happens.
    pub(crate) async fn quiet(&mut self) {
        let none = format!("sellers/{SELLER}/feed-faults");
        self.world.admin("PUT", &none, json!([])).await;
        self.world.admin("DELETE", "faults", Value::Null).await;
        for _ in 0..ROUNDS {
            self.pass().await;
            self.confirm().await;
            let _ = self.world.send().await;
            for feed in self.world.feeds().await {
                self.world.check(&feed).await;
            }
            for _ in 0..5 {
                let _ = self.world.settle().await;
            }
            self.fetch().await;
            while !self.readings.is_empty() {
                self.take(0, false).await;
            }
            if self.view().await.is_quiet() {
                break;
            }
        }
    }

    pub(crate) async fn view(&self) -> View {
        let (store, key) = (&self.world.store, &self.world.key());
        View {
            amazon: self.amazons().await,
            stored: self.world.stored(&self.order).await,
            dispatches: store.dispatches(key, &self.order).await.unwrap(),
            cancellations: store.cancellations(key, &self.order).await.unwrap(),
        }
    }

    async fn hand_over(&self, parcel: usize, units: ParcelUnits) {
        let now = Timestamp::now();
        let content = HandOver {
            carrier: ParcelCarrier::Carrier("DPD".into()),
            tracking_number: format!("1550123456789{parcel}").parse().unwrap(),
            other_tracking_numbers: Vec::new(),
            handed_over_at: now - SignedDuration::from_mins(5),
            units,
            warehouse: None,
            label_source: LabelSource::Courier,
            despite_cancel: false,
        };
        let request = HandOverRequest {
            parcel: format!("P{parcel}").parse().unwrap(),
            content,
            asked_at: Some(now),
        };
        let (store, connection) = (&self.world.store, &self.world.connection);
        let stored = store_hand_over(store, connection, &self.order, &request, now);
        stored.await.unwrap();
    }

    /// As the desk does it: decided with the order's revision, which is the lock.
    async fn cancel(&mut self, units: CancelUnits) {
        let stored = self.world.stored(&self.order).await;
        self.cancellations += 1;
        let id = format!("C{}", self.cancellations).parse().unwrap();
        let decision = decide(&stored, &units, CancelReason::Other, &id, Timestamp::now());
        if let CancelDecision::Write {
            cancellation,
            order,
            entry,
        } = decision
        {
            let written = self
                .world
                .store
                .write_cancellation(&cancellation, &order, &entry);
            assert_eq!(written.await.unwrap(), Written::Done);
        }
    }

    async fn ship_elsewhere(&self, line: usize, units: u32) {
        let (id, _) = LINES[line];
        let amazon = self.amazons().await;
        let items = amazon["orderItems"].as_array().unwrap();
        let item = items.iter().find(|it| it["orderItemId"] == id).unwrap();
        let open = item["fulfillment"]["quantityUnfulfilled"].as_u64().unwrap();
        if open < u64::from(units) {
            return;
        }
        let package = json!({
            "carrierCode": "DPD", "trackingNumber": "1", "orderItems": [{"orderItemId": id, "quantity": units}],
        });
        self.at_amazon("POST", "packages", package).await;
    }

    async fn confirm(&self) {
        let message =
            json!({"v": 1, "kind": "confirm", "tenant": "north", "connection": "C1", "hop": 0});
        let event = kit::sqs_event(&[message]);
        let answer = confirm_shipments::handle(&self.confirm, event, deadline()).await;
        answer.unwrap();
    }

    async fn fetch(&mut self) {
        let reading = json!({
            "v": 1, "kind": "order", "tenant": "north", "connection": "C1", "fetched_at": Timestamp::now(),
            "datasets": Dataset::ORDERS, "order": self.amazons().await,
        });
        self.readings.push(reading);
    }

    async fn take(&mut self, n: usize, again: bool) {
        if self.readings.is_empty() {
            return;
        }
        let n = n % self.readings.len();
        let reading = match again {
            true => self.readings[n].clone(),
            false => self.readings.remove(n),
        };
        let event = kit::sqs_event(&[reading]);
        let answer = remap_carriers::handle(&self.remap, event, deadline()).await;
        assert!(answer.unwrap().batch_item_failures.is_empty());
    }

    /// What waits for its moment is due.
    async fn pass(&self) {
        let (store, key) = (&self.world.store, &self.world.key());
        self.world.let_leases_expire().await;
        for mut waiting in store.cancellations(key, &self.order).await.unwrap() {
            if waiting.is_waiting() {
                waiting.due_at = Timestamp::now();
                waiting.revision += 1;
                let written = store.replace_cancellation(&waiting).await.unwrap();
                assert_eq!(written, Written::Done);
            }
        }
        let stored = self.world.stored(&self.order).await;
        for mut waiting in store.dispatches(key, &self.order).await.unwrap() {
            if waiting.is_pending() {
                waiting.due_at = Timestamp::now();
                waiting.calling_until = None;
                waiting.revision += 1;
                let written = store.replace_dispatch(&waiting, &stored).await.unwrap();
                assert_eq!(written, Written::Done);
            }
        }
    }

    async fn amazons(&self) -> Value {
        let orders = format!("sellers/{SELLER}/orders");
        let orders = self.world.admin("GET", &orders, Value::Null).await;
        orders[0].clone()
    }

    async fn at_amazon(&self, method: &str, what: &str, body: Value) {
        let path = format!("sellers/{SELLER}/orders/{}/{what}", self.order);
        self.world.admin(method, &path, body).await;
    }
}
