//! Each way in which Amazon fails, and the class it gets.

use super::*;
use crate::error::Class;
use std::io::{Read, Write};
use std::net::TcpListener;

const EXPIRED: &str = "The access token you provided has expired.";

#[tokio::test]
async fn every_status_gets_its_class_and_shows_amazons_code() {
    let throttled = Class::Throttled { retry_after: None };
    let rows = [
        (
            429,
            errors("QuotaExceeded", ""),
            throttled,
            Some("QuotaExceeded"),
        ),
        (
            500,
            errors("InternalFailure", ""),
            Class::Retryable,
            Some("InternalFailure"),
        ),
        (503, json!("<html>"), Class::Retryable, None),
        (408, json!({}), Class::Retryable, None),
        (
            400,
            errors("InvalidInput", ""),
            Class::Permanent,
            Some("InvalidInput"),
        ),
        (
            400,
            errors("Quillfeather, 1 Lane", ""),
            Class::Permanent,
            None,
        ),
        (
            403,
            errors("Unauthorized", ""),
            Class::Permanent,
            Some("Unauthorized"),
        ),
        (
            404,
            errors("NotFound", ""),
            Class::Permanent,
            Some("NotFound"),
        ),
        (302, json!({}), Class::Permanent, None),
    ];
    for (status, body, class, code) in rows {
        let world = World::new().await;
        let answer = ResponseTemplate::new(status)
            .insert_header("x-amzn-RequestId", "3a958ffd-7a27")
            .insert_header("Date", "Fri, 20 Nov 2026 10:03:00 GMT")
            .set_body_json(body);
        world
            .orders_answer(answer.insert_header("location", "/elsewhere"))
            .await;
        let error = world.sweep().await.unwrap_err();
        assert_eq!(error.class(), class, "{status}");
        let refusal = refusal(&error).unwrap();
        assert_eq!(
            (refusal.operation, refusal.status, refusal.code.as_deref()),
            ("searchOrders", status, code)
        );
        assert_eq!(refusal.request_id.as_deref(), Some("3a958ffd-7a27"));
        assert_eq!(
            refusal.server_time,
            Some("2026-11-20T10:03:00Z".parse().unwrap())
        );
        assert!(is_discreet(&error.chain()), "{}", error.chain());
        assert_eq!(
            world.requests(ORDERS).await.len(),
            1,
            "{status} is not repeated"
        );
        assert!(world.requests("/elsewhere").await.is_empty());
    }
}

#[tokio::test]
async fn a_429_says_how_long_to_wait_if_amazon_does() {
    let world = World::new().await;
    world
        .orders_answer(ResponseTemplate::new(429).insert_header("Retry-After", "179"))
        .await;
    let error = world.sweep().await.unwrap_err();
    assert_eq!(
        error.class(),
        Class::Throttled {
            retry_after: Some(Duration::from_secs(179))
        }
    );
}

#[tokio::test]
async fn an_expired_access_token_is_refreshed_once_and_the_call_repeated() {
    for (status, body) in [
        (403, errors("Unauthorized", EXPIRED)),
        (401, json!({ "message": "Unauthorized" })),
    ] {
        let world = World::new().await;
        let refused = ResponseTemplate::new(status).set_body_json(body);
        Mock::given(wiremock::matchers::header(
            "x-amz-access-token",
            "Atza|Hush1",
        ))
        .respond_with(refused)
        .mount(&world.server)
        .await;
        world
            .orders_answer(ResponseTemplate::new(200).set_body_json(json!({ "orders": [] })))
            .await;
        assert!(world.sweep().await.unwrap().value.orders.is_empty());
        assert!(world.sweep().await.is_ok());
        let tokens: Vec<_> = world
            .requests(ORDERS)
            .await
            .iter()
            .map(|it| it.headers["x-amz-access-token"].clone())
            .collect();
        assert_eq!(tokens, ["Atza|Hush1", "Atza|Hush2", "Atza|Hush2"]);
    }
}

#[tokio::test]
async fn a_fresh_access_token_that_is_refused_too_is_left_to_a_later_try() {
    let world = World::new().await;
    world
        .orders_answer(ResponseTemplate::new(403).set_body_json(errors("Unauthorized", EXPIRED)))
        .await;
    let error = world.sweep().await.unwrap_err();
    assert_eq!(error.class(), Class::Retryable);
    assert_eq!(world.requests(ORDERS).await.len(), 2);
}

#[tokio::test]
async fn an_answer_that_is_cut_off_or_unreadable_is_retryable_and_tells_no_value() {
    let whole = json!({ "orders": [an_order()] }).to_string();
    let rows = [
        (whole[..whole.len() / 2].to_owned(), "cut off"),
        (String::new(), "cut off"),
        ("<html>Quillfeather</html>".to_owned(), "malformed"),
        (json!({ "orders": "Quillfeather" }).to_string(), "orders"),
        (json!({}).to_string(), "orders"),
        (json!({ "orders": null }).to_string(), "orders"),
        (json!({ "orders": {} }).to_string(), "orders"),
    ];
    for (body, told) in rows {
        let world = World::new().await;
        world
            .orders_answer(ResponseTemplate::new(200).set_body_string(body))
            .await;
        let error = world.sweep().await.unwrap_err();
        assert_eq!(error.class(), Class::Retryable, "{told}");
        assert!(
            error.chain().contains(told) && is_discreet(&error.chain()),
            "{}",
            error.chain()
        );
    }
}

#[tokio::test]
async fn one_order_that_cannot_be_told_apart_does_not_hold_up_its_page() {
    let (mut no_time, mut no_id) = (an_order(), an_order());
    no_time["lastUpdatedTime"] = json!("Quillfeather");
    no_id["orderId"] = json!({ "of": "Quillfeather" });
    let orders = json!(["Quillfeather", no_id, an_order(), no_time]);
    let world = World::new().await;
    let body = json!({ "orders": orders, "lastUpdatedBefore": 7 });
    world
        .orders_answer(ResponseTemplate::new(200).set_body_json(body))
        .await;
    let page = world.sweep().await.unwrap().value;
    assert_eq!(page.last_updated_before, None);
    assert_eq!(page.nameless.len(), 2, "they are set aside and not lost");
    let times: Vec<_> = page.orders.iter().map(RawOrder::updated_at).collect();
    let known: Timestamp = "2026-11-20T10:45:00Z".parse().unwrap();
    assert_eq!(times, [known, sweep().before]);
    let text = serde_json::to_string(&page.orders[1]).unwrap();
    let travelled: RawOrder = serde_json::from_str(&text).unwrap();
    assert_eq!(travelled.updated_at(), sweep().before);
    assert!(read_order(&travelled).is_ok());
}

#[tokio::test]
async fn no_value_of_one_order_keeps_its_page_from_being_read() {
    let order = |id: u32, title: &[u8]| {
        let head = format!(r#"{{"orderId":"{id}","lastUpdatedTime":"2026-11-20T09:30:00Z","x":"#);
        [head.as_bytes(), title, b"}"].concat()
    };
    let deep = [b"[".repeat(5_000), b"]".repeat(5_000)].concat();
    let titles: [&[u8]; 7] = [
        br#""\uD83D""#,
        b"1e999",
        &deep,
        b"\"caf\xe9\"",
        b"\"a\x01b\"",
        b"NaN",
        br#""good""#,
    ];
    let orders: Vec<Vec<u8>> = (1..)
        .zip(titles)
        .map(|(id, title)| order(id, title))
        .collect();
    let body = [b"{\"orders\":[", &orders.join(&b',')[..], b"]}"].concat();
    let world = World::new().await;
    world
        .orders_answer(ResponseTemplate::new(200).set_body_bytes(body))
        .await;
    let page = world.sweep().await.unwrap().value;
    assert_eq!((page.orders.len(), page.nameless.len()), (7, 0));
    for order in &page.orders {
        let noted: &[&str] = if order.id().as_str() == "7" {
            &[]
        } else {
            &["x"]
        };
        assert!(order.mended().iter().eq(noted.iter()), "{order:?}");
        let text = serde_json::to_string(order).unwrap();
        let travelled: RawOrder = serde_json::from_str(&text).unwrap();
        assert_eq!(travelled.content_hash(), order.content_hash());
    }
}

#[tokio::test]
async fn a_connection_that_breaks_off_within_the_body_is_retryable() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        for body in [
            r#"{"access_token":"Atza|Hush1","expires_in":3600}"#,
            r#"{"orders":[{"orderId":"#,
        ] {
            let (mut connection, _) = listener.accept().unwrap();
            let mut request = [0; 4096];
            let _ = connection.read(&mut request).unwrap();
            let length = if body.ends_with('}') {
                body.len()
            } else {
                1000
            };
            let head =
                format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
            connection
                .write_all(format!("{head}{body}").as_bytes())
                .unwrap();
        }
    });
    let world = World::empty().await;
    let amazon = SpApi::new(Endpoints::all_at(&address.parse().unwrap())).unwrap();
    let error = amazon
        .search_orders(&world.account(), &sweep())
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::Retryable);
    assert!(is_discreet(&error.chain()), "{}", error.chain());
    server.join().unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_there_is_retryable() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let world = World::empty().await;
    let amazon = SpApi::new(Endpoints::all_at(&address.parse().unwrap())).unwrap();
    let error = amazon
        .search_orders(&world.account(), &sweep())
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::Retryable);
    assert!(is_discreet(&error.chain()), "{}", error.chain());
    assert!(refusal(&error).is_none());
}

/// Time is paused except for timers: it jumps to the client's own limit at once.
#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_given_up_and_retryable() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let app = AppCredentials {
        client_id: "client".into(),
        client_secret: "Hushsecret".to_owned().into(),
    };
    let refresh_token = "Atzr|Hushrefresh".to_owned().into();
    let account = Account {
        region: Region::Eu,
        app: &app,
        refresh_token: &refresh_token,
    };
    let amazon = SpApi::new(Endpoints::all_at(&address.parse().unwrap())).unwrap();
    let error = amazon.search_orders(&account, &sweep()).await.unwrap_err();
    assert_eq!(error.class(), Class::Retryable);
}

#[tokio::test]
async fn a_plain_address_is_not_called_unless_the_deployment_names_one() {
    let amazon = SpApi::new(Endpoints::default()).unwrap();
    let call = Operation::GetOrder.call();
    let error = amazon
        .send(call, amazon.http.get("http://127.0.0.1:9"))
        .await
        .err()
        .unwrap();
    assert_eq!(error.class(), Class::Permanent, "{}", error.chain());
}
