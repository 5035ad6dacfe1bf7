//! Which orders came at risk: how far a tenant's orders were looked at, and the mark of each that was found.
//!
//! The mark only makes the stream report the order; its next write takes the mark away.

use super::item::{failure, s, value};
use super::key::Key;
use super::{OrderRow, Store, Written};
use crate::domain::ids::TenantId;
use crate::domain::order::{OrderStatus, Risk, RiskMark};
use crate::error::{Error, Result};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How far a tenant's orders were looked at for each risk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskClock {
    pub revision: u64,
    #[serde(default)]
    pub ship_by: RiskProgress,
    #[serde(default)]
    pub auto_cancel: RiskProgress,
}

impl RiskClock {
    pub fn of(&mut self, risk: Risk) -> &mut RiskProgress {
        match risk {
            Risk::ShipBy => &mut self.ship_by,
            Risk::AutoCancel => &mut self.auto_cancel,
        }
    }
}

/// How far, by the orders' ship-by moments.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskProgress {
    /// All orders to be shipped before this moment were looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reached: Option<Timestamp>,
    /// What is looked at now ends here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Where that goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

/// How often a tenant's orders are looked at.
const EVERY: SignedDuration = SignedDuration::from_mins(15);
/// The index lags less than that behind the table: whatever is stored later is seen by the stream to be at risk.
const LAG: SignedDuration = SignedDuration::from_mins(1);
/// How far back the next look begins once the hours at risk were lowered: what was stored since the last one, and lies
/// between the two settings, the stream did not show.
const SINCE_LOWERED: SignedDuration = SignedDuration::from_hours(1);
/// What was to be shipped longer ago is nobody's news.
const OLDEST: SignedDuration = SignedDuration::from_hours(14 * 24);

impl RiskProgress {
    /// The ship-by moments to look at now, from the first to before the second; `None` if it is too early. Once a look is
    /// begun, it begins there until it is finished.
    pub fn window(
        &mut self,
        risk: Risk,
        now: Timestamp,
        at_risk_before: SignedDuration,
    ) -> Option<(Timestamp, Timestamp)> {
        let at = |risk: Risk| now.saturating_add(risk.before_ship_by(at_risk_before) - LAG);
        let oldest = match risk {
            // What is later than that runs the other risk.
            Risk::ShipBy => at(Risk::AutoCancel),
            Risk::AutoCancel => now.saturating_sub(OLDEST),
        };
        let until = self.until.or(at(risk).ok())?;
        let from = match self.reached {
            Some(reached) if reached > until => until.saturating_sub(SINCE_LOWERED).ok()?,
            Some(reached) => reached,
            None => oldest.ok()?,
        };
        if self.until.is_none() && until.duration_since(from) < EVERY {
            return None;
        }
        self.reached = Some(from);
        Some((from, until))
    }

    /// Notes how far orders before `until` were looked at; `None`: to the end.
    pub fn note(&mut self, until: Timestamp, place: Option<String>) {
        (self.reached, self.until) = match place {
            Some(_) => (self.reached, Some(until)),
            None => (Some(until), None),
        };
        self.place = place;
    }
}

impl Store {
    /// How far a tenant's orders were looked at: half a read unit. May lag behind, and [`Self::save_risk_clock`] finds out.
    pub async fn risk_clock(&self, tenant: &TenantId) -> Result<RiskClock> {
        let read = self
            .db
            .get_item()
            .table_name(&self.tables.connections)
            .set_key(Some(Key::risk_clock(tenant).into_map()))
            .send()
            .await;
        let item = read.map_err(|error| failure("read how far orders were looked at", error))?;
        Ok(item.item.map(value).transpose()?.unwrap_or_default())
    }

    /// Keeps it, if nobody did since it was read; its revision is one more than then.
    pub async fn save_risk_clock(&self, tenant: &TenantId, clock: &RiskClock) -> Result<Written> {
        let table = &self.tables.connections;
        let doing = "note how far orders were looked at";
        self.put_revised(doing, table, Key::risk_clock(tenant), clock, clock.revision)
            .await
    }

    /// Marks an order, if it still has this ship-by moment and one of the risk's statuses, and has no such mark: the stream
    /// shows the mark once. Idempotent as long as nobody else writes the order.
    pub async fn mark_at_risk(&self, row: &OrderRow, mark: &RiskMark) -> Result<Written> {
        let mark_value = serde_dynamo::to_attribute_value(mark)
            .map_err(|error| Error::permanent("encode a mark", error))?;
        // What is dispatched is at no desk; of the others only what the merchant ships is.
        let is_mine = "(attribute_exists(open_pk) OR #status = :dispatched)";
        let statuses = mark.risk.statuses();
        let names: Vec<String> = (0..statuses.len()).map(|n| format!(":status{n}")).collect();
        let condition = format!(
            "#status IN ({}) AND {is_mine} AND ship_by = :ship_by AND (attribute_not_exists(at_risk) OR at_risk <> :mark)",
            names.join(", ")
        );
        let mut update = self
            .db
            .update_item()
            .table_name(&self.tables.orders)
            .set_key(Some(Key::order(&row.connection, &row.order_id).into_map()))
            .update_expression("SET at_risk = :mark")
            .condition_expression(condition)
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":mark", mark_value)
            .expression_attribute_values(":dispatched", s(OrderStatus::Dispatched.as_str()))
            .expression_attribute_values(":ship_by", s(mark.ship_by.to_string()));
        for (name, status) in names.into_iter().zip(statuses) {
            update = update.expression_attribute_values(name, s(status.as_str()));
        }
        Written::from_result("mark an order as at risk", update.send().await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + 60 * minute).unwrap()
    }

    #[test]
    fn every_ship_by_moment_is_looked_at_once_however_often_and_with_whatever_setting_the_clock_strikes()
     {
        let mut progress = RiskProgress::default();
        let mut seen = Vec::new();
        for minute in 0..300 {
            let hours = if minute < 150 { 12 } else { 24 };
            let before = SignedDuration::from_hours(hours);
            if let Some((from, until)) = progress.window(Risk::ShipBy, at(minute), before) {
                seen.push((from, until));
                progress.note(until, None);
            }
        }
        assert!(seen.len() <= 300 / 15 + 1, "{}", seen.len());
        assert!(
            seen.windows(2).all(|two| two[0].1 == two[1].0),
            "no gap and no overlap"
        );
        let last = seen.last().unwrap().1;
        assert!(last > at(299 + 24 * 60 - 20) && last <= at(299 + 24 * 60));
    }

    #[test]
    fn a_look_that_is_not_finished_goes_on_at_once_and_to_the_same_end() {
        let (mut progress, before) = (RiskProgress::default(), SignedDuration::from_hours(12));
        let (from, until) = progress.window(Risk::AutoCancel, at(0), before).unwrap();
        progress.note(until, Some("place".into()));
        let again = progress.window(Risk::AutoCancel, at(1), before).unwrap();
        assert_eq!(again.1, until);
        assert_eq!(again.0, from, "as long as it is not finished");
        assert!(from < until);
        progress.note(until, None);
        assert_eq!(progress.window(Risk::AutoCancel, at(2), before), None);
        assert_eq!(progress.place, None);
    }

    #[test]
    fn fewer_hours_at_risk_leave_no_order_unseen_that_comes_in_meanwhile() {
        let mut progress = RiskProgress::default();
        let (day, half) = (
            SignedDuration::from_hours(24),
            SignedDuration::from_hours(12),
        );
        let (_, until) = progress.window(Risk::ShipBy, at(0), day).unwrap();
        progress.note(until, None);
        let (from, lowered) = progress.window(Risk::ShipBy, at(15), half).unwrap();
        assert!(from < at(12 * 60) && lowered < until);
        progress.note(lowered, None);
        let next = progress.window(Risk::ShipBy, at(31), half).unwrap();
        assert_eq!(next.0, lowered);
    }
}
