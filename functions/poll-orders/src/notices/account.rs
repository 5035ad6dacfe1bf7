//! Amazon changed the status of the seller's account. Deactivated on every marketplace that is on, nothing can be sold:
//! stock, prices and confirmations are frozen, until Amazon takes it back. A freeze of a person's stays.

use crate::App;
use jiff::Timestamp;
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::notice::{AccountNote, AccountStatus, NoticeSettings};
use stallkeeper::domain::stock_settings::Freeze;
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
    let kept = app.store.change_notice_settings(key, note).await?;
    let settings = app.store.marketplaces(key).await?;
    let on: Vec<Marketplace> = settings
        .iter()
        .filter(|it| it.active)
        .map(|it| it.marketplace)
        .collect();
    let id = &key.id;
    let status = format!("{status:?}");
    info!(connection.id = %id, account.status = status, "Amazon changed the status of the account of connection `{id}`");
    freeze(app, connection, kept.is_deactivated(&on), now).await
}

async fn freeze(
    app: &App,
    connection: &Connection,
    deactivated: bool,
    now: Timestamp,
) -> Result<()> {
    let key = &connection.key();
    for () in Written::attempts() {
        let mut plan = app.store.stock_plan(key).await?;
        let is_ours = |freeze: &Freeze| freeze.reason.as_deref() == Some(REASON);
        plan.frozen = match (deactivated, &plan.frozen) {
            (true, None) => Some(Freeze {
                at: now,
                reason: Some(REASON.to_owned()),
            }),
            (false, Some(freeze)) if is_ours(freeze) => None,
            _ => return Ok(()),
        };
        plan.revision += 1;
        if app.store.save_stock_plan(key, &plan).await? == Written::Conflict {
            continue;
        }
        let id = &key.id;
        if deactivated {
            // The alarm `DeactivatedAccounts` counts these words.
            error!(connection.id = %id, "Amazon deactivated the account of connection `{id}`; nothing is sent");
        } else {
            info!(connection.id = %id, "the account of connection `{id}` is not deactivated any more; the next round sends");
        }
        return Ok(());
    }
    Err(Written::given_up("freeze a connection"))
}
