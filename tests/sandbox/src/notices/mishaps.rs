//! Owns what goes wrong with the delivery of notices, as a test has ordered it.

use serde::{Deserialize, Serialize};

use super::NoticeType;

/// Amazon delivers at least once, late or never: page "Notifications API".
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NoticeMishap {
    /// It comes twice, the second time after the wait.
    Doubled,
    /// It comes after the wait.
    Late,
    Never,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Ordered {
    kind: NoticeMishap,
    /// Only notices of this type.
    notice_type: Option<NoticeType>,
    /// Only this seller's.
    seller: Option<String>,
    /// So many come unharmed first.
    #[serde(default)]
    after: u32,
    /// So many are struck then.
    #[serde(default = "once")]
    count: u32,
    #[serde(default)]
    delay_ms: u64,
    #[serde(default, skip_deserializing)]
    seen: u32,
    #[serde(default, skip_deserializing)]
    struck: u32,
}

fn once() -> u32 {
    1
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct NoticeMishaps(Vec<Ordered>);

impl NoticeMishaps {
    /// Takes these in place of those of the same sellers, and of those that are any seller's.
    pub(crate) fn replace(&mut self, others: Self) {
        let is_named =
            |seller: &Option<String>| others.0.iter().any(|other| other.seller == *seller);
        self.0
            .retain(|old| old.seller.is_some() && !is_named(&old.seller));
        self.0.extend(others.0);
    }

    /// What happens to this notice, and the wait in milliseconds: the first mishap that is due. Every mishap
    /// counts every notice it could have struck.
    pub(super) fn strike(&mut self, of: NoticeType, seller: &str) -> Option<(NoticeMishap, u64)> {
        let mut struck = None;
        for ordered in &mut self.0 {
            let other_type = ordered.notice_type.is_some_and(|wanted| wanted != of);
            let wanted = ordered.seller.as_deref();
            if other_type || wanted.is_some_and(|wanted| wanted != seller) {
                continue;
            }
            ordered.seen = ordered.seen.saturating_add(1);
            let due = ordered.seen > ordered.after && ordered.struck < ordered.count;
            if due && struck.is_none() {
                ordered.struck += 1;
                struck = Some((ordered.kind, ordered.delay_ms));
            }
        }
        struck
    }
}
