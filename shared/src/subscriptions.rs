//! What Amazon is to send us notices of: the destinations of an app in a region, and a seller's subscriptions to them.
//!
//! It asks Amazon what there is and makes what is missing, so doing it again does no harm. What Amazon refuses is noted for
//! people to see and tried again by the next check; it never keeps anything else from happening, since notices only bring
//! sooner what the sweeps find anyway.

use crate::domain::connection::Connection;
use crate::domain::notice::{NoticeFailure, NoticeKind, NoticeSettings, Workflow};
use crate::error::{Error, Result};
use crate::seller_session::{CallOutcome, SellerSession, Waiting};
use crate::sp_api::{Account, Answer, NoticeTarget, Operation, SpApi, Subscription, refusal};
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
    /// Notices of listings are wanted, too. They come by EventBridge alone, to the account and region of the queue.
    pub listing_notices: bool,
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
                Ok(()) => {
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

    /// Whether a kind is to come. What EventBridge delivers comes for the deployment's own app alone: of another app, Amazon
    /// makes another event source, which no bus of ours is associated with.
    fn wants(&self, kind: NoticeKind) -> bool {
        match kind.workflow() {
            Workflow::Queue => true,
            Workflow::EventBridge => self.listing_notices && !self.connection.own_app,
        }
    }

    /// Makes what is missing and ends what is not wanted; what there is then is left in `made` also if a call fails.
    async fn make_missing(&self, check: Check, made: &mut Made) -> Result<()> {
        for kind in NoticeKind::ALL.iter().copied() {
            if !self.wants(kind) {
                made.refused.remove(&kind);
                if let Some(id) = made.subscriptions.get(&kind) {
                    match self.unsubscribe(kind, id).await {
                        Err(error) if may_lack(kind, &error) => {
                            warn!(connection.id = %self.connection.id, error = error.chain(), "a subscription that is not wanted stays at Amazon");
                        }
                        ended => _ = ended?,
                    }
                    made.subscriptions.remove(&kind);
                }
                continue;
            }
            let is_order = kind == NoticeKind::OrderChange;
            let is_known =
                made.subscriptions.contains_key(&kind) || made.refused.contains_key(&kind);
            if check == Check::Daily && !is_order && is_known {
                continue;
            }
            made.refused.remove(&kind);
            match self.make_one(kind, check, made).await {
                Err(error) if may_lack(kind, &error) => {
                    made.refused.insert(kind, error.chain());
                }
                other => other?,
            }
        }
        Ok(())
    }

    async fn make_one(&self, kind: NoticeKind, check: Check, made: &mut Made) -> Result<()> {
        let mut destination = self.destination_id(kind.workflow(), false).await?;
        if let Some(found) = self.subscription_of(kind).await? {
            if check != Check::Renew && found.destination == destination {
                made.subscriptions.insert(kind, found.id);
                return Ok(());
            }
            self.unsubscribe(kind, &found.id).await?;
        }
        made.subscriptions.remove(&kind);
        let subscription = match self.subscribe(kind, &destination).await {
            // Somebody may have deleted the destination that we know.
            Err(error) if is_answered(&error, &[400, 404]) => {
                destination = self.destination_id(kind.workflow(), true).await?;
                self.subscribe(kind, &destination).await?
            }
            other => other?,
        };
        made.subscriptions.insert(kind, subscription.id);
        Ok(())
    }

    /// The destination of this app in this region: the one we know, or, with `again`, the one that Amazon knows.
    async fn destination_id(&self, workflow: Workflow, again: bool) -> Result<String> {
        let region = self.connection.region();
        let client_id = self.session.client_id().await?;
        let known = self.store.destination(region, &client_id, workflow).await?;
        if let Some(known) = known.as_ref().filter(|it| it.queue_arn == self.queue_arn)
            && !again
        {
            return Ok(known.id.clone());
        }
        let target = self.target(workflow);
        let id = match self.make_destination(&target).await {
            Err(error) if is_answered(&error, &[409]) => {
                self.listed_destination(&target).await?.ok_or(error)?
            }
            other => other?,
        };
        let queue_arn = self.queue_arn.to_owned();
        let destination = KnownDestination {
            id: id.clone(),
            queue_arn,
        };
        self.store
            .put_destination(region, &client_id, workflow, &destination)
            .await?;
        let former = known.filter(|it| it.queue_arn != self.queue_arn && it.id != id);
        if let Some(former) = former {
            self.drop_destination(&former.id).await;
        }
        Ok(id)
    }

    fn target(&self, workflow: Workflow) -> NoticeTarget {
        let part = |place: usize| self.queue_arn.split(':').nth(place).unwrap_or_default();
        match workflow {
            Workflow::Queue => NoticeTarget::Queue(self.queue_arn.to_owned()),
            Workflow::EventBridge => NoticeTarget::EventSource {
                account: part(4).to_owned(),
                region: part(3).to_owned(),
            },
        }
    }

    async fn make_destination(&self, target: &NoticeTarget) -> Result<String> {
        self.ask_amazon(Operation::CreateDestination, async |amazon, account| {
            amazon.create_destination(&account, NAME, target).await
        })
        .await
    }

    async fn listed_destination(&self, target: &NoticeTarget) -> Result<Option<String>> {
        let all = self
            .ask_amazon(Operation::GetDestinations, async |amazon, account| {
                amazon.destinations(&account).await
            })
            .await?;
        let is_it = |of: &Option<NoticeTarget>| of.as_ref() == Some(target);
        Ok(all.into_iter().find(|it| is_it(&it.target)).map(|it| it.id))
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

/// Whether a connection does without a kind that Amazon refuses: orders are what matters. The app may lack the role, or, of
/// an event source, Amazon may allow the AWS account no other one.
fn may_lack(kind: NoticeKind, error: &Error) -> bool {
    match kind.workflow() {
        Workflow::Queue => kind != NoticeKind::OrderChange && is_answered(error, &[403]),
        Workflow::EventBridge => is_answered(error, &[400, 403, 404, 409]),
    }
}
