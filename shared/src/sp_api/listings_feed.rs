//! Writes the document of a `JSON_LISTINGS_FEED`, message by message, within Amazon's limits.
//!
//! It holds no more than one message, never sends anything, and decides nothing but when the document is full.
//!
//! Amazon page: *JSON Listings Feed schema v2*.

use super::listing_offer::ListingOffer;
use super::listing_patch::{ListingPatch, write_number, write_text};
use super::listings::ISSUE_LOCALE;
use crate::domain::ids::SellerId;
use crate::error::{Error, Result};
use std::io::Write;

/// Messages a feed may have.
pub const MAX_MESSAGES: u32 = 25_000;
/// Bytes a feed may have.
pub const MAX_BYTES: usize = 10 * 1024 * 1024;

const END: &[u8] = b"]}";

/// The document while it is written. Messages are numbered from 1 in the order they come, so the order is all that must
/// be kept to understand the processing report.
#[derive(Debug)]
pub struct FeedWriter<W> {
    out: W,
    /// The message at hand.
    message: Vec<u8>,
    messages: u32,
    bytes: usize,
    max_messages: u32,
    max_bytes: usize,
}

/// What became of a message.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// It is in the document, under this number.
    Written { message_id: u32 },
    /// It is not, since the document would pass a limit: finish this one, and write it into the next.
    Full,
}

impl<W: Write> FeedWriter<W> {
    /// Begins a document of this seller's.
    ///
    /// # Errors
    /// Retryable if `out` fails.
    pub fn new(out: W, seller: &SellerId) -> Result<Self> {
        Self::with_limits(out, seller, MAX_MESSAGES, MAX_BYTES)
    }

    /// With limits of one's own, at most Amazon's: for tests and careful callers.
    ///
    /// # Errors
    /// Retryable if `out` fails.
    pub fn with_limits(
        mut out: W,
        seller: &SellerId,
        max_messages: u32,
        max_bytes: usize,
    ) -> Result<Self> {
        let mut begin = br#"{"header":{"sellerId":"#.to_vec();
        write_text(&mut begin, seller.as_str());
        begin.extend_from_slice(br#","version":"2.0","issueLocale":"#);
        write_text(&mut begin, ISSUE_LOCALE);
        // Issues that appear after a message was accepted are asked for as well. Page: *Manage Listings Issues*.
        begin.extend_from_slice(
            br#","report":{"includedData":["issues"],"apiVersion":"2021-08-01"}},"messages":["#,
        );
        out.write_all(&begin).map_err(failed)?;
        Ok(Self {
            out,
            bytes: begin.len(),
            message: begin,
            messages: 0,
            max_messages: max_messages.min(MAX_MESSAGES),
            max_bytes: max_bytes.min(MAX_BYTES),
        })
    }

    /// Adds one change of one listing, or says that there is no room for it. A SKU may be in a feed once only, since
    /// Amazon promises no order among its messages.
    ///
    /// # Errors
    /// Retryable if `out` fails.
    pub fn push(&mut self, sku: &str, patch: &ListingPatch<'_>) -> Result<Pushed> {
        self.push_message(sku, |message| {
            message.extend_from_slice(br#""operationType":"PATCH","#);
            patch.write(message);
        })
    }

    /// As [`Self::push`], an offer that is to be made. `UPDATE` makes the listing, or **replaces all of one that exists**.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub fn push_offer(&mut self, sku: &str, offer: &ListingOffer<'_>) -> Result<Pushed> {
        self.push_message(sku, |message| {
            message.extend_from_slice(br#""operationType":"UPDATE","#);
            offer.write(message);
        })
    }

    fn push_message(&mut self, sku: &str, write: impl FnOnce(&mut Vec<u8>)) -> Result<Pushed> {
        if self.messages >= self.max_messages {
            return Ok(Pushed::Full);
        }
        let message_id = self.messages + 1;
        self.message.clear();
        if self.messages > 0 {
            self.message.push(b',');
        }
        self.message.extend_from_slice(br#"{"messageId":"#);
        write_number(&mut self.message, message_id);
        self.message.extend_from_slice(br#","sku":"#);
        write_text(&mut self.message, sku);
        self.message.push(b',');
        write(&mut self.message);
        self.message.push(b'}');
        if self.bytes + self.message.len() + END.len() > self.max_bytes {
            return Ok(Pushed::Full);
        }
        self.out.write_all(&self.message).map_err(failed)?;
        self.bytes += self.message.len();
        self.messages = message_id;
        Ok(Pushed::Written { message_id })
    }

    /// How many messages the document has so far.
    pub fn messages(&self) -> u32 {
        self.messages
    }

    /// How many bytes the document has once it is finished.
    pub fn bytes(&self) -> usize {
        self.bytes + END.len()
    }

    /// Ends the document. One without messages is none that Amazon takes.
    ///
    /// # Errors
    /// Retryable if `out` fails.
    pub fn finish(mut self) -> Result<W> {
        self.out.write_all(END).map_err(failed)?;
        self.out.flush().map_err(failed)?;
        Ok(self.out)
    }
}

fn failed(error: std::io::Error) -> Error {
    Error::retryable("write a feed", error)
}

#[cfg(test)]
mod tests;
