//! One patch: claimed, sent, and settled by its answer.

use super::{Patched, Unsubmitted};
use crate::claim::{Claim, ClaimOutcome, Target, claim, confirm};
use crate::plan::marketplaces_of;
use crate::send_session::{FAILURES_AT_ONCE, SendSession, refused_for_good, words};
use stallkeeper::domain::feed::{LineValue, SentBy};
use stallkeeper::domain::listing::{ListingPart, Refused, advice};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::error::{Class, Error, Result};
use stallkeeper::seller_session::CallOutcome;
use stallkeeper::sp_api::{Account, Change, Issue, ListingPatch, Operation, PatchStatus};
use stallkeeper::sp_api::{PatchVerdict, SpApi, refusal};
use stallkeeper::store::ToSend;
use tracing::{error, warn};

const PATCH: Operation = Operation::PatchListingsItem;
/// "Amazon knows no offer with this SKU in the marketplace that was asked."
const NOT_LISTED_THERE: &str = "13013";

/// Sends one entry through a marketplace. The entry is taken out only once Amazon has taken the value or refused it for
/// good; if it is refused in another way, or for now, it is noted on the listing and tried again ever later.
///
/// # Errors
/// Authorisation revoked; retryable if a table fails; permanent if Login with Amazon refuses the app.
pub(super) async fn patch_one(
    session: &SendSession<'_>,
    entry: &ToSend,
    marketplace: Marketplace,
    unsubmitted: &Unsubmitted,
) -> Result<Patched> {
    match sent(session, entry, marketplace, unsubmitted).await {
        // Nobody refused anything: it is this entry or its listing that cannot be read.
        Err(failed) if failed.class() == Class::Permanent && refusal(&failed).is_none() => {
            error!(listing.sku = %entry.sku, error = failed.chain(), "a listing cannot be sent to");
            session.put_off(entry, 0).await?;
            Ok(Patched::Left)
        }
        other => other,
    }
}

async fn sent(
    session: &SendSession<'_>,
    entry: &ToSend,
    marketplace: Marketplace,
    unsubmitted: &Unsubmitted,
) -> Result<Patched> {
    let connection = &session.key();
    let store = &session.app.store;
    let target = Target::of(entry);
    for feed in unsubmitted.holding(target) {
        session.overtake(feed, target.sku).await?;
    }
    let first = Claim {
        value: entry.value.clone(),
        generation: entry.generation,
        send_count: entry.send_count,
    };
    let claimed = match claim(session, target, first, &SentBy::Patch).await? {
        ClaimOutcome::Claimed(claimed) => claimed,
        ClaimOutcome::Left => return Ok(Patched::Left),
        ClaimOutcome::Dropped => {
            store.delete_to_send(connection, entry).await?;
            return Ok(Patched::Dropped);
        }
    };
    let answer = send(session, entry, marketplace, &claimed).await;
    // Another run may have sent something else meanwhile, and it is not known whose patch Amazon got last.
    let had_issues = confirm(session, target, &claimed).await?;
    if let Ok(CallOutcome::Answered(answer)) = &answer {
        let issues = answer.value.issues.as_deref();
        session.note_issues(&entry.sku, issues, had_issues).await?;
    }
    let patched = match answer {
        Ok(CallOutcome::Limited(_)) => return Ok(Patched::Limited),
        Ok(CallOutcome::Answered(answer)) => {
            after_verdict(session, entry, &claimed, &answer.value).await?
        }
        Err(error) => after_failure(session, (entry, marketplace), &claimed, error).await?,
    };
    if patched.is_final() {
        store.delete_to_send(connection, entry).await?;
    }
    Ok(patched)
}

async fn send(
    session: &SendSession<'_>,
    entry: &ToSend,
    marketplace: Marketplace,
    claimed: &Claim<LineValue>,
) -> Result<CallOutcome<PatchVerdict>> {
    let seller = session.seller.seller().await?;
    let patch = ListingPatch {
        product_type: entry.product_type.as_deref(),
        change: match claimed.value {
            LineValue::Quantity(quantity) => Change::Quantity(quantity),
            LineValue::Price { amount, limits, .. } => Change::Price {
                marketplace,
                amount,
                limits,
            },
            LineValue::End { ended } => session.end_change(marketplace, ended),
        },
    };
    let sku = entry.sku.as_str();
    let call = async |amazon: &SpApi, account: Account<'_>| {
        let patch = amazon.patch_listings_item(&account, seller, sku, marketplace, &patch);
        patch.await
    };
    session.seller.call_permitted(PATCH, call).await
}

async fn after_verdict(
    session: &SendSession<'_>,
    entry: &ToSend,
    claimed: &Claim<LineValue>,
    verdict: &PatchVerdict,
) -> Result<Patched> {
    let Some(Issue { code, message, .. }) = refusing(verdict) else {
        return Ok(Patched::Accepted);
    };
    let again = advice(&code).retry || is_listed_elsewhere(session, entry, &code);
    refuse(session, entry, claimed, code, message).await?;
    if !again {
        return Ok(Patched::Refused { again });
    }
    session.put_off(entry, 0).await?;
    Ok(Patched::Refused { again })
}

/// Whether a marketplace that was not asked yet may know the SKU.
fn is_listed_elsewhere(session: &SendSession<'_>, entry: &ToSend, code: &str) -> bool {
    let marketplaces = marketplaces_of(entry, session.sending.home()).len();
    let asked = usize::try_from(entry.tries).unwrap_or(usize::MAX);
    code == NOT_LISTED_THERE && asked.saturating_add(1) < marketplaces
}

/// What kept Amazon from taking it. A word that is new to us counts by its issues alone.
fn refusing(verdict: &PatchVerdict) -> Option<Issue> {
    let issues = verdict.named_issues();
    let issue = issues.iter().find(|issue| issue.refuses());
    match (&verdict.status, issue) {
        (PatchStatus::Accepted, _) | (PatchStatus::Valid | PatchStatus::Other(_), None) => None,
        (_, Some(issue)) => Some(issue.clone()),
        (PatchStatus::Invalid, None) => {
            let first = issues.first().cloned();
            Some(first.unwrap_or_else(|| Issue {
                code: "INVALID".into(),
                message: "Amazon gave no reason".into(),
                severity: stallkeeper::sp_api::Severity::Error,
                attribute_names: Vec::new(),
            }))
        }
    }
}

async fn after_failure(
    session: &SendSession<'_>,
    (entry, marketplace): (&ToSend, Marketplace),
    claimed: &Claim<LineValue>,
    failed: Error,
) -> Result<Patched> {
    match failed.class() {
        Class::AuthRevoked => Err(failed),
        // Login with Amazon's limit.
        Class::Throttled { .. } => Ok(Patched::Limited),
        Class::Retryable => {
            let error = failed.chain();
            warn!(listing.sku = %entry.sku, error, "a patch may or may not have arrived");
            session.put_off(entry, FAILURES_AT_ONCE).await?;
            Ok(Patched::Unsure)
        }
        Class::Permanent => {
            let Some(refusal) = refused_for_good(&failed, PATCH).cloned() else {
                // Login with Amazon refuses the app, or the entry is damaged.
                return Err(failed);
            };
            let error = failed.chain();
            warn!(listing.sku = %entry.sku, error, "Amazon refused a call for one SKU");
            let code = refusal.status.to_string();
            let words = format!("{}, asked for {marketplace}", words(&refusal));
            refuse(session, entry, claimed, code, words).await?;
            session.put_off(entry, 0).await?;
            Ok(Patched::Denied(refusal))
        }
    }
}

async fn refuse(
    session: &SendSession<'_>,
    entry: &ToSend,
    claimed: &Claim<LineValue>,
    code: String,
    message: String,
) -> Result<()> {
    let connection = &session.key();
    let store = &session.app.store;
    let at = session.amazons_now();
    let listing = &connection.listing(&entry.sku);
    match (entry.part(), &claimed.value) {
        (ListingPart::End(marketplace), LineValue::End { ended }) => {
            let refused = refused(*ended, code, message, at);
            store.refuse_end(listing, marketplace, &refused).await?;
        }
        (ListingPart::Price(marketplace), LineValue::Price { amount, .. }) => {
            let refused = refused(*amount, code, message, at);
            let offer = &listing.offer(marketplace);
            store.refuse_offer(offer, &refused).await?;
        }
        (ListingPart::Quantity, LineValue::Quantity(quantity)) => {
            let refused = refused(*quantity, code, message, at);
            store.refuse_listing(listing, &refused).await?;
        }
        _ => {}
    }
    Ok(())
}

fn refused<V>(value: V, code: String, message: String, at: jiff::Timestamp) -> Refused<V> {
    Refused {
        value,
        code,
        message,
        at,
        by: SentBy::Patch,
    }
}
