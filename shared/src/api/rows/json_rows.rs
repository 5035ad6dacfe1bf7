//! A JSON array as rows, counted while they are read and each left as text: the body of an array that never ends takes no
//! memory, and what cannot be decoded keeps no other row out.

use super::{Content, too_many_rows};
use crate::api::{Answer, Problem};
use axum::http::StatusCode;
use serde::Deserializer as _;
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// # Errors
/// 400 if it is no JSON, 422 if it is no array, 413 if it has too many rows.
pub(super) fn read(bytes: &[u8], most: usize) -> Answer<Vec<Content>> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let rows = json.deserialize_any(Rows { most });
    let rows = rows.and_then(|rows| json.end().map(|()| rows));
    let rows = rows.map_err(|error| match error.is_data() {
        true => Problem::invalid("", "expected an array of rows"),
        false => not_json(&error),
    })?;
    rows.ok_or_else(|| too_many_rows(most))
}

fn not_json(error: &serde_json::Error) -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "not-json",
        "The body is not JSON.",
        format!(
            "Nothing was taken. It stops being JSON at line {}, column {}.",
            error.line(),
            error.column()
        ),
    )
}

struct Rows {
    most: usize,
}

impl<'de> Visitor<'de> for Rows {
    /// `None`: there are too many.
    type Value = Option<Vec<Content>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let mut rows = Vec::new();
        while rows.len() < self.most {
            match array.next_element::<Box<RawValue>>()? {
                Some(row) => rows.push(Content::Json(row)),
                None => return Ok(Some(rows)),
            }
        }
        let mut more = false;
        while array.next_element::<IgnoredAny>()?.is_some() {
            more = true;
        }
        Ok((!more).then_some(rows))
    }
}
