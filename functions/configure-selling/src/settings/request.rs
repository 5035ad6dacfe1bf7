//! What may be said of a connection's stock, and in words what may not. Pure.

use serde::Deserialize;
use serde_json::Value;
use stallkeeper::api::{Answer, Faults};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::WarehouseCode;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::stock::Policy;
use stallkeeper::domain::stock_settings::{
    Brakes, FeedAges, LevelsKind, SHORTEST_INTERVAL, StockSettings,
};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// A day: a seller who wants stock sent less often does not want it sent.
const LONGEST_INTERVAL: i64 = 24 * 60;
/// A year, in hours.
const LONGEST_SILENCE: i64 = 366 * 24;
/// Far above what anybody has in stock.
const MOST_UNITS: i64 = 1_000_000_000;
const MOST_WAREHOUSES: usize = 100;
/// Field names that callers may try for other stock settings of one marketplace.
const OF_A_STORE: [&str; 6] = [
    "marketplace",
    "marketplaces",
    "marketplace_ids",
    "per_marketplace",
    "stores",
    "countries",
];

/// How a connection's stock is to be sent. What is left out is as it is by default.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct StockRequest {
    /// Whether stock is sent at all.
    on: bool,
    /// Minutes between two rounds; 15 to 1440.
    #[serde(default = "shortest")]
    #[schema(default = 15, minimum = 15, maximum = 1440)]
    every_minutes: i64,
    /// Whether bundles are sent; if not, they are left as they are on Amazon and never set to zero.
    #[serde(default = "yes")]
    #[schema(default = true)]
    bundles: bool,
    #[serde(default)]
    policy: PolicyRequest,
    /// Codes of the warehouses whose levels count; none: all.
    #[serde(default)]
    #[schema(value_type = Vec<WarehouseCode>, max_items = 100)]
    warehouses: Vec<String>,
    /// The marketplace that feeds go through if a listing is there; absent: the connection's own.
    #[schema(value_type = Option<Marketplace>)]
    home_marketplace: Option<String>,
    /// What the platform's levels count: `available` (acknowledged orders are taken off already) or `on_hand` (an order
    /// stays in them until it is dispatched).
    #[serde(default)]
    #[schema(default = "available")]
    levels: LevelsKind,
    #[serde(default)]
    brakes: BrakesRequest,
    #[serde(default)]
    feed_ages: FeedAgesRequest,
    /// An order stays reserved until the warehouse that gave its units counts; for so many hours at most while counts of
    /// other warehouses go on. Then `reservation.given_up` is announced.
    #[serde(default = "three_days")]
    #[schema(default = 72, minimum = 1, maximum = 720)]
    give_up_after_hours: i64,
    /// Without a level from the platform for so many hours, `stock.stale` is announced.
    #[serde(default = "a_day")]
    #[schema(default = 24, minimum = 1, maximum = 8784)]
    stale_after_hours: i64,
    #[serde(flatten)]
    #[schema(ignore)]
    rest: BTreeMap<String, Value>,
}

/// What of the deliverable units is offered; applied in this order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StockPolicyRequest)]
struct PolicyRequest {
    /// Units held back.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    buffer: i64,
    /// Share of what remains, 1 to 100.
    #[serde(default = "all")]
    #[schema(default = 100, minimum = 1, maximum = 100)]
    percentage: i64,
    /// Never offer more than this; at least 1.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    maximum: Option<i64>,
    /// A decrease to this quantity or below is sent at once, without waiting for a round.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    low_stock_mark: i64,
}

impl Default for PolicyRequest {
    fn default() -> Self {
        Self {
            buffer: 0,
            percentage: all(),
            maximum: None,
            low_stock_mark: 0,
        }
    }
}

/// When sending is held for a person.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StockBrakesRequest)]
struct BrakesRequest {
    /// More than this share of the matched listings to zero within an hour holds the round; 100 never does. 30 if
    /// nothing is said.
    #[schema(minimum = 0, maximum = 100)]
    zero_percent: Option<i64>,
    /// Fewer listings than this to zero never hold a round. 20 if nothing is said.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    zero_at_least: Option<i64>,
    /// A price that moves by more than this share holds that offer; 0 holds every change. 50 if nothing is said.
    #[schema(minimum = 0, maximum = 200)]
    price_percent: Option<i64>,
}

/// How long Amazon may take for a feed until what it carries goes again.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FeedAgesRequest {
    /// Decreases go by patch then; 10 to 480. 30 if nothing is said.
    #[schema(minimum = 10, maximum = 480)]
    decreases_minutes: Option<i64>,
    /// All the rest; 30 to 1440. 240 if nothing is said.
    #[schema(minimum = 30, maximum = 1440)]
    others_minutes: Option<i64>,
}

fn shortest() -> i64 {
    SHORTEST_INTERVAL.into()
}

fn yes() -> bool {
    true
}

fn all() -> i64 {
    100
}

fn three_days() -> i64 {
    72
}

fn a_day() -> i64 {
    24
}

impl StockRequest {
    /// The settings that are asked for.
    ///
    /// # Errors
    /// 422 for each that cannot be; says why.
    pub(crate) fn checked(self, connection: &Connection) -> Answer<StockSettings> {
        let mut faults = Faults::default();
        for name in self.rest.keys() {
            faults.add(format!("/{name}"), why_not(name));
        }
        let every_minutes = faults.within(
            "/every_minutes",
            self.every_minutes,
            (shortest(), LONGEST_INTERVAL),
            "minutes between two rounds. Less than 15 would not be sooner, since Amazon takes few feeds and needs minutes for each; a decrease to the low-stock mark never waits for a round",
        );
        let give_up_after_hours = faults.within(
            "/give_up_after_hours",
            self.give_up_after_hours,
            (1, 720),
            "hours that an order stays reserved while the warehouse that gave its units does not count",
        );
        let stale_after_hours = faults.within(
            "/stale_after_hours",
            self.stale_after_hours,
            (1, LONGEST_SILENCE),
            "hours without a stock level from the platform until somebody is told",
        );
        let settings = StockSettings {
            on: self.on,
            every_minutes,
            bundles: self.bundles,
            policy: self.policy.checked(&mut faults),
            warehouses: warehouses(&self.warehouses, &mut faults),
            home: home(self.home_marketplace.as_deref(), connection, &mut faults),
            levels: self.levels,
            brakes: self.brakes.checked(&mut faults),
            feed_ages: self.feed_ages.checked(&mut faults),
            give_up_after_hours,
            stale_after_hours,
        };
        faults.done()?;
        Ok(settings)
    }
}

impl PolicyRequest {
    fn checked(&self, faults: &mut Faults) -> Policy {
        if self.maximum == Some(0) {
            faults.add(
                "/policy/maximum",
                "at least 1: a maximum of 0 would close every listing. Leave it out for no maximum, or send `on`: false",
            );
        }
        let mut units = |place, number| faults.within(place, number, (0, MOST_UNITS), "units");
        Policy {
            buffer: units("/policy/buffer", self.buffer),
            maximum: self.maximum.map(|it| units("/policy/maximum", it)),
            low_stock_mark: units("/policy/low_stock_mark", self.low_stock_mark),
            percentage: faults.within(
                "/policy/percentage",
                self.percentage,
                (1, 100),
                "the share that is offered of what can be delivered",
            ),
        }
    }
}

impl BrakesRequest {
    fn checked(&self, faults: &mut Faults) -> Brakes {
        let usual = Brakes::default();
        Brakes {
            zero_percent: faults.within(
                "/brakes/zero_percent",
                self.zero_percent.unwrap_or(usual.zero_percent.into()),
                (0, 100),
                "the share of the matched listings that may go to zero within an hour",
            ),
            zero_at_least: faults.within(
                "/brakes/zero_at_least",
                self.zero_at_least.unwrap_or(usual.zero_at_least.into()),
                (0, MOST_UNITS),
                "listings to zero that never hold a round",
            ),
            price_percent: faults.within(
                "/brakes/price_percent",
                self.price_percent.unwrap_or(usual.price_percent.into()),
                (0, 200),
                "the share by which a price may move unasked",
            ),
        }
    }
}

impl FeedAgesRequest {
    fn checked(&self, faults: &mut Faults) -> FeedAges {
        let usual = FeedAges::default();
        FeedAges {
            decreases_minutes: faults.within(
                "/feed_ages/decreases_minutes",
                self.decreases_minutes
                    .unwrap_or(usual.decreases_minutes.into()),
                (10, 8 * 60),
                "minutes that Amazon may take for a feed until its decreases go again, by patch. Amazon needs some minutes for each feed",
            ),
            others_minutes: faults.within(
                "/feed_ages/others_minutes",
                self.others_minutes.unwrap_or(usual.others_minutes.into()),
                (30, LONGEST_INTERVAL),
                "minutes that Amazon may take for a feed until all that it carries goes again. Under load Amazon takes up to eight hours",
            ),
        }
    }
}

fn warehouses(codes: &[String], faults: &mut Faults) -> BTreeSet<WarehouseCode> {
    if codes.len() > MOST_WAREHOUSES {
        faults.add(
            "/warehouses",
            format!("at most {MOST_WAREHOUSES}; none at all means every warehouse"),
        );
        return BTreeSet::new();
    }
    let mut known = BTreeSet::new();
    for (index, code) in codes.iter().enumerate() {
        match code.parse() {
            Ok(code) => {
                known.insert(code);
            }
            Err(error) => faults.add(format!("/warehouses/{index}"), format!("{error}")),
        }
    }
    known
}

fn home(
    country: Option<&str>,
    connection: &Connection,
    faults: &mut Faults,
) -> Option<Marketplace> {
    const HERE: &str = "/home_marketplace";
    let marketplace: Marketplace = match country?.parse() {
        Ok(marketplace) => marketplace,
        Err(unknown) => {
            faults.add(HERE, format!("{unknown}"));
            return None;
        }
    };
    let region = connection.region();
    if marketplace.region() != region {
        faults.add(
            HERE,
            format!(
                "must be a marketplace of the connection's region {}",
                region.as_str()
            ),
        );
        return None;
    }
    let marketplaces: Vec<&str> = connection
        .participations
        .iter()
        .filter(|part| part.participating)
        .map(|part| part.marketplace.country())
        .collect();
    // Before the first authorisation nobody knows where the seller sells.
    if !marketplaces.is_empty() && !marketplaces.contains(&marketplace.country()) {
        faults.add(
            HERE,
            format!(
                "the seller does not take part in it; Amazon says the seller sells in: {}",
                marketplaces.join(", ")
            ),
        );
        return None;
    }
    Some(marketplace)
}

fn why_not(name: &str) -> &'static str {
    let is_a_store = || name.parse::<Marketplace>().is_ok() || Marketplace::by_id(name).is_some();
    match name {
        "home" => "it is called home_marketplace",
        "shadow" => {
            "shadow mode is chosen when publishing: POST /connections/{connection}/publish with {\"shadow\":true}"
        }
        "price_mode" => {
            "prices belong to a marketplace: PUT /connections/{connection}/marketplaces/{marketplace}"
        }
        "buffer" | "percentage" | "maximum" | "low_stock_mark" => "it belongs into policy",
        name if OF_A_STORE.contains(&name) || is_a_store() => {
            "quantity belongs to the connection, not to a marketplace: Amazon keeps one quantity a SKU across all marketplaces of a region, so two marketplaces with two settings would fight for ever, and zero for one would close the others. To stop selling a SKU in one marketplace, close its offer there"
        }
        _ => {
            "there is no such field; there are on, every_minutes, bundles, policy, warehouses, home_marketplace, levels, brakes, feed_ages, give_up_after_hours and stale_after_hours"
        }
    }
}

#[cfg(test)]
mod tests;
