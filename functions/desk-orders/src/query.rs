//! The parameters of a list, read strictly: a misspelt filter must not quietly list everything.

use jiff::{SignedDuration, Timestamp};
use stallkeeper::api::{Answer, Faults, Limit};
use stallkeeper::domain::courier::Reason;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::order::OrderStatus;
use stallkeeper::domain::shipping_term::ShippingTerm;
use stallkeeper::store::OrderFilter;
use std::fmt::Display;
use std::str::FromStr;
use strum::VariantNames;
use utoipa::ToSchema;

/// Those that need somebody and whose parcel may come too late.
const TO_SHIP: [OrderStatus; 4] = [
    OrderStatus::PendingReview,
    OrderStatus::Ready,
    OrderStatus::Acknowledged,
    OrderStatus::PartlyDispatched,
];
const NAMES: [&str; 13] = [
    "status",
    "reason",
    "marketplace",
    "connection",
    "courier",
    "term",
    "ship_by_from",
    "ship_by_before",
    "at_risk",
    "sort",
    "include",
    "limit",
    "after",
];

/// Those of a list over all tenants.
const NAMES_OF_ALL: [&str; 12] = [
    "tenant",
    "status",
    "reason",
    "marketplace",
    "connection",
    "courier",
    "term",
    "ship_by_from",
    "ship_by_before",
    "at_risk",
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
    /// Walked one after another, or all at once.
    pub statuses: Vec<OrderStatus>,
    pub sort: Sort,
    pub filter: OrderFilter,
    /// Only what is to be shipped soon.
    pub at_risk: bool,
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
        let courier = reader.read("courier", |text| parsed(text.parse()));
        let term = reader.read("term", |text| parsed(text.parse::<ShippingTerm>()));
        let ship_by_from = reader.read("ship_by_from", moment);
        let ship_by_before = reader.read("ship_by_before", moment);
        let at_risk = reader.read("at_risk", |text| {
            text.parse::<bool>()
                .map_err(|_| "expected true or false".to_owned())
        });
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
        let at_risk = at_risk.unwrap_or_default();
        let open = if at_risk {
            TO_SHIP.to_vec()
        } else {
            OrderStatus::AT_A_DESK.to_vec()
        };
        Ok(Self {
            reach,
            statuses: status.map_or(open, |status| vec![status]),
            sort: sort.unwrap_or_default(),
            filter: OrderFilter {
                reason: reason.map(|reason| reason.to_string()),
                marketplace,
                connection,
                term: term.map(|term| term.to_string()),
                courier,
                ship_by_from,
                ship_by_before,
                statuses,
                tenant,
            },
            at_risk,
            include: include.unwrap_or_default(),
            limit: usize::from(limit.unwrap_or_default().get()),
            after,
        })
    }

    /// The filter of this moment: an order is at risk if it is to be shipped within `at_risk_before`.
    pub fn filter_at(&self, now: Timestamp, at_risk_before: SignedDuration) -> OrderFilter {
        let mut filter = self.filter.clone();
        if self.at_risk {
            let until = now.saturating_add(at_risk_before).unwrap_or(Timestamp::MAX);
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

    fn done(self) -> Answer<()> {
        self.faults.done()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_is_read() {
        let query = "status=ready&reason=no_mapping&marketplace=gb&connection=C1&term=std+uk+dom_2-prime\
                     &courier=DPD&ship_by_from=2026-02-01T12:00:00Z&at_risk=true&sort=ship_by\
                     &include=items,recipient\
                     &ship_by_before=2026-03-01T12:00:00%2B01:00&limit=7&after=abc";
        let request = ListRequest::parse(query, Reach::OneTenant).unwrap();
        assert_eq!(request.statuses, [OrderStatus::Ready]);
        let expected = OrderFilter {
            reason: Some("no_mapping".into()),
            marketplace: Some("UK".into()),
            connection: Some("C1".parse().unwrap()),
            term: Some("STD UK DOM_2-PRIME".into()),
            courier: Some("DPD".parse().unwrap()),
            ship_by_from: Some("2026-02-01T12:00:00Z".parse().unwrap()),
            ship_by_before: Some("2026-03-01T11:00:00Z".parse().unwrap()),
            ..OrderFilter::default()
        };
        assert_eq!((request.sort, request.at_risk), (Sort::ShipBy, true));
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
            ("status=ready&status=parked", "status", "once"),
        ];
        for (query, pointer, words) in rows {
            let problem =
                serde_json::to_value(ListRequest::parse(query, Reach::OneTenant).unwrap_err())
                    .unwrap();
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
        assert_eq!(filter.statuses, TO_SHIP);
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
}
