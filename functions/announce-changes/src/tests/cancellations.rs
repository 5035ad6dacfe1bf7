//! What Amazon said to a cancellation.

use super::*;
use crate::cancellation_changes::cancellation_changes;
use serde_json::json;
use stallkeeper::domain::cancellation::Cancellation;
use stallkeeper::store::stream::Images;

pub(super) fn cancellation(state: &str) -> Cancellation {
    let words = json!({"at": at(1), "code": "18102", "message": "It is shipped."});
    let refused = if state == "refused" {
        words
    } else {
        json!(null)
    };
    serde_json::from_value(json!({
        "tenant": "demo", "connection": demo_connection().id, "order_id": demo_order().order.id, "id": "C1", "reason": "no_inventory", "state": state,
        "due_at": at(0), "created_at": at(0), "settled_at": at(1), "revision": 3,
        "lines": [{"order_item_id": "1", "sku": "MUG", "quantity": 2, "counts_against_rate": true, "refused": refused}],
    }))
    .unwrap()
}

fn announced(old: &str, new: &str) -> Option<crate::Event> {
    let images = Images {
        old: Some(Box::new(cancellation(old))),
        new: Box::new(cancellation(new)),
    };
    cancellation_changes(&images, Some(at(2)))
}

#[test]
fn each_verdict_is_announced_once_with_amazons_words() {
    let (kind, detail) = shown(&announced("sent", "refused").unwrap());
    assert_eq!(kind, "cancellation.refused");
    assert_eq!(detail["cancellation"], "C1");
    assert_eq!(detail["lines"][0]["refused"]["message"], "It is shipped.");
    assert_eq!(
        shown(&announced("sent", "accepted").unwrap()).0,
        "cancellation.accepted"
    );
    for (old, new) in [
        ("refused", "refused"),
        ("to_send", "sent"),
        ("sent", "to_send"),
    ] {
        assert_eq!(announced(old, new), None, "{old} {new}");
    }
}
