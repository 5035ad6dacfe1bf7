//! Owns the reading of an XML feed into a tree of elements. It knows no feed's elements.

use quick_xml::{
    Reader,
    events::{BytesRef, Event},
};

/// An element without its attributes.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    /// Its own text, without the space around it.
    text: String,
    pub(super) children: Vec<Self>,
}

impl Element {
    /// The root of a document.
    ///
    /// # Errors
    /// In words, if it is no well-formed XML.
    pub(super) fn read(input: &[u8]) -> Result<Self, String> {
        let mut reader = Reader::from_reader(input);
        let mut open = vec![Self::default()];
        loop {
            let event = reader.read_event().map_err(|error| error.to_string())?;
            match event {
                Event::Start(start) => open.push(Self::named(&start.local_name())),
                Event::Empty(start) => {
                    let element = Self::named(&start.local_name());
                    last(&mut open)?.children.push(element);
                }
                Event::Text(text) => last(&mut open)?.text.push_str(&text),
                Event::CData(text) => last(&mut open)?.text.push_str(&text),
                Event::GeneralRef(name) => last(&mut open)?.text.push(character(&name)?),
                Event::End(_) => {
                    let mut done = open.pop().ok_or("an element ends that did not begin")?;
                    done.text = done.text.trim().to_owned();
                    last(&mut open)?.children.push(done);
                }
                Event::Eof => break,
                _ => {}
            }
        }
        match (open.len(), last(&mut open)?.children.pop()) {
            (1, Some(root)) => Ok(root),
            _ => Err("the document breaks off, or is empty".to_owned()),
        }
    }

    fn named(name: &quick_xml::name::LocalName<'_>) -> Self {
        Self {
            name: name.as_ref().to_owned(),
            ..Self::default()
        }
    }

    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    pub(super) fn child<'a>(&'a self, name: &'a str) -> Option<&'a Self> {
        self.all(name).next()
    }

    /// The text of a child; empty if there is none.
    pub(super) fn text<'a>(&'a self, name: &'a str) -> &'a str {
        self.child(name).map_or("", |child| child.text.as_str())
    }
}

fn last(open: &mut [Element]) -> Result<&mut Element, String> {
    open.last_mut()
        .ok_or_else(|| "an element ends that did not begin".to_owned())
}

fn character(name: &BytesRef<'_>) -> Result<char, String> {
    let named = match name.as_ref() {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => name.resolve_char_ref().map_err(|error| error.to_string())?,
    };
    named.ok_or_else(|| "an entity that XML does not know".to_owned())
}

/// Text as it may stand in an element.
pub(super) fn escaped(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_becomes_a_tree_of_elements_and_text() {
        let root = Element::read(
            b"<?xml version=\"1.0\"?><a x='1'><b> 1 &amp; &#50; </b><c/><b>3</b></a>",
        )
        .unwrap();
        let texts: Vec<_> = root.all("b").map(|child| child.text.as_str()).collect();
        assert_eq!((root.name.as_str(), texts), ("a", vec!["1 & 2", "3"]));
        assert_eq!((root.text("c"), root.child("d").is_none()), ("", true));
    }

    #[test]
    fn what_breaks_off_is_no_document() {
        for text in ["", "<a>", "<a><b></a>", "</a>", "{\"a\": 1}"] {
            assert!(Element::read(text.as_bytes()).is_err(), "{text}");
        }
    }
}
