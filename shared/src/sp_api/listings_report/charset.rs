//! In which encoding a report is written: what the download says, else what the line itself shows, else what is usual in
//! the marketplace. It decodes whole lines and never puts a replacement into one. Amazon does: for a letter that the encoding
//! lacks it writes `?`.

use crate::domain::marketplace::Marketplace;
use encoding_rs::{Encoding, SHIFT_JIS, UTF_8, WINDOWS_1252};
use std::borrow::Cow;

/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

#[derive(Debug)]
pub(super) struct Charset {
    /// What the report says of itself.
    said: Option<&'static Encoding>,
    /// What is tried if it says nothing or something wrong, and it is not UTF-8 either.
    usual: &'static Encoding,
}

impl Charset {
    /// `Content-Type: text/plain; charset=Cp1252` is what Amazon writes in Europe, `Shift_JIS` in Japan.
    pub(super) fn new(content_type: Option<&str>, marketplace: Marketplace) -> Self {
        Self {
            said: content_type.and_then(named),
            usual: match marketplace {
                Marketplace::Jp => SHIFT_JIS,
                _ => WINDOWS_1252,
            },
        }
    }

    /// Without the mark that a first line in UTF-8 may begin with, which wins over what the download says.
    pub(super) fn strip_mark<'a>(&mut self, line: &'a [u8]) -> &'a [u8] {
        match line.strip_prefix(MARK) {
            Some(line) => {
                self.said = Some(UTF_8);
                line
            }
            None => line,
        }
    }

    /// In which letters it is written; `None` if it can hold every letter there is.
    pub(super) fn letters(&self) -> Option<Letters> {
        let encoding = self.said.unwrap_or(self.usual);
        (encoding != UTF_8).then_some(Letters(encoding))
    }

    /// The line as text; `None` if it is none in any encoding that comes into question.
    pub(super) fn decode<'a>(&self, line: &'a [u8]) -> Option<Cow<'a, str>> {
        if line.is_ascii() {
            return UTF_8.decode_without_bom_handling_and_without_replacement(line);
        }
        [self.said, Some(UTF_8), Some(self.usual)]
            .into_iter()
            .flatten()
            .find_map(|encoding| encoding.decode_without_bom_handling_and_without_replacement(line))
    }
}

/// The letters that a report can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Letters(&'static Encoding);

impl Letters {
    /// How the report writes a SKU some of whose letters it lacks; `None` if it has them all.
    pub fn replaced(self, sku: &str) -> Option<String> {
        if sku.is_ascii() {
            return None;
        }
        let mut buffer = [0; 4];
        let mut lacks = false;
        let written = sku
            .chars()
            .map(|letter| {
                let (_, _, lacking) = self.0.encode(letter.encode_utf8(&mut buffer));
                lacks |= lacking;
                if lacking { '?' } else { letter }
            })
            .collect();
        lacks.then_some(written)
    }
}

/// The encoding that a content type names; only those whose tabs and line ends are the bytes they are in ASCII.
fn named(content_type: &str) -> Option<&'static Encoding> {
    let label = content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| value.trim().trim_matches('"'))
    })?;
    Encoding::for_label(label.as_bytes()).filter(|encoding| encoding.is_ascii_compatible())
}
