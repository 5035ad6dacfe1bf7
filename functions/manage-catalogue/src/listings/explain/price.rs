//! The prices of a listing, one for each marketplace.

use super::answer::{Observed, Price, WantedValue};
use super::{ListingFacts, refused_value, sent_value};
use rust_decimal::Decimal;
use stallkeeper::domain::connection::PriceMode;
use stallkeeper::domain::feed::Feed;
use stallkeeper::domain::listing::{NextPrice, Offer, Standing, next_price};
use stallkeeper::domain::marketplace::Marketplace;

impl ListingFacts {
    pub(super) fn prices(&self) -> Vec<Price> {
        let offers = self.offers.iter();
        offers
            .map(|(offer, feed)| self.price(offer, feed.as_ref()))
            .collect()
    }

    fn mode(&self, marketplace: Marketplace) -> PriceMode {
        let mut settings = self.marketplaces.iter();
        let settings = settings.find(|it| it.marketplace == marketplace);
        settings.map_or(PriceMode::Leave, |it| self.rules.price_mode(it))
    }

    fn price(&self, offer: &Offer, feed: Option<&Feed>) -> Price {
        let mode = self.mode(offer.marketplace);
        let standing = Standing::of(offer.sent_by(), feed);
        let brake = self.settings().brakes.price_percent;
        let next = next_price(offer, standing, brake);
        let automated = self.listing.price_is_automated(offer.marketplace);
        let is_free = mode != PriceMode::Leave && self.listing.hold.is_none() && !automated;
        let held = is_free && matches!(next, NextPrice::Held { .. });
        let wanted = offer.wanted.clone();
        Price {
            marketplace: offer.marketplace,
            currency: offer.marketplace.currency(),
            mode,
            rule: wanted.as_ref().and_then(|wanted| wanted.rule.clone()),
            least: amount(wanted.as_ref().and_then(|wanted| wanted.limits.least)),
            most: amount(wanted.as_ref().and_then(|wanted| wanted.limits.most)),
            wanted: wanted.map(|wanted| WantedValue {
                value: wanted.amount.map(|amount| amount.to_string()),
                why: wanted.why,
                generation: wanted.generation,
                at: wanted.at,
                level_at: None,
            }),
            sent: offer
                .sent
                .as_ref()
                .map(|sent| sent_value(sent, offer.refused.as_ref(), feed, Decimal::to_string)),
            refused: offer
                .refused
                .as_ref()
                .map(|it| refused_value(it, Decimal::to_string)),
            observed: offer.observed.as_ref().map(|observed| Observed {
                value: observed.value.to_string(),
                at: observed.at,
            }),
            next: match (mode, next) {
                (PriceMode::Leave, _) => {
                    "Stallkeeper does not set prices on this marketplace".to_owned()
                }
                _ if self.listing.hold.is_some() => {
                    "a person holds the listing: no price is sent".to_owned()
                }
                _ if automated => "a rule of Amazon's automated pricing sets it there: it is left alone. Take the listing out of the rule in Seller Central to have it set here".to_owned(),
                (_, NextPrice::Nothing(why)) => why.to_owned(),
                (_, NextPrice::Send(amount)) => format!("{amount} is to be sent"),
                (_, NextPrice::Held { from: None, to }) => format!(
                    "held: {to} would be the first price; POST /connections/{{connection}}/prices/release sends it"
                ),
                (
                    _,
                    NextPrice::Held {
                        from: Some(from),
                        to,
                    },
                ) => format!(
                    "held: from {from} to {to} is more than {brake} %; POST /connections/{{connection}}/prices/release sends it"
                ),
            },
            held,
        }
    }
}

fn amount(amount: Option<Decimal>) -> Option<String> {
    amount.map(|amount| amount.to_string())
}
