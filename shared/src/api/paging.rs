//! Pages of lists: how many a page holds, and where a list goes on, as text that means nothing to the caller.

use super::Problem;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::openapi::schema::{KnownFormat, Schema, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{ObjectBuilder, RefOr};
use utoipa::{PartialSchema, ToSchema};

const USUAL_LIMIT: u16 = 50;

/// How many entries a page holds: 1 to `MOST`, 50 unless the caller says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit<const MOST: u16>(u16);

impl<const MOST: u16> Default for Limit<MOST> {
    fn default() -> Self {
        Self(USUAL_LIMIT)
    }
}

impl<const MOST: u16> Limit<MOST> {
    pub fn get(self) -> u16 {
        self.0
    }
}

impl<const MOST: u16> std::str::FromStr for Limit<MOST> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let limit = text.parse().ok().filter(|limit| (1..=MOST).contains(limit));
        limit
            .map(Self)
            .ok_or_else(|| format!("expected 1 to {MOST}, the entries of a page"))
    }
}

impl<'de, const MOST: u16> Deserialize<'de> for Limit<MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// In a query it is a text, in a body a number.
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Given {
            Number(u64),
            Text(String),
        }
        let text = match Given::deserialize(deserializer)? {
            Given::Number(number) => number.to_string(),
            Given::Text(text) => text,
        };
        text.parse().map_err(D::Error::custom)
    }
}

impl<const MOST: u16> PartialSchema for Limit<MOST> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::Integer))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
            .minimum(Some(1))
            .maximum(Some(MOST))
            .default(Some(USUAL_LIMIT.into()))
            .into()
    }
}

impl<const MOST: u16> ToSchema for Limit<MOST> {}

/// A place in a list as an opaque cursor.
pub fn encode_cursor<T: Serialize>(place: &T) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(place).unwrap_or_default())
}

/// # Errors
/// 422 if the text is no cursor of ours.
pub fn decode_cursor<T: DeserializeOwned>(cursor: &str) -> Result<T, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    bytes
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(foreign_cursor)
}

/// A cursor that belongs to another list, or is none.
pub fn foreign_cursor() -> Problem {
    Problem::invalid(
        "after",
        "this is no cursor of this list; take `next` of the page before",
    )
}
