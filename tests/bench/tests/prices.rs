//! A changed rule is counted to the prices on Amazon, and a rule that changes no price writes next to nothing.

use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// Each of twenty products on four marketplaces.
const PRICES: u64 = 80;

#[test]
fn a_changed_rule_is_counted_to_the_prices_on_amazon() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let file = std::env::temp_dir().join(format!("bench-prices-{}.json", std::process::id()));
    let mut bench = Command::new(env!("CARGO_BIN_EXE_bench"));
    bench.args(["prices", "--products", "20", "--json"]);
    let output = bench.arg(&file).current_dir(root).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let report: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    std::fs::remove_file(&file).unwrap();
    let phases = report["phases"].as_array().unwrap();
    let changed: Vec<u64> = phases
        .iter()
        .map(|it| it["changed"].as_u64().unwrap())
        .collect();
    assert_eq!(changed, [PRICES, 0, 4, 0, PRICES]);
    for unchanged in [&phases[1], &phases[3]] {
        let operations = unchanged["functions"]["compute-listings"]["units"].as_object();
        let mut operations = operations.unwrap().keys();
        let writes = ["PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"];
        assert!(
            !operations.any(|it| writes.contains(&it.as_str())),
            "{unchanged}"
        );
    }
    for speed in report["speeds"].as_array().unwrap() {
        assert!(speed["prices_per_second_and_core"].as_f64() > Some(0.0));
    }
}
