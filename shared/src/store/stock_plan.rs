//! A connection's stock settings, the brakes, and the state of its rounds and of its matching.

use super::item::{Item, condition_failed, failure, item, n, s, value};
use super::key::Key;
use super::{Store, Written};
use crate::domain::ids::{ConnectionId, SellerId, TenantId};
use crate::domain::marketplace::Marketplace;
use crate::domain::stock_settings::{Freeze, StockPlan};
use crate::error::Result;
use aws_sdk_dynamodb::types::ReturnValue;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What the last round did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundSummary {
    pub at: Option<Timestamp>,
    /// Entries that were looked at.
    pub looked_at: u64,
    pub patched: u64,
    pub fed: u64,
    pub refused: u64,
    /// Increases that wait for a sweep of orders, and entries that wait for a feed.
    pub waiting: u64,
    /// Held by the price brake.
    pub prices_held: u64,
    /// What would have been sent, in shadow mode.
    pub shadowed: u64,
}

/// A round that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    pub at: Timestamp,
    /// Listings that would have gone to zero, with those of the last hour.
    pub zeros: u64,
    pub matched: u64,
}

/// The rounds of a connection. One run at a time has the lease.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    pub tenant: Option<TenantId>,
    pub connection: Option<ConnectionId>,
    #[serde(default)]
    pub last: RoundSummary,
    /// A round is held.
    pub held: Option<Held>,
    /// A person released what was held; until this moment zeros are not counted.
    pub released_until: Option<Timestamp>,
    /// Listings sent to zero since `zeros_since`.
    #[serde(default)]
    pub zeros: u64,
    pub zeros_since: Option<Timestamp>,
    /// No stock level came since this moment, and it was announced.
    pub stale_since: Option<Timestamp>,
    /// Why Amazon would let nothing be sent the last time, in words.
    pub failed: Option<String>,
    /// Rises by one with every write.
    #[serde(default)]
    pub revision: u64,
    pub owner: Option<String>,
    #[serde(default)]
    pub leased_until_ms: i64,
}

/// Where a report that was asked for stands. Done without a document: Amazon has nothing to report of this store, or
/// would not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportJob {
    pub marketplace: Marketplace,
    pub report_id: String,
    /// Amazon's document, once it is done.
    pub document_id: Option<String>,
    /// When Amazon made it.
    pub made_at: Option<Timestamp>,
}

/// How many listings stand where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListingCounts {
    pub matched: u64,
    pub case_mismatch: u64,
    pub fulfilled_by_amazon: u64,
    pub not_on_amazon: u64,
    pub unknown_here: u64,
}

/// The matching of a connection with Amazon's listings. One run at a time has the lease.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matching {
    /// Reports asked for and not yet read.
    #[serde(default)]
    pub reports: Vec<ReportJob>,
    pub started_at: Option<Timestamp>,
    /// The last matching that came to its end.
    pub done_at: Option<Timestamp>,
    /// When Amazon made the oldest of the reports that it read.
    pub observed_at: Option<Timestamp>,
    #[serde(default)]
    pub counts: ListingCounts,
    /// Lines of the reports that could not be read.
    #[serde(default)]
    pub unreadable_lines: u64,
    /// Why the last one failed, in words.
    pub failed: Option<String>,
    /// How often its reports broke off while they were read.
    #[serde(default)]
    pub tries: u32,
    /// The seller whose listings these were proved to be.
    pub proved_seller: Option<SellerId>,
    #[serde(default)]
    pub revision: u64,
    pub owner: Option<String>,
    #[serde(default)]
    pub leased_until_ms: i64,
}

impl Store {
    /// A connection's stock settings; the defaults where nobody has said.
    pub async fn stock_plan(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
    ) -> Result<StockPlan> {
        let plan = self
            .get(
                &self.tables.connections,
                Key::stock_plan(tenant, connection),
            )
            .await?;
        Ok(plan.unwrap_or_default())
    }

    /// Stores stock settings whose revision is one more than when they were read.
    pub async fn save_stock_plan(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        plan: &StockPlan,
    ) -> Result<Written> {
        self.put_revised(
            "store stock settings",
            &self.tables.connections,
            Key::stock_plan(tenant, connection),
            plan,
            plan.revision,
        )
        .await
    }

    /// The brake of the whole deployment, where it is pulled.
    pub async fn deployment_freeze(&self) -> Result<Option<Freeze>> {
        self.get(&self.tables.connections, Key::deployment_freeze())
            .await
    }

    /// Pulls or releases the brake of the whole deployment. Idempotent.
    pub async fn set_deployment_freeze(&self, freeze: Option<&Freeze>) -> Result<()> {
        let Some(freeze) = freeze else {
            return self
                .delete(&self.tables.connections, Key::deployment_freeze())
                .await;
        };
        self.db
            .put_item()
            .table_name(&self.tables.connections)
            .set_item(Some(item(Key::deployment_freeze(), freeze)?))
            .send()
            .await
            .map_err(|error| failure("freeze the deployment", error))?;
        Ok(())
    }

    /// Takes the lease of a connection's rounds until `until`. `None`: another run has it.
    pub async fn lease_round(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Round>> {
        let key = Key::stock_round(tenant, connection);
        let leased = self.lease(key, owner, now, until).await?;
        leased.map(value).transpose()
    }

    /// Takes the lease of urgent decreases, so that a burst of messages is one look. `false`: another run has it.
    pub async fn lease_urgent(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool> {
        let key = Key::urgent_lease(tenant, connection);
        Ok(self.lease(key, owner, now, until).await?.is_some())
    }

    /// Gives the lease of urgent decreases back.
    pub async fn release_urgent(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        owner: &str,
    ) -> Result<()> {
        let update = self
            .db
            .update_item()
            .table_name(&self.tables.connections)
            .set_key(Some(Key::urgent_lease(tenant, connection).into_map()))
            .update_expression("SET leased_until_ms = :past")
            .condition_expression("#owner = :owner")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", s(owner))
            .expression_attribute_values(":past", n(0))
            .send()
            .await;
        match update {
            Ok(_) => Ok(()),
            Err(error) if condition_failed(&error) => Ok(()),
            Err(error) => Err(failure("give a lease back", error)),
        }
    }

    /// Takes the lease of a connection's matching until `until`. `None`: another run has it.
    pub async fn lease_matching(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Matching>> {
        let key = Key::matching(tenant, connection);
        let leased = self.lease(key, owner, now, until).await?;
        leased.map(value).transpose()
    }

    async fn lease(
        &self,
        key: Key,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Item>> {
        let leased = self
            .db
            .update_item()
            .table_name(&self.tables.connections)
            .set_key(Some(key.into_map()))
            .update_expression(
                "SET #owner = :owner, leased_until_ms = :until, v = :v ADD revision :one",
            )
            .condition_expression(
                "attribute_not_exists(leased_until_ms) OR leased_until_ms <= :now OR #owner = :owner",
            )
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", s(owner))
            .expression_attribute_values(":until", n(until.as_millisecond()))
            .expression_attribute_values(":now", n(now.as_millisecond()))
            .expression_attribute_values(":v", n(super::item::VERSION))
            .expression_attribute_values(":one", n(1))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        match leased {
            Ok(answer) => Ok(answer.attributes),
            Err(error) if condition_failed(&error) => Ok(None),
            Err(error) => Err(failure("take a lease", error)),
        }
    }

    /// The rounds of a connection; the default where there was none yet.
    pub async fn round(&self, tenant: &TenantId, connection: &ConnectionId) -> Result<Round> {
        let key = Key::stock_round(tenant, connection);
        Ok(self
            .get(&self.tables.connections, key)
            .await?
            .unwrap_or_default())
    }

    /// Stores the rounds of a connection; their revision must be one more than when they were read. With the owner taken
    /// out this also gives the lease back.
    pub async fn save_round(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        round: &Round,
    ) -> Result<Written> {
        self.put_revised(
            "store a round",
            &self.tables.connections,
            Key::stock_round(tenant, connection),
            round,
            round.revision,
        )
        .await
    }

    /// Counts listings that an urgent decrease sends to zero, and tells how many there were since `since`: the window
    /// starts anew where it is older than that.
    pub async fn count_zeros(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        zeros: u64,
        now: Timestamp,
        since: Timestamp,
    ) -> Result<u64> {
        loop {
            let mut round = self.round(tenant, connection).await?;
            let fresh = round.zeros_since.is_none_or(|started| started < since);
            round.zeros = if fresh { zeros } else { round.zeros + zeros };
            round.zeros_since = if fresh { Some(now) } else { round.zeros_since };
            round.tenant = Some(tenant.clone());
            round.connection = Some(connection.clone());
            round.revision += 1;
            if self.save_round(tenant, connection, &round).await? == Written::Done {
                return Ok(round.zeros);
            }
        }
    }

    /// The matching of a connection; the default where there was none yet.
    pub async fn matching(&self, tenant: &TenantId, connection: &ConnectionId) -> Result<Matching> {
        let key = Key::matching(tenant, connection);
        Ok(self
            .get(&self.tables.connections, key)
            .await?
            .unwrap_or_default())
    }

    /// As [`Self::save_round`], of the matching.
    pub async fn save_matching(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        matching: &Matching,
    ) -> Result<Written> {
        self.put_revised(
            "store a matching",
            &self.tables.connections,
            Key::matching(tenant, connection),
            matching,
            matching.revision,
        )
        .await
    }
}
