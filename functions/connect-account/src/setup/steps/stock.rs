//! The steps to stock that is sent. Pure.

use super::{Facts, Step, StepId};
use stallkeeper::domain::stock_settings::StockPlan;
use stallkeeper::store::Matching;

/// Amazon's listings are read and matched with the catalogue.
pub(super) fn matched(facts: &Facts<'_>) -> Step {
    let id = &facts.connection.id;
    let matching = facts.matching;
    let done = matching.done_at.is_some() && matching.failed.is_none();
    let mut text = match (&matching.failed, matching.done_at) {
        (Some(failed), _) => format!("Amazon's listings could not be matched: {failed}"),
        (None, Some(_)) => counted(matching),
        (None, None) if matching.started_at.is_some() => {
            "Amazon's listings are being read; that takes some minutes.".to_owned()
        }
        (None, None) => "Once products are here, let Amazon's listings be read and matched with them. A listing that was not seen there is never sent.".to_owned(),
    };
    let held = matching.marketplaces.iter().any(|it| it.held.is_some());
    for reports in &matching.marketplaces {
        if let Some(failed) = &reports.failed {
            let marketplace = reports.marketplace;
            text.push_str(&format!(" {marketplace}: {failed}."));
        }
    }
    let request = match (held, done) {
        (true, _) => Some(format!("POST /connections/{id}/listings/reports/release")),
        (false, false) => Some(format!("POST /connections/{id}/listings/match")),
        (false, true) => None,
    };
    Step {
        id: StepId::MatchListings,
        done,
        text,
        link: None,
        request: request.filter(|_| facts.connection.status.is_authorised()),
    }
}

fn counted(matching: &Matching) -> String {
    let counts = &matching.counts;
    let mut text = format!("{} listings are matched.", counts.matched);
    let rest = [
        (counts.case_mismatch, "are spelt otherwise here"),
        (counts.unknown_here, "have no product here"),
        (counts.not_on_amazon, "are not on Amazon"),
        (counts.fulfilled_by_amazon, "are Amazon's to fulfil"),
        (
            counts.closed_elsewhere,
            "were closed at Amazon by somebody else and are left closed",
        ),
        (
            counts.multi_location,
            "are sold from several locations at Amazon and are left alone",
        ),
        (
            counts.differing,
            "show another quantity on one marketplace than on another",
        ),
    ];
    for (count, words) in rest.into_iter().filter(|(count, _)| *count > 0) {
        text.push_str(&format!(" {count} {words}."));
    }
    text
}

/// Stock settings are in force.
pub(super) fn published(facts: &Facts<'_>) -> Step {
    let id = &facts.connection.id;
    let in_force = facts.plan.in_force();
    let (text, request) = match in_force {
        Some(published) if published.shadow => (
            "Published in shadow mode: everything is computed and shown, nothing is sent.",
            Some(format!("POST /connections/{id}/publish")),
        ),
        Some(_) => ("Published: stock is sent as it changes.", None),
        None => next(facts.plan, id.as_str()),
    };
    Step {
        id: StepId::PublishStock,
        done: in_force.is_some_and(|published| !published.shadow),
        text: text.to_owned(),
        link: None,
        request: request.filter(|_| facts.connection.status.is_authorised()),
    }
}

/// From a draft to one in force.
fn next(plan: &StockPlan, id: &str) -> (&'static str, Option<String>) {
    let preview = plan.preview.as_ref();
    let preview = preview.filter(|preview| preview.revision == plan.draft_revision);
    let publish = Some(format!("POST /connections/{id}/publish"));
    if !plan.draft.on {
        return (
            "Say how stock is to be sent, if it is. Nothing is sent before that is published.",
            Some(format!("PUT /connections/{id}/stock-settings")),
        );
    }
    match preview {
        Some(preview) if preview.failed.is_some() => (
            "What publishing would do could not be computed; the stock settings tell why. Then ask for the preview again.",
            publish,
        ),
        Some(preview) if preview.done_at.is_some() => (
            "Look at what publishing would do, in the stock settings, and publish.",
            publish,
        ),
        Some(_) => ("What publishing would do is being computed.", None),
        None => (
            "Ask what publishing would do, with {\"preview\":true}.",
            publish,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{connection, facts};
    use super::*;
    use jiff::Timestamp;
    use stallkeeper::domain::connection::ConnectionStatus;
    use stallkeeper::domain::marketplace::Marketplace;
    use stallkeeper::domain::stock_settings::{Preview, Published, StockSettings};
    use stallkeeper::store::{HeldReport, ListingCounts};

    #[test]
    fn matching_tells_what_it_found_or_why_it_failed() {
        let now = Some(Timestamp::UNIX_EPOCH);
        let counts = ListingCounts {
            matched: 7,
            case_mismatch: 2,
            ..ListingCounts::default()
        };
        let rows = [
            (Matching::default(), false, "Once products are here"),
            (
                Matching {
                    started_at: now,
                    ..Matching::default()
                },
                false,
                "being read",
            ),
            (
                Matching {
                    done_at: now,
                    counts,
                    ..Matching::default()
                },
                true,
                "7 listings are matched. 2 are spelt otherwise",
            ),
            (
                Matching {
                    done_at: now,
                    failed: Some("no such seller".into()),
                    ..Matching::default()
                },
                false,
                "no such seller",
            ),
        ];
        let active = connection(ConnectionStatus::Active);
        for (matching, done, words) in rows {
            let step = matched(&Facts {
                matching: &matching,
                ..facts(&active)
            });
            assert_eq!(step.done, done, "{step:?}");
            assert!(step.text.contains(words), "{step:?}");
            assert_eq!(step.request.is_some(), !done, "{step:?}");
        }
        let awaiting = connection(ConnectionStatus::AwaitingAuthorisation);
        assert_eq!(matched(&facts(&awaiting)).request, None);
    }

    #[test]
    fn matching_names_each_marketplace_whose_report_failed_and_the_request_that_releases_it() {
        let now = Timestamp::UNIX_EPOCH;
        let mut matching = Matching {
            done_at: Some(now),
            ..Matching::default()
        };
        let fr = matching.reports_of_mut(Marketplace::Fr);
        fr.fail("it failed on Amazon's side".into(), now);
        let active = connection(ConnectionStatus::Active);
        let step_of = |matching: &Matching| {
            matched(&Facts {
                matching,
                ..facts(&active)
            })
        };
        let step = step_of(&matching);
        assert!(
            step.text.ends_with("FR: it failed on Amazon's side."),
            "{step:?}"
        );
        assert_eq!((step.done, step.request), (true, None));
        matching.reports_of_mut(Marketplace::Fr).held = Some(HeldReport {
            at: now,
            known: 9,
            lost: 5,
        });
        let request = step_of(&matching).request.unwrap();
        assert!(request.ends_with("/listings/reports/release"), "{request}");
    }

    #[test]
    fn publishing_goes_from_a_draft_by_its_preview_to_what_is_in_force() {
        let draft = StockSettings {
            on: true,
            ..StockSettings::default()
        };
        let plan = |preview: Option<(bool, Option<&str>)>, shadow: Option<bool>| StockPlan {
            draft: draft.clone(),
            draft_revision: 1,
            preview: preview.map(|(done, failed)| Preview {
                revision: 1,
                asked_at: Timestamp::UNIX_EPOCH,
                done_at: done.then_some(Timestamp::UNIX_EPOCH),
                effect: None,
                failed: failed.map(str::to_owned),
            }),
            published: shadow.map(|shadow| Published {
                settings: draft.clone(),
                generation: 1,
                at: Timestamp::UNIX_EPOCH,
                shadow,
                rules: None,
                quantities: None,
            }),
            ..StockPlan::default()
        };
        let rows = [
            (StockPlan::default(), false, "Say how", true),
            (plan(None, None), false, "Ask what", true),
            (
                plan(Some((false, None)), None),
                false,
                "being computed",
                false,
            ),
            (
                plan(Some((false, Some("x"))), None),
                false,
                "could not",
                true,
            ),
            (plan(Some((true, None)), None), false, "and publish", true),
            (plan(None, Some(true)), false, "shadow", true),
            (
                plan(None, Some(false)),
                true,
                "is sent as it changes",
                false,
            ),
        ];
        let active = connection(ConnectionStatus::Active);
        for (plan, done, words, asks) in rows {
            let step = published(&Facts {
                plan: &plan,
                ..facts(&active)
            });
            assert_eq!(
                (step.done, step.request.is_some()),
                (done, asks),
                "{step:?}"
            );
            assert!(step.text.contains(words), "{step:?}");
        }
    }
}
