//! Rows of a table of mappings: our own, and Mintsoft's as they are.

use super::service::service;
use super::without_zone;
use crate::import::{Refused, flag_of, only_fields, text_of};
use serde_json::Value;
use stallkeeper::api::RowForm;
use stallkeeper::domain::courier::{
    Carried, Courier, CourierServiceId, MOST_MAPPINGS, MappingOwner, MappingRow,
};
use stallkeeper::domain::shipping_term::ShippingTerm;
use utoipa::ToSchema;

/// The last five are Mintsoft's too, and are not read.
const FIELDS: [&str; 11] = [
    "term",
    "service",
    "carries_prime",
    "tied_to",
    "source",
    "client",
    "id",
    "courier",
    "service_type",
    "extra_code_1",
    "extra_code_2",
];
/// What Mintsoft writes in a column that is for everything.
const ALL: &str = "all";

/// A mapping in a table. CSV may name the columns as Mintsoft does: `Source`, `Client`, `Courier Service`, `Name`.
///
/// Texts as they came: what they mean is only asked of a row that is ours.
#[derive(ToSchema)]
#[schema(as = MappingRow)]
pub(crate) struct TableRow {
    /// The shipping term, in any letter case; the old API's spelling reads too.
    #[schema(value_type = ShippingTerm)]
    term: Option<String>,
    /// Courier and service, or what they are called. May be left out of a row that only ties an old rate.
    #[schema(required = false)]
    service: Option<String>,
    /// Whether Prime orders without a mapping of their own may fall back to this one.
    #[schema(required = false)]
    carries_prime: Option<bool>,
    /// For an old rate, `Std UK Dom_1`: the term of ours that it is.
    #[schema(required = false, value_type = Option<ShippingTerm>)]
    tied_to: Option<String>,
    /// The channel that the row is for; another one than Amazon is skipped.
    #[schema(required = false)]
    source: Option<String>,
    /// The merchant that the row is for.
    #[schema(required = false)]
    client: Option<String>,
}

impl TableRow {
    /// # Errors
    /// A field is of another kind, or one that there is not.
    fn read(row: &Value) -> Result<Self, Refused> {
        only_fields(row, &FIELDS)?;
        let text = |field| text_of(row, field).map(|text| text.map(str::to_owned));
        Ok(Self {
            term: text("term")?,
            service: text("service")?,
            carries_prime: flag_of(row, "carries_prime")?,
            tied_to: text("tied_to")?,
            source: text("source")?,
            client: text("client")?,
        })
    }
}

/// Rows of mappings.
pub(crate) struct OfMappings;

impl RowForm for OfMappings {
    const MOST_ROWS: usize = MOST_MAPPINGS;
    const COLUMNS: &'static [&'static [&'static str]] = &[&["term", "service"]];

    fn column(heading: &str) -> &str {
        match heading.to_ascii_lowercase().as_str() {
            "name" => "term",
            "courier service" => "service",
            "source" => "source",
            "client" => "client",
            "id" => "id",
            "courier" => "courier",
            "service type" => "service_type",
            "extra code 1" => "extra_code_1",
            "extra code 2" => "extra_code_2",
            _ => heading,
        }
    }
}

/// What a row says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    Mapping(MappingRow),
    /// It is about something else.
    Nothing(&'static str),
}

/// What rows are read with.
pub(super) struct Reader<'a> {
    pub(super) owner: &'a MappingOwner,
    pub(super) couriers: &'a [Courier],
    /// The merchant whose rows are wanted, as the table calls it.
    pub(super) client: Option<&'a str>,
}

impl Reader<'_> {
    /// # Errors
    /// Why the row is refused.
    pub(super) fn read(&self, row: &Value) -> Result<Said, Refused> {
        let row = TableRow::read(row)?;
        let source = row.source.as_deref().map(str::to_ascii_lowercase);
        if source.is_some_and(|source| source != ALL && !source.contains("amazon")) {
            return Ok(Said::Nothing("it is for another channel than Amazon"));
        }
        let client = row.client.as_deref();
        let client = client.filter(|it| !it.eq_ignore_ascii_case(ALL));
        match (client, self.client) {
            (None, _) => {}
            (Some(_), None) => {
                let detail =
                    "it names a client; say which of the table's clients this tenant is: `client=`";
                return Err(Refused::at("client", detail));
            }
            (Some(client), Some(wanted)) if client.eq_ignore_ascii_case(wanted) => {}
            (Some(_), Some(_)) => return Ok(Said::Nothing("it is for another client")),
        }
        self.mapping(&row).map(Said::Mapping)
    }

    fn mapping(&self, row: &TableRow) -> Result<MappingRow, Refused> {
        let term = row.term.as_deref();
        let term = term.ok_or_else(|| Refused::at("term", "it is missing"))?;
        let term: ShippingTerm = term.parse().map_err(|error| Refused::at("term", error))?;
        let tied_to = row.tied_to.as_deref().map(|text| {
            let to = text
                .parse()
                .map_err(|error| Refused::at("tied_to", error))?;
            without_zone(to)
                .map_err(|_| Refused::at("tied_to", "it names a zone, and no zones are drawn yet"))
        });
        let tied_to = tied_to.transpose()?;
        let carries_prime = row.carries_prime.unwrap_or_default();
        let service = row.service.as_deref().map(|text| self.service(text));
        let service = service.transpose()?;
        let is_old = term.zone().is_some();
        if tied_to.is_some() && !is_old {
            let detail = "only a term with a number, `Std UK Dom_1`, can be tied to another";
            return Err(Refused::at("tied_to", detail));
        }
        if is_old && *self.owner == MappingOwner::Deployment {
            let detail = "a default has no number of Amazon's old rates; map the term without it";
            return Err(Refused::at("term", detail));
        }
        if service.is_none() && tied_to.is_none() {
            return Err(Refused::at("service", "it is missing"));
        }
        let carried = service.map(|service| Carried {
            service,
            carries_prime,
        });
        Ok(MappingRow {
            term,
            carried,
            tied_to,
        })
    }

    /// A default is for tenants whose couriers nobody knows here, so it can only be spelt as a code.
    fn service(&self, text: &str) -> Result<CourierServiceId, Refused> {
        let found = match self.owner {
            MappingOwner::Deployment => text.parse().map_err(|error| format!("{error}")),
            _ => service(text, self.couriers),
        };
        found.map_err(|detail| Refused::at("service", detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use stallkeeper::domain::courier::CourierService;

    fn read(row: Value, client: Option<&str>) -> Result<Said, &'static str> {
        let couriers = [Courier {
            code: "DPD".parse().unwrap(),
            name: "DPD".into(),
            services: vec![CourierService::new("next-day".parse().unwrap(), "Next Day")],
        }];
        let owner = MappingOwner::Tenant("north".parse().unwrap());
        let reader = Reader {
            owner: &owner,
            couriers: &couriers,
            client,
        };
        reader.read(&row).map_err(|refused| refused.field)
    }

    #[test]
    fn our_rows_and_mintsofts_say_the_same() {
        let ours = json!({"term": "STD UK DOM", "service": "DPD/next-day", "carries_prime": "no"});
        let theirs = json!({"source": "AmazonSPAPI", "client": "ALL", "service": "DPD - Next Day", "term": "Std UK Dom", "id": "7"});
        assert_eq!(read(ours, None), read(theirs.clone(), None));
        assert!(matches!(read(theirs, Some("North")), Ok(Said::Mapping(_))));
        for (heading, column) in [
            ("Name", "term"),
            ("Courier Service", "service"),
            ("carries_prime", "carries_prime"),
        ] {
            assert_eq!(OfMappings::column(heading), column);
        }
    }

    #[test]
    fn a_row_of_another_client_or_channel_is_left_alone() {
        let row = |source: &str, client: &str| json!({"source": source, "client": client, "service": "nobody's", "term": "Standard"});
        assert!(matches!(
            read(row("Shopify", ""), None),
            Ok(Said::Nothing(_))
        ));
        assert!(matches!(
            read(row("Amazon UK", "South"), Some("North")),
            Ok(Said::Nothing(_))
        ));
        assert_eq!(read(row("Amazon UK", "South"), None), Err("client"));
        assert_eq!(read(row("Amazon UK", "north"), Some("North")), Err("term"));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_field() {
        let rows = [
            (
                json!({"term": "Standard", "service": "DPD/next-day"}),
                "term",
            ),
            (json!({"term": "UK NEXT"}), "service"),
            (json!({"term": "UK NEXT", "service": "DPD/slow"}), "service"),
            (
                json!({"term": "UK NEXT", "service": "DPD/next-day", "carries_prime": "so"}),
                "carries_prime",
            ),
            (
                json!({"term": "UK NEXT", "service": "DPD/next-day", "tied_to": "STD UK DOM"}),
                "tied_to",
            ),
            (
                json!({"term": "STD UK DOM_1", "tied_to": "STD UK DOM_2"}),
                "tied_to",
            ),
            (json!({"term": "UK NEXT", "servise": "DPD/next-day"}), ""),
            (json!([]), ""),
        ];
        for (row, field) in rows {
            assert_eq!(read(row.clone(), None), Err(field), "{row}");
        }
        assert!(
            read(
                json!({"term": "STD UK DOM_1", "tied_to": "STD UK DOM"}),
                None
            )
            .is_ok()
        );
    }
}
