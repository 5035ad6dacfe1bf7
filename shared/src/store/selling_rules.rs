//! A connection's selling rules: one draft, and each published state as it was. The draft is written together with the stock
//! plan, whose revisions it shares; what is published is named by the revision of the draft that it was.

use super::item::{Item, deflated, failure, inflated, n, number};
use super::key::Key;
use super::{Store, Written};
use crate::domain::ids::{ConnectionKey, TenantId};
use crate::domain::price::ExchangeRates;
use crate::domain::selling_rules::{RulesDraft, SellingRules};
use crate::domain::stock_settings::StockPlan;
use crate::error::{Error, Result};
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use serde::{Deserialize, Serialize};

const BODY: &str = "body";

/// A tenant's exchange rates as they are stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisedRates {
    pub rates: ExchangeRates,
    /// Rises by one with every write; part of the generation of every wanted price.
    pub revision: u64,
}

impl Store {
    /// The drafted rules, read strongly; none if nobody has drafted any.
    pub async fn rules_draft(&self, connection: &ConnectionKey) -> Result<RulesDraft> {
        let key = Key::rules_draft(connection);
        let Some(item) = self.get_item(&self.tables.connections, key).await? else {
            return Ok(RulesDraft::default());
        };
        let revision = number(&item, "revision").unwrap_or_default();
        Ok(RulesDraft {
            revision: u64::try_from(revision).unwrap_or_default(),
            rules: inflated(&item, BODY)?,
        })
    }

    /// Stores a draft of the rules together with the stock plan whose draft it belongs to; neither, if the plan changed since
    /// it was read.
    pub async fn save_rules_draft(
        &self,
        connection: &ConnectionKey,
        plan: &StockPlan,
        draft: &RulesDraft,
    ) -> Result<Written> {
        let mut plan_fields = super::item::item(Key::stock_plan(connection), plan)?;
        plan_fields.retain(|_, value| !value.is_null());
        let plan = Put::builder()
            .table_name(&self.tables.connections)
            .set_item(Some(plan_fields))
            .condition_expression("attribute_not_exists(pk) OR revision = :read")
            .expression_attribute_values(":read", n(plan.revision.saturating_sub(1)));
        let draft = Put::builder()
            .table_name(&self.tables.connections)
            .set_item(Some(rules_item(Key::rules_draft(connection), draft)?));
        let mut request = self.db.transact_write_items();
        for put in [plan, draft] {
            let put = put
                .build()
                .map_err(|error| Error::permanent("build a transaction", error))?;
            request = request.transact_items(TransactWriteItem::builder().put(put).build());
        }
        match request.send().await {
            Ok(_) => Ok(Written::Done),
            Err(error) if super::orders::lost(error.as_service_error()) => Ok(Written::Conflict),
            Err(error) => Err(failure("store a draft of selling rules", error)),
        }
    }

    /// Keeps drafted rules as they are, before a publication names them. Idempotent: a draft's revision has one content.
    pub async fn keep_rules(&self, connection: &ConnectionKey, draft: &RulesDraft) -> Result<()> {
        let key = Key::published_rules(connection, draft.revision);
        let fields = rules_item(key, draft)?;
        let table = &self.tables.connections;
        self.put_fields("keep published rules", table, fields).await
    }

    /// The rules in force; none if none are published.
    ///
    /// # Errors
    /// Retryable if what a publication names cannot be found: no price or selection may be guessed.
    pub async fn rules_in_force(
        &self,
        connection: &ConnectionKey,
        plan: &StockPlan,
    ) -> Result<SellingRules> {
        let published = plan.published.as_ref();
        self.published_rules(connection, published.and_then(|it| it.rules))
            .await
    }

    /// As [`Self::rules_in_force`], of the publication's `rules`.
    pub async fn published_rules(
        &self,
        connection: &ConnectionKey,
        rules: Option<u64>,
    ) -> Result<SellingRules> {
        let Some(revision) = rules else {
            return Ok(SellingRules::default());
        };
        let key = Key::published_rules(connection, revision);
        let item = self.get_item(&self.tables.connections, key).await?;
        let missing = || Error::retryable("read published rules", "they are not there");
        inflated(&item.ok_or_else(missing)?, BODY)
    }

    /// A tenant's exchange rates, if any were uploaded; read strongly.
    pub async fn exchange_rates(&self, tenant: &TenantId) -> Result<Option<RevisedRates>> {
        self.get(&self.tables.connections, Key::exchange_rates(tenant))
            .await
    }

    /// Stores exchange rates whose revision is one more than when they were read.
    pub async fn save_exchange_rates(
        &self,
        tenant: &TenantId,
        rates: &RevisedRates,
    ) -> Result<Written> {
        self.put_revised(
            "store exchange rates",
            &self.tables.connections,
            Key::exchange_rates(tenant),
            rates,
            rates.revision,
        )
        .await
    }
}

fn rules_item(key: Key, draft: &RulesDraft) -> Result<Item> {
    let mut item = Item::from([
        ("revision".to_owned(), n(draft.revision)),
        (BODY.to_owned(), deflated(&draft.rules)?),
        ("v".to_owned(), n(super::item::VERSION)),
    ]);
    item.extend(key.into_map());
    Ok(item)
}
