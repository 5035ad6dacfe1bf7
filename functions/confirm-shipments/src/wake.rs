//! The wake-ups of a batch, by connection: of which dispatches may be confirmed now, and what follows for each wake-up.

use crate::App;
use crate::drain::{AT_ONCE, DrainOutcome, Due, drain, only_report};
use crate::labels;
use futures::stream::{self, StreamExt as _};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::error::{Class, Error, Result};
use stallkeeper::queue::{DispatchMessage, ParcelOfOrder};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};
use tracing::info;

/// How often a wake-up queues itself again; after that the connection's ticks go on.
const MOST_HOPS: u32 = 200;
/// How long a wake-up waits for another run of its connection.
const BUSY: Duration = Duration::from_secs(20);

/// That something of a connection may be due.
pub(crate) struct WakeUp {
    pub(crate) connection: ConnectionKey,
    /// The one that is new: the list of those that wait may not have it yet.
    pub(crate) new: Option<ParcelOfOrder>,
    pub(crate) hop: u32,
}

/// What became of the connections that wake-ups were for.
pub(crate) struct Ended(BTreeMap<ConnectionKey, Result<DrainOutcome>>);

impl Ended {
    /// What became of one wake-up. What failed, failed for all of its connection.
    ///
    /// # Errors
    /// Throttled if another run has the connection, and may have looked before the new dispatch was there; else as tables, queue
    /// and log-in fail.
    pub(crate) fn outcome_of(&self, wake: &WakeUp) -> Result<()> {
        match self.0.get(&wake.connection) {
            Some(Err(error)) => {
                let doing = "confirm the dispatches of a connection";
                Err(Error::new(error.class(), doing, error.chain()))
            }
            Some(Ok(DrainOutcome::Busy(due)))
                if wake.new.as_ref().is_some_and(|new| due.contains(new)) =>
            {
                let class = Class::Throttled {
                    retry_after: Some(BUSY),
                };
                let why = "another run works on the connection";
                Err(Error::new(class, "confirm a dispatch", why))
            }
            _ => Ok(()),
        }
    }
}

/// What the wake-ups of one connection come to.
#[derive(Default)]
struct Group {
    new: BTreeSet<ParcelOfOrder>,
    hop: Option<u32>,
}

/// Confirms what is due of the connections that the wake-ups are for, all together.
pub(crate) async fn confirm_due(
    app: &App,
    wakes: impl Iterator<Item = &WakeUp>,
    deadline: SystemTime,
) -> Ended {
    let mut groups: BTreeMap<ConnectionKey, Group> = BTreeMap::new();
    for wake in wakes {
        let group = groups.entry(wake.connection.clone()).or_default();
        group.new.extend(wake.new.clone());
        group.hop = Some(group.hop.map_or(wake.hop, |hop| hop.min(wake.hop)));
    }
    let hops: BTreeMap<ConnectionKey, u32> = groups
        .iter()
        .map(|(key, group)| (key.clone(), group.hop.unwrap_or_default()))
        .collect();
    let sending = stream::iter(groups)
        .map(|(key, group)| async move {
            let sending = sending(app, &key, group.new).await;
            (key, sending)
        })
        .buffered(AT_ONCE)
        .collect::<Vec<_>>();
    let (mut ended, mut all) = (BTreeMap::new(), Vec::new());
    for (key, sending) in sending.await {
        match sending {
            Ok(due) => all.extend(due),
            Err(error) => drop(ended.insert(key, Err(error))),
        }
    }
    for (key, outcome) in Box::pin(drain(app, &all, deadline)).await {
        let hop = hops.get(&key).copied().unwrap_or_default();
        let outcome = match outcome {
            Ok(DrainOutcome::Later(wait)) => go_on_later(app, &key, hop, wait).await,
            outcome => outcome,
        };
        ended.insert(key, outcome);
    }
    Ended(ended)
}

/// The connection with its new dispatches, if something of it may be confirmed now.
async fn sending(
    app: &App,
    key: &ConnectionKey,
    new: BTreeSet<ParcelOfOrder>,
) -> Result<Option<Due>> {
    let Some(connection) = app.store.connection(key).await? else {
        return Ok(None);
    };
    // Paused, frozen or not authorised: what waits is in the table, and the connection's ticks go on with it.
    if !is_sending(app, &connection).await? {
        only_report(app, &connection).await?;
        return Ok(None);
    }
    labels::settle_parcels(app, key, &new).await?;
    Ok(Some(Due { connection, new }))
}

/// Whether its dispatches may be confirmed now.
async fn is_sending(app: &App, connection: &Connection) -> Result<bool> {
    let key = connection.key();
    if !connection.status.sends() {
        return Ok(false);
    }
    let frozen = app.store.is_frozen(&key).await?;
    if frozen {
        info!(connection.id = %key, "sending from connection `{key}` is frozen");
    }
    Ok(!frozen)
}

async fn go_on_later(
    app: &App,
    key: &ConnectionKey,
    hop: u32,
    wait: Duration,
) -> Result<DrainOutcome> {
    if hop < MOST_HOPS {
        let again = DispatchMessage::Confirm {
            connection: key.clone(),
            new: None,
            hop: hop + 1,
        };
        // Rounded up: a wake-up that comes before its parcel is due finds nothing to do, and no other follows it.
        let seconds = wait.as_millis().div_ceil(1_000);
        let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
        app.dispatches.send(&key.id, again, seconds).await?;
    }
    Ok(DrainOutcome::Done)
}
