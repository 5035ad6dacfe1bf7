//! Reads `GET_MERCHANT_LISTINGS_ALL_DATA` as it arrives.
//!
//! It is text separated by tabs, in one of several encodings, its columns in any order and language. One listing at a time
//! is held, whatever the size of the report, and nothing is judged: the matching decides what a row means for a listing.
//! Amazon quotes nothing, so a line break in a description ends the line: the pieces are put together if they fit.
//!
//! Amazon page: *Inventory Reports*, "All Listings Report".

mod charset;
mod columns;

pub use crate::domain::listing::Fulfilment;
use crate::domain::marketplace::Marketplace;
use crate::error::{Error, Result};
use charset::Charset;
pub use charset::Letters;
use columns::{Columns, is_name};
use rust_decimal::Decimal;

/// A line longer than this is no listing.
const MAX_LINE: usize = 256 * 1024;
/// How many bad lines are remembered by number; all are counted.
const BAD_LINES: usize = 100;
/// A listing on more lines than this is none.
const MOST_PIECES: usize = 500;

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

impl ListingRow {
    /// Whether people can buy it, or the report does not say. What has no price cannot be bought, and nobody closed it.
    pub fn is_open(&self) -> bool {
        let closed = self.status.as_deref().is_some_and(columns::is_closed);
        !closed || (self.price.is_none() && self.quantity != Some(0))
    }
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
    /// The beginning of a listing that goes on in the next line.
    half: Option<Half>,
    /// Lines that ended.
    lines: u64,
    /// The last line that was bad.
    last_bad: u64,
    counts: Counts,
}

/// Lines with fewer columns than the header, as one text.
#[derive(Debug)]
struct Half {
    text: String,
    columns: usize,
    /// By number.
    lines: Vec<u64>,
}

impl ListingsReader {
    /// A report of this marketplace's, downloaded with this `Content-Type`.
    pub fn new(content_type: Option<&str>, marketplace: Marketplace) -> Self {
        Self {
            charset: Charset::new(content_type, marketplace),
            columns: None,
            begun: Vec::new(),
            too_long: false,
            half: None,
            lines: 0,
            last_bad: 0,
            counts: Counts::default(),
        }
    }

    /// A column that is missing, by Amazon's name, without which nobody can say what the report is: of one without a
    /// status, whether it holds all listings or the active ones alone.
    pub fn lacks(&self) -> Option<&'static str> {
        self.columns.as_ref()?.lacks()
    }

    /// In which letters it is written, if those that they lack come as `?`.
    pub fn letters(&self) -> Option<Letters> {
        self.charset.letters()
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
        if !self.begun.is_empty() || self.too_long {
            self.end_line(b"", &mut each)?;
            if self.half.is_some() || self.last_bad == self.lines {
                return Err(unreadable("the last line is cut off"));
            }
        }
        self.drop_half();
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
        if line.is_empty() && self.half.is_none() {
            return Ok(());
        }
        let Some(text) = self.charset.decode(line) else {
            return self.bad_line();
        };
        if columns.is_again(&text) {
            self.drop_half();
            return Ok(());
        }
        if let Some(row) = self.completed(columns, &text) {
            self.half = None;
            self.counts.rows += 1;
            each(row);
            return Ok(());
        }
        if columns.fits(&text) {
            self.drop_half();
            return self.whole_line(&text, each);
        }
        let count = columns.count(&text);
        self.piece(&text, count);
        Ok(())
    }

    fn whole_line(&mut self, text: &str, each: &mut impl FnMut(ListingRow)) -> Result<()> {
        let columns = self.columns.as_ref();
        let row = columns.and_then(|it| it.row(self.lines, text, &mut self.counts.odd_values));
        match row {
            // Another report's header, put behind this one.
            Some(row) if is_name(&row.sku) && self.takes_next_header(text) => Ok(()),
            Some(row) => {
                self.counts.rows += 1;
                each(row);
                Ok(())
            }
            None => self.bad_line(),
        }
    }

    /// The listing that began on the lines before and ends with this one.
    fn completed(&self, columns: &Columns, text: &str) -> Option<ListingRow> {
        let half = self.half.as_ref()?;
        if half.columns + columns.count(text) != columns.width() + 1 {
            return None;
        }
        let first = half.lines.first().copied()?;
        columns.joined(first, &format!("{}\n{text}", half.text))
    }

    /// A line with fewer columns than the header: with those before it and behind it, it may be a listing.
    fn piece(&mut self, text: &str, count: usize) {
        let width = self.columns.as_ref().map_or(0, Columns::width);
        let goes_on = |half: &&mut Half| {
            half.columns + count <= width
                && half.lines.len() < MOST_PIECES
                && half.text.len() + text.len() < MAX_LINE
        };
        if let Some(half) = self.half.as_mut().filter(goes_on) {
            half.text.push('\n');
            half.text.push_str(text);
            half.columns += count - 1;
            half.lines.push(self.lines);
            return;
        }
        self.drop_half();
        self.half = Some(Half {
            text: text.to_owned(),
            columns: count,
            lines: vec![self.lines],
        });
    }

    /// What began as a listing is none.
    fn drop_half(&mut self) {
        for line in self.half.take().into_iter().flat_map(|half| half.lines) {
            self.count_bad(line);
        }
    }

    fn header(&mut self, line: &[u8]) -> Result<()> {
        let line = self.charset.strip_mark(line);
        let text = self.charset.decode(line);
        if text.is_none_or(|text| !self.takes_header(&text)) {
            return Err(unreadable("its first line names no column of SKUs"));
        }
        Ok(())
    }

    fn takes_header(&mut self, text: &str) -> bool {
        self.columns = Columns::of(text);
        self.columns.is_some()
    }

    fn takes_next_header(&mut self, text: &str) -> bool {
        let next = Columns::of(text).filter(|next| next.lacks().is_none());
        let takes = next.is_some();
        self.columns = next.or(self.columns.take());
        takes
    }

    fn bad_line(&mut self) -> Result<()> {
        if self.columns.is_none() {
            return Err(unreadable("its first line has no end"));
        }
        self.drop_half();
        self.count_bad(self.lines);
        Ok(())
    }

    fn count_bad(&mut self, line: u64) {
        self.last_bad = line;
        self.counts.bad_rows += 1;
        if self.counts.bad_lines.len() < BAD_LINES {
            self.counts.bad_lines.push(line);
        }
    }
}

fn unreadable(what: &'static str) -> Error {
    Error::retryable("read the listings report", what)
}

#[cfg(test)]
mod tests;
