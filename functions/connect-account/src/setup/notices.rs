//! Whether Amazon sends notices of changed orders, and what it said of the account. Pure.

use jiff::Timestamp;
use serde::Serialize;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::notice::{AccountStatus, NoticeFailure, NoticeKind, NoticeSettings};
use utoipa::ToSchema;

/// Whether Amazon sends notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NoticesState {
    /// It was not asked yet.
    NotYet,
    /// It is asked to; orders come within seconds.
    Subscribed,
    /// It refused, or did not answer, when it was asked last. Orders come with the sweeps.
    Failing,
}

/// What Amazon said last of the account on a marketplace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct AccountOnMarketplace {
    marketplace: Marketplace,
    /// Once it is `deactivated` on each marketplace that is on, stock, prices, confirmations and cancellations are frozen.
    status: AccountStatus,
    at: Timestamp,
}

/// A kind of notices that Amazon does not let the app have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct RefusedNotices {
    kind: NoticeKind,
    /// What Amazon answered, and what to do.
    text: String,
}

/// Amazon's notices, which bring orders sooner than the sweeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ConnectionNotices)]
pub(crate) struct Notices {
    state: NoticesState,
    /// What that means, and what to do.
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscribed_at: Option<Timestamp>,
    /// When Amazon confirmed it last; that is checked once a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    checked_at: Option<Timestamp>,
    /// When the last notice of an order came.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_notice_at: Option<Timestamp>,
    account: Vec<AccountOnMarketplace>,
    /// Kinds that orders do not depend on.
    refused: Vec<RefusedNotices>,
}

impl Notices {
    pub(crate) fn of(settings: &NoticeSettings, last_notice_at: Option<Timestamp>) -> Self {
        let (state, text) = match &settings.failed {
            Some(NoticeFailure { at, why }) => (
                NoticesState::Failing,
                format!(
                    "Tried at {at}: {why}. It is tried again with the sweeps; until then orders come with these alone. If it lasts, add the notifications role to the app and authorise again."
                ),
            ),
            None if settings.hears_of_orders() => (
                NoticesState::Subscribed,
                "Amazon sends notices of changed orders.".to_owned(),
            ),
            None => (
                NoticesState::NotYet,
                "Amazon is asked once the connection is authorised and active.".to_owned(),
            ),
        };
        let (account, refused) = (settings.account.iter(), settings.refused.iter());
        Self {
            state,
            text,
            subscribed_at: settings.subscribed_at,
            checked_at: settings.checked_at,
            last_notice_at,
            account: account
                .map(|(marketplace, note)| AccountOnMarketplace {
                    marketplace: *marketplace,
                    status: note.status,
                    at: note.at,
                })
                .collect(),
            refused: refused
                .map(|(kind, why)| RefusedNotices {
                    kind: *kind,
                    text: format!("{why}. The app may lack the role for it, such as Selling Partner Insights for the account's status: add it and authorise again, or do without."),
                })
                .collect(),
        }
    }
}
