//! What the functions behind the HTTP API share: who calls, how a body is read, how a failure is told.

mod body;
mod caller;
mod paging;
mod parameters;
mod problem;
mod unserved;

pub use body::{Body, without_values};
pub use caller::{Caller, Scope, with_caller};
pub use paging::{decode_cursor, encode_cursor};
pub use parameters::Parameters;
pub use problem::{Fault, Problem};
pub use unserved::with_problems;

/// An answer, or the problem that kept it from being given.
pub type Answer<T> = std::result::Result<T, Problem>;
