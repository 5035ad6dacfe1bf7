//! How a connection's stock is sent. Quantity belongs to the connection, not to a marketplace: Amazon keeps one
//! number per seller and SKU across the marketplaces of a region.

mod kept_back;

use super::ids::WarehouseCode;
use super::marketplace::Marketplace;
use super::stock::Policy;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The shortest time between two rounds that may be asked for, in minutes.
pub const SHORTEST_INTERVAL: u16 = 15;

/// What the platform's stock levels count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LevelsKind {
    /// What is free to sell: acknowledged orders are taken off already.
    #[default]
    Available,
    /// What is there, sold or not: an order stays in it until it is dispatched.
    OnHand,
}

/// When a round is held for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = StockBrakes)]
pub struct Brakes {
    /// More than this share of the matched listings to zero, or with an offer ended, within an hour holds the round; 100 never
    /// does.
    pub zero_percent: u8,
    /// Fewer such listings than this never hold a round.
    pub zero_at_least: u32,
    /// A price that moves by more than this holds that offer; 0 holds every change.
    pub price_percent: u8,
}

impl Default for Brakes {
    fn default() -> Self {
        Self {
            zero_percent: 30,
            zero_at_least: 20,
            price_percent: 50,
        }
    }
}

/// How long Amazon may take for a feed until its lines go again, with what is wanted then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FeedAges {
    /// Those that lower what Amazon shows; they go by patch.
    pub decreases_minutes: u16,
    pub others_minutes: u16,
}

impl Default for FeedAges {
    fn default() -> Self {
        Self {
            decreases_minutes: 30,
            others_minutes: 4 * 60,
        }
    }
}

/// How stock is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockSettings {
    pub on: bool,
    /// Minutes between two rounds, at least [`SHORTEST_INTERVAL`].
    pub every_minutes: u16,
    /// Whether bundles are sent; if not, they are left as they are on Amazon and never set to zero.
    pub bundles: bool,
    pub policy: Policy,
    /// Whose levels count; empty: all.
    pub warehouses: BTreeSet<WarehouseCode>,
    /// The marketplace that feeds are sent through if a listing is there; absent: the connection's own.
    pub home: Option<Marketplace>,
    pub levels: LevelsKind,
    pub brakes: Brakes,
    #[serde(default)]
    pub feed_ages: FeedAges,
    /// For how long an order stays reserved although counts go on, because the warehouse that gave its units does not count.
    #[serde(default = "give_up_after_hours")]
    pub give_up_after_hours: u16,
    /// Without a level from the platform for this long, `stock.stale` is announced.
    pub stale_after_hours: u16,
}

fn give_up_after_hours() -> u16 {
    72
}

impl Default for StockSettings {
    fn default() -> Self {
        Self {
            on: false,
            every_minutes: SHORTEST_INTERVAL,
            bundles: true,
            policy: Policy::default(),
            warehouses: BTreeSet::new(),
            home: None,
            levels: LevelsKind::Available,
            brakes: Brakes::default(),
            feed_ages: FeedAges::default(),
            give_up_after_hours: give_up_after_hours(),
            stale_after_hours: 24,
        }
    }
}

/// Settings that are in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    pub settings: StockSettings,
    /// Rises with each publication; part of the generation of every wanted price.
    pub generation: u64,
    pub at: Timestamp,
    /// Everything is computed and shown, and nothing sent.
    pub shadow: bool,
    /// Which selling rules are in force: the revision of the draft that they were; `None`: none are. Absent in what older
    /// releases wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<u64>,
    /// What quantities are computed by, if later publications changed prices alone. Absent in what older releases write, which
    /// then compute every quantity again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantities: Option<SameQuantities>,
}

/// The publication by which quantities are decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SameQuantities {
    /// Part of the generation of every wanted quantity.
    pub generation: u64,
    /// What was computed before may be out of date.
    pub at: Timestamp,
}

impl Published {
    /// What quantities are computed by.
    pub fn quantities(&self) -> SameQuantities {
        let (generation, at) = (self.generation, self.at);
        self.quantities.unwrap_or(SameQuantities { generation, at })
    }

    /// How many publications changed prices alone since then. A price's generation counts them beside the listing's, so that it
    /// is the same number for a release that computes quantities again with each publication.
    pub fn of_prices_alone(&self) -> u64 {
        self.generation.saturating_sub(self.quantities().generation)
    }

    /// The same with other prices wanted, which are no part of it.
    pub fn with_other_prices(&mut self) {
        self.quantities = Some(self.quantities());
        self.generation += 1;
    }
}

/// What publishing a draft would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = PublishingEffect)]
pub struct Effect {
    pub matched: u64,
    /// Listings that would go to zero.
    pub to_zero: u64,
    /// Listings that would come back from zero.
    pub reopened: u64,
    /// Other listings whose quantity would change.
    pub changed: u64,
    pub unchanged: u64,
    /// Offers that would be ended on one marketplace.
    #[serde(default)]
    pub offers_ended: u64,
    /// Offers that were ended here and would be opened again.
    #[serde(default)]
    pub offers_opened: u64,
    pub price_changes: u64,
    /// Of these, prices that would wait for a person.
    #[serde(default)]
    pub prices_held: u64,
    /// Prices that are to be set and cannot be made, for want of a cost, a rate or the like: they are left as they are.
    #[serde(default)]
    pub without_price: u64,
    /// Listings on Amazon without a product here, those in another spelling included.
    pub unmatched: u64,
    /// Listings whose product has no stock level yet: they are left as they are.
    pub without_level: u64,
    pub fulfilled_by_amazon: u64,
    /// Listings that somebody closed at Amazon: they are left closed. `GET …/listings?state=closed_elsewhere` lists them.
    #[serde(default)]
    pub closed_elsewhere: u64,
    /// Listings with a quantity for each of several locations at Amazon: they are left alone.
    #[serde(default)]
    pub multi_location: u64,
}

/// The effect of a draft, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// The draft's revision that was asked about.
    pub revision: u64,
    pub asked_at: Timestamp,
    pub done_at: Option<Timestamp>,
    pub effect: Option<Effect>,
    /// Why it could not be computed, in words.
    pub failed: Option<String>,
}

/// Outgoing work is stopped by a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = StockFreeze)]
pub struct Freeze {
    pub at: Timestamp,
    pub reason: Option<String>,
}

/// All that is set about a connection's stock: the draft, what is in force, and the brakes a person pulled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockPlan {
    pub draft: StockSettings,
    /// Rises with each change of the draft.
    pub draft_revision: u64,
    pub published: Option<Published>,
    pub frozen: Option<Freeze>,
    /// When Amazon deactivated the account, as far as that was frozen for: a notice of it that comes again does not undo a
    /// person's unfreeze.
    #[serde(default)]
    pub frozen_for: Option<Timestamp>,
    pub preview: Option<Preview>,
    /// Rises by one with every write.
    pub revision: u64,
}

impl StockPlan {
    /// The settings in force, if stock is to be computed at all.
    pub fn in_force(&self) -> Option<&Published> {
        self.published
            .as_ref()
            .filter(|published| published.settings.on)
    }

    /// Puts the draft in force, with the selling rules of this revision. `same_quantities`: those in force decide the same about
    /// quantities. If the settings do, too, no quantity is computed by another publication: cost follows what changes.
    pub fn publish(
        &mut self,
        rules: Option<u64>,
        same_quantities: bool,
        shadow: bool,
        at: Timestamp,
    ) {
        let before = self.published.as_ref();
        let kept =
            before.filter(|it| same_quantities && it.settings == self.draft && it.shadow == shadow);
        self.published = Some(Published {
            settings: self.draft.clone(),
            quantities: kept.map(Published::quantities),
            generation: self.next_generation(),
            at,
            shadow,
            rules,
        });
    }

    /// The generation that the next publication has; it never falls.
    pub fn next_generation(&self) -> u64 {
        let published = self.published.as_ref();
        published.map_or(0, |published| published.generation) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_publication_that_may_change_a_quantity_is_what_quantities_are_computed_by() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut plan = StockPlan::default();
        plan.draft.on = true;
        let seen = |plan: &StockPlan| {
            let published = plan.published.as_ref().unwrap();
            let quantities = published.quantities();
            (
                published.generation,
                published.of_prices_alone(),
                quantities.generation,
                quantities.at.as_second(),
            )
        };
        plan.publish(None, true, false, at(1));
        assert_eq!(seen(&plan), (1, 0, 1, 1), "the first");
        plan.publish(Some(2), true, false, at(2));
        plan.publish(Some(3), true, false, at(3));
        assert_eq!(seen(&plan), (3, 2, 1, 1), "prices alone");
        plan.publish(Some(4), false, false, at(4));
        assert_eq!(seen(&plan), (4, 0, 4, 4), "another selection");
        plan.publish(Some(5), true, true, at(5));
        assert_eq!(seen(&plan), (5, 0, 5, 5), "only shown");
        plan.draft.policy.buffer = 2;
        plan.publish(Some(5), true, true, at(6));
        assert_eq!(seen(&plan), (6, 0, 6, 6), "other settings");
    }
}
