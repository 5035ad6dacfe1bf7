//! A person says which item an offer is of, releases its first price, or says that it is never to be made.

use super::list::OfferRow;
use crate::App;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Deserialize;
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{
    Answer, Author, Body, Problem, TenantConnection, changed_meanwhile, must_not_be_disconnected,
};
use stallkeeper::domain::ids::{Asin, Sku};
use stallkeeper::domain::money::decimal_text;
use stallkeeper::domain::new_offer::{NewOffer, NewOfferState, OfferAnswer};
use stallkeeper::store::Written;
use std::sync::Arc;
use tracing::info;
use utoipa::ToSchema;

/// What a person says of an offer: an ASIN, its price, or `never`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OfferAnswerRequest)]
pub(crate) struct AnswerRequest {
    sku: Sku,
    /// The item of Amazon's catalogue that it is.
    asin: Option<Asin>,
    /// The `held_price` that was looked at: it may be sent. A newer one waits for its own release.
    #[serde(default, deserialize_with = "decimal_text")]
    #[schema(value_type = Option<String>, example = "19.99")]
    price: Option<Decimal>,
    /// It is never to be offered.
    #[serde(default)]
    never: bool,
}

impl AnswerRequest {
    fn checked(&self) -> Answer<OfferAnswer> {
        match (&self.asin, self.price, self.never) {
            (Some(asin), None, false) => Ok(OfferAnswer::Item(asin.clone())),
            (None, Some(price), false) => Ok(OfferAnswer::Price(price)),
            (None, None, true) => Ok(OfferAnswer::Never),
            _ => Err(Problem::invalid(
                "/asin",
                "say either which item it is, or which price may be sent, or `never`",
            )),
        }
    }
}

/// Answer which item of Amazon's catalogue an offer is of, that its first price may be sent, or that it is never to be made.
#[utoipa::path(post, path = "/connections/{connection}/offers/answer", operation_id = "answerNewOffer", tag = "listings", request_body = AnswerRequest,
    responses(
        (status = 200, description = "Answered, by this request or before, and a run begins", body = OfferRow),
        (status = 404, description = "There is no such connection, or no offer of this SKU is to be made"),
        (status = 409, description = "It is sent already, no such price of it is held, or somebody else changed it at the same time"),
        (status = 422, description = "None of an ASIN, a price and `never`, or more than one"),
    ))]
pub(crate) async fn answer(
    connection: TenantConnection<Connections>,
    Author(author): Author,
    State(app): State<Arc<App>>,
    Body(request): Body<AnswerRequest>,
) -> Answer<Json<OfferRow>> {
    must_not_be_disconnected(&connection)?;
    let (key, said) = (&connection.key(), request.checked()?);
    for () in Written::attempts() {
        let read = app.store.new_offer(key, &request.sku).await?;
        let read = read.ok_or_else(|| Problem::not_found("offer"))?;
        let next = match read.answered(&said, author.clone(), Timestamp::now()) {
            Some(next) => next,
            None if is_said(&read, &said) => read.clone(),
            None => return Err(no_such_answer(&read, &said)),
        };
        let written = match next == read {
            true => Written::Done,
            false => app.store.put_new_offer(&next, Some(&read)).await?,
        };
        if written == Written::Done {
            app.make_offers(key).await?;
            info!(audit = "offer_answered", tenant.id = %connection.tenant, connection.id = %connection.id, "an offer of connection `{}` is answered", connection.id);
            return Ok(Json(next.into()));
        }
    }
    Err(changed_meanwhile())
}

/// Whether it was answered so before.
fn is_said(offer: &NewOffer, said: &OfferAnswer) -> bool {
    match said {
        OfferAnswer::Never => offer.state == NewOfferState::Never,
        OfferAnswer::Price(price) => offer.released_price == Some(*price),
        OfferAnswer::Item(asin) => offer.picked && offer.asin.as_ref() == Some(asin),
    }
}

fn no_such_answer(offer: &NewOffer, said: &OfferAnswer) -> Problem {
    if matches!(said, OfferAnswer::Price(_)) && offer.sent.is_none() {
        return Problem::conflict(
            "nothing-held",
            "No such price of the offer is held.",
            "GET /connections/{connection}/offers?state=ask shows which prices are.",
        );
    }
    Problem::conflict(
        "offer-sent",
        format!(
            "The offer is `{}`: it is sent already.",
            offer.state.as_str()
        ),
        "End it at Amazon, or hold its listing: PUT /connections/{connection}/holds?sku=…",
    )
}
