//! Which schedules a connection is to have, when each goes and what it says. Never calls anyone.

use crate::domain::connection::Connection;
use crate::domain::ids::{ConnectionId, ConnectionKey};
use crate::domain::stock_settings::{SHORTEST_INTERVAL, StockPlan};
use crate::error::{Error, Result};
use crate::queue::{ListingJob, MatchReason, StockTick, TickMessage, Versioned};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// Just above what Amazon's limit of searchOrders refills: one call in 179 seconds.
const ORDERS_EVERY_MINUTES: u16 = 5;
const MINUTES_A_DAY: u16 = 24 * 60;
/// The longest that the scheduler goes on trying to deliver.
const LONGEST_TRY_SECONDS: i32 = 86_400;

/// What a schedule wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    Orders,
    Stock,
    Matching,
}

/// When each clock of a connection is to run; `None` if it is not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Wanted {
    orders: Option<Rhythm>,
    stock: Option<Rhythm>,
    matching: Option<Rhythm>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rhythm {
    EveryMinutes(u16),
    /// Once a day, so many minutes after midnight UTC.
    DailyAt(u16),
}

impl Wanted {
    /// Orders are fetched while paused, too; stock is matched and sent if it would be, in shadow mode as well.
    pub(super) fn of(connection: Option<&Connection>, plan: &StockPlan) -> Self {
        let Some(connection) = connection else {
            return Self::default();
        };
        let status = connection.status;
        let stock = plan.in_force().filter(|_| status.sends());
        Self {
            orders: status
                .fetches_orders()
                .then_some(Rhythm::EveryMinutes(ORDERS_EVERY_MINUTES)),
            stock: stock.map(|published| {
                let minutes = published.settings.every_minutes;
                Rhythm::EveryMinutes(minutes.max(SHORTEST_INTERVAL))
            }),
            matching: stock.map(|_| Rhythm::DailyAt(minute_of_day(&connection.id))),
        }
    }

    pub(super) fn clocks(&self) -> [(Clock, Option<Rhythm>); 3] {
        [
            (Clock::Orders, self.orders),
            (Clock::Stock, self.stock),
            (Clock::Matching, self.matching),
        ]
    }
}

impl Clock {
    pub(super) fn name(self, connection: &ConnectionId) -> String {
        let kind = match self {
            Self::Orders => "orders",
            Self::Stock => "stock",
            Self::Matching => "match",
        };
        format!("{kind}-{connection}")
    }

    pub(super) fn message(self, connection: ConnectionKey) -> Result<String> {
        match self {
            Self::Orders => encode(TickMessage::Tick { connection, hop: 0 }),
            Self::Stock => encode(StockTick::Tick { connection, hop: 0 }),
            Self::Matching => encode(ListingJob::Match {
                connection,
                why: MatchReason::Daily,
                hop: 0,
            }),
        }
    }
}

fn encode(message: impl Serialize) -> Result<String> {
    serde_json::to_string(&Versioned::new(message))
        .map_err(|error| Error::permanent("encode a schedule's message", error))
}

impl Rhythm {
    pub(super) fn expression(self) -> String {
        match self {
            Self::EveryMinutes(minutes) => format!("rate({minutes} minutes)"),
            Self::DailyAt(minute) => format!("cron({} {} * * ? *)", minute % 60, minute / 60),
        }
    }

    /// A message that is older than the next one is not worth delivering.
    pub(super) fn oldest_message_seconds(self) -> i32 {
        match self {
            Self::EveryMinutes(minutes) => (i32::from(minutes) * 60).min(LONGEST_TRY_SECONDS),
            Self::DailyAt(_) => LONGEST_TRY_SECONDS,
        }
    }
}

/// Always the same for a connection, and the connections of a deployment spread over the day.
fn minute_of_day(connection: &ConnectionId) -> u16 {
    let digest = Sha256::digest(connection.as_str().as_bytes());
    u16::from_be_bytes([digest[0], digest[1]]) % MINUTES_A_DAY
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::connection::ConnectionStatus;
    use crate::domain::marketplace::Marketplace;
    use crate::domain::stock_settings::{Published, StockSettings};
    use jiff::Timestamp;
    use std::collections::BTreeSet;

    fn connection(id: &str, status: ConnectionStatus) -> Connection {
        Connection {
            tenant: "north".parse().unwrap(),
            id: id.parse().unwrap(),
            name: "North".to_owned(),
            marketplace: Marketplace::Uk,
            status,
            resume: None,
            seller: None,
            participations: Vec::new(),
            created_at: Timestamp::UNIX_EPOCH,
            authorised_at: None,
            own_app: false,
            orders_from: None,
            confirm_at: Default::default(),
            revision: 1,
        }
    }

    fn plan(on: bool, every_minutes: u16, shadow: bool) -> StockPlan {
        StockPlan {
            published: Some(Published {
                settings: StockSettings {
                    on,
                    every_minutes,
                    ..StockSettings::default()
                },
                generation: 1,
                at: Timestamp::UNIX_EPOCH,
                shadow,
                rules: None,
                quantities: None,
            }),
            ..StockPlan::default()
        }
    }

    /// When the clocks of a connection run, as sent to the scheduler.
    fn told(status: ConnectionStatus, plan: &StockPlan) -> Vec<String> {
        let connection = connection("c1", status);
        let wanted = Wanted::of(Some(&connection), plan);
        let clocks = wanted.clocks().into_iter();
        clocks
            .filter_map(|(clock, rhythm)| {
                Some(format!(
                    "{} {}",
                    clock.name(&connection.id),
                    rhythm?.expression()
                ))
            })
            .collect()
    }

    #[test]
    fn stock_goes_where_it_is_published_on_and_the_connection_sends() {
        use ConnectionStatus::{Active, AwaitingAuthorisation, Inactive, NeedsReauthorisation};
        use ConnectionStatus::{Disconnected, Paused};
        const ORDERS: &str = "orders-c1 rate(5 minutes)";
        let (on, off) = (plan(true, 20, false), plan(false, 20, false));
        let daily = format!("match-c1 {}", daily_of("c1").expression());
        let all = [ORDERS, "stock-c1 rate(20 minutes)", &daily];
        let rows = [
            (Active, &on, &all[..]),
            (Active, &off, &[ORDERS]),
            (Active, &StockPlan::default(), &[ORDERS]),
            (Paused, &on, &[ORDERS]),
            (Inactive, &on, &[]),
            (AwaitingAuthorisation, &on, &[]),
            (NeedsReauthorisation, &on, &[]),
            (Disconnected, &on, &[]),
        ];
        for (status, plan, expected) in rows {
            assert_eq!(told(status, plan), expected, "{status:?} {plan:?}");
        }
        assert_eq!(Wanted::of(None, &on), Wanted::default());
    }

    #[test]
    fn shadow_mode_computes_as_often_as_it_would_send() {
        use ConnectionStatus::Active;
        let (shadow, real) = (plan(true, 30, true), plan(true, 30, false));
        assert_eq!(told(Active, &shadow), told(Active, &real));
    }

    #[test]
    fn what_is_stored_below_the_shortest_interval_is_not_followed() {
        let told = told(ConnectionStatus::Active, &plan(true, 1, false));
        assert_eq!(told[1], "stock-c1 rate(15 minutes)");
    }

    fn daily_of(id: &str) -> Rhythm {
        let connection = connection(id, ConnectionStatus::Active);
        let wanted = Wanted::of(Some(&connection), &plan(true, 15, false));
        wanted.matching.unwrap()
    }

    #[test]
    fn matching_is_spread_over_the_day_and_keeps_its_minute() {
        let minutes: BTreeSet<String> = (0..200)
            .map(|n| {
                let (once, again) = (daily_of(&format!("c{n}")), daily_of(&format!("c{n}")));
                assert_eq!(once, again);
                once.expression()
            })
            .collect();
        assert!(minutes.len() > 150, "{}", minutes.len());
        let hours: BTreeSet<_> = minutes
            .iter()
            .filter_map(|cron| cron.split(' ').nth(1))
            .collect();
        assert_eq!(hours.len(), 24);
        assert_eq!(
            Rhythm::DailyAt(23 * 60 + 59).expression(),
            "cron(59 23 * * ? *)"
        );
    }

    #[test]
    fn the_scheduler_tries_no_longer_than_it_may() {
        for rhythm in [5, 15, 1440, u16::MAX].map(Rhythm::EveryMinutes) {
            assert!((60..=86_400).contains(&rhythm.oldest_message_seconds()));
        }
        assert_eq!(Rhythm::DailyAt(0).oldest_message_seconds(), 86_400);
    }

    #[test]
    fn each_clock_says_what_its_queue_reads() {
        let said = |clock: Clock| {
            let connection = connection("c1", ConnectionStatus::Active);
            clock.message(connection.key()).unwrap()
        };
        let of = r#""tenant":"north","connection":"c1""#;
        let tick = format!(r#"{{"v":1,"kind":"tick",{of},"hop":0}}"#);
        assert_eq!(said(Clock::Orders), tick);
        assert_eq!(said(Clock::Stock), tick);
        let job = format!(r#"{{"v":1,"kind":"match",{of},"why":"daily","hop":0}}"#);
        assert_eq!(said(Clock::Matching), job);
    }
}
