//! Products of which a person wants an offer: each row is judged by itself.

use crate::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{Answer, Author, RowForm, Rows, TenantConnection, must_not_be_disconnected};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::{Asin, ConnectionKey, Sku};
use stallkeeper::domain::listing::ListingState;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::new_offer::{NewOffer, NewOfferState};
use stallkeeper::domain::product::Product;
use stallkeeper::error::Result;
use stallkeeper::fan_out;
use stallkeeper::store::Written;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use tracing::info;
use utoipa::ToSchema;

const AT_ONCE: usize = 16;

/// Rows of products.
pub(crate) struct OfOffers;

impl RowForm for OfOffers {
    const COLUMNS: &'static [&'static [&'static str]] = &[&["sku"]];
}

/// A product of which an offer is wanted.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WantedOffer)]
pub(crate) struct WantedRow {
    sku: Sku,
    /// Where; absent: the connection's own marketplace. It must be switched on.
    #[serde(default)]
    marketplace: Option<Marketplace>,
    /// The item of Amazon's catalogue that it is; absent: it is looked for by the product's EAN, UPC or GTIN.
    #[serde(default)]
    asin: Option<Asin>,
}

/// Why a row is refused. Stable: programs act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WantedOfferCode)]
pub(crate) enum RowCode {
    /// The row cannot be read.
    Unreadable,
    /// The SKU is in the same call before.
    SkuTwice,
    /// There is no product of this SKU.
    NoProduct,
    /// The marketplace is not switched on, or the seller does not take part in it.
    Marketplace,
    /// A person said that it is never to be offered.
    Never,
    /// Somebody else changed it at the same time: send it again.
    Changed,
}

/// A row that is not taken, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RefusedWantedOffer)]
pub(crate) struct RefusedRow {
    /// Counted from 1; a CSV's header is not counted.
    row: usize,
    /// As far as it could be read.
    sku: Option<String>,
    code: RowCode,
    /// For a person.
    detail: String,
}

/// What became of the rows of a call.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = WantedOffersResult)]
pub(crate) struct WantResult {
    /// Rows whose offer is wanted now.
    accepted: usize,
    /// Rows whose offer is wanted, on its way or made already.
    unchanged: usize,
    rejected: Vec<RefusedRow>,
}

/// Want offers of products that are not on Amazon yet: each is looked for in Amazon's catalogue, and offered with its price and
/// stock if exactly one item is it and Amazon lets the seller.
///
/// At most 1,000 rows, as a JSON array or CSV with the columns `sku` and, if wanted, `marketplace` and `asin`. One bad row keeps
/// no other from being taken. Sending the same again changes nothing while an offer is on its way; what was asked about,
/// restricted or refused is tried again, and so is one whose listing Amazon has no longer; what a person said never of is
/// rejected. A SKU that the seller has at Amazon already is never offered a second time.
#[utoipa::path(post, path = "/connections/{connection}/offers", operation_id = "wantOffers", tag = "listings",
    request_body(content(
        (Vec<WantedRow> = "application/json"),
        (String = "text/csv", example = "sku,asin\nMUG-1,\n"),
    )),
    responses(
        (status = 202, description = "Taken but for the rejected rows, and a run begins", body = WantResult),
        (status = 409, description = "The connection is disconnected"),
        (status = 413, description = "More than 1,000 rows; none is taken"),
    ))]
pub(crate) async fn want(
    connection: TenantConnection<Connections>,
    Author(author): Author,
    State(app): State<Arc<App>>,
    rows: Rows<OfOffers>,
) -> Answer<(StatusCode, Json<WantResult>)> {
    must_not_be_disconnected(&connection)?;
    let result = app.want(&connection, author, rows).await?;
    app.make_offers(&connection.key()).await?;
    info!(audit = "offers_wanted", tenant.id = %connection.tenant, connection.id = %connection.id, offers = result.accepted, "offers of connection `{}` are wanted", connection.id);
    Ok((StatusCode::ACCEPTED, Json(result)))
}

/// What became of a row that was read.
enum RowVerdict {
    Accepted,
    Unchanged,
    Refused(RowCode, String),
}

impl App {
    async fn want(
        &self,
        connection: &Connection,
        author: Option<String>,
        rows: Rows<OfOffers>,
    ) -> Answer<WantResult> {
        let mut result = WantResult::default();
        let (mut seen, mut read) = (BTreeSet::new(), Vec::new());
        for (row, decoded) in rows.decoded() {
            let sku = decoded.as_ref().ok().and_then(sku_text);
            let refuse = |code, detail: String| RefusedRow {
                row,
                sku: sku.clone(),
                code,
                detail,
            };
            match decoded.map_err(str::to_owned).and_then(parse) {
                Err(detail) => result.rejected.push(refuse(RowCode::Unreadable, detail)),
                Ok(wanted) if !seen.insert(wanted.sku.clone()) => {
                    let detail = "the SKU is in a row before".to_owned();
                    result.rejected.push(refuse(RowCode::SkuTwice, detail));
                }
                Ok(wanted) => read.push((row, wanted)),
            }
        }
        let open = &self.open_marketplaces(connection).await?;
        let skus: Vec<Sku> = read.iter().map(|(_, wanted)| wanted.sku.clone()).collect();
        let known = &self.store.products(&connection.tenant, &skus).await?;
        let author = &author;
        let judged = fan_out(read, AT_ONCE, |(row, wanted)| async move {
            let sku = wanted.sku.to_string();
            let verdict = match refused(connection, open, known, &wanted) {
                Some((code, detail)) => RowVerdict::Refused(code, detail),
                None => self.want_one(connection, wanted, author).await?,
            };
            Ok::<_, stallkeeper::Error>((row, sku, verdict))
        });
        for (row, sku, verdict) in judged.await? {
            match verdict {
                RowVerdict::Accepted => result.accepted += 1,
                RowVerdict::Unchanged => result.unchanged += 1,
                RowVerdict::Refused(code, detail) => {
                    let sku = Some(sku);
                    result.rejected.push(RefusedRow {
                        row,
                        sku,
                        code,
                        detail,
                    });
                }
            }
        }
        result.rejected.sort_by_key(|refused| refused.row);
        Ok(result)
    }

    /// Where the connection's orders are taken: those that are switched on and that the seller takes part in.
    async fn open_marketplaces(&self, connection: &Connection) -> Result<Vec<Marketplace>> {
        let settings = self.store.marketplaces(&connection.key()).await?;
        let taken_part_in: Vec<Marketplace> = connection.taken_part_in().collect();
        let active = settings
            .iter()
            .filter(|it| it.active)
            .map(|it| it.marketplace);
        Ok(active.filter(|it| taken_part_in.contains(it)).collect())
    }

    async fn want_one(
        &self,
        connection: &Connection,
        wanted: WantedRow,
        author: &Option<String>,
    ) -> Result<RowVerdict> {
        let marketplace = wanted.marketplace.unwrap_or(connection.marketplace);
        let (key, sku) = (&connection.key(), &wanted.sku);
        for () in Written::attempts() {
            let (now, asin) = (Timestamp::now(), wanted.asin.clone());
            let read = self.store.new_offer(key, sku).await?;
            let author = author.clone();
            let next = match &read {
                None => NewOffer::wanted(key, sku.clone(), marketplace, asin, author, now),
                Some(read) if read.state == NewOfferState::Never => {
                    let detail = "a person said that it is never to be offered: POST …/offers/answer with its asin takes that back";
                    return Ok(RowVerdict::Refused(RowCode::Never, detail.to_owned()));
                }
                Some(read) => {
                    let listing = self.listing_of(key, read).await?;
                    match read.wanted_again(marketplace, asin, author, listing, now) {
                        Some(again) => again,
                        None => return Ok(RowVerdict::Unchanged),
                    }
                }
            };
            if self.store.put_new_offer(&next, read.as_ref()).await? == Written::Done {
                return Ok(RowVerdict::Accepted);
            }
        }
        let detail = "somebody else changed it all the time: send it again".to_owned();
        Ok(RowVerdict::Refused(RowCode::Changed, detail))
    }

    /// The state of the listing that a matched offer became; nobody asks for that of others.
    async fn listing_of(
        &self,
        connection: &ConnectionKey,
        offer: &NewOffer,
    ) -> Result<Option<ListingState>> {
        if offer.state != NewOfferState::Matched {
            return Ok(None);
        }
        let key = connection.listing(&offer.sku.as_amazon_sku());
        let listing = self.store.listing(&key).await?;
        Ok(listing.map(|listing| listing.state))
    }
}

/// Why no offer of it can be wanted.
fn refused(
    connection: &Connection,
    open: &[Marketplace],
    known: &HashMap<Sku, Product>,
    wanted: &WantedRow,
) -> Option<(RowCode, String)> {
    let marketplace = wanted.marketplace.unwrap_or(connection.marketplace);
    if !open.contains(&marketplace) {
        let detail =
            format!("{marketplace} is not switched on, or the seller does not take part in it");
        return Some((RowCode::Marketplace, detail));
    }
    let detail = "there is no product of this SKU: PUT /products first".to_owned();
    (!known.contains_key(&wanted.sku)).then_some((RowCode::NoProduct, detail))
}

/// Names the field, never the value.
fn parse(row: Value) -> Result<WantedRow, String> {
    let fields = row.as_object().ok_or("a row is an object with a `sku`")?;
    for (name, valid) in [
        ("sku", is::<Sku>(fields.get("sku"))),
        (
            "marketplace",
            fields
                .get("marketplace")
                .is_none_or(|it| is::<Option<Marketplace>>(Some(it))),
        ),
        (
            "asin",
            fields
                .get("asin")
                .is_none_or(|it| is::<Option<Asin>>(Some(it))),
        ),
    ] {
        if !valid {
            return Err(format!("`{name}` is missing or cannot be read"));
        }
    }
    serde_json::from_value(row).map_err(|_| "it has a field that is not known here".to_owned())
}

fn is<T: serde::de::DeserializeOwned>(value: Option<&Value>) -> bool {
    value.is_some_and(|value| serde_json::from_value::<T>(value.clone()).is_ok())
}

fn sku_text(row: &Value) -> Option<String> {
    let text = row.get("sku")?.as_str()?;
    Some(text.chars().take(160).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_row_that_cannot_be_read_names_its_field() {
        let detail = |row: Value| parse(row).map(|_| ()).unwrap_err();
        assert!(parse(json!({"sku": "A", "asin": null, "marketplace": "UK"})).is_ok());
        assert!(detail(json!({"asin": "B000000001"})).contains("`sku`"));
        assert!(detail(json!({"sku": "A", "asin": "b"})).contains("`asin`"));
        assert!(detail(json!({"sku": "A", "marketplace": "XX"})).contains("`marketplace`"));
        assert!(detail(json!({"sku": "A", "price": 1})).contains("not known"));
        assert!(detail(json!(7)).contains("object"));
    }
}
