use super::*;
use serde_json::json;

/// Amazon before anything is sent, by the table.
fn before() -> Offers {
    let offer = |(sku, price, on): (&str, &str, &str)| {
        let price = hundredths(price);
        let shown = Shown {
            price,
            ..Shown::default()
        };
        ((sku.to_owned(), on.to_owned()), shown)
    };
    let each = LISTED.iter();
    each.flat_map(|(sku, uk, de)| [offer((sku, uk, UK)), offer((sku, de, DE))])
        .collect()
}

const TODAY: &str = "2026-11-30";

#[test]
fn amazon_is_as_wanted_only_with_every_price_offer_and_end_and_nothing_else() {
    let before = before();
    let end = wanted(&before, Stage::End).unwrap();
    let mut shown = end.clone();
    let ended = (ENDED_IN_DE.to_owned(), DE.to_owned());
    let id = |sku: &str| (sku.to_owned(), UK.to_owned());
    shown.get_mut(&ended).unwrap().ends = Some("2026-11-29".to_owned());
    assert_eq!(differences(&end, &shown, TODAY), Vec::<String>::new());
    let change = |change: &dyn Fn(&mut Offers)| {
        let mut other = shown.clone();
        change(&mut other);
        differences(&end, &other, TODAY).len()
    };
    let penny = |all: &mut Offers| all.get_mut(&id("PAN-24")).unwrap().price = Some(2_400);
    assert_eq!(change(&penny), 1);
    assert_eq!(
        change(&|all| all.get_mut(&id("PAN-24")).unwrap().least = None),
        1
    );
    assert_eq!(
        change(&|all| all.get_mut(&id(NO_COST)).unwrap().price = Some(0)),
        1
    );
    assert_eq!(change(&|all| drop(all.remove(&id("TRAY-OAK")))), 1);
    assert_eq!(
        change(&|all| drop(all.insert(id(RESTRICTED), Shown::default()))),
        1
    );
    let later =
        |all: &mut Offers| all.get_mut(&ended).unwrap().ends = Some("2027-01-01".to_owned());
    assert_eq!(change(&later), 1);
    // Before it is released the held price is as it was, and nothing is offered.
    let braked = wanted(&before, Stage::Braked).unwrap();
    assert_eq!(braked[&id(BRAKED)], before[&id(BRAKED)]);
    assert!(!braked.contains_key(&id("TRAY-OAK")) && braked[&id("PAN-24")] == end[&id("PAN-24")]);
}

#[test]
fn a_price_counts_once_by_who_sets_it_and_whether_it_was_sent() {
    let free = json!({"hold": null});
    let price = |mode: &str, why: &str, outcome: &str| json!({"mode": mode, "wanted": {"why": why}, "next": "Amazon shows it", "sent": {"outcome": outcome}});
    let mut counts = PriceCounts::default();
    counts.count(&free, &price("leave", "", ""));
    counts.count(
        &json!({"hold": {"mode": "leave"}}),
        &price("rules", "", "accepted"),
    );
    counts.count(
        &free,
        &price("rules", "no_price: the product has no cost (rule “x”)", ""),
    );
    counts.count(&free, &price("rules", "cost 1", "accepted"));
    counts.count(&free, &price("rules", "cost 1", "refused"));
    let expected = json!({"sent": 1, "held": 0, "no_cost": 1, "left": 2});
    assert_eq!(json!(counts), expected);
}

#[test]
fn a_margin_is_right_to_the_penny() {
    let simulated: Vec<Value> = EXPECTED
        .iter()
        .map(|new| json!({"sku": new.sku, "would_be": new.price, "rule": new.rule, "kept": {"margin": new.margin}}))
        .collect();
    let before = before();
    let end = wanted(&before, Stage::End).unwrap();
    let all = lines(&before, &end, &simulated);
    assert_eq!(misjudged(&all), Vec::<String>::new());
    assert_eq!(all.len(), EXPECTED.len() + KEPT.len() + 1 + LISTED.len());
    let mut other = simulated;
    other[0]["kept"]["margin"] = json!("4.62");
    assert_eq!(misjudged(&lines(&before, &end, &other)).len(), 1);
}

#[test]
fn an_excluded_brand_has_no_units_and_what_a_person_holds_keeps_its_own() {
    let all = WARES.iter();
    let mut shown: BTreeMap<String, u64> = all
        .filter_map(|ware| Some((ware.sku.to_owned(), units(ware)?)))
        .collect();
    assert_eq!(miscounted(&shown), Vec::<String>::new());
    assert_eq!(shown.values().filter(|units| **units == 0).count(), 3);
    shown.insert("BOWL-RED".to_owned(), 4);
    shown.remove("PAN-24");
    shown.insert(RESTRICTED.to_owned(), 8);
    assert_eq!(miscounted(&shown).len(), 3);
}
