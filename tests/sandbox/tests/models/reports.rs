//! Reports over HTTP: one line per listing of a marketplace.

use std::io::Read;

use flate2::read::GzDecoder;
use serde_json::json;

use crate::{
    amazon::UK,
    shop::{AWKWARD, Shop, quantity, unpacked},
};

#[tokio::test]
async fn a_report_has_one_line_per_listing_of_the_store_in_the_encoding_of_the_store() {
    let shop = Shop::open().await;
    for (encoding, expected) in [
        ("windows-1252", &b"Gr\xf6\xdfe \x99\t"[..]),
        ("iso-8859-1", b"Gr\xf6\xdfe ?\t"),
        ("shift_jis", b"Gr??e ?\t"),
        ("utf-8", "\u{feff}item-name".as_bytes()),
    ] {
        shop.0
            .settings(json!({"gzip": false, "report_encoding": {"*": encoding}}))
            .await;
        let download = shop.report(UK).await;
        let kind = download.headers()["content-type"]
            .to_str()
            .unwrap()
            .to_owned();
        assert_eq!(kind, format!("text/plain;charset={encoding}"));
        let bytes = download.bytes().await.unwrap();
        assert!(
            bytes.windows(expected.len()).any(|part| part == expected),
            "{encoding}"
        );
    }
    shop.0.settings(json!({"gzip": true})).await;
    let text = unpacked(&shop.report(UK).await.bytes().await.unwrap());
    let rows: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    assert!(rows.iter().all(|row| row.len() == 29));
    let column = |name: &str| {
        rows[0]
            .iter()
            .position(|heading| heading.trim_start_matches('\u{feff}') == name)
            .unwrap()
    };
    let cells =
        |name: &str| -> Vec<&str> { rows[1..].iter().map(|row| row[column(name)]).collect() };
    assert_eq!(cells("seller-sku"), ["A", "B", "C", "F", AWKWARD]);
    assert_eq!(cells("quantity"), ["10", "10", "10", "", "10"]);
    assert_eq!(
        cells("fulfillment-channel"),
        ["DEFAULT", "DEFAULT", "DEFAULT", "AMAZON_EU", "DEFAULT"]
    );
    assert_eq!(cells("price")[0], "12.99");
    assert_eq!(cells("status")[0], "Active");
}

#[tokio::test]
async fn a_report_can_be_stale_and_its_document_cut() {
    let shop = Shop::open().await;
    shop.0
        .settings(json!({"gzip": false, "clock_offset_ms": 3_000_000}))
        .await;
    shop.patch("A", quantity(1)).await;
    let lines = |text: String| {
        text.lines()
            .find(|line| line.contains("\tA\t"))
            .unwrap()
            .to_owned()
    };
    assert!(lines(shop.report(UK).await.text().await.unwrap()).contains("\tA\t12.99\t1\t"));
    shop.0
        .settings(json!({"report_stale_seconds": 2_000}))
        .await;
    assert!(lines(shop.report(UK).await.text().await.unwrap()).contains("\tA\t12.99\t10\t"));
    shop.admin("PUT", "report-faults", json!([{"kind": "report_cut"}]))
        .await;
    let text = shop.report(UK).await.text().await.unwrap();
    assert!(!text.ends_with('\n') && text.lines().count() == 3);
}

#[tokio::test]
async fn a_large_report_is_the_same_written_as_it_is_sent_and_compressed_beforehand() {
    let shop = Shop::open().await;
    let wish = json!({"count": 3_000, "prefix": "MANY-", "quantity": 2, "marketplaces": [UK]});
    shop.admin("POST", "listings/generate", wish).await;
    let zipped = unpacked(&shop.report(UK).await.bytes().await.unwrap());
    shop.0.settings(json!({"gzip": false})).await;
    let plain = shop.report(UK).await.text().await.unwrap();
    assert_eq!(zipped.lines().count(), 3_006);
    assert_eq!(
        zipped.trim_start_matches('\u{feff}'),
        plain.trim_start_matches('\u{feff}')
    );
    shop.0.settings(json!({"gzip": true})).await;
    shop.admin("PUT", "report-faults", json!([{"kind": "report_cut"}]))
        .await;
    let cut = shop.report(UK).await.bytes().await.unwrap();
    let mut text = String::new();
    assert!(GzDecoder::new(&*cut).read_to_string(&mut text).is_err());
}
