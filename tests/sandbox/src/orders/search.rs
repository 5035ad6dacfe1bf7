//! Owns `searchOrders`' parameters, the rules Amazon writes in words about them, and the pages.
//!
//! A page continues **behind a position in the order of time**, not at a number: an order that is
//! changed between two pages moves to the end, and shows up there or, past the window, in a later
//! search. None is skipped by another's move.

use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::time;
use crate::{
    marketplaces,
    reply::{Refusal, Reply},
};

const YOUNGEST: SignedDuration = SignedDuration::from_mins(2);
const TOKEN_LIVES: SignedDuration = SignedDuration::from_hours(24);
const MOST_MARKETPLACES: usize = 50;
/// Every token starts with what a client must encode in a query, since Amazon's may hold it anywhere.
const RIDDLE: &str = "+/";
/// These may differ between pages; everything else must stay the same.
const MAY_CHANGE: [&str; 3] = ["paginationToken", "maxResultsPerPage", "includedData"];

/// A search that breaks no rule.
#[derive(Debug)]
pub(crate) struct Search {
    by_update: bool,
    after: Timestamp,
    pub(super) before: Timestamp,
    marketplaces: Vec<String>,
    statuses: Vec<String>,
    fulfilled_by: Vec<String>,
    page_size: usize,
    same: String,
    from: Option<Token>,
}

/// What a page token says; to a client it is a riddle.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Token {
    same: String,
    issued: Timestamp,
    before: Timestamp,
    page: u32,
    last: (Timestamp, String),
}

pub(super) struct Page<'a> {
    pub(super) orders: Vec<&'a Value>,
    pub(super) next_token: Option<String>,
}

impl Search {
    pub(super) fn parse(query: &[(String, String)], now: Timestamp) -> Result<Self, Refusal> {
        let (by_update, after) = match (
            moment(query, "createdAfter")?,
            moment(query, "lastUpdatedAfter")?,
        ) {
            (Some(created), None) => (false, created),
            (None, Some(updated)) => (true, updated),
            _ => return broken("give exactly one of createdAfter and lastUpdatedAfter"),
        };
        let (created_before, updated_before) = (
            moment(query, "createdBefore")?,
            moment(query, "lastUpdatedBefore")?,
        );
        let (before, foreign) = if by_update {
            (updated_before, created_before)
        } else {
            (created_before, updated_before)
        };
        if foreign.is_some() {
            return broken("the Before parameter must be that of the After parameter");
        }
        let youngest = whole_second(now.saturating_sub(YOUNGEST).unwrap_or(Timestamp::MIN));
        if before.is_some_and(|before| before > youngest || before < after) {
            return broken(
                "the Before parameter must be at least two minutes in the past, and not before the After one",
            );
        }
        let same = fingerprint(query);
        let from = token(query, &same, now)?;
        let before = before
            .or(from.as_ref().map(|token| token.before))
            .unwrap_or(youngest);
        Ok(Self {
            by_update,
            after,
            before,
            marketplaces: known_marketplaces(query)?,
            statuses: list(query, "fulfillmentStatuses"),
            fulfilled_by: list(query, "fulfilledBy"),
            page_size: page_size(query)?,
            same,
            from,
        })
    }

    /// The field of the answer that says where the window ends.
    pub(super) fn echoes(&self) -> &'static str {
        if self.by_update {
            "lastUpdatedBefore"
        } else {
            "createdBefore"
        }
    }

    pub(super) fn page<'a>(
        &self,
        orders: impl Iterator<Item = &'a Value>,
        now: Timestamp,
    ) -> Page<'a> {
        let field = if self.by_update {
            "lastUpdatedTime"
        } else {
            "createdTime"
        };
        let mut found: Vec<(Timestamp, &str, &Value)> = orders
            .filter(|order| self.wants(order))
            .filter_map(|order| Some((time(order, field)?, order["orderId"].as_str()?, order)))
            .filter(|(at, id, _)| {
                *at >= self.after && *at <= self.before && self.is_behind_last(*at, id)
            })
            .collect();
        found.sort_by_key(|(at, id, _)| (*at, *id));
        let more = found.len() > self.page_size;
        found.truncate(self.page_size);
        let last = found
            .last()
            .filter(|_| more)
            .map(|(at, id, _)| (*at, (*id).to_owned()));
        Page {
            next_token: last.map(|last| self.token_behind(last, now)),
            orders: found.into_iter().map(|(_, _, order)| order).collect(),
        }
    }

    fn is_behind_last(&self, at: Timestamp, id: &str) -> bool {
        self.from
            .as_ref()
            .is_none_or(|token| (at, id) > (token.last.0, token.last.1.as_str()))
    }

    fn wants(&self, order: &Value) -> bool {
        let any = |wanted: &[String], value: &Value| {
            wanted.is_empty() || wanted.iter().any(|wanted| value.as_str() == Some(wanted))
        };
        any(&self.marketplaces, &order["salesChannel"]["marketplaceId"])
            && any(&self.statuses, &order["fulfillment"]["fulfillmentStatus"])
            && any(&self.fulfilled_by, &order["fulfillment"]["fulfilledBy"])
    }

    fn token_behind(&self, last: (Timestamp, String), now: Timestamp) -> String {
        let page = self
            .from
            .as_ref()
            .map_or(1, |token| token.page)
            .saturating_add(1);
        let token = Token {
            same: self.same.clone(),
            issued: now,
            before: self.before,
            page,
            last,
        };
        format!(
            "{RIDDLE}{}",
            BASE64_STANDARD.encode(serde_json::to_vec(&token).unwrap_or_default())
        )
    }
}

fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// Which page of a search a query asks for; the first is 1.
pub(crate) fn page_number(query: &[(String, String)]) -> u32 {
    value(query, "paginationToken")
        .and_then(read_token)
        .map_or(1, |token| token.page)
}

/// The parts of a list in a query, which Amazon separates by commas.
pub(super) fn list(query: &[(String, String)], name: &str) -> Vec<String> {
    let text = value(query, name).unwrap_or_default();
    text.split(',')
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

fn value<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    query
        .iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.as_str())
}

fn broken<T>(rule: &str) -> Result<T, Refusal> {
    Err(Refusal::Violation(rule.to_owned()))
}

fn moment(query: &[(String, String)], name: &str) -> Result<Option<Timestamp>, Refusal> {
    let parse = |text: &str| {
        text.parse()
            .or_else(|_| broken(&format!("{name} must be an ISO 8601 time")))
    };
    value(query, name).map(parse).transpose()
}

fn page_size(query: &[(String, String)]) -> Result<usize, Refusal> {
    match value(query, "maxResultsPerPage").map(str::parse) {
        None => Ok(100),
        Some(Ok(size @ 1..=100)) => Ok(size),
        Some(_) => broken("maxResultsPerPage must be between 1 and 100"),
    }
}

fn known_marketplaces(query: &[(String, String)]) -> Result<Vec<String>, Refusal> {
    let ids = list(query, "marketplaceIds");
    if ids.len() > MOST_MARKETPLACES {
        return broken("marketplaceIds holds at most 50 ids");
    }
    match ids.iter().find(|id| marketplaces::of(id).is_none()) {
        Some(unknown) => broken(&format!("`{unknown}` is no marketplace id")),
        None => Ok(ids),
    }
}

fn fingerprint(query: &[(String, String)]) -> String {
    let mut kept: Vec<_> = query
        .iter()
        .filter(|(name, _)| !MAY_CHANGE.contains(&name.as_str()))
        .collect();
    kept.sort();
    Sha256::digest(format!("{kept:?}"))
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn read_token(text: &str) -> Option<Token> {
    serde_json::from_slice(&BASE64_STANDARD.decode(text.strip_prefix(RIDDLE)?).ok()?).ok()
}

fn token(query: &[(String, String)], same: &str, now: Timestamp) -> Result<Option<Token>, Refusal> {
    let Some(text) = value(query, "paginationToken") else {
        return Ok(None);
    };
    let Some(token) = read_token(text) else {
        return broken("paginationToken must be passed back as it came");
    };
    if token.same != same {
        return broken(
            "with a paginationToken, all other parameters must be those it was given for",
        );
    }
    if now.duration_since(token.issued) > TOKEN_LIVES {
        // Time passes for a correct client too, so this is no violation.
        return Err(Refusal::Other(Reply::invalid(
            "The paginationToken has expired.",
        )));
    }
    Ok(Some(token))
}

#[cfg(test)]
mod tests;
