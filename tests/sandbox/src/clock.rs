//! Owns what time it is at Amazon: this machine's clock plus an offset a test may set. It never
//! decides how fast a rate limit refills; that runs on the machine's own, unshifted time.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp, fmt::rfc2822, tz::TimeZone};

#[derive(Default)]
pub(crate) struct Clock {
    offset_ms: AtomicI64,
}

impl Clock {
    pub(crate) fn now(&self) -> Timestamp {
        let offset = SignedDuration::from_millis(self.offset_ms());
        Timestamp::now()
            .saturating_add(offset)
            .unwrap_or(Timestamp::MAX)
    }

    pub(crate) fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::Relaxed)
    }

    pub(crate) fn set_offset_ms(&self, offset_ms: i64) {
        self.offset_ms.store(offset_ms, Ordering::Relaxed);
    }
}

/// The form of the `Date` header, for example `Fri, 17 Feb 2023 20:13:55 GMT`.
pub(crate) fn http_date(at: Timestamp) -> String {
    rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&at)
        .unwrap_or_else(|_| at.to_zoned(TimeZone::UTC).to_string())
}

/// The form in which Amazon writes times in its answers: whole seconds, `Z`.
pub(crate) fn iso(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// With milliseconds, as the Feeds and Reports APIs write times.
pub(crate) fn iso_millis(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// So many seconds later.
pub(crate) fn later(at: Timestamp, seconds: f64) -> Timestamp {
    SignedDuration::try_from_secs_f64(seconds)
        .ok()
        .and_then(|wait| at.checked_add(wait).ok())
        .unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_header_has_the_form_of_http() {
        let at: Timestamp = "2023-02-17T20:13:55Z".parse().unwrap();
        assert_eq!(http_date(at), "Fri, 17 Feb 2023 20:13:55 GMT");
    }

    #[test]
    fn the_offset_moves_amazons_time() {
        let clock = Clock::default();
        clock.set_offset_ms(3_600_000);
        let ahead = clock.now().duration_since(Timestamp::now());
        assert!((3_590..=3_610).contains(&ahead.as_secs()));
    }
}
