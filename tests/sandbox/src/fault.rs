//! Owns the failures that a test has ordered: which call they meet and how often. It never makes
//! one happen; the server does, from what [`Faults::strike`] returns.

use serde::{Deserialize, Serialize};

/// What goes wrong.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FaultKind {
    /// An error status with a body of Amazon's shape; the work is not done.
    Status,
    /// The work is done late, and the answer is the real one.
    Delay,
    /// The work is done at once, and its answer comes late.
    Late,
    /// The connection is reset before a byte of the answer; the work is not done.
    Reset,
    /// The real answer, but the connection ends in the middle of its body.
    CutOff,
    /// The work is done, but the connection is reset before a byte of the answer.
    Lost,
}

/// A failure as the admin endpoint takes it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// An operation's name, `token` for Login with Amazon, or `*` for all of SP-API.
    pub(crate) operation: String,
    pub(crate) kind: FaultKind,
    /// Only this seller's calls.
    pub(crate) seller: Option<String>,
    /// Only calls for this page of a search; the first is 1.
    pub(crate) page: Option<u32>,
    /// Only calls for this SKU.
    pub(crate) sku: Option<String>,
    /// Only calls for this order.
    pub(crate) order: Option<String>,
    /// So many matching calls pass unharmed first.
    #[serde(default)]
    pub(crate) after: u32,
    /// So many calls are struck then.
    #[serde(default = "once")]
    pub(crate) count: u32,
    /// For `status`.
    pub(crate) status: Option<u16>,
    /// How late the answer (or the failure) comes.
    #[serde(default)]
    pub(crate) delay_ms: u64,
}

fn once() -> u32 {
    1
}

/// The call that a fault may meet.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) operation: &'a str,
    pub(crate) seller: Option<&'a str>,
    pub(crate) page: u32,
    /// Empty if the call is for none.
    pub(crate) sku: &'a str,
    /// Empty if the call is for none, or for several.
    pub(crate) order: &'a str,
}

impl Fault {
    fn meets(&self, target: Target<'_>) -> bool {
        let operation = self.operation == target.operation
            || (self.operation == "*" && target.operation != "token");
        operation
            && self
                .seller
                .as_deref()
                .is_none_or(|seller| target.seller == Some(seller))
            && self.page.is_none_or(|page| page == target.page)
            && self.sku.as_deref().is_none_or(|sku| sku == target.sku)
            && self
                .order
                .as_deref()
                .is_none_or(|order| order == target.order)
    }
}

#[derive(Debug, Serialize)]
struct Ordered {
    #[serde(flatten)]
    fault: Fault,
    seen: u32,
    struck: u32,
}

/// All faults in the order they were asked for.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub(crate) struct Faults(Vec<Ordered>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(Ordered {
            fault,
            seen: 0,
            struck: 0,
        });
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault that this call meets, if any: the first that is due. Every fault counts every call
    /// it could have met, also one that another fault strikes.
    pub(crate) fn strike(&mut self, target: Target<'_>) -> Option<Fault> {
        let mut struck = None;
        for ordered in self
            .0
            .iter_mut()
            .filter(|ordered| ordered.fault.meets(target))
        {
            ordered.seen = ordered.seen.saturating_add(1);
            let due = ordered.seen > ordered.fault.after && ordered.struck < ordered.fault.count;
            if due && struck.is_none() {
                ordered.struck += 1;
                struck = Some(ordered.fault.clone());
            }
        }
        struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(json: serde_json::Value) -> Fault {
        serde_json::from_value(json).unwrap()
    }

    fn target(operation: &'static str, page: u32) -> Target<'static> {
        Target {
            operation,
            seller: Some("A1"),
            page,
            sku: "",
            order: "",
        }
    }

    #[test]
    fn it_lets_the_first_calls_pass_and_then_strikes_as_often_as_asked() {
        let mut faults = Faults::default();
        faults.add(fault(
            serde_json::json!({"operation": "getOrder", "kind": "reset", "after": 1, "count": 2}),
        ));
        let struck: Vec<bool> = (0..5)
            .map(|_| faults.strike(target("getOrder", 1)).is_some())
            .collect();
        assert_eq!(struck, [false, true, true, false, false]);
    }

    #[test]
    fn it_leaves_other_operations_sellers_and_pages_alone() {
        let mut faults = Faults::default();
        faults.add(fault(
            serde_json::json!({"operation": "searchOrders", "kind": "cut_off", "page": 2}),
        ));
        faults.add(fault(
            serde_json::json!({"operation": "*", "kind": "reset", "seller": "B2"}),
        ));
        assert!(faults.strike(target("getOrder", 2)).is_none());
        assert!(faults.strike(target("searchOrders", 1)).is_none());
        assert!(faults.strike(target("searchOrders", 2)).is_some());
        assert!(faults.strike(target("searchOrders", 2)).is_none());
    }

    #[test]
    fn a_star_never_meets_the_token_endpoint() {
        let mut faults = Faults::default();
        faults.add(fault(
            serde_json::json!({"operation": "*", "kind": "reset"}),
        ));
        assert!(faults.strike(target("token", 1)).is_none());
    }
}
