//! Notices: messages of Amazon's that something changed. A hint, never the truth: what they say is asked for again.

use super::marketplace::Marketplace;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a notice is about, as far as we have a use for it.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::EnumString,
    strum::VariantArray,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum NoticeKind {
    /// The status of an order changed, or its buyer asks for something.
    OrderChange,
    /// Amazon is done with a feed.
    FeedProcessingFinished,
    /// Amazon put the seller's account at risk, deactivated it, or took that back.
    AccountStatusChanged,
    /// A listing was made, deleted, or can be bought now or no longer.
    ListingsItemStatusChange,
}

/// How Amazon delivers a kind of notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workflow {
    /// Into a queue. Amazon page: *Set up notifications using the Amazon Simple Queue Service workflow*.
    Queue,
    /// To an event source, which an event bus of ours is associated with. Amazon page: *Set up notifications using the Amazon
    /// EventBridge workflow*.
    EventBridge,
}

impl NoticeKind {
    /// All of them, that of orders first.
    pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;

    pub const fn workflow(self) -> Workflow {
        match self {
            Self::OrderChange | Self::FeedProcessingFinished | Self::AccountStatusChanged => {
                Workflow::Queue
            }
            Self::ListingsItemStatusChange => Workflow::EventBridge,
        }
    }

    /// Amazon's spelling.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The version of the payload that we read.
    pub const fn payload_version(self) -> &'static str {
        match self {
            Self::OrderChange | Self::ListingsItemStatusChange => "1.0",
            Self::FeedProcessingFinished => "2020-09-04",
            Self::AccountStatusChanged => "2021-01-01",
        }
    }
}

/// What Amazon says of a seller's account on one marketplace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountStatus {
    /// Amazon has no complaint about it.
    #[serde(alias = "NORMAL")]
    Normal,
    /// Amazon may deactivate it soon.
    #[serde(alias = "AT_RISK")]
    AtRisk,
    /// The seller may not sell there.
    #[serde(alias = "DEACTIVATED")]
    Deactivated,
}

/// What Amazon said of an account, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AccountNote {
    pub status: AccountStatus,
    pub at: Timestamp,
}

/// What a connection has arranged for its notices.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeSettings {
    /// Amazon's ids of the subscriptions.
    #[serde(default)]
    pub subscriptions: BTreeMap<NoticeKind, String>,
    /// Kinds that Amazon does not let the app have, such as for want of a role, and what it answered.
    #[serde(default)]
    pub refused: BTreeMap<NoticeKind, String>,
    /// When the subscription to changes of orders was made or replaced.
    pub subscribed_at: Option<Timestamp>,
    /// When Amazon was asked last, with success.
    pub checked_at: Option<Timestamp>,
    /// Why the last try failed; absent after one that did not.
    #[serde(default)]
    pub failed: Option<NoticeFailure>,
    /// What Amazon said last of the account, by marketplace.
    #[serde(default)]
    pub account: BTreeMap<Marketplace, AccountNote>,
    /// Rises by one with every write.
    #[serde(default)]
    pub revision: u64,
}

impl NoticeSettings {
    /// Whether Amazon has been asked to say when an order changes.
    pub fn hears_of_orders(&self) -> bool {
        self.subscriptions.contains_key(&NoticeKind::OrderChange)
    }

    /// Since when the account is deactivated on all of these marketplaces, by the latest notice of it; `None` if it is not, or
    /// there are none.
    pub fn deactivated_at(&self, marketplaces: &[Marketplace]) -> Option<Timestamp> {
        let deactivated = |it: &Marketplace| {
            let note = self.account.get(it);
            let note = note.filter(|note| note.status == AccountStatus::Deactivated);
            note.map(|note| note.at)
        };
        let all: Option<Vec<Timestamp>> = marketplaces.iter().map(deactivated).collect();
        all?.into_iter().max()
    }

    /// Notes what Amazon says of the account on these marketplaces; what is older than what is known changes nothing.
    pub fn note_account(&mut self, marketplaces: &[Marketplace], note: AccountNote) {
        for marketplace in marketplaces {
            let known = self.account.entry(*marketplace).or_insert(note);
            if known.at < note.at {
                *known = note;
            }
        }
    }
}

/// Why notices could not be arranged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NoticeFailure {
    pub at: Timestamp,
    /// What was asked, and Amazon's status and code.
    pub why: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(status: AccountStatus, second: i64) -> AccountNote {
        let at = Timestamp::from_second(second).unwrap();
        AccountNote { status, at }
    }

    #[test]
    fn an_account_counts_as_deactivated_once_it_is_on_every_marketplace_that_is_on() {
        let account = |rows: &[(Marketplace, AccountStatus)]| NoticeSettings {
            account: rows
                .iter()
                .zip(1..)
                .map(|(row, at)| (row.0, note(row.1, at)))
                .collect(),
            ..NoticeSettings::default()
        };
        let on = [Marketplace::Uk, Marketplace::De];
        let uk = (Marketplace::Uk, AccountStatus::Deactivated);
        let de = (Marketplace::De, AccountStatus::Deactivated);
        let since = |second| Timestamp::from_second(second).ok();
        let at_risk = (Marketplace::De, AccountStatus::AtRisk);
        assert_eq!(account(&[]).deactivated_at(&on), None);
        assert_eq!(account(&[uk]).deactivated_at(&on), None);
        assert_eq!(account(&[uk, at_risk]).deactivated_at(&on), None);
        assert_eq!(account(&[uk, de]).deactivated_at(&on), since(2));
        assert_eq!(account(&[uk, de]).deactivated_at(&on[..1]), since(1));
        assert_eq!(account(&[uk]).deactivated_at(&[]), None, "nothing is on");
    }

    #[test]
    fn what_amazon_said_last_of_an_account_counts_in_whatever_order_it_comes() {
        let notes = [
            note(AccountStatus::AtRisk, 1),
            note(AccountStatus::Deactivated, 2),
            note(AccountStatus::Normal, 3),
        ];
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 1]] {
            let mut settings = NoticeSettings::default();
            for place in order {
                settings.note_account(&[Marketplace::Uk], notes[place]);
            }
            assert_eq!(settings.account[&Marketplace::Uk], notes[2], "{order:?}");
        }
    }

    #[test]
    fn kinds_are_spelt_as_amazon_does() {
        let kind = NoticeKind::ListingsItemStatusChange;
        assert_eq!(kind.as_str(), "LISTINGS_ITEM_STATUS_CHANGE");
        assert_eq!("ORDER_CHANGE".parse(), Ok(NoticeKind::OrderChange));
        assert!("ANY_OFFER_CHANGED".parse::<NoticeKind>().is_err());
    }
}
