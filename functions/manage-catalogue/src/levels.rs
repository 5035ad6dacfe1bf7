//! Stock levels at the API: what differs from what is stored is queued; nothing is written.

mod put;
mod show;

pub(crate) use put::{__path_put, put};
pub(crate) use show::{__path_show, SkuStock, show};
