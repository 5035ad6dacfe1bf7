//! A wire across every call to AWS: it counts them, and from one of them on nothing gets through any more, as if the
//! environment had been killed there.

use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use std::sync::{Arc, Mutex};

#[derive(Debug, Default)]
struct State {
    /// Operations that were called, with their input.
    calls: Vec<(String, String)>,
    /// The call from which on nothing gets through.
    stop: Option<usize>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Wire(Arc<Mutex<State>>);

impl Wire {
    /// Stops before the n-th call from now on; the first is 1.
    pub(crate) fn stop_at(&self, n: usize) {
        let mut state = self.0.lock().unwrap();
        state.stop = Some(state.calls.len() + n);
    }

    /// Lets everything through again; whether it had stopped anything.
    pub(crate) fn release(&self) -> bool {
        let mut state = self.0.lock().unwrap();
        let calls = state.calls.len();
        state.stop.take().is_some_and(|at| calls >= at)
    }

    /// Writes to the catalogue since last asked.
    pub(crate) fn catalogue_writes(&self) -> Vec<(String, String)> {
        let mut state = self.0.lock().unwrap();
        let writes = ["PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"];
        state
            .calls
            .drain(..)
            .filter(|(name, body)| {
                writes.contains(&name.as_str()) && body.contains("CatalogueTable")
            })
            .collect()
    }
}

impl Intercept for Wire {
    fn name(&self) -> &'static str {
        "Wire"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request();
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let name = target.rsplit('.').next().unwrap_or_default().to_owned();
        let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default());
        let mut state = self.0.lock().unwrap();
        state.calls.push((name, body.into_owned()));
        let calls = state.calls.len();
        match state.stop {
            Some(at) if calls >= at => Err("stopped".into()),
            _ => Ok(()),
        }
    }
}
