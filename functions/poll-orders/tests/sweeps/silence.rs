//! Whether Amazon's notices are arranged and come: what a sweep checks, counts and repairs.

use crate::amazon::order;
use crate::world::World;
use jiff::{SignedDuration, Timestamp};
use stallkeeper::domain::notice::NoticeKind;

impl World {
    fn asked(&self) -> Vec<String> {
        self.heard(|heard| std::mem::take(&mut heard.asked))
    }

    /// So many hours pass until the next check is due.
    async fn check_is_due(&self) {
        self.change_cursor(|cursor| cursor.notices.check_at = Some(Timestamp::now()))
            .await;
    }

    /// An order changes that no notice tells, and becomes ten minutes old.
    async fn silent_sweep(&self, id: &str) {
        let mut changed = order(id, 0);
        let at = self.now().strftime("%FT%TZ").to_string();
        changed["lastUpdatedTime"] = at.into();
        self.heard(|heard| heard.orders.push(changed));
        for _ in 0..3 {
            self.next_tick().await;
        }
    }
}

const ORDER: &str = "subscriptions/ORDER_CHANGE";

#[tokio::test]
async fn the_first_sweep_subscribes_and_then_one_call_a_day_checks_it() {
    let world = World::start().await;
    assert!(world.tick().await);
    let asked = world.asked();
    let expected = [
        "POST destinations",
        "GET subscriptions/ORDER_CHANGE",
        "POST subscriptions/ORDER_CHANGE",
        "GET subscriptions/FEED_PROCESSING_FINISHED",
        "POST subscriptions/FEED_PROCESSING_FINISHED",
        "GET subscriptions/ACCOUNT_STATUS_CHANGED",
        "POST subscriptions/ACCOUNT_STATUS_CHANGED",
    ];
    assert_eq!(asked, expected);
    let key = &world.connection.key();
    let kept = world.store.notice_settings(key).await.unwrap();
    assert!(kept.hears_of_orders() && kept.failed.is_none());
    let id = &kept.subscriptions[&NoticeKind::OrderChange];
    assert_eq!(
        world.store.subscriber(id).await.unwrap().as_ref(),
        Some(key)
    );
    world.next_tick().await;
    assert_eq!(world.asked(), [""; 0], "not with every sweep");
    world.check_is_due().await;
    world.next_tick().await;
    assert_eq!(world.asked(), [format!("GET {ORDER}")]);
    let due = world.cursor().await.notices.check_at.unwrap();
    let hours = due.duration_since(Timestamp::now()).as_hours();
    assert!((23..=24).contains(&hours), "{hours}");
}

#[tokio::test]
async fn what_amazon_lost_is_made_again_by_the_next_check() {
    let world = World::start().await;
    assert!(world.tick().await);
    world.asked();
    world.heard(|heard| heard.subscriptions.clear());
    world.check_is_due().await;
    world.next_tick().await;
    let asked = world.asked();
    assert_eq!(asked, [format!("GET {ORDER}"), format!("POST {ORDER}")]);
}

#[tokio::test]
async fn a_refusal_is_shown_and_tried_again_and_keeps_no_order_back() {
    let world = World::start().await;
    world.heard(|heard| {
        heard.refuses_notices = Some(403);
        heard.orders.push(order("026-1", 10));
    });
    assert!(world.tick().await);
    assert_eq!(world.queued_ids(), ["026-1"]);
    let key = &world.connection.key();
    let failed = world.store.notice_settings(key).await.unwrap().failed;
    let why = failed.unwrap().why;
    assert!(why.contains("createDestination was answered 403"), "{why}");
    let due = world.cursor().await.notices.check_at.unwrap();
    assert!(due.duration_since(Timestamp::now()) <= SignedDuration::from_hours(1));
    world.heard(|heard| heard.refuses_notices = None);
    world.check_is_due().await;
    world.next_tick().await;
    let kept = world.store.notice_settings(key).await.unwrap();
    assert!(kept.failed.is_none() && kept.hears_of_orders());
}

#[tokio::test]
async fn a_kind_that_the_app_lacks_the_role_for_is_done_without() {
    let world = World::start().await;
    let account = NoticeKind::AccountStatusChanged;
    world.heard(|heard| heard.lacks_role_for = Some(account.as_str()));
    assert!(world.tick().await);
    let key = &world.connection.key();
    let kept = world.store.notice_settings(key).await.unwrap();
    assert!(kept.hears_of_orders() && kept.failed.is_none());
    assert!(kept.refused[&account].contains("403"), "{kept:?}");
    world.asked();
    world.check_is_due().await;
    world.next_tick().await;
    assert_eq!(world.asked(), [format!("GET {ORDER}")]);
}

#[tokio::test]
async fn several_sweeps_with_changes_that_no_notice_told_have_the_subscription_made_again() {
    let world = World::start().await;
    assert!(world.tick().await);
    world.asked();
    let key = &world.connection.key();
    let yesterday = Timestamp::now() - SignedDuration::from_hours(24);
    let subscribed = world.store.change_notice_settings(key, |kept| {
        kept.subscribed_at = Some(yesterday);
    });
    subscribed.await.unwrap();
    for count in 1..=2 {
        world.silent_sweep(&format!("026-{count}")).await;
        assert_eq!(world.cursor().await.notices.silent.len(), count);
        assert_eq!(world.asked(), [""; 0]);
    }
    world.silent_sweep("026-3").await;
    let asked = world.asked();
    let renewed = ["GET", "DELETE", "POST"].map(|it| format!("{it} {ORDER}"));
    let begins = |line: &String| asked.iter().any(|it| it.starts_with(line.as_str()));
    assert!(renewed.iter().all(begins), "{asked:?}");
    assert!(world.cursor().await.notices.silent.is_empty());
}

#[tokio::test]
async fn a_quiet_shop_and_a_shop_whose_notices_come_are_not_silent() {
    let world = World::start().await;
    assert!(world.tick().await);
    for _ in 0..4 {
        world.next_tick().await;
    }
    assert!(world.cursor().await.notices.silent.is_empty(), "quiet");
    let mut changed = order("026-1", 0);
    let at = world.now().strftime("%FT%TZ").to_string();
    changed["lastUpdatedTime"] = at.into();
    world.heard(|heard| heard.orders.push(changed));
    let key = &world.connection.key();
    world.store.hear(key, Timestamp::now()).await.unwrap();
    for _ in 0..3 {
        world.next_tick().await;
    }
    assert!(world.cursor().await.notices.silent.is_empty(), "told");
}

#[tokio::test]
async fn nothing_was_promised_before_the_seller_was_subscribed() {
    let world = World::start().await;
    world.heard(|heard| heard.refuses_notices = Some(500));
    assert!(world.tick().await);
    for count in 1..=4 {
        world.silent_sweep(&format!("026-{count}")).await;
    }
    assert!(world.cursor().await.notices.silent.is_empty());
}
