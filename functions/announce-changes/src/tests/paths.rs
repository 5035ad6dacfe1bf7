//! Whatever path an order takes, each transition is announced once, and the same record always announces the same.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// One write of an order: its state then.
#[derive(Debug, Clone)]
struct Step {
    status: OrderStatus,
    reason: u8,
    service: u8,
    amazon_changed_it: bool,
}

fn step() -> impl Strategy<Value = Step> {
    (0..OrderStatus::ALL.len(), 0u8..3, 0u8..3, any::<bool>()).prop_map(
        |(status, reason, service, amazon_changed_it)| Step {
            status: OrderStatus::ALL[status],
            reason,
            service,
            amazon_changed_it,
        },
    )
}

/// The images that a path leaves in the stream. As in the table, a reason exists exactly while the order waits.
fn images(path: &[Step]) -> Vec<OrderImage> {
    let mut version = 0;
    let image_of = |(revision, step): (usize, &Step)| {
        version += usize::from(step.amazon_changed_it || revision == 0);
        let mut image = image();
        image.version = format!("{version:04}");
        image.row.revision = revision as u64 + 1;
        image.row.status = step.status;
        let waits = step.status == OrderStatus::PendingReview;
        image.row.reason = waits.then(|| format!("reason_{}", step.reason));
        image.row.service = (!waits && step.service > 0).then(|| format!("DPD/{}", step.service));
        image
    };
    path.iter().enumerate().map(image_of).collect()
}

fn announced(images: &[OrderImage]) -> Vec<Event> {
    let old = std::iter::once(None).chain(images.iter().map(Some));
    old.zip(images)
        .flat_map(|(old, new)| changes(old, new, None))
        .collect()
}

/// How many times a value that matters was entered: runs of equal values count once, `None` never.
fn entered<T: PartialEq>(values: impl Iterator<Item = Option<T>>) -> usize {
    let mut before = None;
    let mut entered = 0;
    for value in values {
        entered += usize::from(value.is_some() && value != before);
        before = value;
    }
    entered
}

proptest! {
    #[test]
    fn every_path_announces_each_transition_once(path in prop::collection::vec(step(), 1..20)) {
        let images = images(&path);
        let events = announced(&images);
        let count = |kind: &str| events.iter().filter(|event| event.kind() == kind).count();
        let waits = entered(images.iter().map(|image| image.row.reason.clone()));
        // What is elsewhere has a service on paper only.
        let is_ours = |image: &&OrderImage| image.row.status != OrderStatus::Elsewhere;
        let courier = entered(images.iter().map(|image| image.row.service.clone().filter(|_| is_ours(&image))));
        let cancelled = entered(images.iter().map(|image| (image.row.status == OrderStatus::Cancelled).then_some(())));
        let versions: BTreeSet<_> = images.iter().map(|image| &image.version).collect();
        prop_assert_eq!(count("order.imported"), 1);
        prop_assert_eq!(count("order.changed"), versions.len() - 1);
        prop_assert_eq!(count("order.pending_review"), waits);
        prop_assert_eq!(count("order.courier_assigned"), courier);
        prop_assert_eq!(count("order.cancelled"), cancelled);
        let ids: BTreeSet<&str> = events.iter().map(Event::id).collect();
        prop_assert_eq!(ids.len(), events.len(), "no two events share an id");
    }

    #[test]
    fn a_record_that_comes_again_announces_the_same(path in prop::collection::vec(step(), 1..20), from in 0usize..20) {
        let images = images(&path);
        let all = announced(&images);
        prop_assert_eq!(&all, &announced(&images));
        let from = from.min(images.len());
        let again: Vec<Event> = (from..images.len())
            .flat_map(|index| changes(index.checked_sub(1).map(|before| &images[before]), &images[index], None))
            .collect();
        prop_assert!(all.ends_with(&again), "the end of a stream, read again, is the end of what was announced");
    }
}
