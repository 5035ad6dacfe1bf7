//! In which encoding a report is written: what the download says, else what the line itself shows, else what is usual in
//! the store. It decodes whole lines and never puts a replacement into one.

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
