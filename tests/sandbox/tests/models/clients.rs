//! Clients that others use against Amazon work against the sandbox as they are: what they add to a request by themselves,
//! and how they ask for tokens, is no mistake. `cargo dev test` installs them and says where.

use std::{ffi::OsString, path::PathBuf};

use sandbox::{CLIENT_ID, CLIENT_SECRET};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::{amazon::SELLER, shop::Shop};

fn installed(variable: &str) -> OsString {
    let found = std::env::var_os(variable);
    found.unwrap_or_else(|| panic!("set {variable}, or run `cargo dev test`, which does"))
}

fn script(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("clients")
        .join(name)
}

/// Runs a seller's program, which reads orders, one order, a listing and a report.
async fn run(shop: &Shop, program: &mut Command) {
    shop.admin(
        "POST",
        "orders",
        json!({"generate": {"count": 5, "seed": 3}}),
    )
    .await;
    let output = program
        .args([&shop.0.url(""), SELLER, "A"])
        .env("CLIENT_ID", CLIENT_ID)
        .env("CLIENT_SECRET", CLIENT_SECRET)
        .env("REFRESH_TOKEN", shop.0.self_authorise().await)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let got: Value = serde_json::from_slice(&output.stdout).unwrap();
    let orders = got["orders"].as_u64().unwrap();
    // The seller's three, and one that is no shop of Amazon's, as Amazon reports them.
    let wanted =
        json!({"marketplaces": 4, "orders": orders, "same": true, "sku": "A", "listed": true});
    assert_eq!(got, wanted);
    assert!(orders > 0);
    assert_eq!(shop.0.violations().await, Vec::<Value>::new());
}

#[tokio::test]
async fn npms_amazon_sp_api_reads_orders_listings_and_a_report() {
    let mut node = Command::new("node");
    node.arg(script("seller.cjs"))
        .arg(installed("SP_API_CLIENTS_NODE"));
    run(&Shop::open().await, &mut node).await;
}

#[tokio::test]
async fn pythons_client_reads_orders_listings_and_a_report() {
    let mut python = Command::new(installed("SP_API_CLIENTS_PYTHON"));
    python.arg(script("seller.py"));
    run(&Shop::open().await, &mut python).await;
}
