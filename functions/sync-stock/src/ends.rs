//! The ends of offers: how an end is written to Amazon, and what is listed to be sent once a hold is over.

use crate::send_session::SendSession;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use stallkeeper::domain::listing::{Listing, Standing};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::error::Result;
use stallkeeper::sp_api::Change;
use stallkeeper::store::ToSend;

/// An end so long ago is past in every time zone, whether Amazon counts its day in or not.
const PAST: SignedDuration = SignedDuration::from_hours(48);

impl SendSession<'_> {
    /// What Amazon is sent to end an offer, or to open it again.
    pub(crate) fn end_change(&self, marketplace: Marketplace, ended: bool) -> Change {
        let on = ended.then(|| day_past(self.amazons_now()));
        Change::End { marketplace, on }
    }
}

fn day_past(now: Timestamp) -> Date {
    let then = now.saturating_sub(PAST).unwrap_or(now);
    then.to_zoned(TimeZone::UTC).date()
}

/// Lists the ends that a listing may lack that is held no longer.
pub(crate) async fn list_ends(
    session: &SendSession<'_>,
    free: &Listing,
    now: Timestamp,
) -> Result<()> {
    let (connection, store) = (&session.key(), &session.app.store);
    for marketplace in free.ends_to_decide() {
        if let Some(entry) = ToSend::end(free, marketplace, Standing::Lost, now) {
            store.put_to_send(connection, &entry).await?;
        }
    }
    Ok(())
}
