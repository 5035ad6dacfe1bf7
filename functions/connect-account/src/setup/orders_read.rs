//! How far a connection's orders are read, and what Amazon refuses of them. Pure.

use jiff::Timestamp;
use serde::Serialize;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::sp_api::{Dataset, Refusals, RefusedWith};
use stallkeeper::store::{BackFill, Cursor, JobProgress};
use utoipa::ToSchema;

/// How orders are read: new ones in the live lane, older ones beside it.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct OrdersRead {
    /// Everything that changed at Amazon before this moment is read; absent before the first sweep.
    #[serde(skip_serializing_if = "Option::is_none")]
    known_until: Option<Timestamp>,
    /// What is read beside the new orders, with what Amazon's limit leaves: the first read, refetches, marketplaces that were
    /// switched on, what could not be read before.
    back_fill: Vec<JobProgress>,
    /// The last of those that are read to their end, or were given up.
    ended: Vec<JobProgress>,
    /// What Amazon refuses of the orders; the rest is read without it.
    refused: Vec<RefusedPart>,
}

/// A part of the orders that Amazon refuses. It is asked for again ever later, and what was read without it is read again
/// once Amazon gives it.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct RefusedPart {
    /// Amazon's name of the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    dataset: Option<Dataset>,
    /// Marketplaces with which Amazon refuses every search.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    marketplaces: Vec<Marketplace>,
    /// What was asked, what Amazon answered, and what to do.
    text: String,
    refused_since: Timestamp,
    ask_again_at: Timestamp,
    /// How often it was refused in a row.
    tries: u32,
}

impl OrdersRead {
    pub(crate) fn of(cursor: Option<&Cursor>, back_fill: &BackFill, now: Timestamp) -> Self {
        let rate = cursor.and_then(|cursor| cursor.rate);
        let progress = |jobs: &[stallkeeper::store::BackFillJob]| {
            jobs.iter().map(|job| job.progress(rate, now)).collect()
        };
        Self {
            known_until: cursor.map(Cursor::known_until),
            back_fill: progress(&back_fill.jobs),
            ended: progress(&back_fill.ended),
            refused: cursor.map_or_else(Vec::new, |cursor| refused(&cursor.refusals)),
        }
    }
}

fn refused(refusals: &Refusals) -> Vec<RefusedPart> {
    let datasets = refusals.refused_datasets().iter().map(|it| RefusedPart {
        dataset: Some(it.dataset),
        marketplaces: Vec::new(),
        text: format!(
            "searchOrders with {} {}; without it, it is answered. {}",
            it.dataset.as_str(),
            answered(&it.with),
            cure(it.dataset)
        ),
        refused_since: it.refused_since,
        ask_again_at: it.ask_again_at,
        tries: it.tries,
    });
    let marketplaces = refusals.refused_marketplaces().map(|it| RefusedPart {
        dataset: None,
        marketplaces: it.refused.clone(),
        text: format!(
            "searchOrders over all marketplaces {}; marketplace by marketplace, the others are answered. Look at the account in Seller Central.",
            answered(&it.with)
        ),
        refused_since: it.refused_since,
        ask_again_at: it.ask_again_at,
        tries: it.tries,
    });
    datasets.chain(marketplaces).collect()
}

fn answered(with: &RefusedWith) -> String {
    match (with.status, with.code.as_deref()) {
        (0, _) => "was refused".to_owned(),
        (status, code) => format!("was answered {status} ({})", code.unwrap_or("no code")),
    }
}

fn cure(dataset: Dataset) -> &'static str {
    match dataset {
        Dataset::Buyer | Dataset::Recipient => {
            "The app may lack the role for buyer data: add it in Seller Central and authorise again."
        }
        _ => "If it lasts, ask Amazon's support.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use stallkeeper::sp_api::Lesson;

    #[test]
    fn a_refused_dataset_says_what_was_asked_what_amazon_answered_and_what_to_do() {
        let now = Timestamp::UNIX_EPOCH;
        let mut cursor = Cursor::starting_at(now);
        let with = RefusedWith {
            status: 403,
            code: Some("Unauthorized".into()),
        };
        let without = [Dataset::Fulfillment];
        cursor.refusals.learn(&Lesson {
            asked: &[Dataset::Fulfillment, Dataset::Recipient],
            answered: &without,
            with: Some(&with),
            after: now,
            now,
        });
        let mut back_fill = BackFill::default();
        back_fill.begin_first_read(now);
        let shown = OrdersRead::of(Some(&cursor), &back_fill, now);
        let shown = serde_json::to_value(&shown).unwrap();
        assert_eq!(shown["refused"][0]["dataset"], "RECIPIENT");
        let text = shown["refused"][0]["text"].as_str().unwrap();
        assert!(
            text.contains("403 (Unauthorized)") && text.contains("role"),
            "{text}"
        );
        assert_eq!(shown["back_fill"][0]["kind"], "first_read");
        assert_eq!(shown["back_fill"][0]["by"], "created");
        assert_eq!(shown["known_until"], json!(now));
        assert_eq!(
            OrdersRead::of(None, &BackFill::default(), now),
            OrdersRead::default()
        );
    }
}
