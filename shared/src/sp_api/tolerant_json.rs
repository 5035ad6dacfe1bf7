//! JSON read so that nothing in one value makes its neighbours unreadable: what cannot be kept is replaced, and the place
//! noted by its path, never by its value.
//!
//! | in the text | becomes |
//! |---|---|
//! | half of a surrogate pair, an escape that does not exist, a byte that is no UTF-8 | U+FFFD |
//! | a number that no number of ours can hold, or that is spelt in another way than JSON's | its text |
//! | a bare word that is no value (`NaN`) | null |
//! | what is nested more than [`DEEPEST`] deep | null |
//!
//! A value whose end cannot be found by its own rules is passed over to the next comma or bracket of its level.

use super::read_order::below;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Well below what `serde_json` reads back (128), which a message's own levels come on top of.
const DEEPEST: usize = 100;

/// A value, and the paths of what had to be replaced in it, without places in lists.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mended {
    pub(super) value: Value,
    pub(super) places: BTreeSet<String>,
}

/// A text that is not JSON, even read with patience.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    #[error("the JSON is cut off")]
    CutOff,
    #[error("the JSON is malformed")]
    Syntax,
}

/// An object of which one field is read apart, each element for itself.
#[derive(Debug)]
pub(super) struct Document {
    /// The elements of that field's list, or the field's one value if it is no list. `None`: it is absent or null.
    pub(super) elements: Option<Vec<Result<Mended, Malformed>>>,
    pub(super) is_list: bool,
    /// All other fields.
    pub(super) rest: Map<String, Value>,
}

impl Document {
    /// Reads `body`, with the elements of its field `apart` each for itself.
    ///
    /// # Errors
    /// If it is no object, or is cut off: elements may be missing then.
    pub(super) fn read(body: &[u8], apart: &str) -> Result<Self, Malformed> {
        let text = String::from_utf8_lossy(body);
        let is_lossy = matches!(text, std::borrow::Cow::Owned(_));
        let mut reader = Reader {
            text: &text,
            at: 0,
            is_lossy,
            places: BTreeSet::new(),
        };
        reader.document(apart)
    }
}

struct Reader<'t> {
    text: &'t str,
    /// A byte's place in it, always between two characters.
    at: usize,
    /// Bytes that were no UTF-8 have become U+FFFD before.
    is_lossy: bool,
    places: BTreeSet<String>,
}

impl Reader<'_> {
    fn document(&mut self, apart: &str) -> Result<Document, Malformed> {
        let mut document = Document {
            elements: None,
            is_list: false,
            rest: Map::new(),
        };
        self.skip_mark();
        self.expect('{')?;
        if self.take('}') {
            return Ok(document);
        }
        loop {
            let name = self.name()?;
            if name == apart {
                document.is_list = self.peek() == Some('[');
                document.elements = if document.is_list {
                    Some(self.elements()?)
                } else {
                    let only = self.element()?;
                    (!matches!(&only, Ok(mended) if mended.value.is_null())).then(|| vec![only])
                };
            } else if let Ok(mended) = self.element()? {
                document.rest.insert(name, mended.value);
            }
            if self.ends('}')? {
                return Ok(document);
            }
        }
    }

    fn elements(&mut self) -> Result<Vec<Result<Mended, Malformed>>, Malformed> {
        self.expect('[')?;
        let mut elements = Vec::new();
        if self.take(']') {
            return Ok(elements);
        }
        loop {
            elements.push(self.element()?);
            if self.ends(']')? {
                return Ok(elements);
            }
        }
    }

    /// One value with its own notes; passed over if it cannot be read.
    ///
    /// # Errors
    /// If its end is not there.
    fn element(&mut self) -> Result<Result<Mended, Malformed>, Malformed> {
        self.blanks();
        let start = self.at;
        self.places.clear();
        let read = self.value("", 0).and_then(|value| {
            // Only a comma or bracket can follow: else the value was not what it seemed.
            matches!(self.peek(), Some(',' | ']' | '}'))
                .then_some(value)
                .ok_or(Malformed::Syntax)
        });
        let places = std::mem::take(&mut self.places);
        Ok(match read {
            Ok(value) => Ok(Mended { value, places }),
            Err(malformed) => {
                self.at = start;
                self.pass_over()?;
                Err(malformed)
            }
        })
    }

    fn value(&mut self, path: &str, depth: usize) -> Result<Value, Malformed> {
        match self.peek() {
            None => Err(Malformed::CutOff),
            Some('"') => self.string(path).map(Value::String),
            Some('{' | '[') if depth >= DEEPEST => {
                self.note(path);
                self.pass_over()?;
                Ok(Value::Null)
            }
            Some('{') => self.object(path, depth),
            Some('[') => self.list(path, depth),
            Some(_) => self.bare(path),
        }
    }

    fn object(&mut self, path: &str, depth: usize) -> Result<Value, Malformed> {
        self.expect('{')?;
        let mut fields = Map::new();
        if self.take('}') {
            return Ok(Value::Object(fields));
        }
        loop {
            let name = self.name()?;
            let value = self.value(&below(path, &name), depth + 1)?;
            fields.insert(name, value);
            if self.ends('}')? {
                return Ok(Value::Object(fields));
            }
        }
    }

    fn list(&mut self, path: &str, depth: usize) -> Result<Value, Malformed> {
        self.expect('[')?;
        let mut values = Vec::new();
        if self.take(']') {
            return Ok(Value::Array(values));
        }
        loop {
            values.push(self.value(path, depth + 1)?);
            if self.ends(']')? {
                return Ok(Value::Array(values));
            }
        }
    }

    /// A field's name and its colon.
    fn name(&mut self) -> Result<String, Malformed> {
        if self.peek() != Some('"') {
            return Err(self.malformed());
        }
        let name = self.string("?")?;
        self.expect(':')?;
        Ok(name)
    }

    fn string(&mut self, path: &str) -> Result<String, Malformed> {
        self.expect('"')?;
        let mut text = String::new();
        loop {
            match self.next().ok_or(Malformed::CutOff)? {
                '"' => return Ok(text),
                '\\' => text.push(self.escaped(path)?),
                char => {
                    let is_replaced = self.is_lossy && char == char::REPLACEMENT_CHARACTER;
                    if is_replaced || char < ' ' {
                        self.note(path);
                    }
                    text.push(char);
                }
            }
        }
    }

    fn escaped(&mut self, path: &str) -> Result<char, Malformed> {
        let char = match self.next().ok_or(Malformed::CutOff)? {
            char @ ('"' | '\\' | '/') => Some(char),
            'b' => Some('\u{8}'),
            'f' => Some('\u{c}'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'u' => self.unit().and_then(|unit| self.code_point(unit)),
            _ => None,
        };
        Ok(char.unwrap_or_else(|| {
            self.note(path);
            char::REPLACEMENT_CHARACTER
        }))
    }

    /// Four hexadecimal digits; if they are not, nothing is passed.
    fn unit(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let unit = is_hex.then(|| u32::from_str_radix(digits, 16).ok())??;
        self.at += 4;
        Some(unit)
    }

    /// The character that begins with this unit; of a pair, the second unit is passed too.
    fn code_point(&mut self, unit: u32) -> Option<char> {
        if !(0xD800..0xDC00).contains(&unit) {
            return char::from_u32(unit);
        }
        let before = self.at;
        let low = self.text[self.at..]
            .starts_with("\\u")
            .then(|| {
                self.at += 2;
                self.unit()
            })
            .flatten()
            .filter(|low| (0xDC00..0xE000).contains(low));
        if low.is_none() {
            self.at = before;
        }
        char::from_u32(0x10000 + ((unit - 0xD800) << 10) + (low? - 0xDC00))
    }

    /// A number, `true`, `false`, `null`, or what is meant to be one.
    fn bare(&mut self, path: &str) -> Result<Value, Malformed> {
        let rest = &self.text[self.at..];
        let ends = |char: char| char.is_whitespace() || ",]}[{:\"".contains(char);
        let end = rest.find(ends).ok_or(Malformed::CutOff)?;
        let word = &rest[..end];
        self.at += end;
        match word {
            "" => Err(Malformed::Syntax),
            "null" => Ok(Value::Null),
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Ok(exact(word).unwrap_or_else(|| {
                self.note(path);
                let is_number = word
                    .trim_start_matches(['-', '+', '.'])
                    .starts_with(|char: char| char.is_ascii_digit());
                if is_number {
                    Value::from(word)
                } else {
                    Value::Null
                }
            })),
        }
    }

    /// Goes to the comma or bracket that ends the value which begins here, minding strings alone.
    fn pass_over(&mut self) -> Result<(), Malformed> {
        let (mut depth, mut in_string) = (0usize, false);
        while let Some(char) = self.text[self.at..].chars().next() {
            match char {
                '\\' if in_string => {
                    self.next();
                }
                '"' => in_string = !in_string,
                _ if in_string => {}
                '{' | '[' => depth += 1,
                '}' | ']' | ',' if depth == 0 => return Ok(()),
                '}' | ']' => depth -= 1,
                _ => {}
            }
            self.next();
        }
        Err(Malformed::CutOff)
    }

    /// Whether `bracket` closes, rather than a comma leading to the next one; a comma before the bracket is one too many.
    fn ends(&mut self, bracket: char) -> Result<bool, Malformed> {
        if self.take(bracket) {
            return Ok(true);
        }
        self.expect(',')?;
        Ok(self.take(bracket))
    }

    fn note(&mut self, path: &str) {
        self.places.insert(if path.is_empty() {
            "order".to_owned()
        } else {
            path.to_owned()
        });
    }

    fn skip_mark(&mut self) {
        if self.text.starts_with('\u{feff}') {
            self.at = '\u{feff}'.len_utf8();
        }
    }

    fn blanks(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    /// The next character that is no blank.
    fn peek(&mut self) -> Option<char> {
        self.blanks();
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let char = self.text[self.at..].chars().next()?;
        self.at += char.len_utf8();
        Some(char)
    }

    fn take(&mut self, wanted: char) -> bool {
        let is_there = self.peek() == Some(wanted);
        if is_there {
            self.at += wanted.len_utf8();
        }
        is_there
    }

    fn expect(&mut self, wanted: char) -> Result<(), Malformed> {
        match self.take(wanted) {
            true => Ok(()),
            false => Err(self.malformed()),
        }
    }

    fn malformed(&mut self) -> Malformed {
        match self.peek() {
            None => Malformed::CutOff,
            Some(_) => Malformed::Syntax,
        }
    }
}

/// A number as JSON spells it, if it can be held to the last digit of its whole part.
fn exact(word: &str) -> Option<Value> {
    let number: serde_json::Number = serde_json::from_str(word).ok()?;
    let is_whole = word
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'-');
    (!is_whole || number.is_i64() || number.is_u64()).then_some(Value::Number(number))
}

#[cfg(test)]
mod tests;
