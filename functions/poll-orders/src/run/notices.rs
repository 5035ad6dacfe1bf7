//! What a sweep says of Amazon's notices: whether they come, and whether they are still arranged.

use super::Run;
use crate::silence::{self, Judged};
use jiff::Timestamp;
use stallkeeper::error::Result;
use stallkeeper::subscriptions::{Check, Subscriptions};
use tracing::{error, info};

impl Run<'_> {
    /// The live window was swept to its end: counts it if it is silent, and has the subscription made again if several are.
    pub(super) async fn judge_notices(&mut self, judged: &Judged) -> Result<()> {
        let now = Timestamp::now();
        judged.end(&mut self.cursor.notices);
        if judged.found_any()
            && self.is_silent(judged).await?
            && silence::is_broken(&mut self.cursor.notices, now)
        {
            let id = &self.connection.id;
            // The alarm `SilentNotices` counts these words.
            error!(connection.id = %id, "Amazon sends no notices of the orders of connection `{id}`; it is subscribed again");
            return self.arrange_notices(Check::Renew, now).await;
        }
        let is_due = self.cursor.notices.check_at.is_none_or(|at| at <= now);
        if is_due && self.has_time() {
            self.arrange_notices(Check::Daily, now).await?;
        }
        Ok(())
    }

    /// Nothing was promised for what changed before the seller was subscribed.
    async fn is_silent(&self, judged: &Judged) -> Result<bool> {
        let (store, key) = (&self.app.store, &self.connection.key());
        let heard_at = store.heard_at(key).await?;
        let heard_at = heard_at.map(|at| self.cursor.amazons_clock(at));
        let Some(without_notice) = judged.without_notice(heard_at) else {
            return Ok(false);
        };
        let settings = store.notice_settings(key).await?;
        let subscribed_at = settings
            .subscribed_at
            .filter(|_| settings.hears_of_orders());
        let is_silent =
            subscribed_at.is_some_and(|at| self.cursor.amazons_clock(at) < without_notice);
        if is_silent {
            let id = &self.connection.id;
            info!(silent_sweeps = 1, silent_connection = %id, %without_notice, "a sweep of connection `{id}` found changes without a notice");
        }
        Ok(is_silent)
    }

    async fn arrange_notices(&mut self, check: Check, now: Timestamp) -> Result<()> {
        let Some(notices) = &self.app.notices else {
            return Ok(());
        };
        // The operator's list holds what a release before this one wrote after a day at the latest.
        let key = &self.connection.key();
        self.app.store.list_as_connected(key).await?;
        let subscriptions = Subscriptions {
            store: &self.app.store,
            session: &self.session,
            connection: self.connection,
            queue_arn: &notices.queue_arn,
            listing_notices: notices.listing_notices,
        };
        let went_well = subscriptions.keep_subscribed(check, now).await?;
        silence::check_again(&mut self.cursor.notices, went_well, now);
        Ok(())
    }
}
