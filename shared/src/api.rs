//! What the functions behind the HTTP API share: who calls, how a body is read, how a failure is reported.

mod body;
mod caller;
mod connections;
mod describe;
mod faults;
mod operator_call;
mod paging;
mod parameters;
mod problem;
mod rows;
mod serve;
mod table;
mod tenant;
mod tenant_rate;
mod unserved;
mod words;

pub use body::Body;
pub use caller::{Author, Caller, Scope, with_caller};
pub use connections::{
    change_stock_plan, changed_meanwhile, disconnected, must_be_authorised,
    must_not_be_disconnected,
};
pub use describe::{TOKEN, complete, demanding, open};
pub use faults::Faults;
pub use operator_call::OperatorCall;
pub use paging::{Limit, decode_cursor, encode_cursor, foreign_cursor};
pub use parameters::Parameters;
pub use problem::{Fault, Place, Problem};
pub use rows::{RowForm, Rows};
pub use serve::serve;
pub use table::{PageFormat, csv_answer, wants_csv};
pub use tenant::{Demands, HasStore, Tenant, TenantConnection, find_connection, scope};
pub use tenant_rate::with_tenant_rate;
pub use unserved::{with_problems, with_problems_of_all};
pub use words::{Name, Revision, Text};

/// An answer, or the problem that kept it from being given.
pub type Answer<T> = std::result::Result<T, Problem>;
