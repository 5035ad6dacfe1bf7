//! One look at one listing, noted on it.

use super::goes_unseen;
use crate::send_session::{SendSession, refused_for_good, words};
use stallkeeper::domain::ids::AmazonSku;
use stallkeeper::domain::listing::{Finding, Listing, ListingState, Look, LookVerdict};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::error::{Class, Error, Result};
use stallkeeper::seller_session::{CallOutcome, Waiting};
use stallkeeper::sp_api::{ListingsItem, Operation, Refusal, refusal};
use stallkeeper::store::{ToSend, Written};
use std::collections::BTreeSet;
use tracing::{error, warn};

/// What became of a look.
pub(super) enum LookOutcome {
    /// Its entries may be sent.
    Clear(Box<Listing>),
    /// It is sent nothing, and has the state that says why.
    Guarded,
    /// It is not matched any more.
    NotMatched,
    /// Nothing is known; the listing, if it could be read.
    Failed(Option<Box<Listing>>, Failure),
}

/// Why a look showed nothing.
pub(super) enum Failure {
    /// Amazon's limit is reached.
    Limited,
    /// Amazon failed, or its answer was lost.
    Unsure,
    /// Amazon has no such listing, or does not say whose it is to fulfil.
    NotShown,
    Denied(Refusal),
}

/// Looks at a listing if it must be looked at before `entries`, all its own, are sent.
///
/// # Errors
/// As [`super::look_first`].
pub(super) async fn look_at(
    session: &SendSession<'_>,
    sku: &AmazonSku,
    entries: &[ToSend],
) -> Result<LookOutcome> {
    match look(session, sku, entries).await {
        // Nobody refused anything: it is its listing that cannot be read.
        Err(failed) if failed.class() == Class::Permanent && refusal(&failed).is_none() => {
            error!(listing.sku = %sku, error = failed.chain(), "a listing cannot be looked at");
            Ok(LookOutcome::Failed(None, Failure::NotShown))
        }
        other => other,
    }
}

async fn look(
    session: &SendSession<'_>,
    sku: &AmazonSku,
    entries: &[ToSend],
) -> Result<LookOutcome> {
    let key = &session.key().listing(sku);
    let listing = session.app.store.listing(key).await?;
    let Some(listing) = listing.filter(|it| it.state == ListingState::Matched) else {
        return Ok(LookOutcome::NotMatched);
    };
    if !sku.fits_in_an_address() {
        // No call can name it: the reports of all marketplaces are its only guard.
        return Ok(LookOutcome::Clear(Box::new(listing)));
    }
    match Look::verdict(listing.look.as_ref(), session.amazons_now()) {
        LookVerdict::Clear => Ok(LookOutcome::Clear(Box::new(listing))),
        LookVerdict::Guarded(state) => guard(session, listing, state).await,
        LookVerdict::LookFirst => ask(session, listing, entries).await,
    }
}

async fn ask(
    session: &SendSession<'_>,
    mut listing: Listing,
    entries: &[ToSend],
) -> Result<LookOutcome> {
    let waiting = match entries.iter().all(|entry| goes_unseen(&listing, entry)) {
        true => Waiting::No,
        false => session.waiting(),
    };
    let own = own_marketplaces(session, &listing);
    let taken_part_in = session.sending.connection.taken_part_in();
    let all: BTreeSet<Marketplace> = taken_part_in.chain(own.iter().copied()).collect();
    let all: Vec<Marketplace> = all.into_iter().collect();
    let sku = &listing.amazon_sku;
    let answer = session.seller.look_at(sku, &all, &own, waiting).await;
    let (look, failure) = match answer {
        Ok(CallOutcome::Limited(_)) => return Ok(failed(listing, Failure::Limited)),
        Ok(CallOutcome::Answered(answer)) => seen(session, &listing, answer.value).await?,
        Err(error) => match after_failure(session, &listing, error)? {
            (Some(look), failure) => (look, Some(failure)),
            (None, failure) => return Ok(failed(listing, failure)),
        },
    };
    session.app.store.note_look(&listing.key(), &look).await?;
    let state = look.guarded_state();
    listing.look = Some(look);
    match (state, failure) {
        (Some(state), _) => guard(session, listing, state).await,
        (None, Some(failure)) => Ok(failed(listing, failure)),
        (None, None) => Ok(LookOutcome::Clear(Box::new(listing))),
    }
}

fn failed(listing: Listing, failure: Failure) -> LookOutcome {
    LookOutcome::Failed(Some(Box::new(listing)), failure)
}

/// Where it is listed, as far as that is known; never nowhere.
fn own_marketplaces(session: &SendSession<'_>, listing: &Listing) -> Vec<Marketplace> {
    match listing.marketplaces.is_empty() {
        true => vec![session.sending.home()],
        false => listing.marketplaces.clone(),
    }
}

/// What Amazon's answer shows; also, its issues are noted.
async fn seen(
    session: &SendSession<'_>,
    listing: &Listing,
    item: Option<ListingsItem>,
) -> Result<(Look, Option<Failure>)> {
    let (before, at) = (listing.look.as_ref(), session.amazons_now());
    let Some(item) = item else {
        let look = Look::new(before, Finding::NotThere, at);
        return Ok((look, Some(Failure::NotShown)));
    };
    let had_issues = listing.issues.is_some();
    let (sku, issues) = (&listing.amazon_sku, item.issues.as_deref());
    session.note_issues(sku, issues, had_issues).await?;
    let look = item.look(before, at);
    let failure = (look.found == Finding::Unclear).then_some(Failure::NotShown);
    Ok((look, failure))
}

/// What is to be noted of a call that failed, if anything.
fn after_failure(
    session: &SendSession<'_>,
    listing: &Listing,
    failed: Error,
) -> Result<(Option<Look>, Failure)> {
    match failed.class() {
        Class::AuthRevoked => Err(failed),
        // Login with Amazon's limit.
        Class::Throttled { .. } => Ok((None, Failure::Limited)),
        Class::Retryable => {
            let error = failed.chain();
            warn!(listing.sku = %listing.amazon_sku, error, "Amazon did not show a listing");
            Ok((None, Failure::Unsure))
        }
        Class::Permanent => {
            let Some(refusal) = refused_for_good(&failed, Operation::GetListingsItem).cloned()
            else {
                return Err(failed);
            };
            let error = failed.chain();
            warn!(listing.sku = %listing.amazon_sku, error, "Amazon refused to show a listing");
            let before = listing.look.as_ref();
            let look = Look {
                words: Some(words(&refusal)),
                ..Look::new(before, Finding::Refused, session.amazons_now())
            };
            Ok((Some(look), Failure::Denied(refusal)))
        }
    }
}

/// Gives the listing the state in which nothing is sent to it, unless it is not matched any more.
async fn guard(
    session: &SendSession<'_>,
    listing: Listing,
    state: ListingState,
) -> Result<LookOutcome> {
    let (store, key) = (&session.app.store, &listing.key());
    let mut read = listing;
    for () in Written::attempts() {
        let guarded = Listing {
            state,
            ..read.clone()
        };
        if store.place_listing(&guarded, Some(&read), false).await? == Written::Done {
            let state = state.as_str();
            warn!(listing.sku = %read.amazon_sku, state, "a listing is sent nothing: it is `{state}`");
            return Ok(LookOutcome::Guarded);
        }
        match store.listing(key).await? {
            Some(now) if now.state == ListingState::Matched => read = now,
            _ => return Ok(LookOutcome::NotMatched),
        }
    }
    Err(Written::given_up("keep a listing from being sent"))
}
