//! The orders' way in, under everything that can go wrong on it: the functions in process, on real queues and tables,
//! with an Amazon that fails on demand.

mod amazon_fails;
mod pages;
mod refusals;
mod twice;
