//! Owns how fast Amazon works behind its APIs, in what form it writes reports, and what goes wrong
//! there. It never reads a clock and never does any of the work.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::reports::Charset;

/// Settings beside those of the gate; seconds are of Amazon's clock.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct BackOffice {
    /// From the start of a feed's processing to its end.
    pub(crate) feed_seconds: f64,
    /// Feeds created from now on wait in the queue until they are released.
    pub(crate) feed_hold: bool,
    /// From the acceptance of a patch to its effect.
    pub(crate) patch_seconds: f64,
    /// From `createReport` to `DONE`.
    pub(crate) report_seconds: f64,
    /// A report shows the quantities of so many seconds ago.
    pub(crate) report_stale_seconds: f64,
    /// By marketplace id; `*` for all others.
    pub(crate) report_encoding: BTreeMap<String, Charset>,
    /// UTF-8 reports begin with a byte order mark, as Amazon's page says.
    pub(crate) report_bom: bool,
    /// The download's `Content-Type` names the encoding.
    pub(crate) report_charset_told: bool,
    /// Reports and processing reports are compressed.
    pub(crate) gzip: bool,
    /// The carrier codes that Seller Central lists; without any, every code is one of them.
    pub(crate) carrier_codes: BTreeSet<String>,
    /// Amazon cancels what is not confirmed seven days after its ship-by date.
    pub(crate) cancels_overdue: bool,
    /// A cancelled order gives its units back to the listing.
    pub(crate) cancel_restores: bool,
    /// An order dated before the current quantity took effect lowers it all the same, as if it
    /// came now; else it is taken for one that sold before.
    pub(crate) backdated_orders_sell: bool,
    /// A patch or message for a SKU that is not there is accepted and does nothing, as Amazon is
    /// reported to do (amzn/selling-partner-api-models#4402); else it is refused with 13013.
    pub(crate) accepts_unknown_skus: bool,
}

impl Default for BackOffice {
    fn default() -> Self {
        Self {
            feed_seconds: 0.2,
            feed_hold: false,
            patch_seconds: 0.0,
            report_seconds: 0.0,
            report_stale_seconds: 0.0,
            report_encoding: BTreeMap::new(),
            report_bom: true,
            report_charset_told: true,
            gzip: true,
            carrier_codes: BTreeSet::new(),
            cancels_overdue: false,
            cancel_restores: false,
            backdated_orders_sell: true,
            accepts_unknown_skus: false,
        }
    }
}

/// What goes wrong with a feed or a report.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mishap {
    /// It cannot be created: 429.
    Quota,
    /// It stays in progress, and what comes after it in the queue, until it is released.
    Stuck,
    /// It ends as `FATAL`.
    Fatal,
    /// It ends as `CANCELLED`.
    Cancelled,
    /// It ends as `DONE`, without a document.
    ReportMissing,
    /// Its document ends in the middle.
    ReportCut,
}

/// A mishap that a test has ordered for some of the feeds, or reports, that a seller creates.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderedMishap {
    kind: Mishap,
    /// So many are created unharmed first.
    #[serde(default)]
    after: u32,
    /// So many are struck then.
    #[serde(default = "once")]
    count: u32,
    /// For `fatal` of a feed: what part of its messages is applied, from the first on.
    #[serde(default = "half")]
    applied: f64,
    #[serde(default, skip_deserializing)]
    seen: u32,
    #[serde(default, skip_deserializing)]
    struck: u32,
}

fn once() -> u32 {
    1
}

fn half() -> f64 {
    0.5
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Mishaps(Vec<OrderedMishap>);

impl Mishaps {
    /// What happens to the one that is created now: the first mishap that is due, and what part of it
    /// is applied. Every mishap counts every creation.
    pub(crate) fn strike(&mut self) -> Option<(Mishap, f64)> {
        let mut struck = None;
        for ordered in &mut self.0 {
            ordered.seen = ordered.seen.saturating_add(1);
            let due = ordered.seen > ordered.after && ordered.struck < ordered.count;
            if due && struck.is_none() {
                ordered.struck += 1;
                struck = Some((ordered.kind, ordered.applied));
            }
        }
        struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mishaps_let_the_first_pass_and_strike_one_after_another() {
        let mut mishaps: Mishaps = serde_json::from_value(serde_json::json!([
            {"kind": "stuck", "after": 1}, {"kind": "fatal", "count": 2, "applied": 0.1},
        ]))
        .unwrap();
        let struck: Vec<_> = (0..4).map(|_| mishaps.strike()).collect();
        assert_eq!(
            struck,
            [
                Some((Mishap::Fatal, 0.1)),
                Some((Mishap::Stuck, 0.5)),
                Some((Mishap::Fatal, 0.1)),
                None
            ]
        );
    }
}
