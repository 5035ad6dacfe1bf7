//! Asking marketplace by marketplace, once Amazon refuses a search whatever datasets it asks for.

use super::{Lane, Run, RunOutcome};
use crate::sweep::Window;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::error::{Class, Error, Result};
use stallkeeper::seller_session::CallOutcome;
use stallkeeper::sp_api::{self, Operation, ProbeEnd};
use tracing::warn;

impl Run<'_> {
    /// Finds the marketplaces that Amazon answers for; the window then asks for those by name. The run ends (`Some`) if
    /// Amazon's limit or the time does; what was found so far is kept.
    ///
    /// # Errors
    /// Amazon's refusal if it answers for none: then no marketplace is to blame.
    pub(super) async fn ask_by_marketplace(
        &mut self,
        window: &mut Window,
    ) -> Result<Option<RunOutcome>> {
        let mut refusal = None;
        while let Some(marketplace) = self.cursor.refusals.next_to_probe() {
            if !self.has_time() {
                return Ok(Some(RunOutcome::OutOfTime));
            }
            let question = window.in_one(marketplace);
            let is_answered = match self.search(&question, Lane::Live).await {
                Ok(CallOutcome::Answered(_)) => true,
                Ok(CallOutcome::Limited(_)) => return Ok(Some(RunOutcome::Limited)),
                Err(error) if is_refused(&error) => {
                    refusal = Some(error);
                    false
                }
                Err(error) => return Err(error),
            };
            self.cursor.refusals.note_probe(marketplace, is_answered);
        }
        self.search_by_name(window).await?.map_or(Ok(None), |none| {
            Err(refusal.unwrap_or_else(|| Error::permanent("search Amazon's orders", none)))
        })
    }

    /// Takes the answer over; says so if no marketplace is answered.
    async fn search_by_name(&mut self, window: &mut Window) -> Result<Option<&'static str>> {
        let now = self.amazons_now();
        let mut refusals = self.cursor.refusals.clone();
        let end = refusals.end_probe(window.after, now);
        let ProbeEnd::ByName {
            search,
            again,
            missing_since,
        } = end
        else {
            refusals.refused_whole(now);
            self.cursor.refusals = refusals;
            return Ok(Some("Amazon refuses it for each marketplace"));
        };
        if let Some(since) = missing_since {
            self.catch_up(since, window.before, again).await?;
        }
        let refused: Vec<&str> = refusals
            .refused_marketplaces()
            .map(|it| it.refused.iter().map(|one| one.country()).collect())
            .unwrap_or_default();
        warn!(connection.id = %self.connection.id, ?refused, "Amazon refuses to search all marketplaces; those it answers for are searched by name");
        window.marketplaces = search;
        window.datasets = window.wanted.clone();
        window.restart();
        self.cursor.refusals = refusals;
        self.cursor.sweep = None;
        self.refused_with = None;
        Ok(None)
    }

    /// The marketplaces to tell apart, as far as they are known.
    pub(super) fn begin_probe(&mut self, by_name: bool) -> bool {
        let all: Vec<Marketplace> = self.marketplaces();
        let Some(with) = self.refused_with.clone() else {
            return false;
        };
        self.cursor.refusals.begin_probe(&all, by_name, with)
    }
}

/// Whether Amazon refuses the search itself, for good.
pub(super) fn is_refused(error: &Error) -> bool {
    error.class() == Class::Permanent
        && sp_api::refusal(error).is_some_and(|refusal| {
            refusal.operation == Operation::SearchOrders.name()
                && matches!(refusal.status, 400 | 403)
        })
}
