//! What Amazon is to send us notices of: one destination an app and region, and a seller's subscriptions to it.
//!
//! It asks Amazon what there is and makes what is missing, so doing it again does no harm. What Amazon refuses is noted for
//! people to see and tried again by the next check; it never keeps anything else from happening, since notices only bring
//! sooner what the sweeps find anyway.

use crate::domain::connection::Connection;
use crate::domain::notice::{NoticeFailure, NoticeKind, NoticeSettings};
use crate::error::{Error, Result};
use crate::seller_session::{CallOutcome, SellerSession, Waiting};
use crate::sp_api::{Account, Answer, Operation, SpApi, Subscription, refusal};
use crate::store::{KnownDestination, Store};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};
use tracing::{info, warn};

/// The name that Amazon shows of our destination.
const NAME: &str = "stallkeeper";

/// How long Amazon's limit of one call a second is waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// How much is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// One look at the subscription to orders; what was never made is made. One call if all is well.
    Daily,
    /// A look at every subscription: the seller has just authorised.
    Authorised,
    /// Amazon sends nothing although it is asked to: every subscription is made again.
    Renew,
}

/// The subscriptions of one connection.
pub struct Subscriptions<'a> {
    pub store: &'a Store,
    pub session: &'a SellerSession<'a>,
    pub connection: &'a Connection,
    /// The queue that Amazon sends to.
    pub queue_arn: &'a str,
}

/// What there is at Amazon, as far as is known.
struct Made {
    subscriptions: BTreeMap<NoticeKind, String>,
    refused: BTreeMap<NoticeKind, String>,
}

impl Subscriptions<'_> {
    /// Has Amazon send notices. Returns whether it does now; why not is kept.
    ///
    /// # Errors
    /// Only what our own tables answer.
    pub async fn keep_subscribed(&self, check: Check, now: Timestamp) -> Result<bool> {
        let key = &self.connection.key();
        let before = self.store.notice_settings(key).await?;
        let mut state = Made {
            subscriptions: before.subscriptions.clone(),
            refused: before.refused.clone(),
        };
        let arranged = self.make_missing(check, &mut state).await;
        let made = &state.subscriptions;
        let id = &key.id;
        if let Err(error) = &arranged {
            warn!(connection.id = %id, error.class = error.class().name(), error = error.chain(), "Amazon does not send notices of connection `{id}` yet");
        }
        for (_, subscription) in made
            .iter()
            .filter(|(kind, id)| before.subscriptions.get(kind) != Some(id))
        {
            self.store.put_subscriber(subscription, key).await?;
        }
        let order = NoticeKind::OrderChange;
        let is_new = made.get(&order) != before.subscriptions.get(&order);
        let change = |kept: &mut NoticeSettings| {
            kept.subscriptions.clone_from(made);
            kept.refused.clone_from(&state.refused);
            if is_new {
                kept.subscribed_at = Some(now);
            }
            match &arranged {
                Ok(destination) => {
                    kept.destination = Some(destination.clone());
                    kept.checked_at = Some(now);
                    kept.failed = None;
                }
                Err(error) => {
                    let why = error.chain();
                    kept.failed = Some(NoticeFailure { at: now, why });
                }
            }
        };
        self.store.change_notice_settings(key, change).await?;
        if is_new {
            info!(connection.id = %id, "Amazon sends notices of the orders of connection `{id}`");
        }
        Ok(arranged.is_ok())
    }

    /// Ends the subscriptions, as far as Amazon lets us, and forgets them. Before the token goes: the seller's own app may go
    /// with it.
    ///
    /// # Errors
    /// Only what our own tables answer.
    pub async fn end_subscriptions(&self) -> Result<()> {
        let key = &self.connection.key();
        let settings = self.store.notice_settings(key).await?;
        for (kind, subscription) in &settings.subscriptions {
            if let Err(error) = self.unsubscribe(*kind, subscription).await {
                let id = &key.id;
                // Notices that nobody has subscribed to are ignored.
                warn!(connection.id = %id, error.class = error.class().name(), error = error.chain(), "a subscription of connection `{id}` stays at Amazon");
            }
        }
        self.store.forget_notices(key).await
    }

    /// Makes what is missing; what there is then is left in `made` also if a call fails. The destination's id.
    async fn make_missing(&self, check: Check, made: &mut Made) -> Result<String> {
        let mut destination = self.destination_id(false).await?;
        for kind in NoticeKind::QUEUED {
            let is_order = kind == NoticeKind::OrderChange;
            let is_known =
                made.subscriptions.contains_key(&kind) || made.refused.contains_key(&kind);
            if check == Check::Daily && !is_order && is_known {
                continue;
            }
            made.refused.remove(&kind);
            match self.make_one(kind, check, &mut destination, made).await {
                // The app may lack the role for this one; orders are what matters.
                Err(error) if !is_order && is_answered(&error, &[403]) => {
                    made.refused.insert(kind, error.chain());
                }
                other => other?,
            }
        }
        Ok(destination)
    }

    async fn make_one(
        &self,
        kind: NoticeKind,
        check: Check,
        destination: &mut String,
        made: &mut Made,
    ) -> Result<()> {
        if let Some(found) = self.subscription_of(kind).await? {
            if check != Check::Renew && found.destination == *destination {
                made.subscriptions.insert(kind, found.id);
                return Ok(());
            }
            self.unsubscribe(kind, &found.id).await?;
        }
        made.subscriptions.remove(&kind);
        let subscription = match self.subscribe(kind, destination).await {
            // Somebody may have deleted the destination that we know.
            Err(error) if is_answered(&error, &[400, 404]) => {
                *destination = self.destination_id(true).await?;
                self.subscribe(kind, destination).await?
            }
            other => other?,
        };
        made.subscriptions.insert(kind, subscription.id);
        Ok(())
    }

    /// The destination of this app in this region: the one we know, or, with `again`, the one that Amazon knows.
    async fn destination_id(&self, again: bool) -> Result<String> {
        let region = self.connection.region();
        let client_id = self.session.client_id().await?;
        let known = self.store.destination(region, &client_id).await?;
        if let Some(known) = known.as_ref().filter(|it| it.queue_arn == self.queue_arn)
            && !again
        {
            return Ok(known.id.clone());
        }
        let id = match self.make_destination().await {
            Err(error) if is_answered(&error, &[409]) => {
                self.listed_destination().await?.ok_or(error)?
            }
            other => other?,
        };
        let queue_arn = self.queue_arn.to_owned();
        let destination = KnownDestination {
            id: id.clone(),
            queue_arn,
        };
        self.store
            .put_destination(region, &client_id, &destination)
            .await?;
        if let Some(former) = known.filter(|it| it.queue_arn != self.queue_arn) {
            self.drop_destination(&former.id).await;
        }
        Ok(id)
    }

    async fn make_destination(&self) -> Result<String> {
        let arn = self.queue_arn;
        self.ask_amazon(Operation::CreateDestination, async |amazon, account| {
            amazon.create_destination(&account, NAME, arn).await
        })
        .await
    }

    async fn listed_destination(&self) -> Result<Option<String>> {
        let all = self
            .ask_amazon(Operation::GetDestinations, async |amazon, account| {
                amazon.destinations(&account).await
            })
            .await?;
        let ours = |arn: &Option<String>| arn.as_deref() == Some(self.queue_arn);
        Ok(all
            .into_iter()
            .find(|it| ours(&it.queue_arn))
            .map(|it| it.id))
    }

    /// The queue before is nobody's any more; the other connections subscribe to the new one with their next check.
    async fn drop_destination(&self, id: &str) {
        let gone = self
            .ask_amazon(Operation::DeleteDestination, async |amazon, account| {
                amazon.delete_destination(&account, id).await
            })
            .await;
        if let Err(error) = gone {
            warn!(
                error.class = error.class().name(),
                error = error.chain(),
                "a former destination of notices stays at Amazon"
            );
        }
    }

    async fn subscription_of(&self, kind: NoticeKind) -> Result<Option<Subscription>> {
        self.ask_amazon(Operation::GetSubscription, async |amazon, account| {
            amazon.subscription(&account, kind).await
        })
        .await
    }

    async fn subscribe(&self, kind: NoticeKind, destination: &str) -> Result<Subscription> {
        let made = self
            .ask_amazon(Operation::CreateSubscription, async |amazon, account| {
                amazon
                    .create_subscription(&account, kind, destination)
                    .await
            })
            .await;
        match made {
            // Another run made it at the same moment, or the answer to our own call was lost.
            Err(error) if is_answered(&error, &[409]) => {
                self.subscription_of(kind).await?.ok_or(error)
            }
            other => other,
        }
    }

    async fn unsubscribe(&self, kind: NoticeKind, subscription: &str) -> Result<bool> {
        self.ask_amazon(
            Operation::DeleteSubscriptionById,
            async |amazon, account| {
                amazon
                    .delete_subscription(&account, kind, subscription)
                    .await
            },
        )
        .await
    }

    async fn ask_amazon<T>(
        &self,
        operation: Operation,
        call: impl AsyncFnOnce(&SpApi, Account<'_>) -> Result<Answer<T>>,
    ) -> Result<T> {
        let waiting = Waiting::For {
            longest: LONGEST_WAIT,
            until: SystemTime::now() + LONGEST_WAIT,
        };
        let outcome = self.session.call(operation, waiting, call).await;
        let answer = outcome.and_then(CallOutcome::or_throttled)?;
        Ok(answer.value)
    }
}

fn is_answered(error: &Error, statuses: &[u16]) -> bool {
    refusal(error).is_some_and(|it| statuses.contains(&it.status))
}
