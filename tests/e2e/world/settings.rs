//! What a tenant sets up before orders come: the connection, its marketplaces, couriers, mappings. As `connect-account` writes
//! them, through the store and the vault.

use super::amazon::{Amazon, SELLER};
use super::{Scene, World};
use jiff::Timestamp;
use secrecy::SecretString;
use stallkeeper::domain::connection::{
    Connection, ConnectionStatus, Credentials, MarketplaceSettings,
};
use stallkeeper::domain::courier::{Courier, CourierService, Mapping, MappingOwner, Scope};
use stallkeeper::domain::ids::{ConnectionId, TenantId};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::queue::OrderMessage;
use stallkeeper::store::{Attached, BackFillJob, BackFillKind, Store, Written};
use stallkeeper::vault::Vault;

/// Service, and the terms that it carries. Everything else waits for a person.
const MAPPINGS: [(&str, &str, bool); 4] = [
    ("STD UK DOM", "DPD/standard", false),
    ("EXP UK DOM", "DPD/express", false),
    ("UK NEXT", "DPD/next-day", true),
    ("STD DE DOM", "DHL/paket", false),
];

/// Attaches the seller by a token of its own, active, and sets up what its orders need.
pub async fn connect(store: &Store, vault: &Vault, amazon: &Amazon, scene: &Scene) -> Connection {
    let tenant: TenantId = "north".parse().unwrap();
    let now = Timestamp::now();
    let connection = Connection {
        tenant: tenant.clone(),
        id: ConnectionId::new(now, ulid::Ulid::generate().0),
        name: "Stall".into(),
        marketplace: scene.sells_on[0],
        status: ConnectionStatus::Active,
        resume: None,
        seller: Some(SELLER.parse().unwrap()),
        participations: Vec::new(),
        created_at: now,
        authorised_at: Some(now),
        own_app: false,
        orders_from: Some(Timestamp::UNIX_EPOCH),
        confirm_at: Default::default(),
        revision: 1,
    };
    attach(store, vault, amazon, &connection).await;
    for marketplace_on in scene.switched_on {
        switch_on(store, &connection, *marketplace_on).await;
    }
    put_couriers(store, &tenant).await;
    let owner = MappingOwner::Tenant(tenant.clone());
    for (term, service, carries_prime) in MAPPINGS {
        let mapping = mapping(term, service, carries_prime);
        store.put_mapping(&owner, &mapping).await.unwrap();
    }
    connection
}

async fn attach(store: &Store, vault: &Vault, amazon: &Amazon, connection: &Connection) {
    let credentials = Credentials {
        refresh_token: SecretString::from(amazon.authorise().await),
        own_app: None,
    };
    let key = &connection.key();
    let sealed = vault.seal(key, &credentials).await.unwrap();
    let seller = connection.seller.as_ref().unwrap();
    let attached = store.attach_seller(connection, seller, &sealed).await;
    assert_eq!(attached.unwrap(), Attached::Done);
}

async fn switch_on(store: &Store, connection: &Connection, marketplace: Marketplace) {
    let settings = MarketplaceSettings {
        active: true,
        ..MarketplaceSettings::new(marketplace)
    };
    let key = connection.key();
    let put = store.put_marketplace(&key, &settings);
    put.await.unwrap();
}

async fn put_couriers(store: &Store, tenant: &TenantId) {
    let service = |code: &str, prime| CourierService {
        prime,
        ..CourierService::new(code.parse().unwrap(), code)
    };
    let courier = |code: &str, services| Courier {
        code: code.parse().unwrap(),
        name: code.into(),
        services,
    };
    let dpd = vec![
        service("standard", false),
        service("express", false),
        service("next-day", true),
    ];
    for courier in [
        courier("DPD", dpd),
        courier("DHL", vec![service("paket", false)]),
    ] {
        store.put_courier(tenant, &courier).await.unwrap();
    }
}

fn mapping(term: &str, service: &str, carries_prime: bool) -> Mapping {
    Mapping {
        term: term.parse().unwrap(),
        service: service.parse().unwrap(),
        carries_prime,
        scope: Scope::Tenant,
    }
}

impl World {
    /// What `connect-account` does to switch a marketplace on: the settings first, then the parked orders are looked for and
    /// its orders are queued to be read from the oldest of them on.
    pub async fn switch_on(&self, marketplace: Marketplace) {
        switch_on(&self.store, &self.connection, marketplace).await;
        let marks = self.store.parked_marks(&self.connection.key()).await;
        let marks = marks.unwrap();
        for mark in marks
            .iter()
            .filter(|mark| mark.marketplace_id == marketplace.id())
        {
            let key = &self.connection.key();
            let (after, now) = (mark.oldest_updated_at, self.amazons_now());
            let job = BackFillJob {
                marketplaces: vec![marketplace],
                ..BackFillJob::of_changes(BackFillKind::Marketplace, after, now)
            };
            self.store.add_back_fill(key, job).await.unwrap();
            self.store.forget_parked(key, mark).await.unwrap();
        }
    }

    /// Puts a mapping, and nothing more: what it owes to waiting orders is [`Self::send_rerun`].
    pub async fn put_mapping(&self, term: &str, service: &str) {
        let mapping = mapping(term, service, false);
        let owner = MappingOwner::Tenant(self.tenant.clone());
        let put = self.store.put_mapping(&owner, &mapping);
        put.await.unwrap();
    }

    /// One of the two messages that a new mapping owes.
    pub async fn send_rerun(&self, term: &str) {
        let rerun = OrderMessage::Rerun {
            connection: self.connection.key(),
            term: Some(term.parse().unwrap()),
            after: None,
            of: Default::default(),
            hop: 0,
        };
        self.send_order_message(rerun).await;
    }

    /// The connection as it is now.
    pub async fn connection_now(&self) -> Connection {
        let connection = self.store.connection(&self.connection.key()).await;
        connection.unwrap().unwrap()
    }

    /// The seller authorises once more, and the connection continues as it was.
    pub async fn reauthorise(&self) {
        let stopped = self.connection_now().await;
        let connection = Connection {
            status: stopped.resume.unwrap(),
            resume: None,
            revision: stopped.revision + 1,
            ..stopped
        };
        attach(
            &self.store,
            &self.poll_orders.vault,
            &self.amazon,
            &connection,
        )
        .await;
    }

    /// Somebody pauses, stops or disconnects the connection.
    pub async fn set_status(&self, status: ConnectionStatus) {
        let now = self.connection_now().await;
        let changed = Connection {
            status,
            revision: now.revision + 1,
            ..now
        };
        let written = self.store.replace_connection(&changed).await;
        assert_eq!(written.unwrap(), Written::Done);
    }
}
