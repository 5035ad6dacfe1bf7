//! The steps from nothing to orders that find their courier and stock that is sent: which are done, and what is next.
//! Pure.

mod stock;

use crate::connections::answer::valid_until;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use stallkeeper::domain::connection::{Connection, ConnectionStatus};
use stallkeeper::domain::stock_settings::StockPlan;
use stallkeeper::store::Matching;
use utoipa::ToSchema;

/// How long Amazon lets an app keep its client secret.
const SECRET_LASTS: SignedDuration = SignedDuration::from_hours(180 * 24);

/// Which step of setting up, in the order in which they are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SetupStepId)]
pub(crate) enum StepId {
    Authorise,
    ConfirmSeller,
    Marketplaces,
    Couriers,
    Mappings,
    Activate,
    TakeOver,
    MatchListings,
    PublishStock,
}

/// What must be renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ExpiryClockId)]
pub(crate) enum ClockId {
    Authorisation,
    AppClientSecret,
}

/// A step of setting up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Step {
    pub(crate) id: StepId,
    pub(crate) done: bool,
    /// What to do, or what is done.
    text: String,
    /// Where to do it, if in a browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    /// The request that does it, if through this API.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<String>,
}

/// Something that must be renewed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ExpiryClock {
    id: ClockId,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<Timestamp>,
    /// Whole days left; negative if it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    days_left: Option<i64>,
}

/// What is known, as far as a step depends on it.
pub(crate) struct Facts<'a> {
    pub(crate) connection: &'a Connection,
    /// The link to authorise, if one is open.
    pub(crate) link: Option<String>,
    /// The seller who has authorised and waits to be confirmed.
    pub(crate) waiting: Option<String>,
    /// The marketplaces that are switched on.
    pub(crate) marketplaces_on: Vec<&'static str>,
    pub(crate) couriers: usize,
    pub(crate) services: usize,
    pub(crate) mappings: usize,
    pub(crate) plan: &'a StockPlan,
    pub(crate) matching: &'a Matching,
}

/// The steps in the order in which they are taken.
pub(crate) fn steps(facts: &Facts<'_>) -> Vec<Step> {
    vec![
        authorise(facts),
        confirm(facts),
        marketplaces(facts),
        couriers(facts),
        mappings(facts),
        activate(facts),
        take_over(facts),
        stock::matched(facts),
        stock::published(facts),
    ]
}

fn authorise(facts: &Facts<'_>) -> Step {
    let id = &facts.connection.id;
    let central = facts.connection.marketplace.seller_central();
    let done = facts.connection.status.is_authorised() || facts.waiting.is_some();
    let text = if done {
        "The seller has consented at Amazon."
    } else if facts.link.is_some() {
        "The seller opens the link and consents in Seller Central; the link works for ten minutes, in one browser."
    } else {
        "Ask for a link and let the seller consent in Seller Central; or paste a refresh token that the seller copied out of it."
    };
    Step {
        id: StepId::Authorise,
        done,
        text: text.to_owned(),
        link: if done {
            Some(format!("{central}/apps/manage"))
        } else {
            facts.link.clone()
        },
        request: (!done).then(|| format!("POST /connections/{id}/reauthorise")),
    }
}

fn confirm(facts: &Facts<'_>) -> Step {
    let connection = facts.connection;
    let seller = connection.seller.as_ref();
    let (done, text) = match (&facts.waiting, seller) {
        (Some(waiting), _) => (
            false,
            format!(
                "Amazon names seller {waiting}. Confirm it within ten minutes, if it is yours."
            ),
        ),
        (None, Some(seller)) if connection.status.is_authorised() => {
            (true, format!("The connection belongs to seller {seller}."))
        }
        (None, _) => (
            false,
            "Once the seller has consented, confirm who it is.".to_owned(),
        ),
    };
    Step {
        id: StepId::ConfirmSeller,
        done,
        text,
        link: None,
        request: facts
            .waiting
            .is_some()
            .then(|| format!("POST /connections/{}/confirm", connection.id)),
    }
}

fn marketplaces(facts: &Facts<'_>) -> Step {
    let done = !facts.marketplaces_on.is_empty();
    let text = if done {
        format!("Switched on: {}.", facts.marketplaces_on.join(", "))
    } else {
        "Switch on the marketplaces whose orders you fulfil. Until then their orders are parked, without buyer data, and flow on once they are switched on.".to_owned()
    };
    let request = format!(
        "PUT /connections/{}/marketplaces/{}",
        facts.connection.id, facts.connection.marketplace
    );
    Step {
        id: StepId::Marketplaces,
        done,
        text,
        link: None,
        request: (!done).then_some(request),
    }
}

fn couriers(facts: &Facts<'_>) -> Step {
    let done = facts.services > 0;
    let text = if done {
        format!(
            "{} couriers with {} services.",
            facts.couriers, facts.services
        )
    } else {
        "Say which couriers carry for you, and their services.".to_owned()
    };
    Step {
        id: StepId::Couriers,
        done,
        text,
        link: None,
        request: (!done).then(|| "PUT /couriers/{courier}".to_owned()),
    }
}

fn mappings(facts: &Facts<'_>) -> Step {
    let done = facts.mappings > 0;
    let text = if done {
        format!(
            "{} mappings. An order whose shipping term has none waits for a person.",
            facts.mappings
        )
    } else {
        "Say which courier service carries which shipping term. Until then every order waits for a person.".to_owned()
    };
    // What the buyer may choose is what the seller's shipping templates offer.
    let central = facts.connection.marketplace.seller_central();
    Step {
        id: StepId::Mappings,
        done,
        text,
        link: Some(format!(
            "{central}/sbr/ref=xx_shipset_dnav_xx#shipping_templates"
        )),
        request: (!done).then(|| "PUT /mappings?term=STD%20UK%20DOM".to_owned()),
    }
}

fn activate(facts: &Facts<'_>) -> Step {
    let (done, text) = match facts.connection.status {
        ConnectionStatus::Active => (true, "Orders are fetched every five minutes."),
        ConnectionStatus::Paused => (true, "Paused: orders are fetched, and nothing is sent."),
        ConnectionStatus::Inactive => (false, "Switch the connection on."),
        ConnectionStatus::NeedsReauthorisation => (
            false,
            "Amazon does not accept the authorisation any more. Authorise again, and it goes on where it stopped.",
        ),
        ConnectionStatus::AwaitingAuthorisation => {
            (false, "Authorise first, then switch the connection on.")
        }
        ConnectionStatus::Disconnected => (
            false,
            "This connection was disconnected for good; make a new one.",
        ),
    };
    let request = format!("PATCH /connections/{}", facts.connection.id);
    Step {
        id: StepId::Activate,
        done,
        text: text.to_owned(),
        link: None,
        request: (facts.connection.status == ConnectionStatus::Inactive).then_some(request),
    }
}

fn take_over(facts: &Facts<'_>) -> Step {
    let connection = facts.connection;
    let text = match connection.orders_from {
        Some(from) => format!(
            "Orders bought from {from} on are ours. Those bought before are listed under `elsewhere`."
        ),
        None => "All orders are only watched, under `elsewhere`. Say from which moment on they are ours, once nobody else ships what is bought after it.".to_owned(),
    };
    Step {
        id: StepId::TakeOver,
        done: connection.orders_from.is_some(),
        text,
        link: None,
        request: connection.orders_from.is_none().then(|| {
            format!(
                "PATCH /connections/{} with {{\"orders_from\":\"2026-11-01T00:00:00Z\"}}",
                connection.id
            )
        }),
    }
}

/// What must be renewed, and by when. `secret_stored_at`: of the deployment's app, if that is known.
pub(crate) fn clocks(
    connection: &Connection,
    secret_stored_at: Option<Timestamp>,
    now: Timestamp,
) -> Vec<ExpiryClock> {
    let authorised_until = connection.authorised_at.and_then(valid_until);
    let authorisation = ExpiryClock {
        id: ClockId::Authorisation,
        text: match authorised_until {
            Some(_) => "The seller authorises again at the latest then; Amazon lets an authorisation last 365 days.",
            None => "Runs for 365 days once the seller has authorised.",
        }
        .to_owned(),
        valid_until: authorised_until,
        days_left: authorised_until.map(|until| days(now, until)),
    };
    vec![authorisation, secret(connection, secret_stored_at, now)]
}

fn secret(connection: &Connection, stored_at: Option<Timestamp>, now: Timestamp) -> ExpiryClock {
    let until = stored_at
        .filter(|_| !connection.own_app)
        .and_then(|at| at.checked_add(SECRET_LASTS).ok());
    let text = match until {
        _ if connection.own_app => {
            "Amazon lets an app keep its client secret for 180 days. This one is of the seller's own app, and Amazon does not tell when it was made: Seller Central shows it. After renewing it there, paste it with POST /connections/{connection}/reauthorise."
        }
        Some(_) => {
            "Amazon lets an app keep its client secret for 180 days. Counted from the day it was stored here: it may be older, so this is the latest."
        }
        None => {
            "Amazon lets an app keep its client secret for 180 days; when this one was made is not known here."
        }
    };
    ExpiryClock {
        id: ClockId::AppClientSecret,
        text: text.to_owned(),
        valid_until: until,
        days_left: until.map(|until| days(now, until)),
    }
}

fn days(now: Timestamp, until: Timestamp) -> i64 {
    until.duration_since(now).as_secs().div_euclid(86_400)
}

#[cfg(test)]
mod tests;
