//! Whether an offer may be made of a product, as far as our own tables say, with which price and how many. Pure.

use jiff::Timestamp;
use rust_decimal::Decimal;
use stallkeeper::domain::ids::{ConnectionId, Sku};
use stallkeeper::domain::listing::{Listing, ListingIssue, ListingState};
use stallkeeper::domain::new_offer::{NewOffer, NewOfferState};
use stallkeeper::domain::price::{PriceLimits, Pricing};
use stallkeeper::domain::selling_rules::SellingRules;
use stallkeeper::domain::stock::count;
use stallkeeper::domain::stock_settings::Published;
use stallkeeper::store::SkuInputs;
use std::collections::HashMap;

/// Amazon's limit. Page: *Listings Items API*.
const LONGEST_SKU: usize = 40;

/// All that is known of a product here.
pub(crate) struct Facts<'a> {
    /// The listing that is spelt alike.
    pub(crate) listing: Option<&'a Listing>,
    /// The product and its parts.
    pub(crate) inputs: &'a HashMap<Sku, SkuInputs>,
    pub(crate) published: &'a Published,
    pub(crate) rules: &'a SellingRules,
    /// When the product's category was seen first, if the rules ask for it.
    pub(crate) appeared: Option<Timestamp>,
    /// What decides the first price; `None`: the marketplace is switched off.
    pub(crate) pricing: Option<Pricing<'a>>,
    /// The first price needs no person's look.
    pub(crate) sends_first_prices: bool,
}

/// An offer with all that is sent of it, but for the item it is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ready {
    /// As it is stored.
    pub(crate) offer: NewOffer,
    pub(crate) price: Decimal,
    /// Of the price.
    pub(crate) limits: PriceLimits,
    pub(crate) quantity: u32,
    /// What it is looked for by, unless its item is known.
    pub(crate) number: Option<String>,
}

/// The offer as it may be sent, or as it is to be stored if it may not.
pub(crate) fn check(
    offer: NewOffer,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Ready, Box<NewOffer>> {
    if let Some(not) = listed(&offer, facts, now) {
        return Err(Box::new(not));
    }
    let own = facts.inputs.get(&offer.sku);
    let Some((own, product)) = own.and_then(|own| Some((own, own.product.as_ref()?))) else {
        return Err(refused(
            &offer,
            "no_product",
            "no product of this SKU is kept here",
            now,
        ));
    };
    let part = |sku: &Sku| {
        let (sku, inputs) = facts.inputs.get_key_value(sku)?;
        Some(inputs.stock(sku))
    };
    let (settings, quantities) = (&facts.published.settings, facts.published.quantities());
    let (stock, rules) = (
        own.stock(&offer.sku),
        &facts.rules.of_product(product, facts.appeared),
    );
    let generation = quantities.generation;
    let wanted = count(stock, part, 1, settings, rules, generation, now).wanted;
    if wanted.asks {
        return Err(Box::new(offer.put_off(&wanted.why, now)));
    }
    let selected = rules.selected.as_ref();
    if let Some(why) = selected.and_then(|it| it.why_not_offered(offer.marketplace)) {
        let why = format!("it is not to be offered on {}: {why}", offer.marketplace);
        return Err(Box::new(offer.put_off(&why, now)));
    }
    let Some(quantity) = wanted.quantity.filter(|quantity| *quantity > 0) else {
        let why = format!(
            "nothing is sent while there is none to sell: {}",
            wanted.why
        );
        return Err(Box::new(offer.lacks(NewOfferState::NoStock, &why, now)));
    };
    let Some(pricing) = facts.pricing else {
        return Err(Box::new(
            offer.put_off("its marketplace is switched off", now),
        ));
    };
    let wanted = pricing.wanted(product, 1, 0, now);
    let wanted = wanted.unwrap_or_default();
    let Some(price) = wanted.amount else {
        let why = &wanted.why;
        return Err(Box::new(offer.lacks(NewOfferState::NoPrice, why, now)));
    };
    if !facts.sends_first_prices && offer.released_price != Some(price) {
        return Err(Box::new(offer.holds_price(price, &wanted.why, now)));
    }
    let number = product.ean.clone();
    if offer.asin.is_none() && number.is_none() {
        let why = "its product has no EAN, UPC or GTIN: name its ASIN";
        return Err(Box::new(offer.asks(why, now)));
    }
    Ok(Ready {
        offer,
        price,
        limits: wanted.limits,
        quantity,
        number,
    })
}

/// What becomes of an offer whose SKU, or product, has a listing, or may have one.
fn listed(offer: &NewOffer, facts: &Facts<'_>, now: Timestamp) -> Option<NewOffer> {
    let sku = offer.sku.as_amazon_sku();
    if sku.as_str().chars().count() > LONGEST_SKU || !sku.fits_in_an_address() {
        let words = "a SKU has at most 40 characters at Amazon, and is no step on a path";
        return Some(*refused(offer, "sku", words, now));
    }
    if let Some(other) = other_listing(&offer.connection, &offer.sku, facts) {
        return Some(offer.listed(&format!("its product is listed as {other} already"), now));
    }
    match facts.listing {
        None => Some(offer.put_off(
            "Amazon's report was not matched since the product came, or has it in another spelling",
            now,
        )),
        Some(listing) if listing.hold.is_some() => {
            Some(offer.put_off("a person holds its listing", now))
        }
        Some(listing) if listing.state == ListingState::NotOnAmazon => None,
        Some(_) if offer.sent.is_some() => Some(offer.shown(now)),
        Some(listing) => {
            let why = format!("its listing is `{}`", listing.state.as_str());
            Some(offer.listed(&why, now))
        }
    }
}

/// Another listing of the connection that the product is tied to.
fn other_listing(connection: &ConnectionId, sku: &Sku, facts: &Facts<'_>) -> Option<String> {
    let own = facts.inputs.get(sku)?;
    let mut others = own.listed.iter();
    let other =
        others.find(|it| it.connection == *connection && it.amazon_sku.as_product() != *sku);
    other.map(|other| other.amazon_sku.to_string())
}

/// It would be refused.
pub(crate) fn refused(offer: &NewOffer, code: &str, words: &str, now: Timestamp) -> Box<NewOffer> {
    let issue = ListingIssue {
        code: code.to_owned(),
        severity: "ERROR".to_owned(),
        message: words.to_owned(),
    };
    Box::new(offer.refused(vec![issue], now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use stallkeeper::domain::connection::{Connection, ConnectionStatus, PriceMode};
    use stallkeeper::domain::marketplace::Marketplace;
    use stallkeeper::domain::stock_settings::StockSettings;
    use stallkeeper::store::Listed;

    fn connection() -> Connection {
        Connection {
            status: ConnectionStatus::Active,
            ..kit::sample::connection("north", "c1")
        }
    }

    fn checked(
        change: impl FnOnce(&mut SkuInputs),
        state: Option<ListingState>,
        quantity: u32,
    ) -> Result<Ready, Box<NewOffer>> {
        checked_offer(change, state, quantity, |offer| offer, true)
    }

    fn checked_offer(
        change: impl FnOnce(&mut SkuInputs),
        state: Option<ListingState>,
        quantity: u32,
        with: impl FnOnce(NewOffer) -> NewOffer,
        sends_first_prices: bool,
    ) -> Result<Ready, Box<NewOffer>> {
        let (connection, sku): (_, Sku) = (connection(), "MUG".parse().unwrap());
        let product =
            serde_json::json!({"sku": "MUG", "ean": "4006381333931", "rrp": {"GBP": "9.90"}});
        let mut inputs = SkuInputs {
            product: Some(serde_json::from_value(product).unwrap()),
            ..SkuInputs::default()
        };
        let level = serde_json::json!({"quantity": quantity, "measured_at": "2026-11-20T10:00:00Z", "received_at": "2026-11-20T10:00:00Z"});
        inputs.levels.levels.insert(
            "W1".parse().unwrap(),
            serde_json::from_value(level).unwrap(),
        );
        change(&mut inputs);
        let listing = state.map(|state| Listing::new(&connection, sku.as_amazon_sku(), state));
        let published = Published {
            settings: StockSettings {
                on: true,
                ..StockSettings::default()
            },
            generation: 1,
            at: Timestamp::UNIX_EPOCH,
            shadow: false,
            rules: None,
            quantities: None,
        };
        let inputs = HashMap::from([(sku.clone(), inputs)]);
        let facts = Facts {
            listing: listing.as_ref(),
            inputs: &inputs,
            published: &published,
            rules: &SellingRules::default(),
            appeared: None,
            pricing: Some(Pricing {
                marketplace: Marketplace::Uk,
                mode: PriceMode::Rrp,
                rules: None,
                rates: None,
                today: jiff::civil::date(2026, 11, 28),
            }),
            sends_first_prices,
        };
        let now = kit::sample::at(0);
        let offer = NewOffer::wanted(&connection.key(), sku, Marketplace::Uk, None, None, now);
        check(with(offer), &facts, now)
    }

    #[test]
    fn a_first_price_waits_until_that_very_price_is_released() {
        use stallkeeper::domain::new_offer::OfferAnswer;
        let check = |with: &dyn Fn(NewOffer) -> NewOffer| {
            let absent = Some(ListingState::NotOnAmazon);
            checked_offer(|_| {}, absent, 4, with, false)
        };
        let held = check(&|offer| offer).unwrap_err();
        let price = Decimal::new(990, 2);
        assert_eq!(
            (held.state, held.held_price),
            (NewOfferState::Ask, Some(price))
        );
        let now = kit::sample::at(1);
        let answer = |price| held.answered(&OfferAnswer::Price(price), None, now);
        assert_eq!(answer(Decimal::new(991, 2)), None, "nobody looked at it");
        let released = answer(price).unwrap();
        assert_eq!(check(&|_| released.clone()).unwrap().price, price);
        let of_before = NewOffer {
            released_price: Some(Decimal::new(890, 2)),
            ..released.clone()
        };
        let again = check(&|_| of_before.clone()).unwrap_err();
        assert_eq!(again.held_price, Some(price), "it is another one by now");
    }

    #[test]
    fn an_offer_has_the_recommended_price_and_what_is_in_stock() {
        let ready = checked(|_| {}, Some(ListingState::NotOnAmazon), 4).unwrap();
        assert_eq!((ready.price, ready.quantity), (Decimal::new(990, 2), 4));
        assert_eq!(ready.number.as_deref(), Some("4006381333931"));
    }

    #[test]
    fn nothing_is_sent_without_price_stock_or_item_and_the_state_says_so() {
        let not = |change: fn(&mut SkuInputs), quantity| {
            checked(change, Some(ListingState::NotOnAmazon), quantity)
                .unwrap_err()
                .state
        };
        assert_eq!(not(|_| {}, 0), NewOfferState::NoStock);
        assert_eq!(
            not(|it| it.levels.levels.clear(), 4),
            NewOfferState::NoStock
        );
        assert_eq!(
            not(|it| it.product.as_mut().unwrap().rrp.clear(), 4),
            NewOfferState::NoPrice
        );
        assert_eq!(
            not(|it| it.product.as_mut().unwrap().ean = None, 4),
            NewOfferState::Ask
        );
        assert_eq!(not(|it| it.product = None, 4), NewOfferState::Refused);
    }

    #[test]
    fn a_sku_or_product_that_has_a_listing_is_never_offered_again() {
        use ListingState::{
            CaseMismatch, ClosedElsewhere, FulfilledByAmazon, Matched, MultiLocation, UnknownHere,
        };
        for state in [
            Matched,
            CaseMismatch,
            FulfilledByAmazon,
            UnknownHere,
            ClosedElsewhere,
            MultiLocation,
        ] {
            let not = checked(|_| {}, Some(state), 4).unwrap_err();
            assert_eq!(not.state, NewOfferState::Listed, "{state:?}");
        }
        let tied = |inputs: &mut SkuInputs| {
            inputs.listed.push(Listed {
                connection: "c1".parse().unwrap(),
                amazon_sku: "mug-fba".parse().unwrap(),
                units: 1,
            })
        };
        let not = checked(tied, Some(ListingState::NotOnAmazon), 4).unwrap_err();
        assert_eq!(not.state, NewOfferState::Listed);
        assert!(not.why.contains("mug-fba"), "{}", not.why);
        let unmatched = checked(|_| {}, None, 4).unwrap_err();
        assert_eq!(
            (unmatched.state, unmatched.due_at.is_some()),
            (NewOfferState::Wanted, true)
        );
    }
}
