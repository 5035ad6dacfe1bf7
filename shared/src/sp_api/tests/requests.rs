//! What each call sends, and what it makes of a good answer.

use super::*;
use crate::domain::marketplace::Marketplace;
use std::collections::BTreeMap;

fn query(request: &Request) -> BTreeMap<String, String> {
    request.url.query_pairs().into_owned().collect()
}

fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[tokio::test]
async fn a_page_tells_its_orders_the_next_page_the_limit_and_amazons_clock() {
    let world = World::new().await;
    let body = json!({
        "orders": [an_order()],
        "pagination": { "nextToken": "2YgYW55+IGNhcm5hbC/BwbGVhc3VyZS4=" },
        "lastUpdatedBefore": "2026-11-20T10:00:00Z",
    });
    let answer = ResponseTemplate::new(200)
        .insert_header("x-amzn-RateLimit-Limit", "0.0167")
        .insert_header("Date", "Fri, 20 Nov 2026 10:03:00 GMT")
        .set_body_json(body);
    world.orders_answer(answer).await;
    let Answer {
        value: page,
        rate_limit,
        server_time,
    } = world.sweep().await.unwrap();
    assert_eq!(rate_limit, Some(0.0167));
    assert_eq!(server_time, Some("2026-11-20T10:03:00Z".parse().unwrap()));
    assert_eq!(page.orders, [RawOrder::try_from(an_order()).unwrap()]);
    assert_eq!(
        page.last_updated_before,
        Some("2026-11-20T10:00:00Z".parse().unwrap())
    );
    assert!(is_discreet(&format!("{page:?}")));

    let next = Sweep {
        token: page.next_token.as_deref(),
        ..sweep()
    };
    let _ = world
        .amazon
        .search_orders(&world.account(), &next)
        .await
        .unwrap();
    let requests = world.requests(ORDERS).await;
    let first = [
        ("fulfilledBy", "MERCHANT"),
        ("includedData", "BUYER,FULFILLMENT"),
        ("lastUpdatedAfter", "2026-11-20T09:00:00Z"),
        ("lastUpdatedBefore", "2026-11-20T10:00:00Z"),
    ];
    assert_eq!(query(&requests[0]), pairs(&first));
    let second = [
        &first[..],
        &[("paginationToken", "2YgYW55+IGNhcm5hbC/BwbGVhc3VyZS4=")],
    ]
    .concat();
    assert_eq!(
        query(&requests[1]),
        pairs(&second),
        "the same values, and the token as it came"
    );
}

#[tokio::test]
async fn a_call_carries_amazons_headers_and_no_secret_in_its_address() {
    let world = World::new().await;
    world
        .orders_answer(
            ResponseTemplate::new(200).set_body_json(json!({ "orders": [], "pagination": {} })),
        )
        .await;
    let page = world.sweep().await.unwrap();
    assert_eq!(
        (
            page.value.next_token,
            page.value.last_updated_before,
            page.rate_limit
        ),
        (None, None, None)
    );
    let request = &world.requests(ORDERS).await[0];
    assert_eq!(request.headers["x-amz-access-token"], "Atza|Hush1");
    assert_eq!(
        request.headers["user-agent"],
        "Stallkeeper/0.0.0 (Language=Rust)"
    );
    assert_eq!(request.headers["accept-encoding"], "gzip");
    assert!(request.body.is_empty() && !request.headers.contains_key("content-length"));
    assert!(!request.url.as_str().contains("Hush"));
}

#[tokio::test]
async fn a_sweep_of_everything_leaves_the_filters_out() {
    let world = World::new().await;
    world
        .orders_answer(ResponseTemplate::new(200).set_body_json(json!({ "orders": [] })))
        .await;
    let sweep = Sweep {
        datasets: &[],
        fulfilled_by_merchant_only: false,
        ..sweep()
    };
    let _ = world
        .amazon
        .search_orders(&world.account(), &sweep)
        .await
        .unwrap();
    let sent = query(&world.requests(ORDERS).await[0]);
    assert_eq!(
        sent.keys().collect::<Vec<_>>(),
        ["lastUpdatedAfter", "lastUpdatedBefore"]
    );
}

#[tokio::test]
async fn open_orders_of_some_marketplaces_are_searched_by_their_creation() {
    let world = World::new().await;
    let body = json!({ "orders": [], "createdBefore": "2026-11-20T10:00:00Z" });
    world
        .orders_answer(ResponseTemplate::new(200).set_body_json(body))
        .await;
    let first_read = Sweep {
        by: OrderMoment::Created,
        marketplaces: &[Marketplace::Uk, Marketplace::De],
        open_only: true,
        datasets: &[],
        ..sweep()
    };
    let page = world
        .amazon
        .search_orders(&world.account(), &first_read)
        .await
        .unwrap();
    assert_eq!(
        page.value.last_updated_before,
        Some("2026-11-20T10:00:00Z".parse().unwrap())
    );
    assert_eq!(
        query(&world.requests(ORDERS).await[0]),
        pairs(&[
            ("createdAfter", "2026-11-20T09:00:00Z"),
            ("createdBefore", "2026-11-20T10:00:00Z"),
            (
                "fulfillmentStatuses",
                "PENDING_AVAILABILITY,PENDING,UNSHIPPED,PARTIALLY_SHIPPED"
            ),
            ("fulfilledBy", "MERCHANT"),
            ("marketplaceIds", "A1F83G8C2ARO7P,A1PA6795UKMFR9"),
        ])
    );
}

#[tokio::test]
async fn a_page_without_its_list_of_orders_is_no_empty_page() {
    for body in [
        json!({}),
        json!({ "orders": null }),
        json!({ "pagination": {} }),
    ] {
        let world = World::new().await;
        world
            .orders_answer(ResponseTemplate::new(200).set_body_json(&body))
            .await;
        assert_eq!(
            world.sweep().await.unwrap_err().class(),
            crate::error::Class::Retryable,
            "{body}"
        );
    }
}

#[tokio::test]
async fn one_order_is_asked_for_by_its_id_whatever_it_is_made_of() {
    for (id, address) in [
        (
            "026-1520163-6049104",
            "/orders/2026-01-01/orders/026-1520163-6049104",
        ),
        (
            "a/b?c#d %é",
            "/orders/2026-01-01/orders/a%2Fb%3Fc%23d%20%25%C3%A9",
        ),
    ] {
        let world = World::new().await;
        let answer = ResponseTemplate::new(200).set_body_json(json!({ "order": an_order() }));
        Mock::given(method("GET"))
            .respond_with(answer)
            .mount(&world.server)
            .await;
        let order = world
            .amazon
            .order(&world.account(), &id.parse().unwrap(), Dataset::ALL)
            .await
            .unwrap();
        assert_eq!(order.value.id().as_str(), "026-1520163-6049104");
        let requests = world.requests(address).await;
        assert_eq!(requests.len(), 1, "{id}");
        let all: Vec<_> = Dataset::ALL.iter().map(|it| it.as_str()).collect();
        let all = all.join(",");
        assert_eq!(query(&requests[0]), pairs(&[("includedData", &all)]));
    }
    let world = World::new().await;
    assert!(
        world
            .amazon
            .order(&world.account(), &"..".parse().unwrap(), &[])
            .await
            .is_err()
    );
    assert!(world.server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_sellers_stores_are_those_we_know() {
    let world = World::new().await;
    let body: Value =
        serde_json::from_str(include_str!("../fixtures/participations.json")).unwrap();
    let answer = ResponseTemplate::new(200).set_body_json(body);
    Mock::given(path("/sellers/v1/marketplaceParticipations"))
        .respond_with(answer)
        .mount(&world.server)
        .await;
    let marketplaces = world
        .amazon
        .participations(&world.account())
        .await
        .unwrap()
        .value;
    let told: Vec<_> = marketplaces
        .iter()
        .map(|it| (it.marketplace, it.participating, it.suspended_listings))
        .collect();
    assert_eq!(
        told,
        [
            (Marketplace::Uk, true, false),
            (Marketplace::De, false, true)
        ]
    );
}

#[test]
fn a_dataset_is_spelt_in_messages_as_amazon_spells_it() {
    for &dataset in Dataset::ALL {
        assert_eq!(serde_json::to_value(dataset).unwrap(), dataset.as_str());
    }
}
