//! An order's life is counted to its end, and what must cost nothing twice does not.

use serde_json::Value;
use std::path::Path;
use std::process::Command;

#[test]
fn an_orders_life_is_counted_and_nothing_is_written_or_confirmed_twice() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let file = std::env::temp_dir().join(format!("bench-orders-{}.json", std::process::id()));
    let mut bench = Command::new(env!("CARGO_BIN_EXE_bench"));
    bench.args(["orders", "--orders", "100", "--no-peer", "--json"]);
    let output = bench.arg(&file).current_dir(root).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let report: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    std::fs::remove_file(&file).unwrap();
    let phases = report["phases"].as_array().unwrap();
    assert!(
        phases
            .iter()
            .all(|phase| phase["changed"].as_u64() > Some(0))
    );
    let budgets = report["budgets"].as_array().unwrap();
    for phase in ["read again, unchanged", "dispatched and confirmed"] {
        let budget = budgets.iter().find(|budget| budget["phase"] == phase);
        assert_eq!(budget.unwrap()["is_over"], false, "{budget:?}");
    }
}
