//! Putting a draft of the stock settings and the selling rules in force; its effect is shown first, so that nothing is sent blind.

use crate::App;
use crate::settings::answer::StockAnswer;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{
    Answer, Body, Problem, Revision, TenantConnection, change_stock_plan, changed_meanwhile,
    must_be_authorised, must_not_be_disconnected,
};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::selling_rules::RulesDraft;
use stallkeeper::domain::stock_settings::{Preview, StockPlan};
use stallkeeper::queue::{ListingJob, MatchReason};
use stallkeeper::store::Written;
use std::sync::Arc;
use tracing::info;
use utoipa::ToSchema;

/// How old what is known of Amazon's listings may be when settings are put in force.
const MATCHED_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// What is to be done with the draft.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Publish {
    /// Only compute what publishing would do. It takes minutes: Amazon's listings are read first.
    #[serde(default)]
    preview: bool,
    /// Compute and show everything, and send nothing.
    #[serde(default)]
    shadow: bool,
    /// The draft's revision that is meant; absent: the current one.
    revision: Option<Revision>,
}

/// Put the draft in force, or only show what that would do.
///
/// First with `preview`, which is computed in the background and shown by `GET …/stock-settings`; then without, which
/// needs a preview of this very draft. Only switching off needs none: then nothing is sent.
#[utoipa::path(post, path = "/connections/{connection}/publish", operation_id = "publishStockSettings", tag = "stock", request_body = Publish,
    responses(
        (status = 200, description = "In force, now or before; every listing is computed again", body = StockAnswer),
        (status = 202, description = "The preview is being computed", body = StockAnswer),
        (status = 409, description = "There is no finished preview of this draft, or the draft is another one"),
    ))]
pub(crate) async fn publish(
    State(app): State<Arc<App>>,
    connection: TenantConnection<Connections>,
    Body(request): Body<Publish>,
) -> Answer<(StatusCode, Json<StockAnswer>)> {
    must_not_be_disconnected(&connection)?;
    let now = Timestamp::now();
    if request.preview {
        let plan = app.preview(&connection, request.revision, now).await?;
        return Ok((
            StatusCode::ACCEPTED,
            app.stock_answer(&connection, &plan).await?,
        ));
    }
    let plan = app.put_in_force(&connection, &request, now).await?;
    Ok((StatusCode::OK, app.stock_answer(&connection, &plan).await?))
}

impl App {
    /// Queues the computation of what publishing the draft would do. Asked again while it runs, it is queued again: the cure
    /// for a crash before it was queued.
    async fn preview(
        &self,
        connection: &Connection,
        revision: Option<Revision>,
        now: Timestamp,
    ) -> Answer<StockPlan> {
        // Amazon must be asked for its listings.
        must_be_authorised(connection)?;
        let plan = change_stock_plan(&self.store, connection, |plan| {
            is_meant(plan, revision)?;
            let running = plan.preview.as_ref().is_some_and(|preview| {
                preview.revision == plan.draft_revision && !is_over(preview)
            });
            if !running {
                plan.preview = Some(Preview {
                    revision: plan.draft_revision,
                    asked_at: now,
                    done_at: None,
                    effect: None,
                    failed: None,
                });
            }
            Ok(())
        })
        .await?;
        let job = ListingJob::Preview {
            connection: connection.key(),
            revision: plan.draft_revision,
            hop: 0,
        };
        self.listing_jobs.send(&connection.id, job, 0).await?;
        Ok(plan)
    }

    /// Puts the draft in force, and queues the work that follows. If it is in force already, only the latter: the same
    /// request does what a crash left undone.
    async fn put_in_force(
        &self,
        connection: &Connection,
        request: &Publish,
        now: Timestamp,
    ) -> Answer<StockPlan> {
        let plan = self.publish_draft(connection, request, now).await?;
        self.schedules
            .follow_latest(&self.store, &connection.key())
            .await?;
        self.listing_jobs.recompute_all(connection, &plan).await?;
        self.match_if_old(connection, &plan, now).await?;
        self.make_selected_offers(&connection.key()).await?;
        let generation = plan
            .published
            .as_ref()
            .map(|published| published.generation);
        info!(connection.id = %connection.id, published.generation = generation, shadow = request.shadow, "the stock settings of connection `{}` are published", connection.id);
        Ok(plan)
    }

    /// Puts the draft in force, with the rules that were drafted with it; decides again if somebody else was quicker. The
    /// rules are kept first, so that whoever reads the plan finds them.
    async fn publish_draft(
        &self,
        connection: &Connection,
        request: &Publish,
        now: Timestamp,
    ) -> Answer<StockPlan> {
        let (store, key) = (&self.store, &connection.key());
        for () in Written::attempts() {
            let mut plan = store.stock_plan(key).await?;
            is_meant(&plan, request.revision)?;
            let rules = store.rules_draft(key).await?;
            if is_in_force(&plan, &rules, request.shadow) {
                return Ok(plan);
            }
            was_previewed(&plan)?;
            if rules.published_as().is_some() {
                store.keep_rules(key, &rules).await?;
            }
            let in_force = store.rules_in_force(key, &plan).await?;
            let same_quantities = rules.rules.sells_like(&in_force);
            plan.publish(rules.published_as(), same_quantities, request.shadow, now);
            plan.revision += 1;
            if store.save_stock_plan(key, &plan).await? == Written::Done {
                return Ok(plan);
            }
        }
        Err(changed_meanwhile())
    }

    /// Has Amazon's listings read, if what is known of them is old.
    async fn match_if_old(
        &self,
        connection: &Connection,
        plan: &StockPlan,
        now: Timestamp,
    ) -> Answer<()> {
        if plan.in_force().is_none() || !connection.status.fetches_orders() {
            return Ok(());
        }
        let matching = self.store.matching(&connection.key()).await?;
        let fresh = |done: Timestamp| now.duration_since(done) <= MATCHED_WITHIN;
        if matching.done_at.is_some_and(fresh) {
            return Ok(());
        }
        let job = ListingJob::Match {
            connection: connection.key(),
            why: MatchReason::Published,
            hop: 0,
        };
        Ok(self.listing_jobs.send(&connection.id, job, 0).await?)
    }
}

fn is_over(preview: &Preview) -> bool {
    preview.done_at.is_some() || preview.failed.is_some()
}

fn is_in_force(plan: &StockPlan, rules: &RulesDraft, shadow: bool) -> bool {
    let published = plan.published.as_ref();
    is_published(plan, rules) && published.is_some_and(|it| it.shadow == shadow)
}

/// Whether the draft is in force as it is, sent or only shown.
pub(crate) fn is_published(plan: &StockPlan, rules: &RulesDraft) -> bool {
    let published = plan.published.as_ref();
    published.is_some_and(|it| it.settings == plan.draft && it.rules == rules.published_as())
}

fn is_meant(plan: &StockPlan, revision: Option<Revision>) -> Answer<()> {
    match revision.map(Revision::get) {
        Some(revision) if revision != plan.draft_revision => Err(Problem::conflict(
            "draft-changed",
            format!(
                "The draft has revision {}, not {revision}.",
                plan.draft_revision
            ),
            "Look at what is current, GET /connections/{connection}/stock-settings, and ask for a preview of it.",
        )),
        _ => Ok(()),
    }
}

/// Whether the effect of this very draft was shown.
fn was_previewed(plan: &StockPlan) -> Answer<()> {
    if !plan.draft.on {
        return Ok(());
    }
    let preview = plan.preview.as_ref();
    let preview = preview.filter(|preview| preview.revision == plan.draft_revision);
    match preview {
        Some(preview) if preview.effect.is_some() && preview.done_at.is_some() => Ok(()),
        Some(preview) => match &preview.failed {
            Some(failed) => Err(Problem::conflict(
                "preview-failed",
                "What publishing would do could not be computed.",
                format!(
                    "{failed}. Once that is fixed, ask again: POST /connections/{{connection}}/publish with {{\"preview\":true}}."
                ),
            )),
            None => Err(Problem::conflict(
                "preview-running",
                "What publishing would do is still being computed.",
                "GET /connections/{connection}/stock-settings shows it; look at it, then publish.",
            )),
        },
        None => Err(Problem::conflict(
            "not-previewed",
            "Nobody has seen yet what publishing this draft would do.",
            "Ask for it first: POST /connections/{connection}/publish with {\"preview\":true}. GET /connections/{connection}/stock-settings shows it once it is computed.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stallkeeper::domain::stock_settings::{Effect, Published, StockSettings};

    fn plan(on: bool, preview: Option<Preview>) -> StockPlan {
        StockPlan {
            draft: StockSettings {
                on,
                ..StockSettings::default()
            },
            draft_revision: 3,
            preview,
            ..StockPlan::default()
        }
    }

    fn preview(revision: u64, done: bool, failed: Option<&str>) -> Option<Preview> {
        Some(Preview {
            revision,
            asked_at: Timestamp::UNIX_EPOCH,
            done_at: done.then_some(Timestamp::UNIX_EPOCH),
            effect: (done && failed.is_none()).then(Effect::default),
            failed: failed.map(str::to_owned),
        })
    }

    #[test]
    fn only_a_finished_preview_of_this_draft_lets_it_be_published() {
        let rows = [
            (plan(true, None), Some("not-previewed")),
            (plan(true, preview(2, true, None)), Some("not-previewed")),
            (plan(true, preview(3, false, None)), Some("preview-running")),
            (
                plan(true, preview(3, false, Some("No."))),
                Some("preview-failed"),
            ),
            (
                plan(true, preview(3, true, Some("No."))),
                Some("preview-failed"),
            ),
            (plan(true, preview(3, true, None)), None),
            (plan(false, None), None),
        ];
        for (plan, kind) in rows {
            let told = was_previewed(&plan).err();
            let told = told.as_ref().map(Problem::kind);
            let expected = kind.map(|kind| format!("urn:stallkeeper:{kind}"));
            assert_eq!(told, expected.as_deref(), "{plan:?}");
        }
    }

    #[test]
    fn a_version_never_falls() {
        let mut plan = plan(true, None);
        assert_eq!(plan.next_generation(), 1);
        plan.published = Some(Published {
            settings: StockSettings::default(),
            generation: 7,
            at: Timestamp::UNIX_EPOCH,
            shadow: false,
            rules: None,
            quantities: None,
        });
        assert_eq!(plan.next_generation(), 8);
    }
}
