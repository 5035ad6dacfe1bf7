//! Categories and brands, as rules name them: compared without regard to letter case, blanks and look-alike letters.

use crate::domain::described::{described, printable};
use crate::domain::ids::fold::fold;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What separates a category from its sub-category.
const SEPARATOR: char = '>';
/// Characters of a category's path, and of a brand: those of a product's fields.
const LONGEST: usize = 200;

/// Why a text names no category or brand. Says the rule, never the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {what} of 1 to {LONGEST} characters on one line")]
pub struct InvalidName {
    what: &'static str,
}

impl InvalidName {
    fn check(what: &'static str, text: &str) -> Result<(), Self> {
        let fits = text.chars().count() <= LONGEST && !text.chars().any(char::is_control);
        fits.then_some(()).ok_or(Self { what })
    }
}

/// A category as a path from the widest to the narrowest: `Home > Kitchen > Kettles`. Blanks around a name and steps without
/// a name do not count.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Category {
    names: Vec<String>,
    /// The names as they are compared.
    folded: Vec<String>,
}

impl Category {
    /// How many steps the path has; at least 1.
    pub fn depth(&self) -> usize {
        self.names.len()
    }

    /// As it is compared: the same for all spellings of it.
    pub fn folded(&self) -> String {
        self.folded.join(&SEPARATOR.to_string())
    }

    /// Whether it is the other category, or one of its sub-categories.
    pub fn is_under(&self, other: &Category) -> bool {
        self.folded.starts_with(&other.folded)
    }
}

impl TryFrom<String> for Category {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        let what = "a category such as `Home > Kitchen`,";
        InvalidName::check(what, &text)?;
        let names = text.split(SEPARATOR).map(one_blank);
        let named = names.filter_map(|name| {
            let folded = fold(&name);
            (!folded.is_empty()).then_some((name, folded))
        });
        let (names, folded): (Vec<_>, Vec<_>) = named.unzip();
        if names.is_empty() {
            return Err(InvalidName { what });
        }
        Ok(Self { names, folded })
    }
}

/// A brand, as a product names it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Brand {
    name: String,
    /// The name as it is compared.
    folded: String,
}

impl TryFrom<String> for Brand {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        let what = "a brand";
        InvalidName::check(what, &text)?;
        let (name, folded) = (one_blank(&text), fold(&text));
        if folded.is_empty() {
            return Err(InvalidName { what });
        }
        Ok(Self { name, folded })
    }
}

/// A text with one blank between words and none around them.
fn one_blank(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names.join(" > "))
    }
}

impl fmt::Display for Brand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// What both kinds of names have: they are compared folded, and made from texts.
macro_rules! compared_folded {
    ($name:ident) => {
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.folded == other.folded
            }
        }

        impl Eq for $name {}

        impl std::str::FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.to_string()
            }
        }

        described!($name, printable(LONGEST));
    };
}

compared_folded!(Category);
compared_folded!(Brand);

#[cfg(test)]
mod tests {
    use super::*;

    fn category(path: &str) -> Category {
        path.parse().unwrap()
    }

    #[test]
    fn blanks_letter_case_and_empty_steps_make_no_other_category() {
        for path in [
            "Home > Kitchen > Kettles",
            "home>kitchen>kettles",
            " Home  >  Kitchen >\u{A0}KETTLES ",
            "Home > > Kitchen > Kettles >",
        ] {
            assert_eq!(
                category(path),
                category("Home > Kitchen > Kettles"),
                "{path}"
            );
        }
        assert_eq!(category(" a  b>c ").to_string(), "a b > c");
        assert_ne!(category("Home > Kitchen"), category("HomeKitchen"));
    }

    #[test]
    fn a_category_is_under_itself_and_under_those_above_it_and_no_other() {
        let kettles = category("Home > Kitchen > Kettles");
        for above in ["HOME", "Home > Kitchen", "Home > Kitchen > Kettles"] {
            assert!(kettles.is_under(&category(above)), "{above}");
        }
        for other in [
            "Kitchen",
            "Home > Kit",
            "Home > Kitchen > Kettles > Steel",
            "Hom",
        ] {
            assert!(!kettles.is_under(&category(other)), "{other}");
        }
    }

    #[test]
    fn a_text_without_a_name_is_neither_category_nor_brand() {
        let long = "x".repeat(201);
        for text in ["", "  ", "\u{200B}", "a\nb", &long] {
            assert!(text.parse::<Category>().is_err(), "{text:?}");
            assert!(text.parse::<Brand>().is_err(), "{text:?}");
        }
        assert!(" > > ".parse::<Category>().is_err());
        assert_eq!("NORTH  Sea".parse::<Brand>(), "North Sea".parse::<Brand>());
    }

    #[test]
    fn a_category_is_stored_as_its_path() {
        let stored = serde_json::to_value(category("Home>Kitchen")).unwrap();
        assert_eq!(stored, serde_json::json!("Home > Kitchen"));
        assert!(serde_json::from_value::<Category>(serde_json::json!(" ")).is_err());
    }
}
