//! The vocabulary: values that are valid from construction, and the pure rules over them. No I/O, no AWS type.

pub mod cancellation;
pub mod connection;
pub mod courier;
pub(crate) mod described;
pub mod dispatch;
pub mod feed;
pub mod ids;
pub mod listing;
pub mod marketplace;
pub mod money;
pub mod new_offer;
pub mod notice;
pub mod order;
pub mod price;
pub mod product;
pub mod row;
pub mod selection;
pub mod selling_rules;
pub mod shipping_term;
pub mod stock;
pub mod stock_settings;
pub mod term_tally;
