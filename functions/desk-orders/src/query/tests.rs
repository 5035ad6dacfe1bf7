use super::*;

#[test]
fn every_parameter_is_read() {
    let query = "status=ready&reason=no_mapping&marketplace=gb&connection=C1&sku=A+tea%2F1&term=std+uk+dom_2-prime\
                 &courier=DPD&ship_by_from=2026-02-01T12:00:00Z&at_risk=true&sort=ship_by\
                 &include=items,recipient\
                 &ship_by_before=2026-03-01T12:00:00%2B01:00&limit=7&after=abc";
    let request = ListRequest::parse(query, Reach::OneTenant).unwrap();
    assert_eq!(request.statuses, [OrderStatus::Ready]);
    let expected = OrderFilter {
        reason: Some("no_mapping".into()),
        marketplace: Some("UK".into()),
        connection: Some("C1".parse().unwrap()),
        sku: Some("A tea/1".parse().unwrap()),
        term: Some("STD UK DOM_2-PRIME".into()),
        courier: Some("DPD".parse().unwrap()),
        ship_by_from: Some("2026-02-01T12:00:00Z".parse().unwrap()),
        ship_by_before: Some("2026-03-01T11:00:00Z".parse().unwrap()),
        ..OrderFilter::default()
    };
    assert_eq!(
        (request.sort, request.risk),
        (Sort::ShipBy, Some(Risk::ShipBy))
    );
    assert_eq!(request.include, [Extra::Items, Extra::Recipient]);
    assert_eq!(request.filter, expected);
    assert_eq!((request.limit, request.after.as_deref()), (7, Some("abc")));
}

#[test]
fn without_parameters_the_open_orders_are_listed() {
    for query in ["", "status=&limit="] {
        let request = ListRequest::parse(query, Reach::OneTenant).unwrap();
        assert_eq!(request.statuses, OrderStatus::AT_A_DESK);
        assert_eq!((request.limit, request.after), (50, None));
        assert_eq!(request.filter, OrderFilter::default());
    }
}

#[test]
fn what_is_at_risk_is_still_to_be_shipped_and_soon() {
    let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
    let hours = SignedDuration::from_hours(12);
    let until = |query: &str| {
        let request = ListRequest::parse(query, Reach::OneTenant).unwrap();
        let before = request.filter_at(now, hours).ship_by_before;
        (
            request.statuses.len(),
            before.map(|before| before.to_string()),
        )
    };
    assert_eq!(until(""), (6, None));
    let tonight = Some("2026-03-02T00:00:00Z".to_owned());
    assert_eq!(until("at_risk=true"), (4, tonight.clone()));
    let five_days_ago = Some("2026-02-24T12:00:00Z".to_owned());
    assert_eq!(until("auto_cancel_soon=true"), (4, five_days_ago));
    let query = "at_risk=true&status=ready&ship_by_before=2026-03-09T00:00:00Z";
    assert_eq!(until(query), (1, tonight));
}

#[test]
fn a_marketplace_is_a_country_or_amazons_id() {
    let rows = [
        ("UK", Some("UK")),
        ("de", Some("DE")),
        ("A1F83G8C2ARO7P", Some("UK")),
        ("A0FICTIONAL0ID", Some("A0FICTIONAL0ID")),
        ("Atlantis", None),
        ("XX", None),
    ];
    for (text, expected) in rows {
        assert_eq!(marketplace(text).ok().as_deref(), expected, "{text}");
    }
}

#[test]
fn a_value_that_does_not_exist_is_answered_with_those_that_do() {
    let rows = [
        ("status=lost", "status", "pending_review"),
        ("reason=bored", "reason", "no_mapping"),
        ("marketplace=XX", "marketplace", "UK"),
        ("term=FAST", "term", "STD UK DOM"),
        ("ship_by_before=tomorrow", "ship_by_before", "RFC 3339"),
        ("sort=age", "sort", "ship_by"),
        ("include=items,price", "include", "recipient"),
        ("at_risk=maybe", "at_risk", "true"),
        ("courier=D%20D", "courier", "letters"),
        ("limit=0", "limit", "1 to 100"),
        ("limit=101", "limit", "1 to 100"),
        ("connection=%00", "connection", "printable"),
        ("staus=ready", "staus", "ship_by_before"),
        ("order_id=026-1&status=ready", "status", "connection"),
        ("order_id=026-1&after=abc", "after", "order_id"),
        ("sku=%00", "sku", "printable"),
        ("status=ready&status=parked", "status", "once"),
    ];
    for (query, pointer, words) in rows {
        let problem =
            serde_json::to_value(ListRequest::parse(query, Reach::OneTenant).unwrap_err()).unwrap();
        assert_eq!(problem["status"], 422, "{query}");
        assert_eq!(problem["errors"][0]["parameter"], pointer, "{query}");
        let detail = problem["errors"][0]["detail"].as_str().unwrap();
        assert!(detail.contains(words), "{query}: {detail}");
    }
}

#[test]
fn a_list_over_all_tenants_is_of_open_orders() {
    let parse = |query: &str| ListRequest::parse(query, Reach::AllTenants);
    let request = parse("tenant=north&status=ready").unwrap();
    assert_eq!(request.filter.statuses, [OrderStatus::Ready]);
    assert_eq!(request.filter.tenant, Some("north".parse().unwrap()));
    assert!(
        parse("").unwrap().filter.statuses.is_empty(),
        "the index has no other"
    );
    let soon = parse("at_risk=true").unwrap();
    let filter = soon.filter_at(Timestamp::now(), SignedDuration::from_hours(1));
    assert_eq!(filter.statuses, OrderStatus::TO_SHIP);
    for query in ["status=dispatched", "include=recipient", "sort=status"] {
        assert!(parse(query).is_err(), "{query}");
    }
    assert!(ListRequest::parse("tenant=north", Reach::OneTenant).is_err());
}

#[test]
fn all_faults_are_told_at_once() {
    let problem =
        ListRequest::parse("status=lost&limit=x&colour=red", Reach::OneTenant).unwrap_err();
    let problem = serde_json::to_value(problem).unwrap();
    assert_eq!(problem["errors"].as_array().unwrap().len(), 3);
}
