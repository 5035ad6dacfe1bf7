use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn batches_keep_every_message_in_order_and_within_the_limits(sizes in prop::collection::vec(1usize..120_000, 0..60)) {
        let bodies: Vec<String> = sizes.iter().map(|size| "x".repeat(*size)).collect();
        let split = batches(bodies.clone());
        for batch in &split {
            prop_assert!(batch.len() <= 10);
            prop_assert!(batch.iter().map(String::len).sum::<usize>() <= BATCH_BYTES);
        }
        prop_assert_eq!(split.concat(), bodies);
    }
}

#[test]
fn characters_that_sqs_refuses_travel_as_escapes() {
    let strange = "a\u{0}\u{b}\u{fffe}\u{ffff}\\ufffe\u{1f642}";
    let text = encode(serde_json::json!({ "name": strange })).unwrap();
    let is_xml = |c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    assert!(text.chars().all(is_xml), "{text:?}");
    let back: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(back["name"], strange);
}

#[test]
fn what_sqs_calls_our_fault_is_not_tried_again() {
    let throttled = Class::Throttled { retry_after: None };
    let rows = [
        ("InvalidMessageContents", true, Class::Permanent),
        ("InternalError", false, Class::Retryable),
        ("KmsThrottled", true, throttled),
    ];
    for (code, sender_fault, class) in rows {
        assert_eq!(class_of_entry(code, sender_fault), class, "{code}");
    }
}

#[test]
fn a_message_of_another_age_is_not_read() {
    let text = r#"{"v":7,"kind":"tick","tenant":"north","connection":"c1"}"#;
    let message: Versioned<TickMessage> = serde_json::from_str(text).unwrap();
    assert_eq!(message.open().unwrap_err().class(), Class::Permanent);
}

#[test]
fn a_tick_without_hop_is_a_first_tick() {
    let text = r#"{"v":1,"kind":"tick","tenant":"north","connection":"c1"}"#;
    let TickMessage::Tick { hop, .. } = serde_json::from_str::<Versioned<TickMessage>>(text)
        .unwrap()
        .open()
        .unwrap();
    assert_eq!(hop, 0);
}
