//! The ends of a listing's offers: listed to be sent if an offer is to be ended that is not, or to be opened that was ended here.

use super::Work;
use stallkeeper::domain::listing::{Listing, Standing};
use stallkeeper::error::Result;
use stallkeeper::store::ToSend;

impl Work<'_> {
    /// Costs nothing for a listing that was never wanted or sent an end.
    pub(super) async fn put_ends(&self, listing: &Listing) -> Result<()> {
        let key = &listing.connection_key();
        for marketplace in listing.ends_to_decide() {
            let end = listing.end(marketplace);
            let sent_at = end.sent.as_ref().map(|sent| sent.at);
            let standing = match listing.released_at {
                // It may have been taken out of its feed, or a person changed it; unless it went since.
                Some(released) if sent_at.is_none_or(|sent| sent < released) => Standing::Lost,
                _ => {
                    let standing = self.read.standing(&listing.connection, end.sent_by());
                    Box::pin(standing).await?
                }
            };
            if let Some(entry) = ToSend::end(listing, marketplace, standing, self.now) {
                self.store.put_to_send(key, &entry).await?;
            }
        }
        Ok(())
    }
}
