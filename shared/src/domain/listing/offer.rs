//! The price of a listing on one marketplace.

use super::{Observed, Refused, Sent, Standing};
use crate::domain::connection::PriceMode;
use crate::domain::feed::SentBy;
use crate::domain::ids::{AmazonSku, ConnectionId, ConnectionKey, ListingKey, OfferKey, TenantId};
use crate::domain::marketplace::Marketplace;
use crate::domain::money::is_payable;
use crate::domain::product::Product;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The price that an offer is to have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedPrice {
    /// In the marketplace's currency, as buyers see it there: with tax, except in the US and Canada. `None`: none is known, and
    /// none is sent.
    pub amount: Option<Decimal>,
    pub why: String,
    pub generation: u64,
    pub at: Timestamp,
}

/// A listing's price on one marketplace, as we keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub tenant: TenantId,
    pub connection: ConnectionId,
    pub amazon_sku: AmazonSku,
    pub marketplace: Marketplace,
    pub wanted: Option<WantedPrice>,
    pub sent: Option<Sent<Decimal>>,
    pub refused: Option<Refused<Decimal>>,
    pub observed: Option<Observed<Decimal>>,
    /// A price that moved too far is held for a person, who released it up to this generation.
    #[serde(default)]
    pub released_to: u64,
    #[serde(default)]
    pub send_count: u64,
}

impl Offer {
    pub fn key(&self) -> OfferKey {
        OfferKey {
            listing: ListingKey {
                connection: ConnectionKey::new(&self.tenant, &self.connection),
                amazon_sku: self.amazon_sku.clone(),
            },
            marketplace: self.marketplace,
        }
    }

    /// How what was sent last was sent.
    pub fn sent_by(&self) -> Option<&SentBy> {
        self.sent.as_ref().map(|sent| &sent.by)
    }

    /// Whether Amazon refused this price for good.
    pub fn is_refused(&self, amount: Decimal) -> bool {
        let refused = self.refused.as_ref();
        refused.is_some_and(|refused| refused.value == amount && refused.is_final())
    }
}

/// The price that a marketplace's mode asks for; `None` if prices are left alone. No tax is added or taken off: a recommended
/// price in a marketplace's currency is meant as buyers see it there.
pub fn rrp_price(
    mode: PriceMode,
    marketplace: Marketplace,
    product: &Product,
    units: u32,
    generation: u64,
    at: Timestamp,
) -> Option<WantedPrice> {
    let PriceMode::Rrp = mode else { return None };
    let currency = marketplace.currency();
    let one = product.rrp.get(currency).copied();
    let amount = one
        .and_then(|one| one.checked_mul(Decimal::from(units.max(1))))
        .filter(|amount| *amount > Decimal::ZERO && is_payable(*amount, currency));
    let tax = match marketplace.prices_include_tax() {
        true => "tax included",
        false => "without sales tax",
    };
    let why = match (one, amount) {
        (Some(one), Some(amount)) if units > 1 => {
            format!("{units} × recommended {one} {currency} = {amount}, {tax}")
        }
        (Some(_), Some(amount)) => format!("recommended {amount} {currency}, {tax}"),
        (Some(one), None) => {
            format!(
                "no_price: {one} {currency} is no amount that can be paid; it has too many decimals"
            )
        }
        _ => format!("no_price: the product has no recommended price in {currency}"),
    };
    Some(WantedPrice {
        amount,
        why,
        generation,
        at,
    })
}

/// What is to be done about an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextPrice {
    Nothing(&'static str),
    Send(Decimal),
    /// It would move too far, or nobody knows from where: a person must release it.
    Held {
        /// `None`: no price of it was ever seen or sent.
        from: Option<Decimal>,
        to: Decimal,
    },
}

/// Decides what is to be sent of an offer. `price_percent`: the brake.
pub fn next_price(offer: &Offer, standing: Standing, price_percent: u8) -> NextPrice {
    let Some((wanted, generation)) = offer
        .wanted
        .as_ref()
        .and_then(|wanted| Some((wanted.amount?, wanted.generation)))
    else {
        return NextPrice::Nothing("no price is known");
    };
    if offer.is_refused(wanted) {
        return NextPrice::Nothing("Amazon refused this price");
    }
    let sent = offer
        .sent
        .as_ref()
        .filter(|_| standing != Standing::Lost)
        .map(|sent| sent.value);
    let shown = sent.or(offer.observed.as_ref().map(|observed| observed.value));
    match shown {
        Some(shown) if shown == wanted => NextPrice::Nothing(match standing {
            Standing::InFlight => "it is sent, and Amazon has not confirmed it yet",
            _ => "Amazon shows it",
        }),
        _ if offer.released_to >= generation => NextPrice::Send(wanted),
        Some(from) if !moves_too_far(from, wanted, price_percent) => NextPrice::Send(wanted),
        from => NextPrice::Held { from, to: wanted },
    }
}

fn moves_too_far(from: Decimal, to: Decimal, percent: u8) -> bool {
    let most = from
        .abs()
        .checked_mul(Decimal::new(i64::from(percent), 2))
        .unwrap_or(Decimal::MAX);
    (to - from).abs() > most
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn offer(observed: i64, wanted: i64) -> Offer {
        let at = Timestamp::UNIX_EPOCH;
        Offer {
            tenant: "t".parse().unwrap(),
            connection: "c".parse().unwrap(),
            amazon_sku: "A".parse().unwrap(),
            marketplace: Marketplace::Uk,
            wanted: Some(WantedPrice {
                amount: Some(Decimal::from(wanted)),
                why: String::new(),
                generation: 4,
                at,
            }),
            sent: None,
            refused: None,
            observed: Some(Observed {
                value: Decimal::from(observed),
                at,
            }),
            released_to: 0,
            send_count: 0,
        }
    }

    #[test]
    fn a_recommended_price_is_sent_as_it_is_and_says_whether_tax_is_in_it() {
        let amount: Decimal = "12.90".parse().unwrap();
        let rrp = json!({ "GBP": "12.90", "USD": "12.90", "CAD": "12.90", "EUR": "12.90" });
        let product: Product = serde_json::from_value(json!({ "sku": "A", "rrp": rrp })).unwrap();
        let rows = [
            (Marketplace::Uk, "12.90 GBP, tax included"),
            (Marketplace::De, "12.90 EUR, tax included"),
            (Marketplace::Us, "12.90 USD, without sales tax"),
            (Marketplace::Ca, "12.90 CAD, without sales tax"),
        ];
        for (marketplace, words) in rows {
            let at = Timestamp::UNIX_EPOCH;
            let price = rrp_price(PriceMode::Rrp, marketplace, &product, 1, 0, at).unwrap();
            assert_eq!(price.amount, Some(amount));
            assert_eq!(price.why, format!("recommended {words}"));
        }
    }

    #[test]
    fn a_first_price_waits_for_a_person() {
        let first = Offer {
            observed: None,
            ..offer(10, 15)
        };
        let held = NextPrice::Held {
            from: None,
            to: Decimal::from(15),
        };
        assert_eq!(next_price(&first, Standing::Patched, 50), held);
        let released = Offer {
            released_to: 4,
            ..first
        };
        let sent = next_price(&released, Standing::Patched, 50);
        assert_eq!(sent, NextPrice::Send(Decimal::from(15)));
    }

    #[test]
    fn a_price_that_moves_too_far_waits_for_a_person() {
        let next = |offer: &Offer| next_price(offer, Standing::Patched, 50);
        assert_eq!(next(&offer(10, 15)), NextPrice::Send(Decimal::from(15)));
        assert!(matches!(next(&offer(10, 16)), NextPrice::Held { .. }));
        assert!(matches!(next(&offer(10, 4)), NextPrice::Held { .. }));
        let released = Offer {
            released_to: 4,
            ..offer(10, 16)
        };
        assert_eq!(next(&released), NextPrice::Send(Decimal::from(16)));
        assert!(matches!(next(&offer(10, 10)), NextPrice::Nothing(_)));
    }
}
