//! What the API shows of a connection's stock settings, and why something is sent or not. Pure.

use crate::publish::is_published;
use jiff::Timestamp;
use serde::Serialize;
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::selling_rules::RulesDraft;
use stallkeeper::domain::stock::Policy;
use stallkeeper::domain::stock_settings::{
    Brakes, Effect, FeedAges, Freeze, LevelsKind, Preview, Published, StockPlan, StockSettings,
};
use stallkeeper::store::{ClosedMarketplace, HeldRound, Round, RoundSummary};
use utoipa::ToSchema;

/// A connection's stock settings: the draft, what is in force, and what keeps it from being sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StockSettings)]
pub(crate) struct StockAnswer {
    /// What publishing would put in force.
    draft: SettingsAnswer,
    /// Rises with each change of the draft, or of the rules that are drafted with it.
    draft_revision: u64,
    /// Whether the draft is in force as it is, with the rules that are drafted with it.
    draft_is_published: bool,
    published: Option<PublishedAnswer>,
    /// What publishing would do, as it was last asked for.
    preview: Option<PreviewAnswer>,
    /// The brake of this connection, if it is pulled.
    frozen: Option<Freeze>,
    /// The brake of the whole deployment, if the operator pulled it.
    deployment_frozen: Option<Freeze>,
    sending: Sending,
    last_round: RoundSummary,
    /// Why Amazon refused what was last sent, if it refused all of it.
    last_failure: Option<String>,
    /// Marketplaces that refused a feed lately.
    without_feeds: Vec<ClosedMarketplace>,
    /// The round that waits for a person, if any: POST …/rounds/release.
    held_round: Option<HeldRound>,
    /// Until then zeros are not counted, since a person released a round.
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
    policy: Policy,
    /// None: all.
    warehouses: Vec<String>,
    /// The marketplace that feeds go through if a listing is there.
    home_marketplace: Marketplace,
    levels: LevelsKind,
    brakes: Brakes,
    feed_ages: FeedAges,
    give_up_after_hours: u16,
    stale_after_hours: u16,
}

/// Settings in force.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublishedStockSettings)]
struct PublishedAnswer {
    settings: SettingsAnswer,
    /// Rises with each publication.
    generation: u64,
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
    /// Whether that is the current draft.
    of_this_draft: bool,
    asked_at: Timestamp,
    done_at: Option<Timestamp>,
    effect: Option<Effect>,
    /// Why it could not be computed.
    failed: Option<String>,
}

impl StockAnswer {
    pub(crate) fn of(
        connection: &Connection,
        plan: &StockPlan,
        rules: &RulesDraft,
        round: &Round,
        deployment: Option<&Freeze>,
    ) -> Self {
        let published = plan.published.as_ref();
        Self {
            draft: SettingsAnswer::of(&plan.draft, connection),
            draft_revision: plan.draft_revision,
            draft_is_published: is_published(plan, rules),
            published: published.map(|it| PublishedAnswer::of(it, connection)),
            preview: plan
                .preview
                .as_ref()
                .map(|it| PreviewAnswer::of(it, plan.draft_revision)),
            frozen: plan.frozen.clone(),
            deployment_frozen: deployment.cloned(),
            sending: sending(connection, plan, round, deployment),
            last_round: round.last.clone(),
            last_failure: round.failed.clone(),
            without_feeds: round.closed.clone(),
            held_round: round.held.clone(),
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
            policy: settings.policy,
            warehouses: warehouses.collect(),
            home_marketplace: settings.home.unwrap_or(connection.marketplace),
            levels: settings.levels,
            brakes: settings.brakes,
            feed_ages: settings.feed_ages,
            give_up_after_hours: settings.give_up_after_hours,
            stale_after_hours: settings.stale_after_hours,
        }
    }
}

impl PublishedAnswer {
    fn of(published: &Published, connection: &Connection) -> Self {
        Self {
            settings: SettingsAnswer::of(&published.settings, connection),
            generation: published.generation,
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
            effect: preview.effect.clone(),
            failed: preview.failed.clone(),
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
    let held = round.held_whole().map(HeldRound::words);
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
