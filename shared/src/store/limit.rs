//! Rate limits as token buckets that all environments share: Amazon's, kept before Amazon must say so, for each seller,
//! region and operation; and ours for each tenant. One number an item (GCRA): the theoretical arrival time of the next
//! request.

use super::Store;
use super::item::{condition_failed, failure, n, number};
use super::key::Key;
use crate::domain::ids::{SellerId, TenantId};
use crate::domain::marketplace::Region;
use crate::error::Result;
use crate::sp_api::Operation;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use jiff::{SignedDuration, Timestamp};

/// Whether a request may be sent now.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    Granted,
    /// The bucket is empty until this moment.
    NotBefore(Timestamp),
}

/// The bucket of one operation for one seller account.
#[derive(Debug, Clone, Copy)]
pub struct Bucket<'a> {
    pub region: Region,
    pub seller: &'a SellerId,
    pub operation: Operation,
    /// Requests per second, if an answer of Amazon's gave another figure than its documentation.
    pub rate: Option<f64>,
}

/// Requests per second of one tenant over all routes, in the long run: twice what a program needs that uploads a million
/// rows in an hour and pages through orders meanwhile.
const TENANT_RATE: f64 = 50.0;
/// How many it may send at once after a pause.
const TENANT_BURST: u32 = 1_000;

/// A bucket as the table keeps it.
struct Flow {
    key: Key,
    /// Milliseconds that one request costs.
    interval_ms: i64,
    burst: u32,
}

impl Flow {
    fn of_tenant(tenant: &TenantId) -> Self {
        Self {
            key: Key::tenant_limit(tenant),
            interval_ms: (1000.0 / TENANT_RATE) as i64,
            burst: TENANT_BURST,
        }
    }

    fn tolerance_ms(&self) -> i64 {
        self.interval_ms * i64::from(self.burst.max(1) - 1)
    }

    /// The greatest debt of a bucket: all its burst and one request more.
    fn debt_ms(&self) -> i64 {
        self.tolerance_ms() + self.interval_ms
    }
}

impl Bucket<'_> {
    /// Milliseconds that one request costs.
    fn interval_ms(&self) -> i64 {
        // A rate of zero would never allow a request; a day between two requests is as slow as it gets.
        (1000.0 / self.rate.unwrap_or(self.operation.limit().rate)).clamp(1.0, 86_400_000.0) as i64
    }

    fn flow(&self) -> Flow {
        Flow {
            key: Key::limit(self.region, self.seller, self.operation.name()),
            interval_ms: self.interval_ms(),
            burst: self.operation.limit().burst,
        }
    }
}

impl Store {
    /// Takes one request out of the bucket: one conditional write for a bucket at rest, a second one if it is in
    /// use. A permit that is not used is lost, which errs on the safe side.
    pub async fn permit(&self, bucket: Bucket<'_>, now: Timestamp) -> Result<Permit> {
        self.permits(bucket, 1, now).await
    }

    /// Takes `count` requests out of the bucket at once, all or none; at most its burst. As [`Self::permit`].
    pub async fn permits(&self, bucket: Bucket<'_>, count: u32, now: Timestamp) -> Result<Permit> {
        self.take(&bucket.flow(), count, 0, now).await
    }

    /// Takes one request, if the bucket then still holds `reserve` of them for work that goes first. As [`Self::permit`].
    pub async fn spare_permit(
        &self,
        bucket: Bucket<'_>,
        reserve: u32,
        now: Timestamp,
    ) -> Result<Permit> {
        self.take(&bucket.flow(), 1, reserve, now).await
    }

    /// Takes `count` of a tenant's requests out of its bucket at once, all or none. As [`Self::permit`].
    pub async fn tenant_permits(
        &self,
        tenant: &TenantId,
        count: u32,
        now: Timestamp,
    ) -> Result<Permit> {
        self.take(&Flow::of_tenant(tenant), count, 0, now).await
    }

    async fn take(&self, flow: &Flow, count: u32, reserve: u32, now: Timestamp) -> Result<Permit> {
        let now_ms = now.as_millisecond();
        let burst = flow.burst;
        let count = count.clamp(1, burst);
        let reserve = i64::from(reserve.min(burst - count));
        let count = i64::from(count);
        let cost = flow.interval_ms * count;
        // What the first of them may find is what leaves room for the others.
        let tolerance = flow.tolerance_ms() - flow.interval_ms * (count - 1 + reserve);
        let at_rest = self
            .db
            .update_item()
            .table_name(&self.tables.connections)
            .set_key(Some(flow.key.clone().into_map()))
            .update_expression("SET tat = :next, v = :v")
            .condition_expression("attribute_not_exists(tat) OR tat <= :now")
            .expression_attribute_values(":next", n(now_ms + cost))
            .expression_attribute_values(":now", n(now_ms))
            .expression_attribute_values(":v", n(1))
            .send()
            .await;
        match at_rest {
            Ok(_) => return Ok(Permit::Granted),
            Err(error) if condition_failed(&error) => {}
            Err(error) => return Err(failure("take a rate permit", error)),
        }
        let in_use = self
            .db
            .update_item()
            .table_name(&self.tables.connections)
            .set_key(Some(flow.key.clone().into_map()))
            .update_expression("SET tat = tat + :cost")
            .condition_expression("tat <= :latest")
            .expression_attribute_values(":cost", n(cost))
            .expression_attribute_values(":latest", n(now_ms + tolerance))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match in_use {
            Ok(_) => Ok(Permit::Granted),
            Err(error) if condition_failed(&error) => {
                let tat = error.as_service_error().and_then(|error| match error {
                    aws_sdk_dynamodb::operation::update_item::UpdateItemError::ConditionalCheckFailedException(old) => {
                        old.item().and_then(|item| number(item, "tat"))
                    }
                    _ => None,
                });
                let most = now_ms + flow.debt_ms();
                let mut tat = tat.unwrap_or(most);
                if tat > most {
                    self.forgive(flow, most).await?;
                    tat = most;
                }
                let wait = tat - tolerance - now_ms;
                Ok(Permit::NotBefore(
                    now.saturating_add(SignedDuration::from_millis(wait.max(1)))
                        .unwrap_or(now),
                ))
            }
            Err(error) => Err(failure("take a rate permit", error)),
        }
    }

    /// Lowers a bucket's debt to `most`: it was filled at a slower rate than Amazon grants now, and would stay
    /// shut for as long as that rate asked for.
    async fn forgive(&self, flow: &Flow, most: i64) -> Result<()> {
        let update = self
            .db
            .update_item()
            .table_name(&self.tables.connections)
            .set_key(Some(flow.key.clone().into_map()))
            .update_expression("SET tat = :most")
            .condition_expression("tat > :most")
            .expression_attribute_values(":most", n(most))
            .send()
            .await;
        match update {
            Ok(_) => Ok(()),
            Err(error) if condition_failed(&error) => Ok(()),
            Err(error) => Err(failure("correct a rate limit", error)),
        }
    }

    /// Amazon said 429: the bucket is empty, whatever we thought. Nothing is sent before one request has refilled.
    pub async fn drain(&self, bucket: Bucket<'_>, now: Timestamp) -> Result<()> {
        let flow = bucket.flow();
        let drained = now.as_millisecond() + flow.debt_ms();
        let update = self
            .db
            .update_item()
            .table_name(&self.tables.connections)
            .set_key(Some(flow.key.clone().into_map()))
            .update_expression("SET tat = :drained, v = :v")
            .condition_expression("attribute_not_exists(tat) OR tat < :drained")
            .expression_attribute_values(":drained", n(drained))
            .expression_attribute_values(":v", n(1))
            .send()
            .await;
        match update {
            Ok(_) => Ok(()),
            Err(error) if condition_failed(&error) => Ok(()),
            Err(error) => Err(failure("drain a rate limit", error)),
        }
    }
}
