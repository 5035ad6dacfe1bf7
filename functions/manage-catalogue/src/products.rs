//! Products and bundles at the API: what differs from what is stored is queued; only a deletion is written.

mod delete;
mod list;
mod put;
mod row;

pub(crate) use delete::{__path_delete, delete};
pub(crate) use list::{__path_list, list};
pub(crate) use put::{__path_put, put};
