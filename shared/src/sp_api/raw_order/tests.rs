use super::*;
use crate::sp_api::tolerant_json::Document;

const ORDER: &str =
    r#"{"orderId":"1","lastUpdatedTime":"2026-11-20T09:30:00Z","new":{"a":[1,2.5,null],"b":"x"}}"#;

fn read(text: &str) -> RawOrder {
    serde_json::from_str(text).unwrap()
}

#[test]
fn it_travels_whole_and_reads_back_equal() {
    let order = read(ORDER);
    let text = serde_json::to_string(&order).unwrap();
    let as_sent: Value = serde_json::from_str(ORDER).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), as_sent);
    assert_eq!(read(&text), order);
    assert_eq!(
        (order.id().as_str(), order.updated_at()),
        ("1", "2026-11-20T09:30:00Z".parse().unwrap())
    );
}

#[test]
fn its_hash_minds_the_content_and_not_the_order_of_fields() {
    let rows = [
        (ORDER, true),
        (
            r#"{"new":{"b":"x","a":[1,2.5,null]},"lastUpdatedTime":"2026-11-20T09:30:00Z","orderId":"1"}"#,
            true,
        ),
        (
            r#"{"new":{"b":"x","a":[2.5,1,null]},"lastUpdatedTime":"2026-11-20T09:30:00Z","orderId":"1"}"#,
            false,
        ),
        (
            r#"{"new":{"b":"y","a":[1,2.5,null]},"lastUpdatedTime":"2026-11-20T09:30:00Z","orderId":"1"}"#,
            false,
        ),
        (
            r#"{"new":{"b":"x","a":[1,2.5,[null]]},"lastUpdatedTime":"2026-11-20T09:30:00Z","orderId":"1"}"#,
            false,
        ),
    ];
    for (text, equal) in rows {
        assert_eq!(
            read(text).content_hash() == read(ORDER).content_hash(),
            equal,
            "{text}"
        );
    }
}

#[test]
fn an_order_without_id_or_time_is_none_and_the_error_tells_no_value() {
    let rows = [
        r#"{"lastUpdatedTime":"2026-11-20T09:30:00Z","buyer":"Quillfeather"}"#,
        r#"{"orderId":"","lastUpdatedTime":"2026-11-20T09:30:00Z"}"#,
        r#"{"orderId":"1","lastUpdatedTime":"Quillfeather"}"#,
        r#"["Quillfeather"]"#,
    ];
    for text in rows {
        let error = serde_json::from_str::<RawOrder>(text)
            .unwrap_err()
            .to_string();
        assert!(!error.contains("Quillfeather"), "{error}");
    }
    assert!(!format!("{:?}", read(ORDER)).contains("new"));
}

fn of_page(text: &str) -> Result<RawOrder, NamelessOrder> {
    let body = format!("{{\"orders\":[{text}]}}");
    let document = Document::read(body.as_bytes(), "orders").unwrap();
    let read = document.elements.unwrap().remove(0);
    RawOrder::of_window(read, "2026-11-20T10:00:00Z".parse().unwrap())
}

#[test]
fn an_order_without_a_usable_id_is_set_aside_with_whatever_id_there_is() {
    let rows = [
        (r#"{"buyer":"Quillfeather"}"#, None, "no `orderId`"),
        (r#"{"orderId":null}"#, None, "no `orderId`"),
        (r#"{"orderId":""}"#, None, "none that an order"),
        (r#"{"orderId":".."}"#, None, "none that an order"),
        (r#"{"orderId":"026-1\n"}"#, None, "none that an order"),
        (r#"{"orderId":"026-\uD800"}"#, None, "none that an order"),
        (r#"{"orderId":1e999}"#, Some("1e999"), "none that an order"),
        (
            r#"{"orderId":{"name":"Quillfeather"}}"#,
            None,
            "none that an order",
        ),
        (r#"{"orderId":26151}"#, Some("26151"), "none that an order"),
        (r#""Quillfeather""#, None, "no object"),
        ("null", None, "no object"),
        ("[1]", None, "no object"),
        (r#"{"orderId" "1"}"#, None, "malformed"),
    ];
    for (text, id, why) in rows {
        let aside = of_page(text).unwrap_err();
        assert_eq!(aside.id.as_deref(), id, "{text}");
        assert!(aside.why.contains(why), "{text}: {}", aside.why);
        assert!(!format!("{aside:?}").contains("Quillfeather"));
        assert_eq!(of_page(text).unwrap_err().digest, aside.digest);
    }
    let long = format!(r#"{{"orderId":"{}"}}"#, "9".repeat(65));
    assert!(of_page(&long).is_err());
}

#[test]
fn a_time_that_cannot_be_read_is_the_windows_end_and_no_news_each_time() {
    for time in [r#""soon""#, "null", "7", "{}", "1e999"] {
        let text = format!(r#"{{"orderId":"1","lastUpdatedTime":{time}}}"#);
        let order = of_page(&text).unwrap();
        assert_eq!(order.updated_at(), "2026-11-20T10:00:00Z".parse().unwrap());
        assert!(order.mended().contains("lastUpdatedTime"), "{time}");
        let sent = serde_json::to_string(&order).unwrap();
        let received = read(&sent).with_mended(order.mended().clone());
        assert_eq!(received, order);
        let later = RawOrder::dated(
            order.id.clone(),
            order.json.as_object().unwrap().clone(),
            order.mended.clone(),
            "2026-11-20T11:00:00Z".parse().unwrap(),
        );
        assert_eq!(later.content_hash(), order.content_hash());
    }
}

#[test]
fn the_order_that_was_asked_for_is_that_order_whatever_its_answer_says() {
    let id: OrderId = "026-1520163-6049104".parse().unwrap();
    let now = "2026-11-20T10:00:00Z".parse().unwrap();
    let bodies = [
        r#"{"order":{"orderItems":[]}}"#,
        r#"{"order":{"orderId":7}}"#,
        r#"{"order":{"orderId" 7}}"#,
        r#"{"order":[7]}"#,
    ];
    for body in bodies {
        let mut document = Document::read(body.as_bytes(), "order").unwrap();
        let read = document.elements.as_mut().unwrap().remove(0);
        let order = RawOrder::asked_for(&id, read, now);
        assert_eq!((order.id(), order.updated_at()), (&id, now), "{body}");
        assert!(!order.mended().is_empty(), "{body}");
    }
}
