//! What the API tells of a connection's stock settings, and why something is sent or not. Pure.

use jiff::Timestamp;
use serde::Serialize;
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::stock::Policy;
use stallkeeper::domain::stock_settings::{
    Brakes, Effect, Freeze, LevelsKind, Preview, Published, StockPlan, StockSettings,
};
use stallkeeper::store::{Held, Round, RoundSummary};
use utoipa::ToSchema;

/// A connection's stock settings: the draft, what is in force, and what keeps it from being sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StockSettings)]
pub(crate) struct StockAnswer {
    /// What publishing would put in force.
    draft: SettingsAnswer,
    /// Rises with each change of the draft.
    draft_revision: u64,
    /// Whether the draft is in force as it is.
    draft_is_published: bool,
    published: Option<PublishedAnswer>,
    /// What publishing would do, as it was last asked for.
    preview: Option<PreviewAnswer>,
    /// The brake of this connection, where it is pulled.
    frozen: Option<FreezeAnswer>,
    /// The brake of the whole deployment, where the operator pulled it.
    deployment_frozen: Option<FreezeAnswer>,
    sending: Sending,
    last_round: RoundAnswer,
    /// Why Amazon would let nothing be sent the last time.
    last_failure: Option<String>,
    /// The round that waits for a person, if any: POST …/rounds/release.
    held_round: Option<HeldAnswer>,
    /// Until then zeros are not counted, since a person released a round.
    #[schema(value_type = Option<String>, format = DateTime)]
    released_until: Option<Timestamp>,
}

/// Whether stock is sent now.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Sending {
    pub(crate) now: bool,
    /// How, or why not.
    pub(crate) why: String,
}

/// How stock is sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StockSettingsValues)]
struct SettingsAnswer {
    on: bool,
    every_minutes: u16,
    bundles: bool,
    policy: PolicyAnswer,
    /// None: all.
    warehouses: Vec<String>,
    /// The store that feeds go through where a listing is there.
    #[schema(example = "UK")]
    home_marketplace: &'static str,
    #[schema(value_type = String, example = "available")]
    levels: LevelsKind,
    brakes: BrakesAnswer,
    stale_after_hours: u16,
}

/// What of the deliverable units is offered; applied in this order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StockPolicy)]
struct PolicyAnswer {
    buffer: u32,
    percentage: u8,
    maximum: Option<u32>,
    low_stock_mark: u32,
}

/// When sending is held for a person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StockBrakes)]
struct BrakesAnswer {
    zero_percent: u8,
    zero_at_least: u32,
    price_percent: u8,
}

/// Settings in force.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublishedStockSettings)]
struct PublishedAnswer {
    settings: SettingsAnswer,
    /// Rises with each publication.
    version: u64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Everything is computed and shown, and nothing sent.
    shadow: bool,
}

/// What publishing a draft would do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublishingPreview)]
pub(crate) struct PreviewAnswer {
    /// The revision of the draft that was asked about.
    revision: u64,
    /// Whether that is the draft that stands now.
    of_this_draft: bool,
    #[schema(value_type = String, format = DateTime)]
    asked_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    done_at: Option<Timestamp>,
    effect: Option<EffectAnswer>,
    /// Why it could not be computed.
    failed: Option<String>,
}

/// Listings by what would become of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublishingEffect)]
struct EffectAnswer {
    matched: u64,
    /// Would go to zero.
    to_zero: u64,
    /// Would come back from zero.
    reopened: u64,
    /// Would change otherwise.
    changed: u64,
    unchanged: u64,
    price_changes: u64,
    /// On Amazon without a product here, those in another spelling included.
    unmatched: u64,
    /// Left as they are, since no stock level of them came yet.
    without_level: u64,
    fulfilled_by_amazon: u64,
}

/// Outgoing work is stopped by a person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StockFreeze)]
pub(crate) struct FreezeAnswer {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    reason: Option<String>,
}

/// What the last round did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StockRound)]
struct RoundAnswer {
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    /// Listings and prices that were looked at.
    looked_at: u64,
    patched: u64,
    /// Sent in feeds.
    fed: u64,
    refused: u64,
    /// Increases that wait for a sweep of orders, and what waits for a feed.
    waiting: u64,
    /// What would have been sent, in shadow mode.
    shadowed: u64,
}

/// A round that waits for a person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HeldStockRound)]
struct HeldAnswer {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Listings that would have gone to zero, with those of the last hour.
    zeros: u64,
    matched: u64,
}

impl StockAnswer {
    pub(crate) fn of(
        connection: &Connection,
        plan: &StockPlan,
        round: &Round,
        deployment: Option<&Freeze>,
    ) -> Self {
        let published = plan.published.as_ref();
        Self {
            draft: SettingsAnswer::of(&plan.draft, connection),
            draft_revision: plan.draft_revision,
            draft_is_published: published.is_some_and(|it| it.settings == plan.draft),
            published: published.map(|it| PublishedAnswer::of(it, connection)),
            preview: plan
                .preview
                .as_ref()
                .map(|it| PreviewAnswer::of(it, plan.draft_revision)),
            frozen: plan.frozen.as_ref().map(Into::into),
            deployment_frozen: deployment.map(Into::into),
            sending: sending(connection, plan, round, deployment),
            last_round: (&round.last).into(),
            last_failure: round.failed.clone(),
            held_round: round.held.as_ref().map(Into::into),
            released_until: round.released_until,
        }
    }
}

impl SettingsAnswer {
    fn of(settings: &StockSettings, connection: &Connection) -> Self {
        let warehouses = settings.warehouses.iter().map(ToString::to_string);
        Self {
            on: settings.on,
            every_minutes: settings.every_minutes,
            bundles: settings.bundles,
            policy: settings.policy.into(),
            warehouses: warehouses.collect(),
            home_marketplace: settings.home.unwrap_or(connection.marketplace).country(),
            levels: settings.levels,
            brakes: settings.brakes.into(),
            stale_after_hours: settings.stale_after_hours,
        }
    }
}

impl PublishedAnswer {
    fn of(published: &Published, connection: &Connection) -> Self {
        Self {
            settings: SettingsAnswer::of(&published.settings, connection),
            version: published.version,
            at: published.at,
            shadow: published.shadow,
        }
    }
}

impl PreviewAnswer {
    pub(crate) fn of(preview: &Preview, draft_revision: u64) -> Self {
        Self {
            revision: preview.revision,
            of_this_draft: preview.revision == draft_revision,
            asked_at: preview.asked_at,
            done_at: preview.done_at,
            effect: preview.effect.as_ref().map(Into::into),
            failed: preview.failed.clone(),
        }
    }
}

impl From<&Effect> for EffectAnswer {
    fn from(effect: &Effect) -> Self {
        Self {
            matched: effect.matched,
            to_zero: effect.to_zero,
            reopened: effect.reopened,
            changed: effect.changed,
            unchanged: effect.unchanged,
            price_changes: effect.price_changes,
            unmatched: effect.unmatched,
            without_level: effect.without_level,
            fulfilled_by_amazon: effect.fulfilled_by_amazon,
        }
    }
}

impl From<Policy> for PolicyAnswer {
    fn from(policy: Policy) -> Self {
        Self {
            buffer: policy.buffer,
            percentage: policy.percentage,
            maximum: policy.maximum,
            low_stock_mark: policy.low_stock_mark,
        }
    }
}

impl From<Brakes> for BrakesAnswer {
    fn from(brakes: Brakes) -> Self {
        Self {
            zero_percent: brakes.zero_percent,
            zero_at_least: brakes.zero_at_least,
            price_percent: brakes.price_percent,
        }
    }
}

impl From<&Freeze> for FreezeAnswer {
    fn from(freeze: &Freeze) -> Self {
        Self {
            at: freeze.at,
            reason: freeze.reason.clone(),
        }
    }
}

impl From<&RoundSummary> for RoundAnswer {
    fn from(last: &RoundSummary) -> Self {
        Self {
            at: last.at,
            looked_at: last.looked_at,
            patched: last.patched,
            fed: last.fed,
            refused: last.refused,
            waiting: last.waiting,
            shadowed: last.shadowed,
        }
    }
}

impl From<&Held> for HeldAnswer {
    fn from(held: &Held) -> Self {
        Self {
            at: held.at,
            zeros: held.zeros,
            matched: held.matched,
        }
    }
}

/// Whether stock is sent now, and how; or the first thing that keeps it back.
fn sending(
    connection: &Connection,
    plan: &StockPlan,
    round: &Round,
    deployment: Option<&Freeze>,
) -> Sending {
    let held = round.held.as_ref().map(|held| {
        format!(
            "a round is held since {}: {} of {} matched listings would go to zero",
            held.at, held.zeros, held.matched
        )
    });
    if let Some(why) = plan.kept_back(connection.status, deployment).or(held) {
        return Sending { now: false, why };
    }
    let settings = plan.in_force().map(|published| &published.settings);
    let (minutes, mark) = settings.map_or((0, 0), |settings| {
        (settings.every_minutes, settings.policy.low_stock_mark)
    });
    Sending {
        now: true,
        why: format!(
            "what differs, every {minutes} minutes; a decrease to {mark} or below at once"
        ),
    }
}
