//! Finds the issues and the summary in a JSON text that arrives in pieces, without holding more than one of them. It
//! checks the outline that it walks along; what it finds is for others to decode, and what it passes over is only
//! counted through to its end.

/// An issue or a summary that is longer than this is none.
const MAX_FOUND: usize = 1024 * 1024;
/// The names that we look for are shorter.
const MAX_NAME: usize = 16;

const MARK: [u8; 3] = *b"\xef\xbb\xbf";

/// What was found, as JSON.
pub(super) enum Found<'a> {
    Issue(&'a [u8]),
    /// A listing, with what Amazon says of it.
    Item(&'a [u8]),
    Summary(&'a [u8]),
}

#[derive(Debug, Default)]
pub(super) struct Scan {
    at: At,
    value: Value,
    /// The name at hand, or the value that is kept.
    kept: Vec<u8>,
    /// What `kept` held has been handed out.
    handed_out: bool,
}

/// Where in the outline we are: what may come next.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum At {
    /// The report's opening brace, perhaps after this many bytes of a byte order mark.
    #[default]
    Start,
    Mark(usize),
    /// A name, or the end of the report.
    FirstName,
    /// A name.
    NextName,
    /// The rest of a name.
    Name,
    /// The colon after a name.
    Colon(Field),
    /// The value of a field.
    FieldValue(Field),
    /// The rest of a value.
    Within(Part),
    /// A comma, or the end of the report.
    AfterField,
    /// One of these, or the end of the list.
    First(Part),
    /// One of these.
    Next(Part),
    /// A comma, or the end of the list.
    After(Part),
    /// Nothing but white space.
    End,
}

/// A field of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Issues,
    Items,
    Summary,
    Other,
}

/// What a value is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Issue,
    Item,
    Summary,
    Other,
}

/// How far we are within a value.
#[derive(Debug, Default, Clone, Copy)]
struct Value {
    /// Brackets and braces that are open.
    depth: u64,
    in_text: bool,
    /// The byte before was a backslash.
    escaped: bool,
}

/// What a byte is to a value.
enum Step {
    Inside,
    /// Its last byte.
    Last,
    /// The first byte after it.
    Past,
}

impl Scan {
    /// Goes on until something is found; `None` once all of `bytes` is used up.
    pub(super) fn next(&mut self, bytes: &mut &[u8]) -> Result<Option<Found<'_>>, &'static str> {
        if std::mem::take(&mut self.handed_out) {
            self.kept.clear();
        }
        while let [byte, rest @ ..] = *bytes {
            let before = self.at;
            let used = self.step(*byte)?;
            if used {
                *bytes = rest;
            }
            if let At::Within(part) = before
                && self.at != before
                && part != Part::Other
            {
                self.handed_out = true;
                let found = match part {
                    Part::Issue => Found::Issue(&self.kept),
                    Part::Item => Found::Item(&self.kept),
                    _ => Found::Summary(&self.kept),
                };
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Whether the report has come to its end.
    pub(super) fn is_complete(&self) -> bool {
        self.at == At::End
    }

    /// Whether the byte was used; if not, it is to be looked at once more, where we are now.
    fn step(&mut self, byte: u8) -> Result<bool, &'static str> {
        match self.at {
            At::Within(part) => return self.within(part, byte),
            At::Name => self.name(byte)?,
            At::Start if byte == MARK[0] => self.at = At::Mark(1),
            At::Mark(seen) => {
                self.at = match (MARK.get(seen) == Some(&byte), seen) {
                    (true, 2) => At::Start,
                    (true, seen) => At::Mark(seen + 1),
                    (false, _) => return Err("it is not JSON"),
                };
            }
            _ if byte.is_ascii_whitespace() => {}
            at => self.at = self.outline(at, byte)?,
        }
        Ok(true)
    }

    fn outline(&mut self, at: At, byte: u8) -> Result<At, &'static str> {
        Ok(match (at, byte) {
            (At::Start, b'{') => At::FirstName,
            (At::FirstName | At::NextName, b'"') => At::Name,
            (At::FirstName | At::AfterField, b'}') => At::End,
            (At::Colon(field), b':') => At::FieldValue(field),
            (At::FieldValue(Field::Issues), b'[') => At::First(Part::Issue),
            (At::FieldValue(Field::Items), b'[') => At::First(Part::Item),
            // None at all may be said with `null`.
            (At::FieldValue(Field::Issues | Field::Items), b'n') => {
                self.begin(Part::Other, byte)?
            }
            (At::FieldValue(Field::Summary), b'{') => self.begin(Part::Summary, byte)?,
            (At::FieldValue(Field::Other), _) => self.begin(Part::Other, byte)?,
            (At::AfterField, b',') => At::NextName,
            (At::First(part) | At::Next(part), b'{') => self.begin(part, byte)?,
            (At::First(_) | At::After(_), b']') => At::AfterField,
            (At::After(part), b',') => At::Next(part),
            _ => return Err("it is no processing report"),
        })
    }

    fn name(&mut self, byte: u8) -> Result<(), &'static str> {
        match byte {
            b'"' if !self.value.escaped => {
                let field = match self.kept.as_slice() {
                    b"issues" => Field::Issues,
                    b"items" => Field::Items,
                    b"summary" => Field::Summary,
                    _ => Field::Other,
                };
                self.kept.clear();
                self.at = At::Colon(field);
            }
            _ => {
                self.value.escaped = byte == b'\\' && !self.value.escaped;
                if self.kept.len() < MAX_NAME {
                    self.kept.push(byte);
                }
            }
        }
        Ok(())
    }

    fn begin(&mut self, part: Part, byte: u8) -> Result<At, &'static str> {
        self.value = Value::default();
        if matches!(byte, b',' | b':' | b'}' | b']') {
            return Err("a value is missing");
        }
        self.keep(part, byte)?;
        Ok(match self.value.step(byte) {
            Step::Inside => At::Within(part),
            _ => part.after(),
        })
    }

    fn within(&mut self, part: Part, byte: u8) -> Result<bool, &'static str> {
        let step = self.value.step(byte);
        if !matches!(step, Step::Inside) {
            self.at = part.after();
            self.value = Value::default();
        }
        let used = !matches!(step, Step::Past);
        if used {
            self.keep(part, byte)?;
        }
        Ok(used)
    }

    fn keep(&mut self, part: Part, byte: u8) -> Result<(), &'static str> {
        if part == Part::Other {
            return Ok(());
        }
        if self.kept.len() == MAX_FOUND {
            return Err("an issue has no end");
        }
        self.kept.push(byte);
        Ok(())
    }
}

impl Part {
    /// Where we are once it has ended.
    fn after(self) -> At {
        match self {
            Self::Issue | Self::Item => At::After(self),
            Self::Summary | Self::Other => At::AfterField,
        }
    }
}

impl Value {
    fn step(&mut self, byte: u8) -> Step {
        if self.in_text {
            self.in_text = byte != b'"' || self.escaped;
            self.escaped = byte == b'\\' && !self.escaped;
            return self.after(self.in_text);
        }
        match byte {
            b'"' => {
                self.in_text = true;
                Step::Inside
            }
            b'{' | b'[' => {
                self.depth += 1;
                Step::Inside
            }
            b'}' | b']' if self.depth > 0 => {
                self.depth -= 1;
                self.after(false)
            }
            // A number or a word at the outermost level has no end of its own.
            b'}' | b']' | b',' if self.depth == 0 => Step::Past,
            byte if self.depth == 0 && byte.is_ascii_whitespace() => Step::Past,
            _ => Step::Inside,
        }
    }

    fn after(&self, inside: bool) -> Step {
        match inside || self.depth > 0 {
            true => Step::Inside,
            false => Step::Last,
        }
    }
}
