use super::*;
use std::sync::LazyLock;

pub(super) fn connection(status: ConnectionStatus) -> Connection {
    Connection {
        status,
        seller: Some("A1".parse().unwrap()),
        authorised_at: Some("2026-11-01T00:00:00Z".parse().unwrap()),
        ..kit::sample::connection("north", "c1")
    }
}

static NO_PLAN: LazyLock<StockPlan> = LazyLock::new(StockPlan::default);
static NO_MATCHING: LazyLock<Matching> = LazyLock::new(Matching::default);

pub(super) fn facts(connection: &Connection) -> Facts<'_> {
    Facts {
        connection,
        link: None,
        waiting: None,
        marketplaces_on: Vec::new(),
        couriers: 0,
        services: 0,
        mappings: 0,
        plan: &NO_PLAN,
        matching: &NO_MATCHING,
    }
}

fn all_set(connection: &Connection) -> Facts<'_> {
    Facts {
        marketplaces_on: vec!["UK"],
        couriers: 1,
        services: 2,
        mappings: 3,
        ..facts(connection)
    }
}

fn done(facts: &Facts<'_>) -> Vec<StepId> {
    let steps = steps(facts);
    assert_eq!(steps.len(), 9);
    steps
        .iter()
        .filter(|step| step.done)
        .map(|step| step.id)
        .collect()
}

#[test]
fn steps_are_done_one_after_the_other() {
    use ConnectionStatus::{
        Active, AwaitingAuthorisation, Disconnected, Inactive, NeedsReauthorisation, Paused,
    };
    let awaiting = connection(AwaitingAuthorisation);
    assert!(done(&facts(&awaiting)).is_empty());
    let waiting = Facts {
        waiting: Some("A1".into()),
        ..facts(&awaiting)
    };
    assert_eq!(done(&waiting), [StepId::Authorise]);
    let inactive = connection(Inactive);
    assert_eq!(
        done(&facts(&inactive)),
        [StepId::Authorise, StepId::ConfirmSeller]
    );
    assert_eq!(done(&all_set(&inactive)).len(), 5);
    for on in [Active, Paused] {
        let connection = connection(on);
        assert_eq!(done(&all_set(&connection)).len(), 6, "{on:?}");
    }
    for off in [NeedsReauthorisation, Disconnected] {
        let connection = connection(off);
        assert_eq!(
            done(&all_set(&connection)),
            [StepId::Marketplaces, StepId::Couriers, StepId::Mappings],
            "{off:?}"
        );
    }
}

#[test]
fn without_a_take_over_moment_orders_are_only_watched_and_the_step_says_so() {
    let watching = connection(ConnectionStatus::Active);
    let step = |connection: &Connection| steps(&facts(connection)).remove(6);
    let open = step(&watching);
    assert_eq!((open.id, open.done), (StepId::TakeOver, false));
    assert!(open.text.contains("only watched"));
    assert!(open.request.unwrap().contains("orders_from"));
    let taking_over = Connection {
        orders_from: Some("2026-11-01T00:00:00Z".parse().unwrap()),
        ..watching
    };
    assert!(step(&taking_over).done);
}

#[test]
fn an_open_step_says_how_to_take_it() {
    let awaiting = connection(ConnectionStatus::AwaitingAuthorisation);
    let step = &steps(&Facts {
        link: Some("https://api.example/oauth/start?state=s".into()),
        ..facts(&awaiting)
    })[0];
    assert_eq!(
        step.link.as_deref(),
        Some("https://api.example/oauth/start?state=s")
    );
    assert_eq!(
        step.request.as_deref(),
        Some("POST /connections/c1/reauthorise")
    );
    let step = &steps(&Facts {
        waiting: Some("A9".into()),
        ..facts(&awaiting)
    })[1];
    assert!(step.text.contains("A9"));
    assert_eq!(
        step.request.as_deref(),
        Some("POST /connections/c1/confirm")
    );
}

#[test]
fn clocks_run_from_what_is_known() {
    let now: Timestamp = "2026-11-02T00:00:00Z".parse().unwrap();
    let shared = connection(ConnectionStatus::Active);
    let stored = "2026-10-01T00:00:00Z".parse().ok();
    let clocks_of = |connection: &Connection, stored| {
        clocks(connection, stored, now)
            .into_iter()
            .map(|clock| (clock.id, clock.days_left))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        clocks_of(&shared, stored),
        [
            (ClockId::Authorisation, Some(364)),
            (ClockId::AppClientSecret, Some(148))
        ]
    );
    assert_eq!(
        clocks_of(&shared, None)[1],
        (ClockId::AppClientSecret, None)
    );
    let own = Connection {
        own_app: true,
        ..shared.clone()
    };
    assert_eq!(
        clocks_of(&own, stored)[1],
        (ClockId::AppClientSecret, None),
        "our secret's age says nothing of theirs"
    );
    let never = Connection {
        authorised_at: None,
        ..shared
    };
    assert_eq!(clocks_of(&never, None)[0], (ClockId::Authorisation, None));
}

#[test]
fn a_clock_that_ran_out_is_below_nothing() {
    let late: Timestamp = "2027-11-01T00:00:01Z".parse().unwrap();
    assert_eq!(
        clocks(&connection(ConnectionStatus::Active), None, late)[0].days_left,
        Some(-1)
    );
}
