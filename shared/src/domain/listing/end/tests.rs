use super::*;
use proptest::prelude::*;
use serde_json::json;

const UK: Marketplace = Marketplace::Uk;
const HOUR: i64 = 3_600;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn sent(value: bool, second: i64) -> OfferEnd {
    OfferEnd {
        sent: Some(Sent {
            value,
            generation: 1,
            at: at(second),
            by: SentBy::Patch,
        }),
        send_count: 1,
        ..OfferEnd::default()
    }
}

fn listing(ended: &[&str], end: Option<OfferEnd>) -> Listing {
    let listing = json!({
        "tenant": "t", "connection": "c", "amazon_sku": "A", "state": "matched", "units": 1, "alias": false,
        "marketplaces": ["UK", "DE"], "send_count": 0, "revision": 1,
        "wanted": { "quantity": 4, "why": "", "generation": 1, "at": "2026-11-01T00:00:00Z", "ended": ended },
    });
    let mut listing: Listing = serde_json::from_value(listing).unwrap();
    listing.ends.extend(end.map(|end| (UK, end)));
    listing
}

#[test]
fn an_offer_is_ended_once_and_opened_again_only_if_it_was_ended_here() {
    let patched = Standing::Patched;
    let next = |listing: Listing| listing.next_end(UK, patched);
    assert_eq!(next(listing(&["UK"], None)), Some(true));
    assert_eq!(next(listing(&["UK"], Some(sent(true, 0)))), None);
    assert_eq!(next(listing(&[], Some(sent(true, 0)))), Some(false));
    assert_eq!(next(listing(&[], Some(sent(false, 0)))), None);
    assert_eq!(next(listing(&["DE"], None)), None, "never ended here");
    let lost = listing(&["UK"], Some(sent(true, 0)));
    assert_eq!(lost.next_end(UK, Standing::Lost), Some(true));
    let lost = listing(&[], Some(sent(false, 0)));
    assert_eq!(lost.next_end(UK, Standing::Lost), Some(false));
    let elsewhere = listing(&["FR"], None);
    assert_eq!(elsewhere.next_end(Marketplace::Fr, patched), None);
}

#[test]
fn a_hold_and_every_state_but_matched_are_stronger() {
    let held = listing(&["UK"], None).held(
        serde_json::from_value(
            json!({"mode": "zero", "reason": "r", "since": "2026-11-01T00:00:00Z"}),
        )
        .unwrap(),
    );
    assert_eq!(held.next_end(UK, Standing::Patched), None);
    let closed = Listing {
        state: ListingState::ClosedElsewhere,
        ..listing(&["UK"], None)
    };
    assert_eq!(closed.next_end(UK, Standing::Patched), None);
}

#[test]
fn a_report_shows_an_end_only_hours_after_it_was_sent_and_then_a_person_may_undo_it() {
    let end = sent(true, 0);
    let news = |end: &OfferEnd, ended, hours| end.news(ended, at(hours * HOUR), Standing::Patched);
    assert_eq!(news(&end, false, 2), EndNews::None, "too early to say");
    assert_eq!(news(&end, false, 4), EndNews::NotTaken);
    assert_eq!(news(&end, true, 4), EndNews::Ended);
    let again = end.after(EndNews::NotTaken, at(4 * HOUR));
    let next = listing(&["UK"], Some(again)).next_end(UK, Standing::Patched);
    assert_eq!(next, Some(true));
    let ended = end.after(EndNews::Ended, at(4 * HOUR));
    assert_eq!(news(&ended, true, 5), EndNews::None);
    assert_eq!(news(&ended, false, 5), EndNews::Reopened);
    let reopened = ended.after(EndNews::Reopened, at(5 * HOUR));
    assert!(reopened.is_reopened());
    assert_eq!(news(&reopened, false, 6), EndNews::None);
    let kept = listing(&["UK"], Some(reopened.clone()));
    assert_eq!(kept.next_end(UK, Standing::Patched), None);
    let wanted_again = listing(&[], Some(reopened));
    assert_eq!(wanted_again.next_end(UK, Standing::Patched), Some(false));
}

#[test]
fn what_amazon_does_not_do_twice_is_a_persons_word() {
    let news = |end: &OfferEnd, ended, hours| end.news(ended, at(hours * HOUR), Standing::Patched);
    for value in [true, false] {
        let first = sent(value, 0);
        assert_eq!(news(&first, !value, 4), EndNews::NotTaken, "{value}");
        let again = first.after(EndNews::NotTaken, at(4 * HOUR));
        assert!(!value || again.sent.is_none());
        assert_eq!(again.next(value, Standing::Patched), Some(value));
        // As the next claim leaves it.
        let resent = OfferEnd {
            not_taken: again.not_taken,
            ..sent(value, 5 * HOUR)
        };
        let word = news(&resent, !value, 9);
        let expected = match value {
            true => EndNews::Reopened,
            false => EndNews::ClosedAgain,
        };
        assert_eq!(word, expected);
        let left = resent.after(word, at(9 * HOUR));
        for standing in [Standing::Patched, Standing::Lost] {
            assert_eq!(left.next(value, standing), None, "{value} {standing:?}");
        }
    }
}

#[test]
fn what_was_done_at_last_is_forgiven_and_another_late_report_is_no_persons_word() {
    for value in [true, false] {
        let first = sent(value, 0);
        let missed = first.after(EndNews::NotTaken, at(4 * HOUR));
        let again = OfferEnd {
            sent: sent(value, 5 * HOUR).sent,
            ..missed
        };
        let news = if value {
            EndNews::Ended
        } else {
            EndNews::Opened
        };
        let done = again.after(news, at(9 * HOUR));
        let much_later = OfferEnd {
            sent: sent(value, 900 * HOUR).sent,
            observed: None,
            ..done
        };
        let late = much_later.news(!value, at(904 * HOUR), Standing::Patched);
        assert_eq!(late, EndNews::NotTaken, "{value}");
    }
}

#[test]
fn an_opening_explains_an_inactive_offer_until_a_report_shows_it_sold() {
    let opened = sent(false, 0);
    assert!(sent(true, 0).may_be_ended() && opened.may_be_ended());
    let news = opened.news(false, at(4 * HOUR), Standing::Patched);
    assert_eq!(news, EndNews::Opened);
    let sold = opened.after(news, at(4 * HOUR));
    assert!(!sold.may_be_ended());
    let news = sold.news(true, at(9 * HOUR), Standing::Patched);
    assert_eq!(news, EndNews::ClosedAgain, "by another hand");
    let closed = sold.after(news, at(9 * HOUR));
    assert!(!closed.may_be_ended());
    for wanted in [true, false] {
        assert_eq!(closed.next(wanted, Standing::Lost), None);
    }
}

#[test]
fn an_offer_that_another_hand_ended_is_sent_no_end_and_never_opened() {
    let inactive = |listing: Listing| Listing {
        inactive_on: [UK].into(),
        ..listing
    };
    let next = |listing: Listing| inactive(listing).next_end(UK, Standing::Patched);
    assert_eq!(next(listing(&["UK"], None)), None);
    assert_eq!(next(listing(&[], None)), None);
    assert_eq!(next(listing(&["UK"], Some(sent(false, 0)))), None);
    assert_eq!(next(listing(&[], Some(sent(true, 0)))), Some(false), "ours");
}

#[test]
fn a_listing_of_the_release_before_has_no_ends() {
    let listing = json!({
        "tenant": "t", "connection": "c", "amazon_sku": "A", "state": "matched", "units": 1, "alias": false,
        "marketplaces": [], "send_count": 3, "revision": 2,
        "wanted": {"quantity": 4, "why": "", "generation": 1, "at": "2026-11-01T00:00:00Z"},
    });
    let listing: Listing = serde_json::from_value(listing).unwrap();
    assert!(listing.ends_to_decide().is_empty());
}

proptest! {
    #[test]
    fn what_is_sent_is_what_is_wanted_and_nothing_more_follows(
        wanted: bool, before in prop::option::of(any::<bool>()), lost: bool,
    ) {
        let end = before.map(|value| sent(value, 0)).unwrap_or_default();
        let standing = if lost { Standing::Lost } else { Standing::Patched };
        if let Some(next) = end.next(wanted, standing) {
            prop_assert_eq!(next, wanted);
            prop_assert_eq!(sent(next, 9).next(wanted, Standing::Patched), None);
        }
    }
}
