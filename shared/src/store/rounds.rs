//! The rounds of a connection: what the last one did, what is held, and who may send.

use super::key::Key;
use super::{Leased, Store, Written};
use crate::domain::ids::{ConnectionId, ConnectionKey, TenantId};
use crate::domain::marketplace::Marketplace;
use crate::error::Result;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What the last round did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = StockRound)]
pub struct RoundSummary {
    pub at: Option<Timestamp>,
    /// Entries that were looked at.
    pub looked_at: u64,
    pub patched: u64,
    /// Sent in feeds.
    pub fed: u64,
    pub refused: u64,
    /// Increases that wait for a sweep of orders, and entries that wait for a feed.
    pub waiting: u64,
    /// What would have been sent, in shadow mode.
    pub shadowed: u64,
}

/// A round that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = HeldStockRound)]
pub struct HeldRound {
    pub at: Timestamp,
    /// Listings that would have gone to zero, or had an offer ended, with those of the last hour.
    pub zeros: u64,
    pub matched: u64,
    /// Without the ends of offers it would not be held: those alone wait, and all else is sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ends_alone: bool,
}

/// A marketplace that refused a feed: feeds go through another one for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = MarketplaceWithoutFeeds)]
pub struct ClosedMarketplace {
    pub marketplace: Marketplace,
    /// Until then feeds go through another one, or what is listed nowhere else by patch.
    pub until: Timestamp,
    /// How often it refused, one feed after the other.
    pub tries: u32,
    /// What was asked and what Amazon answered.
    pub why: String,
}

impl HeldRound {
    /// What a person reads of it.
    pub fn words(&self) -> String {
        let (at, zeros, matched) = (self.at, self.zeros, self.matched);
        match self.ends_alone {
            false => format!(
                "a round is held since {at}: {zeros} of {matched} matched listings would go to zero, or have an offer ended"
            ),
            true => format!(
                "the ends of offers are held since {at}: {zeros} of {matched} matched listings would have one, or go to zero; all else is sent"
            ),
        }
    }
}

impl Round {
    /// What a person must release before anything is sent.
    pub fn held_whole(&self) -> Option<&HeldRound> {
        self.held.as_ref().filter(|held| !held.ends_alone)
    }
}

/// The rounds of a connection. One run at a time has the lease.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    pub tenant: Option<TenantId>,
    pub connection: Option<ConnectionId>,
    #[serde(default)]
    pub last: RoundSummary,
    /// A round is held.
    pub held: Option<HeldRound>,
    /// A person released what was held; until this moment zeros and ends are not counted.
    pub released_until: Option<Timestamp>,
    /// Listings sent to zero, or with an offer ended, since `zeros_since`.
    #[serde(default)]
    pub zeros: u64,
    pub zeros_since: Option<Timestamp>,
    /// No stock level came since this moment, and it was announced.
    pub stale_since: Option<Timestamp>,
    /// Why Amazon would let nothing be sent the last time, in words.
    pub failed: Option<String>,
    #[serde(default)]
    pub closed: Vec<ClosedMarketplace>,
}

impl Store {
    /// Takes the lease of a connection's rounds until `until`. `None`: another run has it.
    pub async fn lease_round(
        &self,
        connection: &ConnectionKey,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Leased<Round>>> {
        let key = Key::leased::<Round>(connection);
        let leased = self.lease(key, owner, now, until, &[]).await?;
        leased.map(Leased::of).transpose()
    }

    /// The rounds of a connection; the default if there was none yet.
    pub async fn round(&self, connection: &ConnectionKey) -> Result<Leased<Round>> {
        Ok(self.leased(connection).await?.unwrap_or_default())
    }

    /// Takes the lease of urgent decreases, so that a burst of messages is one look. `false`: another run has it.
    pub async fn lease_urgent(
        &self,
        connection: &ConnectionKey,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool> {
        let key = Key::urgent_lease(connection);
        Ok(self.lease(key, owner, now, until, &[]).await?.is_some())
    }

    /// Gives the lease of urgent decreases back.
    pub async fn release_urgent(&self, connection: &ConnectionKey, owner: &str) -> Result<()> {
        self.release(Key::urgent_lease(connection), owner).await
    }

    /// Counts listings that an urgent decrease sends to zero, and returns how many there were since `since`: the window
    /// starts again if it is older than that.
    pub async fn count_zeros(
        &self,
        connection: &ConnectionKey,
        zeros: u64,
        now: Timestamp,
        since: Timestamp,
    ) -> Result<u64> {
        for () in Written::attempts_among_many() {
            let mut round = self.round(connection).await?;
            let fresh = round.zeros_since.is_none_or(|started| started < since);
            round.zeros = if fresh { zeros } else { round.zeros + zeros };
            round.zeros_since = if fresh { Some(now) } else { round.zeros_since };
            round.tenant = Some(connection.tenant.clone());
            round.connection = Some(connection.id.clone());
            if self.save_leased(connection, &mut round).await? == Written::Done {
                return Ok(round.zeros);
            }
        }
        Err(Written::given_up("count the listings that go to zero"))
    }
}
