//! One test's world: tables, one server that plays Amazon and the rest of AWS, and orders that the platform took over.

mod amazon;

pub(crate) use amazon::Says;

use amazon::Shipments;
use confirm_shipments::{App, handle};
use jiff::{SignedDuration, Timestamp};
use kit::{Aws, Calls, Database, Side, StandIn};
use secrecy::SecretString;
use serde_json::{Value, json};
use stallkeeper::domain::connection::{Connection, ConnectionStatus, Credentials};
use stallkeeper::domain::courier::LabelSource;
use stallkeeper::domain::dispatch::{
    Dispatch, HandOver, HandOverRequest, ParcelCarrier, ParcelUnits,
};
use stallkeeper::domain::ids::OrderId;
use stallkeeper::domain::order::{OrderItem, OrderStatus, StoredOrder};
use stallkeeper::hand_over::{HandedOver, store_hand_over};
use stallkeeper::store::{Attached, Store, Written};
use std::time::{Duration, SystemTime};

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) connection: Connection,
    pub(crate) outside: StandIn<Shipments>,
    pub(crate) app: App,
    pub(crate) database: Database,
}

impl World {
    pub(crate) async fn start() -> Self {
        let outside = StandIn::start(Aws::default(), Shipments::new()).await;
        Self::on(outside).await
    }

    /// Another world with the same server, which has forgotten all.
    pub(crate) async fn again(&self) -> Self {
        *self.outside.amazon() = Shipments::new();
        *self.outside.aws() = Aws::default();
        Self::on(self.outside.clone()).await
    }

    async fn on(outside: StandIn<Shipments>) -> Self {
        let database = Database::new().await;
        let app = app(&outside, database.store.clone());
        let connection = Connection {
            seller: Some("A1STALL".parse().unwrap()),
            authorised_at: Some(kit::sample::at(0)),
            ..kit::sample::connection("north", "c1")
        };
        let world = Self {
            store: database.store.clone(),
            connection,
            outside,
            app,
            database,
        };
        world.attach(&world.connection).await;
        world
    }

    /// Another seller of the same tables, and the same server.
    pub(crate) async fn beside(&self, id: &str, seller: &str) -> Connection {
        let connection = Connection {
            seller: Some(seller.parse().unwrap()),
            authorised_at: Some(kit::sample::at(0)),
            ..kit::sample::connection("north", id)
        };
        self.attach(&connection).await;
        connection
    }

    async fn attach(&self, connection: &Connection) {
        let credentials = Credentials {
            refresh_token: SecretString::from("Atzr|refresh"),
            own_app: None,
        };
        let key = &connection.key();
        let sealed = self.app.vault.seal(key, &credentials).await.unwrap();
        let seller = connection.seller.clone().unwrap();
        let attached = self.store.attach_seller(connection, &seller, &sealed);
        assert_eq!(attached.await.unwrap(), Attached::Done);
    }

    /// An order of one line of `units`, to be shipped within so many hours.
    pub(crate) async fn order(&self, id: &str, units: u32, hours: i64) -> OrderId {
        self.order_of(&self.connection, id, units, hours).await
    }

    pub(crate) async fn order_of(
        &self,
        connection: &Connection,
        id: &str,
        units: u32,
        hours: i64,
    ) -> OrderId {
        let now = Timestamp::now();
        let mut order = kit::sample::demo_order();
        order.tenant = connection.tenant.clone();
        order.connection = connection.id.clone();
        order.order.id = id.parse().unwrap();
        order.order.created_at = now - SignedDuration::from_hours(24);
        order.order.ship_by = Some(now + SignedDuration::from_hours(hours));
        order.order.items = vec![line(units)];
        order.status = OrderStatus::Acknowledged;
        order.acknowledged_at = Some(now);
        let inserted = self.store.insert_order(&order).await.unwrap();
        assert_eq!(inserted, Written::Done);
        id.parse().unwrap()
    }

    /// A parcel of all that is open, handed over an hour ago.
    pub(crate) async fn hand_over(&self, order: &OrderId, parcel: &str) -> Dispatch {
        self.put(order, parcel, content()).await
    }

    pub(crate) async fn try_hand_over(
        &self,
        store: &Store,
        order: &OrderId,
        parcel: &str,
    ) -> stallkeeper::error::Result<HandedOver> {
        self.try_content(store, order, parcel, content()).await
    }

    pub(crate) async fn try_content(
        &self,
        store: &Store,
        order: &OrderId,
        parcel: &str,
        content: HandOver,
    ) -> stallkeeper::error::Result<HandedOver> {
        try_content(store, &self.connection, order, parcel, content).await
    }

    /// As [`Self::hand_over`], of another seller.
    pub(crate) async fn hand_over_of(&self, of: &Connection, order: &OrderId, parcel: &str) {
        let stored = try_content(&self.store, of, order, parcel, content()).await;
        assert!(matches!(stored.unwrap(), HandedOver::Stored(..)));
    }

    /// The parcel with this content, as its sender has it stored now.
    pub(crate) async fn put(&self, order: &OrderId, parcel: &str, content: HandOver) -> Dispatch {
        let stored = self.try_content(&self.store, order, parcel, content).await;
        match stored.unwrap() {
            HandedOver::Stored(dispatch, _) => *dispatch,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn amazon<T>(&self, of: impl FnOnce(&mut Shipments) -> T) -> T {
        of(&mut self.outside.amazon())
    }

    /// Wakes the function for a dispatch; whether the message is acknowledged.
    pub(crate) async fn wake(&self, dispatch: Option<&Dispatch>) -> bool {
        self.deliver(&self.app, wake_up(&self.connection, dispatch))
            .await
    }

    pub(crate) async fn deliver(&self, app: &App, message: Value) -> bool {
        self.deliver_all(app, &[message]).await
    }

    /// Hands a batch over; whether all of it is acknowledged.
    pub(crate) async fn deliver_all(&self, app: &App, messages: &[Value]) -> bool {
        let event = kit::sqs_event(messages);
        let deadline = SystemTime::now() + Duration::from_secs(60);
        let answer = handle(app, event, deadline).await.unwrap();
        answer.batch_item_failures.is_empty()
    }

    /// As [`Self::wake`], with every call of DynamoDB from the n-th on failing, as if the function had been killed there;
    /// whether it came to its end all the same.
    pub(crate) async fn wake_stopped_at(&self, n: usize, side: Side, dispatch: &Dispatch) -> bool {
        let calls = Calls::default();
        let app = self.counted_by(&calls);
        calls.stop_at(n, side);
        let _ = self
            .deliver(&app, wake_up(&self.connection, Some(dispatch)))
            .await;
        !calls.go_on()
    }

    /// The function with its calls of the tables counted.
    pub(crate) fn counted_by(&self, calls: &Calls) -> App {
        app(&self.outside, self.database.store_counted_by(calls))
    }

    /// A store whose n-th call and all after it fail.
    pub(crate) fn stopping(&self, n: usize, side: Side) -> (Store, Calls) {
        let calls = Calls::default();
        let store = self.database.store_counted_by(&calls);
        calls.stop_at(n, side);
        (store, calls)
    }

    pub(crate) async fn dispatch(&self, order: &OrderId, parcel: &str) -> Dispatch {
        let key = &self.connection.key();
        let parcel = parcel.parse().unwrap();
        let found = self.store.dispatch(key, order, &parcel).await.unwrap();
        found.unwrap()
    }

    pub(crate) async fn stored(&self, order: &OrderId) -> StoredOrder {
        let key = &self.connection.key();
        self.store.order(key, order).await.unwrap().unwrap()
    }

    /// Time goes on until a dispatch is due again, and no run has the connection any more.
    pub(crate) async fn later(&self, order: &OrderId, parcel: &str) {
        let dispatch = self.dispatch(order, parcel).await;
        let stored = self.stored(order).await;
        let past = Timestamp::now() - SignedDuration::from_secs(1);
        let due = Dispatch {
            due_at: past,
            calling_until: dispatch.calling_until.map(|_| past),
            revision: dispatch.revision + 1,
            ..dispatch
        };
        let written = self.store.replace_dispatch(&due, &stored).await.unwrap();
        assert_eq!(written, Written::Done);
        // A lease that nobody gave back is over.
        let (key, tomorrow) = (self.connection.key(), past + SignedDuration::from_hours(24));
        let leased = self.store.lease_dispatches(&key, "later", tomorrow, past);
        assert!(leased.await.unwrap());
    }

    pub(crate) async fn set_status(&mut self, status: ConnectionStatus) {
        let current = self.store.connection(&self.connection.key()).await.unwrap();
        let current = current.unwrap();
        let changed = Connection {
            status,
            revision: current.revision + 1,
            ..current
        };
        let written = self.store.replace_connection(&changed).await.unwrap();
        assert_eq!(written, Written::Done);
        self.connection = changed;
    }

    /// The messages that the function queued to itself, with their delay.
    pub(crate) fn queued(&self) -> Vec<(Value, i64)> {
        let messages = self.outside.aws().messages.clone();
        let own = messages
            .into_iter()
            .filter(|(queue, ..)| queue == "dispatches");
        own.map(|(_, body, delay)| (body, delay)).collect()
    }
}

async fn try_content(
    store: &Store,
    connection: &Connection,
    order: &OrderId,
    parcel: &str,
    content: HandOver,
) -> stallkeeper::error::Result<HandedOver> {
    let now = Timestamp::now();
    let request = HandOverRequest {
        parcel: parcel.parse().unwrap(),
        content,
        asked_at: Some(now),
    };
    store_hand_over(store, connection, order, &request, now).await
}

fn app(outside: &StandIn<Shipments>, store: Store) -> App {
    let clients = outside.clients(&Calls::default());
    App {
        store,
        vault: clients.vault(),
        amazon: clients.amazon(),
        clock: Default::default(),
        dispatches: clients.queue("dispatches"),
        inbox: clients.inbox("dispatches"),
    }
}

pub(crate) fn wake_up(connection: &Connection, dispatch: Option<&Dispatch>) -> Value {
    let new = dispatch.map(|it| json!({"order_id": it.order_id, "parcel": it.parcel}));
    json!({"v": 1, "kind": "confirm", "tenant": connection.tenant, "connection": connection.id, "new": new})
}

pub(crate) fn content() -> HandOver {
    HandOver {
        carrier: ParcelCarrier::CourierService("DPD/next-day".parse().unwrap()),
        tracking_number: "15501234567890".parse().unwrap(),
        other_tracking_numbers: Vec::new(),
        handed_over_at: kit::sample::at(0),
        units: ParcelUnits::AllOpen,
        warehouse: None,
        label_source: LabelSource::Courier,
        despite_cancel: false,
    }
}

fn line(units: u32) -> OrderItem {
    serde_json::from_value(json!({
        "id": "1", "sku": "A", "asin": null, "title": null, "quantity": units, "quantity_fulfilled": 0,
        "quantity_unfulfilled": units, "unit_price": null, "proceeds": null, "constraints": [],
        "cancel_requested": false, "programs": [],
    }))
    .unwrap()
}
