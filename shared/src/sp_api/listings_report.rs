//! Reads `GET_MERCHANT_LISTINGS_ALL_DATA` as it arrives.
//!
//! It is text separated by tabs, in one of several encodings, its columns in any order and language. One line at a time
//! is held, whatever the size of the report, and nothing is judged: the matching decides what a row means for a listing.
//!
//! Amazon page: *Inventory Reports*, "All Listings Report".

mod charset;
mod columns;

use crate::domain::marketplace::Marketplace;
use crate::error::{Error, Result};
use charset::Charset;
use columns::Columns;
use rust_decimal::Decimal;

/// A line longer than this is no listing.
const MAX_LINE: usize = 256 * 1024;
/// How many bad lines are remembered by number; all are counted.
const BAD_LINES: usize = 100;

/// One listing of the seller's in one marketplace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingRow {
    /// Its line in the report, from 1, the header's.
    pub line: u64,
    /// Exactly as Amazon has it, spaces included. What the report's encoding cannot hold, Amazon writes as `?`.
    pub sku: String,
    pub asin: Option<String>,
    /// An ASIN, EAN, UPC or ISBN, whichever the listing was made with.
    pub product_id: Option<String>,
    /// Amazon leaves it empty for what it fulfils itself.
    pub quantity: Option<u32>,
    /// In the currency of the report's marketplace, which it does not name.
    pub price: Option<Decimal>,
    pub fulfilment: Fulfilment,
    /// `Active`, `Inactive`, `Incomplete`, or whatever Amazon says.
    pub status: Option<String>,
}

/// Who sends what is sold through a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fulfilment {
    /// `DEFAULT`.
    Merchant,
    /// The channel, e.g. `AMAZON_EU`. Never to be sent a quantity.
    Amazon(String),
    /// The report does not say, or says something new to us: nothing is to be concluded.
    Unknown(String),
}

/// What a report held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    pub rows: u64,
    /// Lines that are no listing: without a SKU, with other columns than the header, not in the report's encoding.
    pub bad_rows: u64,
    /// The first of them, by number.
    pub bad_lines: Vec<u64>,
    /// Quantities and prices that are no numbers; their rows count without them.
    pub odd_values: u64,
}

/// The report while it arrives, in pieces of any size.
#[derive(Debug)]
pub struct ListingsReader {
    charset: Charset,
    columns: Option<Columns>,
    /// The beginning of a line whose end has not arrived.
    begun: Vec<u8>,
    /// The line at hand is longer than any listing, and its rest is passed over.
    too_long: bool,
    /// Lines that ended.
    lines: u64,
    counts: Counts,
}

impl ListingsReader {
    /// A report of this marketplace's, downloaded with this `Content-Type`.
    pub fn new(content_type: Option<&str>, marketplace: Marketplace) -> Self {
        Self {
            charset: Charset::new(content_type, marketplace),
            columns: None,
            begun: Vec::new(),
            too_long: false,
            lines: 0,
            counts: Counts::default(),
        }
    }

    /// Takes what arrived and hands on the listings that it completes.
    ///
    /// # Errors
    /// Retryable if the first line names no column of SKUs: it is not this report.
    pub fn push(&mut self, mut bytes: &[u8], mut each: impl FnMut(ListingRow)) -> Result<()> {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.end_line(&bytes[..end], &mut each)?;
            bytes = &bytes[end + 1..];
        }
        self.begin_line(bytes);
        Ok(())
    }

    /// Ends the report.
    ///
    /// # Errors
    /// Retryable if it is empty or cut off, or if none of its lines could be read.
    pub fn finish(mut self, mut each: impl FnMut(ListingRow)) -> Result<Counts> {
        let counted = self.counts.bad_rows;
        if !self.begun.is_empty() || self.too_long {
            self.end_line(b"", &mut each)?;
            if self.counts.bad_rows > counted {
                return Err(unreadable("the last line is cut off"));
            }
        }
        if self.columns.is_none() {
            return Err(unreadable("there is nothing in it"));
        }
        if self.counts.rows == 0 && self.counts.bad_rows > 0 {
            return Err(unreadable("none of its lines is a listing"));
        }
        Ok(self.counts)
    }

    fn begin_line(&mut self, bytes: &[u8]) {
        if self.too_long || self.begun.len() + bytes.len() > MAX_LINE {
            self.too_long = true;
            self.begun.clear();
        } else {
            self.begun.extend_from_slice(bytes);
        }
    }

    fn end_line(&mut self, end: &[u8], each: &mut impl FnMut(ListingRow)) -> Result<()> {
        self.lines += 1;
        if self.begun.is_empty() && !self.too_long && end.len() <= MAX_LINE {
            return self.line(end, each);
        }
        self.begin_line(end);
        let mut line = std::mem::take(&mut self.begun);
        let done = if std::mem::take(&mut self.too_long) {
            self.bad_line()
        } else {
            self.line(&line, each)
        };
        line.clear();
        self.begun = line;
        done
    }

    fn line(&mut self, line: &[u8], each: &mut impl FnMut(ListingRow)) -> Result<()> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Some(columns) = &self.columns else {
            return self.header(line);
        };
        if line.is_empty() {
            return Ok(());
        }
        let row = self
            .charset
            .decode(line)
            .and_then(|text| columns.row(self.lines, &text, &mut self.counts.odd_values));
        match row {
            Some(row) => {
                self.counts.rows += 1;
                each(row);
                Ok(())
            }
            None => self.bad_line(),
        }
    }

    fn header(&mut self, line: &[u8]) -> Result<()> {
        let line = self.charset.strip_mark(line);
        let columns = self
            .charset
            .decode(line)
            .and_then(|text| Columns::of(&text));
        if columns.is_none() {
            return Err(unreadable("its first line names no column of SKUs"));
        }
        self.columns = columns;
        Ok(())
    }

    fn bad_line(&mut self) -> Result<()> {
        if self.columns.is_none() {
            return Err(unreadable("its first line has no end"));
        }
        self.counts.bad_rows += 1;
        if self.counts.bad_lines.len() < BAD_LINES {
            self.counts.bad_lines.push(self.lines);
        }
        Ok(())
    }
}

fn unreadable(what: &'static str) -> Error {
    Error::retryable("read the listings report", what)
}

#[cfg(test)]
mod tests;
