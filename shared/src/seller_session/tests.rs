//! Sessions on an embedded DynamoDB, with a server that answers as Amazon does.

use super::*;
use crate::domain::connection::{AppCredentials, ConnectionStatus, Credentials, Participation};
use crate::domain::marketplace::{Marketplace, Region};
use crate::sp_api::Endpoints;
use crate::store::{Tables, Written};
use jiff::SignedDuration;
use serde_json::json;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const SELLERS: &str = "/sellers/v1/marketplaceParticipations";
const LOGIN: &str = "/auth/o2/token";
const OPERATION: Operation = Operation::GetMarketplaceParticipations;

struct World {
    _db: tables::Embedded,
    store: Store,
    server: MockServer,
    amazon: SpApi,
    vault: Vault,
}

impl World {
    async fn new() -> Self {
        let db = tables::embedded().await;
        let names = Tables {
            connections: db.name("ConnectionsTable").into(),
            orders: db.name("OrdersTable").into(),
            buyers: db.name("BuyersTable").into(),
            catalogue: db.name("CatalogueTable").into(),
            events: db.name("EventsTable").into(),
        };
        let server = MockServer::start().await;
        let amazon = SpApi::new(Endpoints::all_at(&server.uri().parse().unwrap())).unwrap();
        Self {
            store: Store::new(db.client.clone(), names),
            _db: db,
            amazon,
            vault: no_vault(),
            server,
        }
    }

    async fn answers(&self, at: &str, answer: ResponseTemplate) {
        let verb = if at == LOGIN { "POST" } else { "GET" };
        Mock::given(method(verb))
            .and(path(at))
            .respond_with(answer)
            .mount(&self.server)
            .await;
    }

    async fn logs_in(&self) {
        let token = json!({"access_token": "Atza|x", "token_type": "bearer", "expires_in": 3600, "refresh_token": "Atzr|x"});
        self.answers(LOGIN, ResponseTemplate::new(200).set_body_json(token))
            .await;
    }

    async fn session(&self) -> SellerSession<'_> {
        SellerSession::with_login(&self.store, &self.amazon, login(&self.vault).await)
    }

    /// Whether the operation's limit has room again only after a whole interval.
    async fn is_drained(&self) -> bool {
        let session = self.session().await;
        let permit = session.permits(OPERATION, 1, Waiting::No).await.unwrap();
        permit != Permit::Granted
    }
}

/// One that no test may ask for anything.
fn no_vault() -> Vault {
    let aws = aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .build();
    Vault::new(
        aws_sdk_kms::Client::new(&aws),
        "key".into(),
        aws_sdk_secretsmanager::Client::new(&aws),
        "secret".into(),
    )
}

async fn login(vault: &Vault) -> SellerLogin {
    let credentials = Credentials {
        refresh_token: "Atzr|x".to_owned().into(),
        own_app: Some(AppCredentials {
            client_id: "client".into(),
            client_secret: "secret".to_owned().into(),
        }),
    };
    let seller = "A1SELLER".parse().unwrap();
    vault
        .login_with(Region::Eu, seller, credentials)
        .await
        .unwrap()
}

async fn call(session: &SellerSession<'_>) -> Result<CallOutcome<Vec<Participation>>> {
    let read = async |amazon: &SpApi, account: Account<'_>| amazon.participations(&account).await;
    session.call(OPERATION, Waiting::No, read).await
}

#[tokio::test]
async fn a_429_of_the_operation_drains_its_limit_and_one_of_login_with_amazon_does_not() {
    let limited = || ResponseTemplate::new(429).insert_header("retry-after", "7");
    let world = World::new().await;
    world.answers(LOGIN, limited()).await;
    let error = call(&world.session().await).await.unwrap_err();
    assert!(error.is_throttled());
    assert!(!world.is_drained().await, "its limits are its own");

    let world = World::new().await;
    world.logs_in().await;
    world.answers(SELLERS, limited()).await;
    let outcome = call(&world.session().await).await.unwrap();
    let error = outcome.or_throttled().unwrap_err();
    assert_eq!(
        error.class(),
        Class::Throttled {
            retry_after: Some(Duration::from_secs(7))
        }
    );
    assert!(world.is_drained().await);
}

#[tokio::test]
async fn a_limit_that_is_reached_is_not_called_and_opens_at_the_rate_that_amazon_reports() {
    let world = World::new().await;
    world.logs_in().await;
    let answer = ResponseTemplate::new(200)
        .set_body_json(json!({"payload": []}))
        .insert_header("x-amzn-ratelimit-limit", "0.5");
    world.answers(SELLERS, answer).await;
    let session = world.session().await;
    let burst = OPERATION.limit().burst;
    let all_but_one = session.permits(OPERATION, burst - 1, Waiting::No);
    assert_eq!(all_but_one.await.unwrap(), Permit::Granted);
    let outcome = call(&session).await.unwrap();
    assert!(matches!(outcome, CallOutcome::Answered(_)));
    let calls = world.server.received_requests().await.unwrap().len();
    // A minute at Amazon's documented rate; two seconds at this seller's.
    let Permit::NotBefore(moment) = session.permits(OPERATION, 1, Waiting::No).await.unwrap()
    else {
        panic!("the burst is used up")
    };
    let wait = moment.duration_since(Timestamp::now());
    assert!(wait <= SignedDuration::from_secs(2), "{wait}");
    let outcome = call(&session).await.unwrap();
    assert!(matches!(outcome, CallOutcome::Limited(_)));
    let after = world.server.received_requests().await.unwrap().len();
    assert_eq!(calls, after);
    let waiting = Waiting::For {
        longest: Duration::from_secs(10),
        until: SystemTime::now() + Duration::from_secs(60),
    };
    let permit = session.permits(OPERATION, 1, waiting).await.unwrap();
    assert_eq!(permit, Permit::Granted);
}

#[tokio::test]
async fn a_connection_without_a_token_is_marked_as_to_be_authorised_again() {
    let world = World::new().await;
    let connection = Connection {
        tenant: "north".parse().unwrap(),
        id: "c1".parse().unwrap(),
        name: "Shop".into(),
        marketplace: Marketplace::Uk,
        status: ConnectionStatus::Active,
        resume: None,
        seller: None,
        participations: Vec::new(),
        created_at: Timestamp::UNIX_EPOCH,
        authorised_at: None,
        own_app: false,
        orders_from: None,
        confirm_at: Default::default(),
        revision: 1,
    };
    let created = world.store.create_connection(&connection).await.unwrap();
    assert_eq!(created, Written::Done);
    let session = SellerSession::new(&world.store, &world.vault, &world.amazon, &connection);
    let error = call(&session).await.unwrap_err();
    assert_eq!(error.class(), Class::AuthRevoked);
    let key = &connection.key();
    let marked = world.store.connection(key).await.unwrap().unwrap();
    assert_eq!(marked.status, ConnectionStatus::NeedsReauthorisation);
}
