//! How a seller authorises a connection: through Amazon's pages, or with a pasted token.

mod attach;
pub(crate) mod attempt;
pub(crate) mod oauth;
mod page;
pub(crate) mod pasted;
pub(crate) mod reauthorise;
