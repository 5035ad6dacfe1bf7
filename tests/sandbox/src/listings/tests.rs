use serde_json::json;

use super::*;
use crate::marketplaces;

const UK: &str = "A1F83G8C2ARO7P";
const DE: &str = "A1PA6795UKMFR9";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn submission(sequence: u64, second: i64) -> Submission {
    Submission {
        sequence,
        by: "feed 1".into(),
        at: at(second),
    }
}

fn listings(quantity: u64) -> Listings {
    let mut listing = Listing::new("B000000001".into(), "A mug".into(), at(0));
    for marketplace in [UK, DE] {
        listing.put_offer(marketplaces::of(marketplace).unwrap(), None);
    }
    listing.set_quantity(quantity, &submission(1, 0));
    let mut listings = Listings::default();
    listings.put("MUG", listing);
    listings
}

fn edits(listings: &Listings, patch: Value) -> Result<Vec<Edit>, Issue> {
    read_edits(&[patch], listings.get("MUG"), UK)
}

fn quantity(op: &str, value: Value) -> Value {
    json!({"op": op, "path": "/attributes/fulfillment_availability", "value": [value]})
}

fn order(units: u64) -> Value {
    json!({"orderId": "202-1", "fulfillment": {"fulfilledBy": "MERCHANT", "fulfillmentStatus": "UNSHIPPED"},
        "orderItems": [{"product": {"sellerSku": "MUG"}, "quantityOrdered": units}]})
}

#[test]
fn an_order_lowers_the_one_quantity_never_below_zero_and_counts_what_was_not_there() {
    let mut listings = listings(3);
    placed(&mut listings, &order(2), true, at(1));
    placed(&mut listings, &order(2), true, at(2));
    let mug = listings.get("MUG").unwrap();
    assert_eq!((mug.quantity, mug.submitted, mug.oversold), (0, 3, 1));
    let by: Vec<&str> = mug.history.iter().map(|step| &*step.by).collect();
    assert_eq!(by, ["feed 1", "order 202-1", "order 202-1"]);
    assert_eq!((mug.quantity_at(at(1)), mug.quantity_at(at(-9))), (1, 3));
}

#[test]
fn an_order_from_before_the_quantity_took_effect_can_be_one_that_sold_before() {
    for (created, backdated, left) in [(4, true, 2), (4, false, 3), (6, false, 2)] {
        let mut listings = listings(3);
        let mug = listings.get_mut("MUG").unwrap();
        mug.set_quantity(3, &submission(2, 5));
        let mut order = order(1);
        order["createdTime"] = json!(at(created).to_string());
        placed(&mut listings, &order, backdated, at(9));
        assert_eq!(listings.get("MUG").unwrap().quantity, left);
    }
}

#[test]
fn orders_that_amazon_ships_and_cancelled_ones_sell_nothing() {
    let mut listings = listings(3);
    for (field, value) in [
        ("fulfilledBy", "AMAZON"),
        ("fulfillmentStatus", "CANCELLED"),
    ] {
        let mut order = order(1);
        order["fulfillment"][field] = json!(value);
        placed(&mut listings, &order, true, at(1));
    }
    assert_eq!(listings.get("MUG").unwrap().quantity, 3);
}

#[test]
fn what_was_submitted_last_stays_however_late_the_other_comes() {
    let mut listings = listings(3);
    let early = edits(
        &listings,
        quantity(
            "merge",
            json!({"fulfillment_channel_code": "DEFAULT", "quantity": 9}),
        ),
    )
    .unwrap();
    let late = edits(
        &listings,
        quantity(
            "merge",
            json!({"fulfillment_channel_code": "DEFAULT", "quantity": 1}),
        ),
    )
    .unwrap();
    listings.apply("MUG", &late, &submission(3, 5));
    listings.apply("MUG", &early, &submission(2, 9));
    assert_eq!(listings.get("MUG").unwrap().quantity, 1);
}

#[test]
fn a_merge_keeps_the_lead_time_and_a_replace_wipes_it() {
    let mut listings = listings(3);
    let code = "DEFAULT";
    let with =
        json!({"fulfillment_channel_code": code, "quantity": 5, "lead_time_to_ship_max_days": 4});
    let plain = json!({"fulfillment_channel_code": code, "quantity": 6});
    for (sequence, op, value, left) in [
        (2, "replace", &with, 1),
        (3, "merge", &plain, 1),
        (4, "replace", &plain, 0),
    ] {
        let edits = edits(&listings, quantity(op, value.clone())).unwrap();
        listings.apply("MUG", &edits, &submission(sequence, 1));
        assert_eq!(
            listings.get("MUG").unwrap().beside_quantity.len(),
            left,
            "{op}"
        );
    }
}

#[test]
fn a_patch_is_refused_for_the_first_thing_wrong_with_it() {
    let listings = listings(3);
    let availability = "/attributes/fulfillment_availability";
    let offer = "/attributes/purchasable_offer";
    let price = |currency: &str, amount: Value| json!({"marketplace_id": UK, "currency": currency, "our_price": [{"schedule": [{"value_with_tax": amount}]}]});
    for (code, patch) in [
        (
            "90000900",
            json!({"op": "merge", "path": availability, "value": []}),
        ),
        ("90000900", json!({"op": "merge", "path": availability})),
        (
            "90000900",
            json!({"op": "merge", "path": "/attributes/fulfillment_availability/0/quantity", "value": [{}]}),
        ),
        (
            "90000900",
            json!({"op": "merge", "path": "/fulfillment_availability", "value": [{}]}),
        ),
        ("90000900", quantity("move", json!({}))),
        ("99022", quantity("merge", json!({"quantity": 1}))),
        (
            "90244",
            quantity("merge", json!({"fulfillment_channel_code": "AMAZON_EU"})),
        ),
        (
            "90000900",
            quantity(
                "merge",
                json!({"fulfillment_channel_code": "DEFAULT", "quantity": -1}),
            ),
        ),
        (
            "90000900",
            quantity(
                "merge",
                json!({"fulfillment_channel_code": "DEFAULT", "quantity": "1"}),
            ),
        ),
        (
            "90244",
            json!({"op": "merge", "path": offer, "value": [price("EUR", json!(1))]}),
        ),
        (
            "90220",
            json!({"op": "merge", "path": offer, "value": [price("GBP", json!(null))]}),
        ),
        (
            "90000900",
            json!({"op": "merge", "path": offer, "value": [price("GBP", json!(0))]}),
        ),
    ] {
        let issue = edits(&listings, patch.clone()).unwrap_err();
        assert_eq!(
            (issue.code.as_str(), issue.violates),
            (code, true),
            "{patch}"
        );
    }
}

#[test]
fn a_price_is_of_one_store_and_the_other_keeps_its_own() {
    let mut listings = listings(3);
    let patch = json!({"op": "replace", "path": "/attributes/purchasable_offer", "value": [
        {"marketplace_id": DE, "currency": "EUR", "audience": "ALL", "our_price": [{"schedule": [{"value_with_tax": 12.99}]}]}]});
    let edits = edits(&listings, patch).unwrap();
    listings.apply("MUG", &edits, &submission(2, 1));
    let mug = listings.get("MUG").unwrap();
    let price = mug.offer(DE).unwrap().price.as_ref().unwrap();
    assert_eq!(
        (price.amount.as_str(), price.currency.as_str()),
        ("12.99", "EUR")
    );
    assert!(mug.offer(UK).unwrap().price.is_none());
}

#[test]
fn an_end_in_the_past_closes_one_marketplace_and_no_end_opens_it_at_its_price() {
    let mut listings = listings(3);
    let offer = |value: Value| json!({"op": "merge", "path": "/attributes/purchasable_offer", "value": [value]});
    let of_de = |name: &str, value: Value| {
        offer(json!({"marketplace_id": DE, "currency": "EUR", "audience": "ALL", name: value}))
    };
    let price = of_de(
        "our_price",
        json!([{"schedule": [{"value_with_tax": 9.5}]}]),
    );
    let end = |value: &str| of_de("end_at", json!({ "value": value }));
    let opened = of_de("end_at", json!(null));
    let rows = [
        (2, price.clone(), true),
        (4, end("2023-11-10"), false),
        (3, opened.clone(), false),
        (5, price, false),
        (6, opened, true),
        (7, end("2099-01-01"), true),
        (8, end("2023-11-10T00:00:00Z"), false),
    ];
    for (sequence, patch, buyable) in rows {
        let edits = edits(&listings, patch.clone()).unwrap();
        listings.apply("MUG", &edits, &submission(sequence, 1));
        let mug = listings.get("MUG").unwrap();
        let offer = mug.offer(DE).unwrap();
        assert_eq!(mug.is_buyable(offer, at(1)), buyable, "{patch}");
        assert_eq!(mug.quantity, 3);
    }
    let wrong = edits(&listings, end("soon")).unwrap_err();
    assert!(wrong.violates);
}

#[test]
fn a_merge_of_a_price_keeps_the_rest_of_the_offer_and_a_replace_wipes_it() {
    let mut listings = listings(3);
    let amount = |amount: f64| json!([{"schedule": [{"value_with_tax": amount}]}]);
    let offer = |op: &str, parts: Value| {
        let mut value = json!({"marketplace_id": DE, "currency": "EUR", "audience": "ALL"});
        let fields = parts.as_object().cloned().unwrap_or_default();
        value.as_object_mut().unwrap().extend(fields);
        json!({"op": op, "path": "/attributes/purchasable_offer", "value": [value]})
    };
    let (least, most) = (
        "minimum_seller_allowed_price",
        "maximum_seller_allowed_price",
    );
    let rows = [
        (
            2,
            offer(
                "merge",
                json!({"our_price": amount(9.5), least: amount(8.0), most: amount(12.0), "map_price": amount(9.0)}),
            ),
            json!({least: amount(8.0), most: amount(12.0), "map_price": amount(9.0)}),
        ),
        // Submitted before, it counts for what nothing later says.
        (
            1,
            offer(
                "merge",
                json!({least: amount(1.0), "discounted_price": amount(7.0)}),
            ),
            json!({least: amount(8.0), most: amount(12.0), "map_price": amount(9.0), "discounted_price": amount(7.0)}),
        ),
        (
            3,
            offer("merge", json!({"map_price": null, most: amount(13.0)})),
            json!({least: amount(8.0), most: amount(13.0), "discounted_price": amount(7.0)}),
        ),
        (
            4,
            offer(
                "replace",
                json!({"our_price": amount(9.0), most: amount(14.0)}),
            ),
            json!({most: amount(14.0)}),
        ),
    ];
    for (sequence, patch, parts) in rows {
        let edits = edits(&listings, patch.clone()).unwrap();
        listings.apply("MUG", &edits, &submission(sequence, 1));
        let mug = listings.get("MUG").unwrap();
        assert_eq!(Value::Object(mug.offer_parts(DE)), parts, "{patch}");
        assert!(mug.offer_parts(UK).is_empty());
    }
    for parts in [
        json!({least: amount(0.0)}),
        json!({most: 12}),
        json!({"our_prise": amount(1.0)}),
    ] {
        assert!(
            edits(&listings, offer("merge", parts))
                .unwrap_err()
                .violates
        );
    }
}
