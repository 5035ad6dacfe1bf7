//! How fast a tenant may call: one bucket for all functions, so that one tenant's program takes neither the others' answers
//! nor the deployment's concurrency. An environment takes permits a few at a time: most requests cost no write.

use super::{Caller, HasStore, Problem};
use crate::domain::ids::TenantId;
use crate::store::{Permit, Store};
use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tracing::warn;

/// Permits that an environment takes at once.
const AT_ONCE: u32 = 10;
/// How long it may use them: those of an hour ago are no permits to be fast now.
const KEPT: SignedDuration = SignedDuration::from_secs(10);
/// Of so many tenants at most.
const MOST_TENANTS: usize = 1_000;

/// Permits that an environment has taken and not used, by tenant.
#[derive(Default)]
struct Taken(Mutex<HashMap<TenantId, (u32, Timestamp)>>);

impl Taken {
    /// Uses one, if there is one.
    fn use_one(&self, tenant: &TenantId, now: Timestamp) -> bool {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((left, until)) = taken.get_mut(tenant) else {
            return false;
        };
        let has_one = *left > 0 && now < *until;
        *left = left.saturating_sub(1);
        has_one
    }

    fn keep(&self, tenant: &TenantId, permits: u32, now: Timestamp) {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.len() >= MOST_TENANTS {
            taken.clear();
        }
        let until = now.saturating_add(KEPT).unwrap_or(now);
        taken.insert(tenant.clone(), (permits, until));
    }
}

/// Answers 429 to a tenant that calls faster than it may; a request without a tenant passes.
pub fn with_tenant_rate<A: HasStore + 'static>(
    router: Router<Arc<A>>,
    app: Arc<A>,
) -> Router<Arc<A>> {
    let taken = Arc::new(Taken::default());
    router.layer(from_fn(move |request: Request, next: Next| {
        let (app, taken) = (app.clone(), taken.clone());
        async move {
            let tenant = request.extensions().get::<Caller>();
            match tenant.map(|caller| caller.tenant.clone()) {
                Some(tenant) => limited(app.store(), &taken, &tenant, request, next).await,
                None => next.run(request).await,
            }
        }
    }))
}

async fn limited(
    store: &Store,
    taken: &Taken,
    tenant: &TenantId,
    request: Request,
    next: Next,
) -> Response {
    let now = Timestamp::now();
    if !taken.use_one(tenant, now) {
        match store.tenant_permits(tenant, AT_ONCE, now).await {
            Ok(Permit::Granted) => taken.keep(tenant, AT_ONCE - 1, now),
            Ok(Permit::NotBefore(moment)) => return too_fast(moment, now).into_response(),
            // Whatever keeps the table from answering will keep the handler too, which says so.
            Err(error) => {
                warn!(tenant.id = %tenant, error = error.chain(), "a tenant's rate is not known")
            }
        }
    }
    next.run(request).await
}

fn too_fast(moment: Timestamp, now: Timestamp) -> Problem {
    let wait = moment.duration_since(now).as_secs().clamp(0, 600) + 1;
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too-fast",
        "This tenant sends requests too fast.",
        format!("Nothing was done. Send the same request again in {wait} s, and fewer, larger ones: bulk routes take a thousand rows a call."),
    )
    .retry_after(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    #[test]
    fn permits_are_used_up_expire_and_are_a_tenants_own() {
        let (taken, north) = (Taken::default(), "north".parse().unwrap());
        assert!(!taken.use_one(&north, at(0)));
        taken.keep(&north, 2, at(0));
        assert!(!taken.use_one(&"south".parse().unwrap(), at(1)));
        let used = [1, 2, 3].map(|second| taken.use_one(&north, at(second)));
        assert_eq!(used, [true, true, false]);
        taken.keep(&north, 2, at(10));
        assert!(!taken.use_one(&north, at(20)), "too old");
    }
}
