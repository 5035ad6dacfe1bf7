//! What settings would do to a listing. Pure.

use crate::domain::connection::MarketplaceSettings;
use crate::domain::ids::Sku;
use crate::domain::listing::{
    HoldMode, Listing, Live, NextPrice, Offer, Standing, WantedPrice, live, next_price,
};
use crate::domain::marketplace::Marketplace;
use crate::domain::price::{Kept, Pricing, SentLimits};
use crate::domain::product::Product;
use crate::domain::selection::ProductRules;
use crate::domain::selling_rules::SellingRules;
use crate::domain::stock::{Counted, Sale, SkuStock, Wanted, count};
use crate::domain::stock_settings::{Effect, StockSettings};
use crate::store::SkuInputs;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// What would become of a listing's quantity.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schema(as = PublishingEffectKind)]
pub enum EffectKind {
    /// It would go to zero.
    ToZero,
    /// It would come back from zero.
    Reopened,
    Changed,
    Unchanged,
    /// Its product has no stock level yet: it is left as it is.
    WithoutLevel,
}

/// What settings would do to a matched listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingEffect {
    pub kind: EffectKind,
    /// What Amazon shows now; `None` if nothing is known of it.
    pub shown: Option<Live>,
    /// What it would be sent to show; `None`: it is left as it is.
    pub would_be: Option<u32>,
    /// Why, for a person.
    pub why: String,
    /// The offers that would be ended, or opened again.
    pub ends: Vec<EndEffect>,
    /// The prices that are ours to send, whether they would change or not.
    pub prices: Vec<PriceEffect>,
}

/// What would become of an offer on one marketplace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndEffect {
    pub marketplace: Marketplace,
    /// Else it would be opened again.
    pub ended: bool,
    /// Why, for a person.
    pub why: String,
}

/// What would become of a price that is ours to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceEffect {
    pub marketplace: Marketplace,
    /// `None`: none was ever seen or sent.
    pub shown: Option<Decimal>,
    /// What it would be to be, or why there is no price.
    pub wanted: WantedPrice,
    /// What the merchant would keep of it, as far as rules say.
    pub kept: Option<Kept>,
    pub next: NextPrice,
    /// One of Amazon's rules sets it, as far as the last look shows: nothing of ours is sent.
    pub automated: bool,
}

impl PriceEffect {
    /// What it would be; `None`: it would not change.
    pub fn would_be(&self) -> Option<Decimal> {
        match self.next {
            NextPrice::Nothing(_) => None,
            NextPrice::Send(_) if self.is_of_limits() => None,
            NextPrice::Send(amount) | NextPrice::Held { to: amount, .. } => Some(amount),
        }
    }

    /// Whether it is sent for its floor or ceiling alone.
    pub fn is_of_limits(&self) -> bool {
        matches!(self.next, NextPrice::Send(amount) if Some(amount) == self.shown)
    }

    /// Whether it would wait for a person.
    pub fn is_held(&self) -> bool {
        matches!(self.next, NextPrice::Held { .. })
    }
}

impl ListingEffect {
    /// Counts it with the others.
    pub fn count(&self, effect: &mut Effect) {
        effect.matched += 1;
        let ended = self.ends.iter().filter(|end| end.ended).count() as u64;
        effect.offers_ended += ended;
        effect.offers_opened += self.ends.len() as u64 - ended;
        let prices =
            |is: fn(&PriceEffect) -> bool| self.prices.iter().filter(|it| is(it)).count() as u64;
        effect.price_changes += prices(|price| price.would_be().is_some());
        effect.prices_held += prices(PriceEffect::is_held);
        effect.without_price += prices(|price| price.wanted.amount.is_none());
        *match self.kind {
            EffectKind::ToZero => &mut effect.to_zero,
            EffectKind::Reopened => &mut effect.reopened,
            EffectKind::Changed => &mut effect.changed,
            EffectKind::Unchanged => &mut effect.unchanged,
            EffectKind::WithoutLevel => &mut effect.without_level,
        } += 1;
    }
}

/// All that is known of a listing's product and its parts.
pub(super) struct ListingFacts<'a> {
    pub(super) inputs: &'a HashMap<Sku, SkuInputs>,
    pub(super) product: &'a Sku,
}

impl ListingFacts<'_> {
    fn own(&self) -> Option<&SkuInputs> {
        self.inputs.get(self.product)
    }

    pub(super) fn product(&self) -> Option<&Product> {
        self.own()?.product.as_ref()
    }

    /// What was sold through a listing.
    fn sales(&self, listing: &Listing) -> Vec<Sale> {
        let reservations = self.own().map(|own| own.reservations.as_slice());
        listing.sales(reservations.unwrap_or_default())
    }

    fn count(
        &self,
        units: u32,
        settings: &StockSettings,
        rules: &ProductRules,
        now: Timestamp,
    ) -> Counted {
        let stock = |sku: &Sku| {
            let (sku, inputs) = self.inputs.get_key_value(sku)?;
            Some(inputs.stock(sku))
        };
        let own = stock(self.product).unwrap_or(SkuStock::unknown(self.product));
        // What is only shown has no generation.
        count(own, stock, units, settings, rules, 0, now)
    }
}

/// What these settings would do to a matched listing's quantity.
pub(super) fn quantity_effect(
    listing: &Listing,
    known: &ListingFacts<'_>,
    standing: Standing,
    settings: &StockSettings,
    rules: &ProductRules,
    now: Timestamp,
) -> ListingEffect {
    let Counted { components, wanted } = known.count(listing.units, settings, rules, now);
    let ends = end_effects(listing, &wanted, settings, rules);
    let is_bundle = known.product().is_some_and(Product::is_bundle);
    let left_alone = is_bundle && !settings.bundles;
    let unknown = known.product().is_some()
        && rules.is_sold()
        && components.iter().any(|it| it.level.is_none());
    let hold = listing.hold.as_ref().map(|hold| hold.mode);
    let (would_be, why) = match hold {
        _ if !settings.on => (
            None,
            "nothing is sent while stock is switched off".to_owned(),
        ),
        Some(HoldMode::Leave) => (None, "a person holds it".to_owned()),
        Some(HoldMode::Zero) => (Some(0), "a person holds it at zero".to_owned()),
        None => (wanted.quantity, wanted.why),
    };
    let shown = live(listing, standing, &known.sales(listing));
    let waits_for_level = unknown && settings.on && hold.is_none() && !left_alone;
    let kind = match (would_be, shown) {
        (None, _) if waits_for_level => EffectKind::WithoutLevel,
        (None, _) => EffectKind::Unchanged,
        (Some(wanted), Some(shown)) => change(wanted, shown),
        (Some(0), None) => EffectKind::ToZero,
        (Some(_), None) => EffectKind::Changed,
    };
    ListingEffect {
        kind,
        shown,
        would_be,
        why,
        ends,
        prices: Vec::new(),
    }
}

/// What settings would do to the ends of a listing's offers. What Amazon was sent last counts as what it shows.
fn end_effects(
    listing: &Listing,
    wanted: &Wanted,
    settings: &StockSettings,
    rules: &ProductRules,
) -> Vec<EndEffect> {
    let would_be = Listing {
        wanted: Some(wanted.clone()),
        ..listing.clone()
    };
    let decided = would_be.ends_to_decide().into_iter();
    let decided = decided.filter(|_| settings.on);
    let effects = decided.filter_map(|marketplace| {
        let ended = would_be.next_end(marketplace, Standing::Patched)?;
        let selected = rules.selected.as_ref();
        let why = selected.and_then(|it| it.why_not_offered(marketplace));
        Some(EndEffect {
            marketplace,
            ended,
            why: why.unwrap_or_else(|| "it is offered there again".to_owned()),
        })
    });
    effects.collect()
}

fn change(wanted: u32, shown: Live) -> EffectKind {
    if shown.is_exactly(wanted) {
        EffectKind::Unchanged
    } else if wanted == 0 {
        EffectKind::ToZero
    } else if shown.highest == 0 {
        EffectKind::Reopened
    } else {
        EffectKind::Changed
    }
}

/// The marketplaces whose price of this listing we decide.
pub(super) fn priced_marketplaces(
    listing: &Listing,
    rules: &SellingRules,
    settings: &[MarketplaceSettings],
) -> Vec<Marketplace> {
    let mut priced = rules.priced(settings);
    priced.retain(|marketplace| listing.marketplaces.contains(marketplace));
    priced
}

/// What a draft would do to the price of a listing on the marketplace of `pricing`; `None` if prices are left alone there.
pub(super) fn price_effect(
    listing: &Listing,
    pricing: &Pricing<'_>,
    offer: Option<&Offer>,
    product: &Product,
    standing: Standing,
    settings: &StockSettings,
    now: Timestamp,
) -> Option<PriceEffect> {
    let marketplace = pricing.marketplace;
    // What is only shown has no generation.
    let wanted = pricing.wanted(product, listing.units, 0, now)?;
    let mut offer = offer
        .cloned()
        .unwrap_or_else(|| unknown(listing, marketplace));
    // A person may have released this very price; any other must be released by itself.
    let is_released = offer
        .wanted
        .as_ref()
        .is_some_and(|stored| stored.is_same(&wanted) && offer.released_to >= stored.generation);
    offer.released_to = is_released.into();
    offer.wanted = Some(WantedPrice {
        generation: 1,
        ..wanted.clone()
    });
    let automated = listing.price_is_automated(marketplace);
    let next = match automated {
        true => NextPrice::Nothing("a rule of Amazon's automated pricing sets it"),
        false => next_price(&offer, standing, settings.brakes.price_percent),
    };
    let sent = offer.sent.filter(|_| standing != Standing::Lost);
    let sent = sent.map(|sent| sent.value);
    Some(PriceEffect {
        marketplace,
        shown: sent.or(offer.observed.map(|observed| observed.value)),
        kept: pricing.kept(product, listing.units),
        wanted,
        next,
        automated,
    })
}

/// An offer that is not stored.
fn unknown(listing: &Listing, marketplace: Marketplace) -> Offer {
    Offer {
        tenant: listing.tenant.clone(),
        connection: listing.connection.clone(),
        amazon_sku: listing.amazon_sku.clone(),
        marketplace,
        wanted: None,
        sent: None,
        sent_limits: SentLimits::default(),
        refused: None,
        observed: None,
        released_to: 0,
        send_count: 0,
    }
}

#[cfg(test)]
mod tests;
