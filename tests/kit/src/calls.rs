//! The calls that leave a function, which can be stopped at any of them.

use aws_sdk_dynamodb::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use std::sync::{Arc, Mutex, MutexGuard};

/// On which side of a call everything stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The call is not made any more.
    Before,
    /// The call is made, and its answer is lost.
    After,
}

/// A call of AWS.
#[derive(Debug, Clone)]
pub struct Call {
    /// The operation, such as `PutItem`.
    pub name: String,
    pub body: String,
}

impl Call {
    /// Whether it writes to a table.
    pub fn writes_to(&self, table: &str) -> bool {
        let writes = ["PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"];
        writes.contains(&self.name.as_str()) && self.body.contains(table)
    }
}

#[derive(Debug, Clone, Copy)]
struct Stop {
    n: usize,
    side: Side,
    /// Whether the calls after it come back again.
    once: bool,
}

#[derive(Debug, Default)]
struct Seen {
    calls: Vec<Call>,
    stop: Option<Stop>,
}

/// The calls that left a function.
#[derive(Debug, Clone, Default)]
pub struct Calls(Arc<Mutex<Seen>>);

impl Calls {
    /// From the n-th call from now on, none comes back, as if the function had been killed there; the first is 1.
    pub fn stop_at(&self, n: usize, side: Side) {
        self.set(Some(Stop {
            n,
            side,
            once: false,
        }));
    }

    /// The n-th call from now on fails, and those after it do not; the first is 1.
    pub fn fail_at(&self, n: usize, side: Side) {
        self.set(Some(Stop {
            n,
            side,
            once: true,
        }));
    }

    /// Makes all calls again; returns whether any was stopped.
    pub fn go_on(&self) -> bool {
        let seen = self.set(None);
        seen.stop.is_some_and(|stop| seen.calls.len() >= stop.n)
    }

    /// The calls since the last look.
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut self.seen().calls)
    }

    fn set(&self, stop: Option<Stop>) -> Seen {
        let calls = Vec::new();
        std::mem::replace(&mut self.seen(), Seen { calls, stop })
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap()
    }
}

impl Seen {
    /// What becomes of the latest call, on this side of it.
    fn outcome(&self, at: Side) -> Result<(), BoxError> {
        let Some(Stop { n, side, once }) = self.stop else {
            return Ok(());
        };
        let count = self.calls.len();
        let stopped = (count == n && at == side) || (count > n && !once);
        if stopped {
            Err("stopped".into())
        } else {
            Ok(())
        }
    }
}

impl Intercept for Calls {
    fn name(&self) -> &'static str {
        "calls"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request();
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let body = request.body().bytes().unwrap_or_default();
        let mut seen = self.seen();
        seen.calls.push(Call {
            name: target.rsplit('.').next().unwrap_or_default().to_owned(),
            body: String::from_utf8_lossy(body).into_owned(),
        });
        seen.outcome(Side::Before)
    }

    fn read_after_deserialization(
        &self,
        _context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.seen().outcome(Side::After)
    }
}
