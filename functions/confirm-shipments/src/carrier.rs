//! The carrier of a dispatch as it is sent to Amazon, and whether it counts the tracking number under that.

use crate::App;
use stallkeeper::domain::courier::{CarrierName, CountedByAmazon};
use stallkeeper::domain::dispatch::{Dispatch, ParcelCarrier};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::error::Result;

/// A carrier as it is sent to Amazon.
pub(crate) struct AmazonsCarrier {
    pub(crate) name: CarrierName,
    /// Why Amazon does not count the tracking number, if it is known not to.
    pub(crate) not_counted: Option<String>,
}

/// The carrier name that somebody gave for the service on the marketplace; else the courier's own name, under `Other` if
/// Amazon's list has none like it. `None`: no name that Amazon accepts.
pub(crate) async fn of(
    app: &App,
    dispatch: &Dispatch,
    marketplace: Option<Marketplace>,
) -> Result<Option<AmazonsCarrier>> {
    let name = match &dispatch.hand_over.carrier {
        ParcelCarrier::Carrier(name) => CarrierName::called(name, None).ok(),
        ParcelCarrier::CourierService(service) => {
            let tenant = &dispatch.tenant;
            let given = match marketplace {
                Some(on) => app.store.carrier_name(tenant, on, service).await?,
                None => None,
            };
            match given {
                Some(given) => Some(given),
                None => match app.store.courier(tenant, &service.courier).await? {
                    Some(courier) => Some(CarrierName::assumed(&courier)),
                    None => CarrierName::called(service.courier.as_str(), None).ok(),
                },
            }
        }
    };
    let Some(name) = name else { return Ok(None) };
    let not_counted = marketplace
        .filter(|on| name.counted_by_amazon(*on) == CountedByAmazon::No)
        .map(|on| name.remark(on).to_owned());
    Ok(Some(AmazonsCarrier { name, not_counted }))
}
