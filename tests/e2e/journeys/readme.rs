//! What the README prints can be run as it is printed.

use crate::stack::seller::admin;
use crate::stack::shop::Shop;
use crate::stack::{Stack, unique, until};
use crate::world::amazon::{order, order_id};
use jiff::Timestamp;
use reqwest::Method;
use serde_json::json;
use stallkeeper::domain::marketplace::Marketplace::Uk;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const README: &str = include_str!("../../../README.md");

/// The commands of all console blocks, without their comments.
fn commands() -> impl Iterator<Item = &'static str> {
    let blocks = README.split("```console\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap_or_default().lines());
    lines.filter_map(|line| line.strip_prefix("$ "))
}

/// A folder of its own that goes with the value.
struct Folder(PathBuf);

impl Folder {
    fn with(name: &str, content: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("stallkeeper-readme-{}", unique()));
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join(name), content).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs a line in a shell as a reader would; its errors end with the status that the API answered, wherever the body goes.
fn run(line: &str, folder: &Path, environment: &[(&str, &str)]) -> Output {
    let status = r"curl --silent --show-error --write-out '%{stderr}\n%{http_code}' ";
    let mut shell = Command::new("sh");
    shell.args(["-c", &line.replacen("curl ", status, 1)]);
    shell.envs(environment.iter().copied());
    shell.current_dir(folder).output().unwrap()
}

#[tokio::test]
async fn every_curl_line_of_the_readme_is_answered_well() {
    let shop = Shop::connect(&[Uk], "connections catalogue desk buyer").await;
    shop.switch_on("UK").await;
    shop.set_status("active").await;
    shop.seller
        .add(vec![order(1, json!({})), order(2, json!({}))])
        .await;
    shop.fetches("pending_review", 2).await;
    let listings = json!({"listings": [
        {"sku": "TEA", "marketplaces": [Uk.id()], "quantity": 50, "fulfilment": "MERCHANT"},
    ]});
    let at_amazon = format!("sellers/{}/listings", shop.seller.id);
    admin(Method::PUT, &at_amazon, listings).await;
    let tenant = &shop.tenant;
    tenant
        .put("/products", json!([{"sku": "TEA"}]))
        .await
        .is(202);
    let alias = shop.path("/aliases?sku=TEA");
    until("the listing is known", async || {
        let tied = tenant
            .put(&alias, json!({"product": "TEA", "units": 1}))
            .await;
        (tied.status == 200).then_some(())
    })
    .await;
    let now = Timestamp::now();
    let folder = Folder::with(
        "levels.csv",
        &format!("sku,warehouse,quantity,measured_at\nTEA,LON,3,{now}\n"),
    );
    let parcels = "connection,order_id,parcel,courier_service,tracking_number,handed_over_at\n";
    std::fs::write(folder.0.join("parcels.csv"), parcels).unwrap();
    let token = Stack::running()
        .token(
            &tenant.id,
            "connections catalogue desk buyer operator",
            3600,
        )
        .await;
    let environment = [
        ("API", Stack::running().api_url.as_str()),
        ("C", shop.connection.as_str()),
        ("O", &order_id(1)),
        ("O2", &order_id(2)),
        ("SINCE", &now.to_string()),
        ("TENANT", tenant.id.as_str()),
        ("TOKEN", token.as_str()),
    ];
    let lines: Vec<&str> = commands().filter(|line| line.contains("curl")).collect();
    assert!(lines.len() >= 10, "{lines:?}");
    for line in lines {
        until(line, async || {
            let output = run(line, &folder.0, &environment);
            let answer = String::from_utf8_lossy(&output.stdout).into_owned();
            // A preview takes a moment, and what is put in has to be stored: a reader waits as well.
            if ["not-previewed", "preview-running", "no such product"]
                .iter()
                .any(|passing| answer.contains(passing))
            {
                return None;
            }
            let error = String::from_utf8_lossy(&output.stderr);
            let (_, status) = error.rsplit_once('\n').unwrap_or_default();
            assert!(status.starts_with('2'), "{line}: {answer} {error}");
            Some(())
        })
        .await;
    }
    ends_as_the_readme_says(&shop).await;
}

/// The end of "An order's whole life": one order is dispatched, another one cancelled, and the events say so.
async fn ends_as_the_readme_says(shop: &Shop) {
    until("Amazon knows of the parcel", async || {
        let order = shop.order(&order_id(1)).await;
        (order["dispatches"][0]["state"] == "confirmed").then_some(())
    })
    .await;
    assert_eq!(shop.order(&order_id(1)).await["status"], "dispatched");
    let cancelled = shop.has_orders("cancelled", 1).await;
    assert_eq!(cancelled[0]["order_id"], order_id(2));
    assert_eq!(cancelled[0]["cancelled_by"], "merchant");
    until("the events of both", async || {
        let page = shop.tenant.get("/events?limit=100").await.is(200);
        let kinds: Vec<&str> = page["events"]
            .as_array()?
            .iter()
            .filter_map(|event| event["type"].as_str())
            .collect();
        let told = ["order.imported", "dispatch.confirmed", "order.cancelled"];
        told.iter().all(|kind| kinds.contains(kind)).then_some(())
    })
    .await;
}

#[test]
fn every_sub_command_that_the_readme_names_exists() {
    let source = include_str!("../../../infra/local/src/cli.rs");
    let named = README.split("cargo dev ").skip(1).filter_map(|rest| {
        let name = rest
            .split(|letter: char| !letter.is_ascii_lowercase())
            .next()?;
        (!name.is_empty()).then_some(name)
    });
    for name in named {
        let variant = format!("    {}{}", name[..1].to_uppercase(), &name[1..]);
        let exists = [",\n", "(", " {"]
            .iter()
            .any(|end| source.contains(&format!("{variant}{end}")));
        assert!(exists, "cargo dev {name}");
    }
}
