//! A seller of the sandbox and its active connection, ready for the functions.

use crate::functions::Functions;
use crate::queues::Bench;
use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};
use stallkeeper::domain::connection::{
    Connection, ConnectionStatus, Credentials, MarketplaceSettings,
};
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::store::Attached;

pub(crate) const SELLER: &str = "A1BENCH";
pub(crate) const MARKETPLACE: Marketplace = Marketplace::Uk;

/// A call of the sandbox's own about the seller.
pub(crate) async fn sandbox(bench: &Bench, method: &str, path: &str, body: Value) -> Result<Value> {
    let url = format!("{}/_sandbox/sellers/{SELLER}{path}", bench.at.amazon);
    let request = bench.http.request(method.parse()?, url).json(&body);
    let answer = request.send().await?.error_for_status()?;
    Ok(answer.json().await.unwrap_or_default())
}

/// Makes the seller, and a connection of it that is active on these marketplaces.
pub(crate) async fn connect(
    bench: &Bench,
    connection: &ConnectionKey,
    marketplaces: &[Marketplace],
) -> Result<()> {
    let account = json!({"region": "EU", "marketplaces": ids(marketplaces)});
    sandbox(bench, "PUT", "", account).await?;
    let token = sandbox(bench, "POST", "/self-authorise", json!({})).await?;
    let token = token["refresh_token"].as_str().context("no token")?;
    let now = Timestamp::now();
    let row = Connection {
        tenant: connection.tenant.clone(),
        id: connection.id.clone(),
        name: "Bench".into(),
        marketplace: MARKETPLACE,
        status: ConnectionStatus::Active,
        resume: None,
        seller: Some(SELLER.parse()?),
        participations: Vec::new(),
        created_at: now,
        authorised_at: Some(now),
        own_app: false,
        orders_from: Some(Timestamp::UNIX_EPOCH),
        confirm_at: Default::default(),
        revision: 1,
    };
    let credentials = Credentials {
        refresh_token: SecretString::from(token),
        own_app: None,
    };
    let Functions { store, vault, .. } = &bench.functions;
    let sealed = vault.seal(connection, &credentials).await?;
    let attached = store.attach_seller(&row, &SELLER.parse()?, &sealed).await?;
    ensure!(
        attached == Attached::Done,
        "the seller could not be attached"
    );
    for marketplace in marketplaces {
        let on = MarketplaceSettings {
            active: true,
            ..MarketplaceSettings::new(*marketplace)
        };
        store.put_marketplace(connection, &on).await?;
    }
    Ok(())
}

/// As Amazon names them.
pub(crate) fn ids(marketplaces: &[Marketplace]) -> Vec<&'static str> {
    marketplaces.iter().map(|it| it.id()).collect()
}
