use super::*;
use serde_json::json;
use stallkeeper::domain::connection::Participation;

fn connection() -> Connection {
    let part = |marketplace, participating| Participation {
        marketplace,
        participating,
        suspended_listings: false,
    };
    Connection {
        participations: vec![part(Marketplace::Uk, true), part(Marketplace::Fr, false)],
        ..kit::sample::connection("north", "c1")
    }
}

fn checked(json: Value) -> Answer<StockSettings> {
    serde_json::from_value::<StockRequest>(json)
        .unwrap()
        .checked(&connection())
}

#[test]
fn what_is_left_out_is_as_it_is_by_default() {
    let off = checked(json!({"on": false})).unwrap();
    assert_eq!(off, StockSettings::default());
    let all = checked(json!({
        "on": true, "every_minutes": 30, "bundles": false, "warehouses": ["LON", "LON", "PAR"],
        "policy": {"buffer": 2, "percentage": 50, "maximum": 9, "low_stock_mark": 3},
        "home_marketplace": "gb", "levels": "on_hand", "stale_after_hours": 1, "give_up_after_hours": 12,
        "brakes": {"zero_percent": 100, "zero_at_least": 5, "price_percent": 0},
        "feed_ages": {"decreases_minutes": 20},
    }))
    .unwrap();
    assert_eq!((all.every_minutes, all.warehouses.len()), (30, 2));
    assert_eq!(all.home, Some(Marketplace::Uk));
    assert_eq!(
        (all.policy.maximum, all.brakes.zero_percent),
        (Some(9), 100)
    );
    assert_eq!(all.levels, LevelsKind::OnHand);
    assert_eq!((off.give_up_after_hours, all.give_up_after_hours), (72, 12));
    let ages = &all.feed_ages;
    assert_eq!((ages.decreases_minutes, ages.others_minutes), (20, 240));
}

#[test]
fn what_cannot_be_is_told_at_its_place_and_in_words() {
    let rows = [
        (json!({"every_minutes": 14}), "/every_minutes", "15 to 1440"),
        (
            json!({"every_minutes": 99999}),
            "/every_minutes",
            "15 to 1440",
        ),
        (json!({"every_minutes": -1}), "/every_minutes", "15 to 1440"),
        (
            json!({"policy": {"percentage": 0}}),
            "/policy/percentage",
            "1 to 100",
        ),
        (
            json!({"policy": {"percentage": 101}}),
            "/policy/percentage",
            "1 to 100",
        ),
        (
            json!({"policy": {"maximum": 0}}),
            "/policy/maximum",
            "close every listing",
        ),
        (
            json!({"brakes": {"zero_percent": 101}}),
            "/brakes/zero_percent",
            "0 to 100",
        ),
        (
            json!({"feed_ages": {"decreases_minutes": 5}}),
            "/feed_ages/decreases_minutes",
            "10 to 480",
        ),
        (
            json!({"warehouses": ["LON", " "]}),
            "/warehouses/1",
            "printable",
        ),
        (
            json!({"home_marketplace": "US"}),
            "/home_marketplace",
            "region EU",
        ),
        (
            json!({"home_marketplace": "FR"}),
            "/home_marketplace",
            "sells in: UK",
        ),
        (
            json!({"home_marketplace": "XX"}),
            "/home_marketplace",
            "no such marketplace",
        ),
        (
            json!({"give_up_after_hours": 0}),
            "/give_up_after_hours",
            "1 to 720",
        ),
        (
            json!({"stale_after_hours": 0}),
            "/stale_after_hours",
            "1 to",
        ),
        (
            json!({"marketplaces": {"UK": {}}}),
            "/marketplaces",
            "belongs to the connection",
        ),
        (
            json!({"DE": {"buffer": 1}}),
            "/DE",
            "belongs to the connection",
        ),
        (
            json!({"A1PA6795UKMFR9": {}}),
            "/A1PA6795UKMFR9",
            "belongs to the connection",
        ),
        (json!({"buffer": 1}), "/buffer", "policy"),
        (json!({"shadow": true}), "/shadow", "publish"),
        (json!({"price_mode": "rrp"}), "/price_mode", "marketplaces/"),
        (json!({"polcy": {}}), "/polcy", "no such field"),
    ];
    for (mut fields, pointer, words) in rows {
        fields["on"] = json!(true);
        let problem = serde_json::to_value(checked(fields.clone()).unwrap_err()).unwrap();
        assert_eq!(problem["status"], 422, "{fields}");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{fields}");
        let detail = problem["errors"][0]["detail"].as_str().unwrap();
        assert!(detail.contains(words), "{fields}: {detail}");
    }
}

#[test]
fn every_fault_is_told_at_once() {
    let problem =
        checked(json!({"on": true, "every_minutes": 1, "DE": {}, "policy": {"percentage": 0}}));
    let problem = serde_json::to_value(problem.unwrap_err()).unwrap();
    assert_eq!(problem["errors"].as_array().unwrap().len(), 3);
}
