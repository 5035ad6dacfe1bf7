//! Orders by what a person has in hand: Amazon's order id, or the postcode on a parcel.

use super::item::{Item, failure, item, number, s, text};
use super::key::{self, Key};
use super::order_lists::listed_order;
use super::{ListedOrder, OrderPage, Store, Written};
use crate::domain::ids::{ConnectionId, OrderId, TenantId};
use crate::domain::order::PostcodeDigest;
use crate::error::{Error, Result};
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};

impl Store {
    /// A tenant's orders of this id, of any status: of one connection, or of whichever has it. Reads the tenant's connections,
    /// and half a read unit for each of them.
    pub async fn orders_by_id(
        &self,
        tenant: &TenantId,
        order: &OrderId,
        connection: Option<&ConnectionId>,
    ) -> Result<Vec<ListedOrder>> {
        let connections: Vec<ConnectionId> = match connection {
            Some(connection) => vec![connection.clone()],
            None => {
                let connections = self.connections(tenant).await?.into_iter();
                connections.map(|connection| connection.id).collect()
            }
        };
        let keys = connections.iter().map(|id| Key::order(id, order)).collect();
        let items = self.batch_get(&self.tables.orders, keys).await?;
        let orders: Vec<ListedOrder> =
            items.into_iter().map(listed_order).collect::<Result<_>>()?;
        let orders = orders.into_iter().filter(|order| order.tenant == *tenant);
        Ok(orders.collect())
    }

    /// A page of a tenant's orders to a postcode, of any status, the latest first, as long as their buyer data lives. Reads one and
    /// a half read units an order, with the query shared by many. The index lags a little behind the table.
    pub async fn orders_by_postcode(
        &self,
        tenant: &TenantId,
        digest: &PostcodeDigest,
        after: Option<&str>,
        limit: i32,
        now: Timestamp,
    ) -> Result<OrderPage> {
        let pk = key::postcode_pk(tenant, digest);
        let (found, next) = self.buyers_in(&pk, after, limit).await?;
        let alive = self.alive_among(&pk, &found, now).await?;
        let keys = found.iter().filter(|pk| alive.contains(*pk));
        let keys = keys.map(|pk| Key::beside(pk, key::ORDER)).collect();
        let items = self.batch_get(&self.tables.orders, keys).await?;
        let mut by_pk: HashMap<String, Item> = items
            .into_iter()
            .filter_map(|item| Some((text(&item, "pk")?, item)))
            .collect();
        let items = found.iter().filter_map(|pk| by_pk.remove(pk));
        let rows = items.map(listed_order).collect::<Result<_>>()?;
        Ok(OrderPage { rows, next })
    }

    /// The partitions of orders that index `by_postcode` has under `pk`, and where the next page begins.
    async fn buyers_in(
        &self,
        pk: &str,
        after: Option<&str>,
        limit: i32,
    ) -> Result<(Vec<String>, Option<String>)> {
        let start = after.map(|place| start_of(pk, place)).transpose()?;
        let query = self
            .db
            .query()
            .table_name(&self.tables.buyers)
            .index_name("by_postcode")
            .scan_index_forward(false)
            .limit(limit)
            .key_condition_expression("postcode_pk = :pk")
            .expression_attribute_values(":pk", s(pk))
            .set_exclusive_start_key(start);
        let answer = query.send().await;
        let answer = answer.map_err(|error| failure("find orders by postcode", error))?;
        let next = answer.last_evaluated_key().and_then(|last| {
            let (moment, order) = (text(last, "postcode_sk")?, text(last, "pk")?);
            Some(format!("{moment}\n{order}"))
        });
        let found = answer.items().iter().filter_map(|item| text(item, "pk"));
        Ok((found.collect(), next))
    }

    /// Those whose buyer data has neither expired nor moved to another postcode, as it is now: what was just erased leads to no
    /// order.
    async fn alive_among(
        &self,
        pk: &str,
        orders: &[String],
        now: Timestamp,
    ) -> Result<HashSet<String>> {
        let keys = orders.iter().map(|order| Key::beside(order, key::BUYER));
        let keys = keys.collect();
        let items = self.batch_get_now(&self.tables.buyers, keys).await?;
        let is_alive = |item: &Item| {
            let expires = number(item, "expires_at");
            text(item, "postcode_pk").as_deref() == Some(pk)
                && expires.is_some_and(|second| second > now.as_second())
        };
        let alive = items.iter().filter(|item| is_alive(item));
        Ok(alive.filter_map(|item| text(item, "pk")).collect())
    }

    /// What a tenant's digests of postcodes are made with, sealed.
    pub(crate) async fn postcode_key(&self, tenant: &TenantId) -> Result<Option<String>> {
        let found = self
            .get_item(&self.tables.connections, Key::postcode_key(tenant))
            .await?;
        Ok(found.and_then(|item| text(&item, "sealed")))
    }

    /// Keeps it, if there is none.
    pub(crate) async fn make_postcode_key(
        &self,
        tenant: &TenantId,
        sealed: &str,
    ) -> Result<Written> {
        let mut fields: Item = item(Key::postcode_key(tenant), &HashMap::<String, String>::new())?;
        fields.insert("sealed".into(), s(sealed));
        let put = self
            .db
            .put_item()
            .table_name(&self.tables.connections)
            .set_item(Some(fields))
            .condition_expression("attribute_not_exists(pk)");
        Written::from_result("keep a key", put.send().await)
    }
}

fn start_of(pk: &str, place: &str) -> Result<Item> {
    let malformed = || Error::permanent("continue a search", "the cursor is malformed");
    let (moment, order) = place.split_once('\n').ok_or_else(malformed)?;
    let mut start = Key::beside(order, key::BUYER).into_map();
    start.insert("postcode_pk".to_owned(), s(pk));
    start.insert("postcode_sk".to_owned(), s(moment));
    Ok(start)
}
