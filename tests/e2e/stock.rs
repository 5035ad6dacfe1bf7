//! Stock's way out, under everything that can go wrong on it: all of its functions in process, with the orders' way in
//! beside them, on real tables, with an Amazon that keeps one quantity for each SKU and fails on demand.

mod aws;
mod busy;
mod crossing;
mod environments;
mod feeds;
mod history;
mod model;
mod scene;
mod stall;
mod stopped;
