//! One dispatch: marked, confirmed to Amazon, settled.

use crate::App;
use crate::carrier::{self, AmazonsCarrier};
use crate::permits::Permits;
use crate::settle::{Outcome, settle};
use jiff::{SignedDuration, Timestamp};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::dispatch::{Dispatch, DispatchWords, ShownAs};
use stallkeeper::domain::order::{OrderStatus, StoredOrder};
use stallkeeper::error::{Class, Error, Result};
use stallkeeper::queue::ParcelOfOrder;
use stallkeeper::seller_session::{CallOutcome, SellerSession, Waiting};
use stallkeeper::sp_api::{
    Account, Answer, Confirmation, Dataset, Operation, PackageDetail, RefusalWords, SpApi,
    read_order, refusal,
};
use stallkeeper::store::{Permit, Written};
use std::time::Duration;
use tokio::time::Instant;
use tracing::error;

pub(crate) const CONFIRM: Operation = Operation::ConfirmShipment;
/// When what Amazon does not let the app do is tried again.
const FORBIDDEN_WAIT: SignedDuration = SignedDuration::from_hours(1);
/// How long a call waits that the limit does not accept, if nothing says for how long.
const LIMITED_WAIT: Duration = Duration::from_secs(5);
/// What a call and a look at packages may take together: less than the run keeps for one more turn.
const TURN_TIME: Duration = Duration::from_secs(26);
/// So many answers are lost, or refused without a package to be seen, before a refusal is believed: a quarter of an hour.
const LOOKS: u32 = 5;

/// A run over the dispatches of a connection.
pub(crate) struct Run<'a> {
    pub(crate) app: &'a App,
    pub(crate) connection: &'a Connection,
    pub(crate) session: SellerSession<'a>,
    pub(crate) permits: Permits,
}

/// A call for a dispatch that was marked for it.
struct Attempt<'a> {
    dispatch: &'a Dispatch,
    carrier: &'a AmazonsCarrier,
    /// Amazon may have taken an earlier call, whose answer was lost.
    is_repeated: bool,
    /// When the turn must end.
    until: Instant,
}

/// What became of one.
pub(crate) enum Confirmed {
    /// Amazon's word is known.
    Settled,
    /// There is nothing to do for it now.
    NotDue,
    /// It goes again by itself after this time.
    Later(Duration),
    /// The limit is reached.
    Limited(Duration),
}

impl Run<'_> {
    /// Confirms a dispatch that is due.
    ///
    /// # Errors
    /// As the table and the log-in fail; of Amazon's answers only a revoked authorisation is an error.
    pub(crate) async fn confirm(&self, parcel: &ParcelOfOrder) -> Result<Confirmed> {
        let (store, key) = (&self.app.store, &self.connection.key());
        let found = store
            .dispatch(key, &parcel.order_id, &parcel.parcel)
            .await?;
        let Some(dispatch) = found.filter(|it| it.is_due(Timestamp::now())) else {
            return Ok(Confirmed::NotDue);
        };
        let Some(order) = store.order(key, &parcel.order_id).await? else {
            return Ok(Confirmed::NotDue);
        };
        if order.status == OrderStatus::Cancelled {
            let words = ours(
                "cancelled",
                "the order was cancelled before the parcel was confirmed",
            );
            return self.settled(&dispatch, Outcome::Refused(words)).await;
        }
        let carrier = carrier::of(self.app, &dispatch, order.order.marketplace()).await?;
        let Some(carrier) = carrier else {
            let words = ours("carrier", "Amazon accepts no carrier of this name");
            return self.settled(&dispatch, Outcome::Refused(words)).await;
        };
        // The permit first: what is marked is called at once.
        if let Permit::NotBefore(moment) = self.permits.take(&self.session).await? {
            let wait = moment.duration_since(Timestamp::now());
            return Ok(Confirmed::Limited(wait.unsigned_abs()));
        }
        let marked = dispatch.calling(Timestamp::now());
        if store.replace_dispatch(&marked, &order).await? == Written::Conflict {
            return Ok(Confirmed::NotDue);
        }
        let attempt = Attempt {
            dispatch: &marked,
            carrier: &carrier,
            is_repeated: dispatch.may_be_at_amazon(),
            until: Instant::now() + TURN_TIME,
        };
        self.call(&attempt, &order).await
    }

    async fn call(&self, attempt: &Attempt<'_>, order: &StoredOrder) -> Result<Confirmed> {
        let Attempt {
            dispatch, carrier, ..
        } = attempt;
        let now = Timestamp::now();
        let shipped_at = dispatch.ship_date(order.order.created_at, self.app.clock.at(now));
        let region = self.connection.marketplace.id();
        let detail = PackageDetail {
            order: &dispatch.order_id,
            marketplace_id: order.order.marketplace_id.as_deref().unwrap_or(region),
            number: dispatch.number,
            carrier: &carrier.name,
            tracking_number: &dispatch.hand_over.tracking_number,
            shipped_at,
            lines: &dispatch.lines,
        };
        let ask = async |amazon: &SpApi, account: Account<'_>| {
            amazon.confirm_shipment(&account, &detail).await
        };
        match self.session.call_permitted(CONFIRM, ask).await {
            Ok(CallOutcome::Answered(answer)) => {
                self.app.clock.note(answer.server_time, Timestamp::now());
                self.answered(attempt, order, answer).await
            }
            Ok(CallOutcome::Limited(error)) => {
                let wait = error.retry_after().unwrap_or(LIMITED_WAIT);
                self.permits.forget();
                self.put_off(dispatch, None, wait).await?;
                Ok(Confirmed::Limited(wait))
            }
            Err(error) => self.failed(dispatch, error).await,
        }
    }

    async fn answered(
        &self,
        attempt: &Attempt<'_>,
        order: &StoredOrder,
        answer: Answer<Confirmation>,
    ) -> Result<Confirmed> {
        let dispatch = attempt.dispatch;
        let confirmed = || Outcome::Confirmed {
            not_counted: attempt.carrier.not_counted.clone(),
        };
        let words = match answer.value {
            Confirmation::Confirmed => return self.settled(dispatch, confirmed()).await,
            Confirmation::Refused(words) if !attempt.is_repeated => {
                return self
                    .settled(dispatch, Outcome::Refused(amazons(words)))
                    .await;
            }
            // Only what Amazon shows is believed: somebody else may have shipped the same units, and a call whose answer was
            // lost may have.
            Confirmation::Refused(words) | Confirmation::AlreadyFulfilled(words) => amazons(words),
        };
        let looked = tokio::time::timeout_at(attempt.until, self.shown(dispatch, order)).await;
        let outcome = match looked.unwrap_or(Ok(None)) {
            Ok(Some(ShownAs::Itself)) => confirmed(),
            Ok(Some(ShownAs::BeforeEdit)) => Outcome::EditRefused(words),
            // Packages may be shown some time after the call that made them.
            Ok(Some(ShownAs::Nothing)) if attempt.is_repeated && dispatch.lost < LOOKS => {
                Outcome::Lost(words)
            }
            Ok(Some(ShownAs::Nothing)) => Outcome::Refused(words),
            Ok(None) => Outcome::Lost(words),
            Err(error) => return self.failed(dispatch, error).await,
        };
        self.settled(dispatch, outcome).await
    }

    /// What Amazon's packages of the order show of it; `None`: they cannot be read now.
    async fn shown(&self, dispatch: &Dispatch, order: &StoredOrder) -> Result<Option<ShownAs>> {
        let ask = async |amazon: &SpApi, account: Account<'_>| {
            amazon
                .order(&account, &dispatch.order_id, &[Dataset::Packages])
                .await
        };
        let called = self
            .session
            .call(Operation::GetOrder, Waiting::No, ask)
            .await?;
        let CallOutcome::Answered(answer) = called else {
            return Ok(None);
        };
        let read = read_order(&answer.value)?;
        Ok(Some(dispatch.shown_as(&read.order.packages, &order.claims)))
    }

    /// A call that failed: only if Amazon surely did nothing, the outcome is known.
    async fn failed(&self, dispatch: &Dispatch, error: Error) -> Result<Confirmed> {
        match error.class() {
            Class::AuthRevoked => {
                self.put_off(dispatch, None, Duration::ZERO).await?;
                Err(error)
            }
            Class::Throttled { retry_after } => {
                let wait = retry_after.unwrap_or(LIMITED_WAIT);
                self.put_off(dispatch, None, wait).await?;
                Ok(Confirmed::Limited(wait))
            }
            Class::Permanent => {
                let id = &dispatch.parcel;
                error!(connection.id = %self.connection.id, order.id = %dispatch.order_id, parcel = %id, error.class = error.class().name(), error = error.chain(), "parcel `{id}` could not be confirmed to Amazon");
                let status = refusal(&error).map(|refusal| refusal.status.to_string());
                let words = ours(
                    &status.unwrap_or_else(|| "failed".to_owned()),
                    "Amazon does not let the app confirm dispatches; it is tried again every hour. Look at the app's roles and the seller's account",
                );
                let wait = FORBIDDEN_WAIT.unsigned_abs();
                self.put_off(dispatch, Some(words), wait).await?;
                Ok(Confirmed::Settled)
            }
            Class::Retryable => {
                let words = ours(
                    "no_answer",
                    "Amazon's answer was lost; the same goes again under the same number",
                );
                self.settled(dispatch, Outcome::Lost(words)).await
            }
        }
    }

    async fn put_off(
        &self,
        dispatch: &Dispatch,
        words: Option<DispatchWords>,
        wait: Duration,
    ) -> Result<()> {
        let outcome = Outcome::PutOff { words, wait };
        settle(&self.app.store, dispatch, outcome).await.map(drop)
    }

    async fn settled(&self, dispatch: &Dispatch, outcome: Outcome) -> Result<Confirmed> {
        let settled = settle(&self.app.store, dispatch, outcome).await?;
        let now = Timestamp::now();
        let later = settled.filter(|it| it.is_pending());
        Ok(later.map_or(Confirmed::Settled, |it| {
            let wait = it.due_at.duration_since(now);
            let wait = wait.max(SignedDuration::from_secs(1));
            Confirmed::Later(wait.unsigned_abs())
        }))
    }
}

fn amazons(words: RefusalWords) -> DispatchWords {
    DispatchWords {
        at: Timestamp::now(),
        code: words.code,
        message: words.message,
    }
}

fn ours(code: &str, message: &str) -> DispatchWords {
    DispatchWords {
        at: Timestamp::now(),
        code: code.to_owned(),
        message: message.to_owned(),
    }
}
