//! How far a job of the back-fill lane is, as a person sees it. Pure.

use super::{BackFillJob, BackFillKind};
use crate::domain::marketplace::Marketplace;
use crate::sp_api::{Operation, OrderMoment};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

/// What the live lane asks for, in requests per second: one sweep in five minutes.
const LIVE_RATE: f64 = 1.0 / 300.0;

/// Orders that are read beside the live ones, and how far that is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct JobProgress {
    pub kind: BackFillKind,
    /// Which moment of an order the window goes by.
    pub by: OrderMoment,
    /// Only orders of these marketplaces; absent: of all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub marketplaces: Vec<Marketplace>,
    /// Whether shipped and cancelled orders are left out.
    pub open_only: bool,
    pub from: Timestamp,
    pub to: Timestamp,
    /// The newest are read first: everything from here to `to` is read.
    pub read_back_to: Timestamp,
    pub orders_read: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it will be through, by the pages so far and by what Amazon's limit leaves; absent while that is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_end: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Why it failed last and is tried later, waits, or was given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

impl BackFillJob {
    /// `rate`: of searchOrders, in requests per second, if Amazon gave another figure than its documentation.
    pub fn progress(&self, rate: Option<f64>, now: Timestamp) -> JobProgress {
        let waits_for: Vec<&str> = self.read_without.iter().map(|it| it.as_str()).collect();
        let lacks = || {
            let list = waits_for.join(", ");
            format!("read without {list}, which Amazon refuses; read again once Amazon gives it")
        };
        JobProgress {
            kind: self.kind,
            by: self.by,
            marketplaces: self.marketplaces.clone(),
            open_only: self.open_only,
            from: self.after,
            to: self.before,
            read_back_to: self.read_back_to,
            orders_read: self.orders,
            started_at: self.started_at,
            expected_end: self.expected_end(rate, now),
            ended_at: self.ended_at,
            failure: (self.failure.clone()).or((!waits_for.is_empty()).then(lacks)),
        }
    }

    fn expected_end(&self, rate: Option<f64>, now: Timestamp) -> Option<Timestamp> {
        let covered = self.before.duration_since(self.read_back_to).as_secs_f64();
        let whole = self.before.duration_since(self.after).as_secs_f64();
        if self.ended_at.is_some() || covered <= 0.0 {
            return None;
        }
        let pages_left = self.pages as f64 * (whole / covered - 1.0);
        let seconds = pages_left * seconds_a_page(rate);
        let left = SignedDuration::try_from_secs_f64(seconds.max(0.0)).ok()?;
        now.checked_add(left).ok()
    }
}

/// How long Amazon's limit makes a page wait once the live lane has its share.
fn seconds_a_page(rate: Option<f64>) -> f64 {
    let rate = rate.unwrap_or(Operation::SearchOrders.limit().rate);
    // A rate that the live lane uses up leaves what its quiet ticks leave: count on a tenth.
    1.0 / (rate - LIVE_RATE).max(rate / 10.0)
}
