//! A notice as Amazon wrote it into a queue, read for its ids alone: what else it says, such as a postcode, is neither
//! kept nor logged. The kinds are not spelt alike (`Payload`, `payload`), so no letter case counts.
//!
//! Amazon page: *Notification Type Values*.

use super::check::token;
use crate::domain::ids::{AmazonSku, OrderId, SellerId};
use crate::domain::marketplace::Marketplace;
use crate::domain::notice::{AccountStatus, NoticeKind};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// What a notice says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Whose it is; one kind does not say so.
    pub seller: Option<SellerId>,
    /// Where it happened; absent if it concerns no marketplace, or one that is unknown here.
    pub marketplace: Option<Marketplace>,
    /// Amazon's id of the subscription that it came by.
    pub subscription: Option<String>,
    /// When it happened, or Amazon sent it.
    pub at: Option<Timestamp>,
    pub content: NoticeContent,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeContent {
    Order {
        id: OrderId,
        /// Amazon ships it.
        by_amazon: bool,
    },
    /// Amazon's id of the feed.
    Feed(String),
    Account(AccountStatus),
    Listing(AmazonSku),
}

/// Why a message is no notice that we can use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoNotice {
    /// A kind that we have no use for.
    #[error("its kind `{0}` is not one that this release uses")]
    Unknown(String),
    #[error("it {0}")]
    Malformed(&'static str),
}

/// Reads a message of the queue that Amazon sends notices to; as it came, or as an EventBridge rule hands it on.
///
/// # Errors
/// [`NoNotice`], which quotes nothing but the kind.
pub fn read_notice(body: &str) -> Result<Notice, NoNotice> {
    let message: Value =
        serde_json::from_str(body).map_err(|_| NoNotice::Malformed("is no JSON"))?;
    let message = message.get("detail").unwrap_or(&message);
    let kind = text(message, "NotificationType").ok_or(NoNotice::Malformed("has no kind"))?;
    let Ok(kind) = kind.parse::<NoticeKind>() else {
        return Err(NoNotice::Unknown(token(kind).unwrap_or_default()));
    };
    let payload = field(message, "Payload").ok_or(NoNotice::Malformed("has no payload"))?;
    let inner = match kind {
        NoticeKind::OrderChange => field(payload, "OrderChangeNotification"),
        NoticeKind::FeedProcessingFinished => field(payload, "feedProcessingFinishedNotification"),
        NoticeKind::AccountStatusChanged => field(payload, "accountStatusChangeNotification"),
        NoticeKind::ListingsItemStatusChange => None,
    };
    let inner = inner.unwrap_or(payload);
    let metadata = field(message, "NotificationMetadata").unwrap_or(&Value::Null);
    let seller = text(inner, "SellerId").or(text(inner, "MerchantId"));
    let summary = field(inner, "Summary").unwrap_or(inner);
    Ok(Notice {
        seller: seller.and_then(|id| id.parse().ok()),
        marketplace: text(summary, "MarketplaceId").and_then(Marketplace::by_id),
        subscription: text(metadata, "SubscriptionId").map(str::to_owned),
        at: happened_at(message, inner, metadata),
        content: content(kind, inner, summary)?,
    })
}

fn content(kind: NoticeKind, inner: &Value, summary: &Value) -> Result<NoticeContent, NoNotice> {
    let lacks = NoNotice::Malformed("lacks what it is about");
    Ok(match kind {
        NoticeKind::OrderChange => NoticeContent::Order {
            id: parsed(text(inner, "AmazonOrderId")).ok_or(lacks)?,
            by_amazon: text(summary, "FulfillmentType") == Some("AFN"),
        },
        NoticeKind::FeedProcessingFinished => {
            NoticeContent::Feed(text(inner, "feedId").and_then(token).ok_or(lacks)?)
        }
        NoticeKind::AccountStatusChanged => {
            let status = field(inner, "currentAccountStatus").ok_or(lacks)?;
            let unknown = NoNotice::Malformed("names a status of accounts that is unknown");
            NoticeContent::Account(AccountStatus::deserialize(status).map_err(|_| unknown)?)
        }
        NoticeKind::ListingsItemStatusChange => {
            NoticeContent::Listing(parsed(text(inner, "Sku")).ok_or(lacks)?)
        }
    })
}

/// Of a changed order, Amazon says it apart.
fn happened_at(message: &Value, inner: &Value, metadata: &Value) -> Option<Timestamp> {
    let trigger = field(inner, "OrderChangeTrigger").unwrap_or(&Value::Null);
    let changed = text(trigger, "TimeOfOrderChange");
    let event = text(message, "EventTime").or(text(metadata, "PublishTime"));
    parsed(changed).or(parsed(event))
}

fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let mut fields = value.as_object()?.iter();
    fields.find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    field(value, name)?.as_str()
}

fn parsed<T: std::str::FromStr>(text: Option<&str>) -> Option<T> {
    text?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// Amazon's example, with its postcode.
    fn order_change() -> Value {
        serde_json::from_str(include_str!("fixtures/order_change.json")).unwrap()
    }

    #[test]
    fn of_a_changed_order_only_the_ids_the_moment_and_the_marketplace_are_kept() {
        let notice = read_notice(&order_change().to_string()).unwrap();
        let expected = Notice {
            seller: Some("A3TH9S8BH6GOGM".parse().unwrap()),
            marketplace: Marketplace::by_id("ATVPDKIKX0DER"),
            subscription: Some("subscription-id-d0e9e693-c3ad-4373-979f-ed4ec98dd746".into()),
            content: NoticeContent::Order {
                id: "903-8868176-2219830".parse().unwrap(),
                by_amazon: false,
            },
            at: Some("2022-11-29T19:42:04.284Z".parse().unwrap()),
        };
        assert_eq!(notice, expected);
        assert!(!format!("{notice:?}").contains("48110"), "no postcode");
    }

    #[test]
    fn the_other_kinds_are_read_as_amazon_spells_each() {
        let rows = [
            (
                json!({
                    "notificationVersion": "2020-09-04", "notificationType": "FEED_PROCESSING_FINISHED",
                    "payload": {"feedProcessingFinishedNotification": {"sellerId": "A1", "feedId": "53347018456", "feedType": "JSON_LISTINGS_FEED", "processingStatus": "DONE"}},
                }),
                (Some("A1"), NoticeContent::Feed("53347018456".into())),
            ),
            (
                json!({
                    "notificationType": "ACCOUNT_STATUS_CHANGED",
                    "payload": {"accountStatusChangeNotification": {"previousAccountStatus": "NORMAL", "currentAccountStatus": "DEACTIVATED"}},
                }),
                (None, NoticeContent::Account(AccountStatus::Deactivated)),
            ),
            (
                json!({"detail-type": "LISTINGS_ITEM_STATUS_CHANGE", "detail": {
                    "NotificationType": "LISTINGS_ITEM_STATUS_CHANGE",
                    "Payload": {"SellerId": "A1", "MarketplaceId": "A1F83G8C2ARO7P", "Sku": "Mug #1", "Status": []},
                }}),
                (
                    Some("A1"),
                    NoticeContent::Listing("Mug #1".parse().unwrap()),
                ),
            ),
        ];
        for (body, (seller, content)) in rows {
            let notice = read_notice(&body.to_string()).unwrap();
            let found = notice.seller.as_ref().map(SellerId::as_str);
            assert_eq!((found, notice.content), (seller, content));
        }
    }

    #[test]
    fn what_is_unknown_or_malformed_says_so_and_quotes_nothing() {
        let mut nameless = order_change();
        nameless["Payload"]["OrderChangeNotification"]["AmazonOrderId"] = json!("");
        let rows = [
            ("", "it is no JSON"),
            ("[48110]", "it has no kind"),
            (r#"{"NotificationType": 1}"#, "it has no kind"),
            (
                r#"{"NotificationType": "ANY_OFFER_CHANGED", "Payload": {}}"#,
                "its kind `ANY_OFFER_CHANGED` is not one that this release uses",
            ),
            (
                r#"{"NotificationType": "to Jane Doe", "Payload": {}}"#,
                "its kind `` is not one that this release uses",
            ),
            (
                r#"{"NotificationType": "ORDER_CHANGE"}"#,
                "it has no payload",
            ),
            (&nameless.to_string(), "it lacks what it is about"),
        ];
        for (body, why) in rows {
            assert_eq!(read_notice(body).unwrap_err().to_string(), why);
        }
    }

    proptest! {
        #[test]
        fn no_message_ends_the_reader(body in ".{0,200}", cut in 0usize..2_000) {
            let _ = read_notice(&body);
            let whole = order_change().to_string();
            let _ = read_notice(whole.get(..cut).unwrap_or_default());
        }
    }
}
