//! The parameters of a list, read strictly: a misspelt filter must not quietly list everything.

use jiff::{SignedDuration, Timestamp};
use stallkeeper::api::{Answer, Faults, Limit};
use stallkeeper::domain::courier::Reason;
use stallkeeper::domain::ids::{AmazonSku, OrderId};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::order::{OrderStatus, Risk};
use stallkeeper::domain::shipping_term::ShippingTerm;
use stallkeeper::store::OrderFilter;
use std::fmt::Display;
use std::str::FromStr;
use strum::VariantNames;
use utoipa::ToSchema;

/// What a list of one tenant's orders by their id may say besides.
const WITH_ORDER_ID: [&str; 4] = ["order_id", "connection", "include", "limit"];
const NAMES: [&str; 16] = [
    "status",
    "reason",
    "marketplace",
    "connection",
    "order_id",
    "sku",
    "courier",
    "term",
    "ship_by_from",
    "ship_by_before",
    "at_risk",
    "auto_cancel_soon",
    "sort",
    "include",
    "limit",
    "after",
];

/// Those of a list over all tenants.
const NAMES_OF_ALL: [&str; 15] = [
    "tenant",
    "status",
    "reason",
    "marketplace",
    "connection",
    "order_id",
    "sku",
    "courier",
    "term",
    "ship_by_from",
    "ship_by_before",
    "at_risk",
    "auto_cancel_soon",
    "limit",
    "after",
];

/// In which order a list of several statuses comes.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, strum::EnumString, strum::VariantNames, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schema(as = OrderSort)]
pub enum Sort {
    /// One status after another, within each the most urgent first.
    #[default]
    Status,
    /// The most urgent of all first.
    ShipBy,
}

/// What a list adds to its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::VariantNames, ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schema(as = OrderExtra)]
pub enum Extra {
    /// The lines, with what of each is still to be shipped.
    Items,
    /// Whom the parcel goes to. Needs scope `buyer` too.
    Recipient,
}

/// Whose orders are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    OneTenant,
    /// The open orders of all tenants, the most urgent of all first.
    AllTenants,
}

/// What a caller wants listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRequest {
    pub reach: Reach,
    /// Walked one after another, or all at once; none if no order can be what is wanted.
    pub statuses: Vec<OrderStatus>,
    pub sort: Sort,
    pub filter: OrderFilter,
    /// Only what runs this risk now, and is not dispatched.
    pub risk: Option<Risk>,
    pub include: Vec<Extra>,
    pub limit: usize,
    /// The cursor as it came.
    pub after: Option<String>,
}

impl ListRequest {
    /// Reads the query of a request.
    ///
    /// # Errors
    /// 422 naming every parameter that is unknown, comes twice, or has a value that does not exist.
    pub fn parse(query: &str, reach: Reach) -> Answer<Self> {
        let mut reader = Reader::new(query, reach);
        let tenant = reader.read("tenant", |text| parsed(text.parse()));
        let status = reader.read("status", |text| match (status(text)?, reach) {
            (status, Reach::AllTenants) if !OrderStatus::AT_A_DESK.contains(&status) => {
                Err("of all tenants together only open orders are listed".to_owned())
            }
            (status, _) => Ok(status),
        });
        let reason = reader.read("reason", |text| parsed(text.parse::<Reason>()));
        let marketplace = reader.read("marketplace", marketplace);
        let connection = reader.read("connection", |text| parsed(text.parse()));
        let order_id = reader.read("order_id", |text| parsed(text.parse::<OrderId>()));
        if order_id.is_some() && reach == Reach::OneTenant {
            reader.only_with("order_id", &WITH_ORDER_ID);
        }
        let sku = reader.read("sku", |text| parsed(text.parse::<AmazonSku>()));
        let courier = reader.read("courier", |text| parsed(text.parse()));
        let term = reader.read("term", |text| parsed(text.parse::<ShippingTerm>()));
        let ship_by_from = reader.read("ship_by_from", moment);
        let ship_by_before = reader.read("ship_by_before", moment);
        let at_risk = reader.read("at_risk", truth);
        let auto_cancel_soon = reader.read("auto_cancel_soon", truth);
        let sort = reader.read("sort", one_of::<Sort>);
        let include = reader.read("include", |text| {
            text.split(',')
                .map(one_of::<Extra>)
                .collect::<Result<Vec<_>, _>>()
        });
        let limit = reader.read("limit", |text| text.parse::<Limit<100>>());
        let after = reader.read("after", |text| Ok(text.to_owned()));
        reader.done()?;
        let statuses = match reach {
            Reach::AllTenants => status.into_iter().collect(),
            Reach::OneTenant => Vec::new(),
        };
        let risk = match (at_risk, auto_cancel_soon) {
            (_, Some(true)) => Some(Risk::AutoCancel),
            (Some(true), _) => Some(Risk::ShipBy),
            _ => None,
        };
        let mut listed = match (status, risk) {
            (Some(status), _) => vec![status],
            (None, Some(_)) => OrderStatus::TO_SHIP.to_vec(),
            (None, None) => OrderStatus::AT_A_DESK.to_vec(),
        };
        if risk.is_some() {
            listed.retain(|status| OrderStatus::TO_SHIP.contains(status));
        }
        Ok(Self {
            reach,
            statuses: listed,
            sort: sort.unwrap_or_default(),
            filter: OrderFilter {
                reason: reason.map(|reason| reason.to_string()),
                marketplace,
                connection,
                order_id,
                sku,
                term: term.map(|term| term.to_string()),
                courier,
                ship_by_from,
                ship_by_before,
                statuses,
                tenant,
            },
            risk,
            include: include.unwrap_or_default(),
            limit: usize::from(limit.unwrap_or_default().get()),
            after,
        })
    }

    /// The filter of this moment: what is to be shipped within `at_risk_before` is at risk.
    pub fn filter_at(&self, now: Timestamp, at_risk_before: SignedDuration) -> OrderFilter {
        let mut filter = self.filter.clone();
        if let Some(risk) = self.risk {
            let until = now.saturating_add(risk.before_ship_by(at_risk_before));
            let until = until.unwrap_or(Timestamp::MAX);
            if self.reach == Reach::AllTenants {
                filter.statuses.clone_from(&self.statuses);
            }
            let before = filter
                .ship_by_before
                .map_or(until, |before| before.min(until));
            filter.ship_by_before = Some(before);
        }
        filter
    }
}

fn one_of<T: FromStr + VariantNames>(text: &str) -> Result<T, String> {
    let all = || format!("there are {}", T::VARIANTS.join(", "));
    text.parse().map_err(|_| all())
}

fn truth(text: &str) -> Result<bool, String> {
    text.parse()
        .map_err(|_| "expected true or false".to_owned())
}

fn status(text: &str) -> Result<OrderStatus, String> {
    text.parse().map_err(|_| {
        let all: Vec<&str> = OrderStatus::ALL.iter().map(|it| it.as_str()).collect();
        format!("there is no such status; there are {}", all.join(", "))
    })
}

/// A country code; or Amazon's id, which keys the orders of a marketplace without a code here.
fn marketplace(text: &str) -> Result<String, String> {
    let by_id = || Marketplace::by_id(text).ok_or(());
    match Marketplace::from_str(text).or_else(|words| by_id().map_err(|()| words)) {
        Ok(marketplace) => Ok(marketplace.country().to_owned()),
        Err(_) if looks_like_an_id(text) => Ok(text.to_owned()),
        Err(words) => Err(words.to_string()),
    }
}

fn looks_like_an_id(text: &str) -> bool {
    (10..=20).contains(&text.len())
        && text.starts_with('A')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

fn moment(text: &str) -> Result<Timestamp, String> {
    text.parse()
        .map_err(|_| "a moment is written as RFC 3339, for instance 2026-03-01T12:00:00Z".into())
}

fn parsed<T, E: Display>(result: Result<T, E>) -> Result<T, String> {
    result.map_err(|error| error.to_string())
}

/// Collects everything that is wrong, so that one answer reports all of it.
struct Reader {
    given: Vec<(String, String)>,
    faults: Faults,
}

impl Reader {
    fn new(query: &str, reach: Reach) -> Self {
        let given: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let names: &[&str] = match reach {
            Reach::OneTenant => &NAMES,
            Reach::AllTenants => &NAMES_OF_ALL,
        };
        let unknown = given
            .iter()
            .filter(|(name, _)| !names.contains(&name.as_str()));
        let mut faults = Faults::default();
        for (name, _) in unknown {
            let exists = format!("there is no such parameter; there are {}", names.join(", "));
            faults.add(name, exists);
        }
        Self { given, faults }
    }

    /// The value of a parameter; one without a value counts as left out.
    fn read<T>(&mut self, name: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let mut values = self
            .given
            .iter()
            .filter(|(given, value)| given == name && !value.is_empty())
            .map(|(_, value)| value.as_str());
        let value = values.next()?;
        let read = match values.next() {
            Some(_) => Err("give it once; one list has one value of it".to_owned()),
            None => read(value),
        };
        self.faults.check(name, read)
    }

    /// Faults every parameter that makes no sense beside `name`.
    fn only_with(&mut self, name: &str, allowed: &[&str]) {
        let given = self.given.iter().filter(|(_, value)| !value.is_empty());
        let others = given.filter(|(given, _)| !allowed.contains(&given.as_str()));
        for (other, _) in others {
            let words = format!(
                "leave it out beside `{name}`, which goes with {}",
                allowed[1..].join(", ")
            );
            self.faults.add(other, words);
        }
    }

    fn done(self) -> Answer<()> {
        self.faults.done()
    }
}

#[cfg(test)]
mod tests;
