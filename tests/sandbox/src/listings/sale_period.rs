//! Owns the end of an offer's sale period: "closing a listing" by an end in the past, and opening it again without one (pages
//! "Manage purchasable offer" and "Understanding Amazon listing status"). It never changes a price or a quantity.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Listing, Submission};

/// Until when an offer is sold in one marketplace.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SalePeriod {
    /// As it was submitted; none: it has no end.
    pub(crate) end_at: Option<String>,
    /// The submission it comes from.
    #[serde(skip)]
    by: u64,
}

/// What a patch says of the end: a moment or a day, or with `null` that there is none; in words what is wrong with it.
pub(super) fn read(end_at: &Value) -> Result<Option<String>, &'static str> {
    if end_at.is_null() {
        return Ok(None);
    }
    let text = end_at["value"].as_str();
    let text = text.ok_or("'end_at' is an object with a 'value'.")?;
    match moment(text) {
        Some(_) => Ok(Some(text.to_owned())),
        None => Err("The 'value' of 'end_at' is neither a date nor a moment."),
    }
}

fn moment(text: &str) -> Option<Timestamp> {
    if let Ok(moment) = text.parse() {
        return Some(moment);
    }
    let day: Date = text.parse().ok()?;
    day.to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp())
}

impl Listing {
    /// The end that was submitted for this marketplace, whether it is past or not.
    pub(crate) fn end_at(&self, marketplace: &str) -> Option<&str> {
        let period = self.special.as_ref()?.ends.get(marketplace)?;
        period.end_at.as_deref()
    }

    /// Whether the offer in this marketplace is past its sale period.
    pub(crate) fn is_ended(&self, marketplace: &str, now: Timestamp) -> bool {
        let end = self.end_at(marketplace).and_then(moment);
        end.is_some_and(|end| end <= now)
    }

    pub(super) fn set_end(
        &mut self,
        marketplace: &str,
        end_at: Option<&String>,
        submission: &Submission,
    ) {
        let known = self.special.as_ref();
        if end_at.is_none() && known.is_none_or(|it| !it.ends.contains_key(marketplace)) {
            return;
        }
        let ends = &mut self.special.get_or_insert_default().ends;
        let period = ends.entry(marketplace.to_owned()).or_default();
        if submission.sequence >= period.by {
            period.end_at = end_at.cloned();
            period.by = submission.sequence;
            self.updated = submission.at;
        }
    }
}
