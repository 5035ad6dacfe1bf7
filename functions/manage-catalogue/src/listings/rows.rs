//! A listing as a row of a list, in JSON or CSV.

use super::amazon::{Outcome, outcome, shown};
use jiff::Timestamp;
use serde::Serialize;
use stallkeeper::domain::feed::Feed;
use stallkeeper::domain::listing::{Differing, Finding, HoldMode, Listing, ListingState, Standing};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::stock::Reservation;
use utoipa::ToSchema;

/// A listing in a list. Quantities are `null` if they are not known, which is never zero.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ListingRow {
    /// To the letter, as on Amazon.
    pub sku: String,
    pub state: ListingState,
    /// The product that it is tied to.
    pub product: Option<String>,
    /// Units of the product in one unit of the listing.
    pub units: u32,
    /// Tied by a person rather than by its spelling.
    pub alias: bool,
    /// For `case_mismatch`: how it is spelt here.
    pub other_spelling: Option<String>,
    /// Where Amazon's reports list it.
    pub marketplaces: Vec<Marketplace>,
    pub wanted: Option<u32>,
    pub sent: Option<u32>,
    pub sent_at: Option<Timestamp>,
    pub outcome: Option<Outcome>,
    /// Amazon's code, if it refused what was sent.
    pub refused_code: Option<String>,
    /// Amazon shows at least this now,
    pub live_lowest: Option<u32>,
    /// and at most this.
    pub live_highest: Option<u32>,
    /// What Amazon's last report showed.
    pub observed: Option<u32>,
    pub observed_at: Option<Timestamp>,
    /// The quantity that each marketplace shows, if they are not the same, as `UK 5 DE 0`.
    pub differing: Option<String>,
    /// A person holds it so: `leave` or `zero`.
    pub hold: Option<HoldMode>,
    /// What the last look before sending found.
    pub look: Option<Finding>,
    /// Where Amazon's own rules set the price, which is left alone there.
    pub automated_prices: Vec<Marketplace>,
}

/// The quantities by marketplace, as text.
pub(super) fn differing(differing: &Differing) -> String {
    let each = differing.quantities.iter();
    let each: Vec<String> = each
        .map(|(it, quantity)| format!("{it} {quantity}"))
        .collect();
    each.join(" ")
}

fn automated_prices(listing: &Listing) -> Vec<Marketplace> {
    let look = listing.look.as_ref();
    let automated = look.and_then(|look| look.automated_prices.as_ref());
    automated.into_iter().flatten().copied().collect()
}

impl ListingRow {
    pub(super) fn new(
        listing: &Listing,
        feed: Option<&Feed>,
        reservations: &[Reservation],
    ) -> Self {
        let sent = listing.sent.as_ref();
        let standing = Standing::of(listing.sent_by(), feed);
        let refused = listing.refused.as_ref();
        let live = shown(listing, feed, reservations);
        Self {
            sku: listing.amazon_sku.to_string(),
            state: listing.state,
            product: listing.product.as_ref().map(ToString::to_string),
            units: listing.units,
            alias: listing.alias,
            other_spelling: listing.other_spelling.as_ref().map(ToString::to_string),
            marketplaces: listing.marketplaces.clone(),
            wanted: listing.wanted_quantity(),
            sent: sent.map(|sent| sent.value),
            sent_at: sent.map(|sent| sent.at),
            outcome: sent.map(|sent| outcome(sent, refused, standing)),
            refused_code: refused.map(|refused| refused.code.clone()),
            live_lowest: live.map(|live| live.lowest),
            live_highest: live.map(|live| live.highest),
            observed: listing.observed.as_ref().map(|observed| observed.value),
            observed_at: listing.observed.as_ref().map(|observed| observed.at),
            differing: listing.differing.as_ref().map(differing),
            hold: listing.hold.as_ref().map(|hold| hold.mode),
            look: listing.look.as_ref().map(|look| look.found),
            automated_prices: automated_prices(listing),
        }
    }
}

/// The columns of CSV, in the order of the fields.
pub(super) const COLUMNS: [&str; 20] = [
    "sku",
    "state",
    "product",
    "units",
    "alias",
    "other_spelling",
    "marketplaces",
    "wanted",
    "sent",
    "sent_at",
    "outcome",
    "refused_code",
    "live_lowest",
    "live_highest",
    "observed",
    "observed_at",
    "differing",
    "hold",
    "look",
    "automated_prices",
];

fn cell<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn words(marketplaces: &[Marketplace]) -> String {
    let words: Vec<&str> = marketplaces.iter().map(|it| it.country()).collect();
    words.join(" ")
}

impl ListingRow {
    /// Its cells; what is not known is empty.
    pub(super) fn cells(&self) -> [String; 20] {
        [
            self.sku.clone(),
            self.state.as_str().to_owned(),
            cell(self.product.as_ref()),
            self.units.to_string(),
            self.alias.to_string(),
            cell(self.other_spelling.as_ref()),
            words(&self.marketplaces),
            cell(self.wanted),
            cell(self.sent),
            cell(self.sent_at),
            cell(self.outcome.map(<&str>::from)),
            cell(self.refused_code.as_ref()),
            cell(self.live_lowest),
            cell(self.live_highest),
            cell(self.observed),
            cell(self.observed_at),
            cell(self.differing.as_ref()),
            cell(self.hold.map(HoldMode::as_str)),
            cell(self.look.map(<&str>::from)),
            words(&self.automated_prices),
        ]
    }
}
