//! The function, on an embedded DynamoDB with the template's own tables, with reports as Amazon writes them.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod closed;
mod deleted;
mod ends;
mod faults;
mod held;
mod looks;
mod offered;
mod previews;
mod reference;
mod reports;
mod seller;
mod several;
mod spellings;
mod stand_in;
mod states;
mod stopped;
mod whole;
mod world;
