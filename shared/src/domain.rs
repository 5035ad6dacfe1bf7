//! The vocabulary: values that are valid from construction, and the pure rules over them. No I/O, no AWS type.

pub mod connection;
pub mod courier;
pub mod ids;
pub mod marketplace;
pub mod order;
pub mod shipping_term;
