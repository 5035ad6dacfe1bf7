//! The parameters of a list, read strictly: a misspelt filter must not quietly list everything.

use jiff::Timestamp;
use stallkeeper::api::{Answer, Faults, Limit};
use stallkeeper::domain::courier::Reason;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::order::OrderStatus;
use stallkeeper::domain::shipping_term::ShippingTerm;
use stallkeeper::store::OrderFilter;
use std::fmt::Display;
use std::str::FromStr;

/// The statuses that still need somebody, in the order in which a list without `status` walks them: what waits for a
/// person first.
const OPEN: [OrderStatus; 6] = [
    OrderStatus::PendingReview,
    OrderStatus::Ready,
    OrderStatus::Acknowledged,
    OrderStatus::PartlyDispatched,
    OrderStatus::AwaitingPayment,
    OrderStatus::Parked,
];
const NAMES: [&str; 8] = [
    "status",
    "reason",
    "marketplace",
    "connection",
    "term",
    "ship_by_before",
    "limit",
    "after",
];

/// What a caller wants listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRequest {
    /// Walked one after another.
    pub statuses: Vec<OrderStatus>,
    pub filter: OrderFilter,
    pub limit: usize,
    /// The cursor as it came.
    pub after: Option<String>,
}

impl ListRequest {
    /// Reads the query of a request.
    ///
    /// # Errors
    /// 422 naming every parameter that is unknown, comes twice, or has a value that does not exist.
    pub fn parse(query: &str) -> Answer<Self> {
        let mut reader = Reader::new(query);
        let status = reader.read("status", status);
        let reason = reader.read("reason", |text| told(text.parse::<Reason>()));
        let marketplace = reader.read("marketplace", marketplace);
        let connection = reader.read("connection", |text| told(text.parse()));
        let term = reader.read("term", |text| told(text.parse::<ShippingTerm>()));
        let ship_by_before = reader.read("ship_by_before", moment);
        let limit = reader.read("limit", |text| text.parse::<Limit<100>>());
        let after = reader.read("after", |text| Ok(text.to_owned()));
        reader.done()?;
        Ok(Self {
            statuses: status.map_or_else(|| OPEN.to_vec(), |status| vec![status]),
            filter: OrderFilter {
                reason: reason.map(|reason| reason.to_string()),
                marketplace,
                connection,
                term: term.map(|term| term.to_string()),
                ship_by_before,
            },
            limit: usize::from(limit.unwrap_or_default().get()),
            after,
        })
    }
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

fn told<T, E: Display>(result: Result<T, E>) -> Result<T, String> {
    result.map_err(|error| error.to_string())
}

/// Collects everything that is wrong, so that one answer reports all of it.
struct Reader {
    given: Vec<(String, String)>,
    faults: Faults,
}

impl Reader {
    fn new(query: &str) -> Self {
        let given: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let unknown = given
            .iter()
            .filter(|(name, _)| !NAMES.contains(&name.as_str()));
        let mut faults = Faults::default();
        for (name, _) in unknown {
            let exists = format!("there is no such parameter; there are {}", NAMES.join(", "));
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
                     &ship_by_before=2026-03-01T12:00:00%2B01:00&limit=7&after=abc";
        let request = ListRequest::parse(query).unwrap();
        assert_eq!(request.statuses, [OrderStatus::Ready]);
        let expected = OrderFilter {
            reason: Some("no_mapping".into()),
            marketplace: Some("UK".into()),
            connection: Some("C1".parse().unwrap()),
            term: Some("STD UK DOM_2-PRIME".into()),
            ship_by_before: Some("2026-03-01T11:00:00Z".parse().unwrap()),
        };
        assert_eq!(request.filter, expected);
        assert_eq!((request.limit, request.after.as_deref()), (7, Some("abc")));
    }

    #[test]
    fn without_parameters_the_open_orders_are_listed() {
        for query in ["", "status=&limit="] {
            let request = ListRequest::parse(query).unwrap();
            assert_eq!(request.statuses, OPEN);
            assert_eq!((request.limit, request.after), (50, None));
            assert_eq!(request.filter, OrderFilter::default());
        }
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
            ("limit=0", "limit", "1 to 100"),
            ("limit=101", "limit", "1 to 100"),
            ("connection=%00", "connection", "printable"),
            ("staus=ready", "staus", "ship_by_before"),
            ("status=ready&status=parked", "status", "once"),
        ];
        for (query, pointer, words) in rows {
            let problem = serde_json::to_value(ListRequest::parse(query).unwrap_err()).unwrap();
            assert_eq!(problem["status"], 422, "{query}");
            assert_eq!(problem["errors"][0]["parameter"], pointer, "{query}");
            let detail = problem["errors"][0]["detail"].as_str().unwrap();
            assert!(detail.contains(words), "{query}: {detail}");
        }
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let problem = ListRequest::parse("status=lost&limit=x&colour=red").unwrap_err();
        let problem = serde_json::to_value(problem).unwrap();
        assert_eq!(problem["errors"].as_array().unwrap().len(), 3);
    }
}
