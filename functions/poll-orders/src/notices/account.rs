//! Amazon changed the status of the seller's account. Deactivated on every marketplace that is on, nothing can be sold:
//! stock, prices, confirmations and cancellations are frozen, until Amazon takes it back or a person goes on. A freeze of a person's stays.

use crate::App;
use jiff::Timestamp;
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::notice::{AccountNote, AccountStatus, NoticeSettings};
use stallkeeper::domain::stock_settings::{Freeze, StockPlan};
use stallkeeper::error::Result;
use stallkeeper::store::Written;
use tracing::{error, info};

/// The reason of a freeze that is ours to lift again.
const REASON: &str = "Amazon deactivated the seller's account";

/// Notes the status, and freezes or goes on. Without a marketplace it concerns all that the seller takes part in.
pub(super) async fn changed(
    app: &App,
    connection: &Connection,
    status: AccountStatus,
    marketplace: Option<Marketplace>,
    at: Option<Timestamp>,
) -> Result<()> {
    let key = &connection.key();
    let now = Timestamp::now();
    let at = at.unwrap_or(now).min(now);
    let concerned: Vec<Marketplace> = match marketplace {
        Some(marketplace) => vec![marketplace],
        None => connection.taken_part_in().collect(),
    };
    let note = |kept: &mut NoticeSettings| {
        kept.note_account(&concerned, AccountNote { status, at });
    };
    app.store.change_notice_settings(key, note).await?;
    let settings = app.store.marketplaces(key).await?;
    let on: Vec<Marketplace> = settings
        .iter()
        .filter(|it| it.active)
        .map(|it| it.marketplace)
        .collect();
    let id = &key.id;
    let status = format!("{status:?}");
    info!(connection.id = %id, account.status = status, "Amazon changed the status of the account of connection `{id}`");
    freeze(app, connection, &on, now).await
}

/// What was noted is read again after every write: another notice may have been noted meanwhile, by a run that found nothing
/// to do yet.
async fn freeze(
    app: &App,
    connection: &Connection,
    on: &[Marketplace],
    now: Timestamp,
) -> Result<()> {
    let key = &connection.key();
    for () in Written::attempts() {
        let noted = app.store.notice_settings(key).await?;
        let before = app.store.stock_plan(key).await?;
        let Some(mut plan) = follow(&before, noted.deactivated_at(on), now) else {
            return Ok(());
        };
        plan.revision += 1;
        if app.store.save_stock_plan(key, &plan).await? == Written::Conflict {
            continue;
        }
        let id = &key.id;
        match (&before.frozen, &plan.frozen) {
            (None, Some(_)) => {
                // The alarm `DeactivatedAccounts` counts these words.
                error!(connection.id = %id, "Amazon deactivated the account of connection `{id}`; nothing is sent");
            }
            (Some(_), None) => {
                info!(connection.id = %id, "the account of connection `{id}` is not deactivated any more; the next round sends");
            }
            _ => {}
        }
    }
    Err(Written::given_up("freeze a connection"))
}

/// The stock settings with the freeze that an account needs which is deactivated since this moment, or not at all; `None` if
/// they are so already. A deactivation is frozen for once, so that a person can go on despite of it.
fn follow(
    before: &StockPlan,
    deactivated_at: Option<Timestamp>,
    now: Timestamp,
) -> Option<StockPlan> {
    let is_ours = |freeze: &Freeze| freeze.reason.as_deref() == Some(REASON);
    let frozen = match (deactivated_at, &before.frozen) {
        (Some(at), _) if before.frozen_for.is_some_and(|known| at <= known) => return None,
        (Some(_), None) => Some(Freeze {
            at: now,
            reason: Some(REASON.to_owned()),
        }),
        (Some(_), Some(freeze)) if is_ours(freeze) => before.frozen.clone(),
        (None, Some(freeze)) if is_ours(freeze) => None,
        _ => return None,
    };
    Some(StockPlan {
        frozen,
        frozen_for: deactivated_at,
        ..before.clone()
    })
}
