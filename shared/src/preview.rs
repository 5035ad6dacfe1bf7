//! What settings that are not in force would do to listings: computed by the rules of the recompute, page by page, from
//! what is stored. It writes nothing and never asks Amazon.

mod effect;
mod page;

pub use effect::{EffectKind, EndEffect, ListingEffect, PriceEffect};
pub use page::{PreviewDraft, PreviewPage};
