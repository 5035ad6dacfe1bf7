use super::*;
use proptest::prelude::*;
use serde_json::json;

/// The value of field `x` of a document, read apart, and the noted places.
fn apart(text: &str) -> Option<(Value, Vec<String>)> {
    let body = format!("{{\"x\":{text}}}");
    let document = Document::read(body.as_bytes(), "x").ok()?;
    let Mended { value, places } = match document.elements {
        None => return Some((Value::Null, Vec::new())),
        Some(mut elements) if !document.is_list => elements.remove(0).ok()?,
        Some(elements) => {
            let elements: Option<Vec<Mended>> = elements.into_iter().map(Result::ok).collect();
            let elements = elements?;
            Mended {
                places: elements.iter().flat_map(|it| it.places.clone()).collect(),
                value: elements.into_iter().map(|it| it.value).collect(),
            }
        }
    };
    Some((value, places.into_iter().collect()))
}

#[test]
fn what_cannot_be_kept_is_replaced_and_its_place_noted() {
    let rows = [
        (r#"{"a":"\uD83D\uDE00"}"#, json!({"a": "😀"}), None),
        (r#"{"a":"x\uD800y"}"#, json!({"a": "x\u{fffd}y"}), Some("a")),
        (r#"{"a":"\uDC00"}"#, json!({"a": "\u{fffd}"}), Some("a")),
        (
            r#"{"a":"\uD800\uD800"}"#,
            json!({"a": "\u{fffd}\u{fffd}"}),
            Some("a"),
        ),
        (r#"{"a":"\uD800\n"}"#, json!({"a": "\u{fffd}\n"}), Some("a")),
        (r#"{"a":"\u12G4"}"#, json!({"a": "\u{fffd}12G4"}), Some("a")),
        (r#"{"a":"\q"}"#, json!({"a": "\u{fffd}"}), Some("a")),
        (
            "{\"a\":\"1\t2\u{1}\"}",
            json!({"a": "1\t2\u{1}"}),
            Some("a"),
        ),
        (
            r#"{"a":{"b":1e999}}"#,
            json!({"a": {"b": "1e999"}}),
            Some("a.b"),
        ),
        (r#"{"a":-1e999}"#, json!({"a": "-1e999"}), Some("a")),
        (
            r#"{"a":18446744073709551616}"#,
            json!({"a": "18446744073709551616"}),
            Some("a"),
        ),
        (
            r#"{"a":18446744073709551615}"#,
            json!({"a": 18446744073709551615u64}),
            None,
        ),
        (
            r#"{"a":[1,-2,2.5,1e3]}"#,
            json!({"a": [1, -2, 2.5, 1000.0]}),
            None,
        ),
        (r#"{"a":007}"#, json!({"a": "007"}), Some("a")),
        (r#"{"a":+5}"#, json!({"a": "+5"}), Some("a")),
        (r#"{"a":NaN}"#, json!({"a": null}), Some("a")),
        (r#"{"a":-Infinity}"#, json!({"a": null}), Some("a")),
        (
            r#"{"a":[true,false,null,],}"#,
            json!({"a": [true, false, null]}),
            None,
        ),
        (r#"{"a b":1e999}"#, json!({"a b": "1e999"}), Some("?")),
        ("1e999", json!("1e999"), Some("order")),
    ];
    for (text, value, place) in rows {
        let places: Vec<String> = place.into_iter().map(str::to_owned).collect();
        assert_eq!(apart(text), Some((value, places)), "{text}");
    }
}

#[test]
fn a_byte_of_another_encoding_is_one_unreadable_character() {
    let body = b"{\"x\":[{\"a\":\"caf\xe9\"},{\"a\":\"b\"}],\"\xe9\":1}";
    let elements = Document::read(body, "x").unwrap().elements.unwrap();
    let first = elements[0].as_ref().unwrap();
    assert_eq!(first.value, json!({"a": "caf\u{fffd}"}));
    assert_eq!(first.places, BTreeSet::from(["a".to_owned()]));
    assert!(elements[1].as_ref().unwrap().places.is_empty());
}

#[test]
fn deep_nesting_ends_in_null_and_exhausts_nothing() {
    for levels in [DEEPEST + 1, 200_000] {
        let text = format!("{{\"a\":{}1{}}}", "[".repeat(levels), "]".repeat(levels));
        let (value, places) = apart(&text).unwrap();
        assert_eq!(places, ["a"]);
        let text = value.to_string();
        assert!(text.contains("[null]"), "{}", text.len());
        assert!(serde_json::from_str::<Value>(&text).is_ok());
    }
    let (_, places) = apart(&format!("{}1{}", "[".repeat(DEEPEST), "]".repeat(DEEPEST))).unwrap();
    assert!(places.is_empty());
}

#[test]
fn a_malformed_element_is_passed_over_and_its_neighbours_are_read() {
    let broken = [
        r#"{"a" 1}"#,
        r#"{"a":}"#,
        r#"{1:2}"#,
        r#"{"a":1 "b":2}"#,
        r#"["a":"},{"]"#,
        r#"{"a":[1,2}}"#,
        "1 2",
    ];
    for broken in broken {
        let body = format!(r#"{{"orders":[{{"id":1}},{broken},{{"id":3}}],"next":"t"}}"#);
        let document = Document::read(body.as_bytes(), "orders").unwrap();
        let elements = document.elements.unwrap();
        assert_eq!(elements.len(), 3, "{broken}");
        assert_eq!(elements[0].as_ref().unwrap().value, json!({"id": 1}));
        assert!(elements[1].is_err(), "{broken}");
        assert_eq!(elements[2].as_ref().unwrap().value, json!({"id": 3}));
        assert_eq!(document.rest["next"], "t", "{broken}");
    }
}

#[test]
fn a_list_that_is_cut_off_or_absent_is_none() {
    for cut in [
        "",
        "{",
        r#"{"orders""#,
        r#"{"orders":["#,
        r#"{"orders":[{"id":1}"#,
        r#"{"orders":[{"id":"1"#,
        r#"{"orders":[{"id":1}]"#,
    ] {
        let failed = Document::read(cut.as_bytes(), "orders").map(|_| ());
        assert_eq!(failed, Err(Malformed::CutOff), "{cut}");
    }
    for absent in ["{}", r#"{"orders":null}"#, "\u{feff}{\"other\":[1]}"] {
        let document = Document::read(absent.as_bytes(), "orders").unwrap();
        assert!(document.elements.is_none(), "{absent}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e300..1e300f64).prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(".{0,6}", inner, 0..6)
                .prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn good_json_reads_as_serde_reads_it(value in any_json(), pretty: bool) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        let text = text.unwrap();
        let plain: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(apart(&text), Some((plain, Vec::new())));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[\\[\\]{},:\"\\\\uD80-9a-f ]{0,60}") {
        let _ = Document::read(&bytes, "orders");
        let _ = Document::read(format!("{{\"orders\":[{text}]}}").as_bytes(), "orders");
    }
}
