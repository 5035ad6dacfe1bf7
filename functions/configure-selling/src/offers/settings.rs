//! How offers are made for a connection.

use crate::App;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{
    Answer, Body, Faults, TenantConnection, Text, changed_meanwhile, must_not_be_disconnected,
};
use stallkeeper::domain::new_offer::{MOST_HANDLING_DAYS, OfferCondition, OfferSettings};
use stallkeeper::store::Written;
use std::sync::Arc;
use tracing::info;
use utoipa::ToSchema;

/// The most offers that may be sent in a day.
const MOST_A_DAY: i64 = 10_000;

/// How offers are to be made; what is left out is as if nobody had set it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OfferSettingsRequest)]
pub(crate) struct SettingsRequest {
    #[serde(default)]
    on: bool,
    #[serde(default)]
    condition: OfferCondition,
    /// Days until an order is handed over; absent: the seller's default at Amazon.
    #[schema(minimum = 0, maximum = 30)]
    handling_days: Option<i64>,
    /// The name of a shipping template as Seller Central shows it; absent: the seller's default.
    shipping_template: Option<Text<100>>,
    /// So many offers are sent in one day (UTC) at most.
    #[serde(default = "usual")]
    #[schema(minimum = 1, maximum = 10000)]
    a_day: i64,
    /// The first price of an offer is sent without a person's look. Else the offer asks, and waits until that very price is
    /// released.
    #[serde(default)]
    sends_first_prices: bool,
    /// Products that the published selection takes in, that have an EAN, UPC or GTIN and that Amazon does not have are wanted by
    /// themselves, as many in one day as may be sent.
    #[serde(default)]
    wants_selected: bool,
}

fn usual() -> i64 {
    OfferSettings::default().a_day.into()
}

impl SettingsRequest {
    fn checked(self) -> Answer<OfferSettings> {
        let mut faults = Faults::default();
        let most = i64::from(MOST_HANDLING_DAYS);
        let handling_days = self
            .handling_days
            .map(|days| faults.within("/handling_days", days, (0, most), "days"));
        let a_day = faults.within("/a_day", self.a_day, (1, MOST_A_DAY), "offers in one day");
        faults.done()?;
        let template = self.shipping_template;
        let template = template.map(|name| name.checked("/shipping_template"));
        Ok(OfferSettings {
            on: self.on,
            condition: self.condition,
            handling_days,
            shipping_template: template.transpose()?,
            a_day,
            sends_first_prices: self.sends_first_prices,
            wants_selected: self.wants_selected,
            revision: 0,
        })
    }
}

/// Show how offers are made of products that are not on Amazon yet.
#[utoipa::path(get, path = "/connections/{connection}/offers/settings", operation_id = "showOfferSettings", tag = "listings",
    responses((status = 200, body = OfferSettings)))]
pub(crate) async fn show(
    connection: TenantConnection<Connections>,
    State(app): State<Arc<App>>,
) -> Answer<Json<OfferSettings>> {
    let settings = app.store.offer_settings(&connection.key()).await?;
    Ok(Json(settings))
}

/// Set how offers are made of products that are not on Amazon yet. Off, which is the default, none is sent.
#[utoipa::path(put, path = "/connections/{connection}/offers/settings", operation_id = "putOfferSettings", tag = "listings", request_body = SettingsRequest,
    responses(
        (status = 200, description = "Set, and a run begins", body = OfferSettings),
        (status = 409, description = "The connection is disconnected, or somebody else set it at the same time"),
        (status = 422, description = "A setting cannot be; `errors` says why for each"),
    ))]
pub(crate) async fn put(
    connection: TenantConnection<Connections>,
    State(app): State<Arc<App>>,
    Body(request): Body<SettingsRequest>,
) -> Answer<Json<OfferSettings>> {
    must_not_be_disconnected(&connection)?;
    let (key, wanted) = (&connection.key(), request.checked()?);
    for () in Written::attempts() {
        let read = app.store.offer_settings(key).await?;
        let revision = read.revision;
        let wanted = OfferSettings {
            revision,
            ..wanted.clone()
        };
        let written = match wanted == read {
            true => Written::Done,
            false => {
                let next = OfferSettings {
                    revision: revision + 1,
                    ..wanted
                };
                app.store.save_offer_settings(key, &next).await?
            }
        };
        if written == Written::Done {
            app.make_offers(key).await?;
            let settings = app.store.offer_settings(key).await?;
            info!(audit = "offer_settings_put", tenant.id = %connection.tenant, connection.id = %connection.id, on = settings.on, "how offers of connection `{}` are made is set", connection.id);
            return Ok(Json(settings));
        }
    }
    Err(changed_meanwhile())
}
