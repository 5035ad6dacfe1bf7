//! Words of an address line, and whether a pattern is among them.

use super::patterns::{Follows, Pattern};
use crate::domain::ids::fold::plain;

/// The words of one line; separators are gone.
pub(super) struct Words(Vec<String>);

/// Before a number: `Postfach Nr. 12`.
const NUMBER_SIGNS: [&str; 10] = [
    "no", "nr", "n", "num", "nro", "numero", "number", "nummer", "numer", "suite",
];

/// What follows one of these is the name of a street: `rue de la Consigne 5`.
const STREET_WORDS_BEFORE: [&str; 24] = [
    "rue", "avenue", "av", "chemin", "allee", "place", "de", "la", "le", "du", "des", "via",
    "viale", "piazza", "del", "della", "dell", "calle", "rua", "do", "da", "ul", "ulica", "am",
];

/// What follows the number of a house.
const STREET_WORDS_AFTER: [&str; 19] = [
    "rue",
    "avenue",
    "av",
    "boulevard",
    "bd",
    "chemin",
    "allee",
    "place",
    "route",
    "quai",
    "via",
    "viale",
    "piazza",
    "street",
    "road",
    "rd",
    "lane",
    "calle",
    "rua",
];

impl Words {
    pub(super) fn of(line: &str) -> Self {
        // `P.O.` and `P O` are one to whoever reads words one after another.
        let words = plain(line);
        let words = words.split(|letter: char| !letter.is_alphanumeric());
        Self(
            words
                .filter(|word| !word.is_empty())
                .map(str::to_owned)
                .collect(),
        )
    }

    /// Whether the pattern is among the words, and what follows is as the pattern wants it. `postcode`: a number
    /// that is no box's.
    pub(super) fn hold(&self, pattern: &Pattern, postcode: &str) -> bool {
        if pattern.follows == Follows::NoMatter {
            return self.0.iter().any(|word| word.contains(pattern.letters));
        }
        (0..self.0.len()).any(|start| self.hold_at(start, pattern, postcode))
    }

    fn hold_at(&self, start: usize, pattern: &Pattern, postcode: &str) -> bool {
        let before = start.checked_sub(1).map(|at| self.0[at].as_str());
        if before.is_some_and(|word| STREET_WORDS_BEFORE.contains(&word)) {
            return false;
        }
        let mut rest = pattern.letters;
        for (at, word) in self.0.iter().enumerate().skip(start) {
            if rest.is_empty() {
                return pattern.follows.is_met_by(&self.0[at..], postcode);
            }
            match rest.strip_prefix(word.as_str()) {
                Some(left) => rest = left,
                // The number is written on: `BP123`.
                None => {
                    let number = word.strip_prefix(rest).unwrap_or_default();
                    return number.starts_with(char::is_numeric) && number != postcode;
                }
            }
        }
        rest.is_empty() && pattern.follows.is_met_by(&[], postcode)
    }
}

impl Follows {
    fn is_met_by(self, words: &[String], postcode: &str) -> bool {
        let is_sign = |word: &&String| NUMBER_SIGNS.contains(&word.as_str());
        let signs = words.iter().take_while(is_sign).count();
        let words = &words[signs..];
        let is_number = words.first().is_some_and(|word| is_number(word));
        match self {
            Self::Anything | Self::NoMatter => true,
            Self::NumberOrEnd => words.is_empty() || is_number,
            Self::Number => {
                let is_house = words
                    .get(1)
                    .is_some_and(|word| STREET_WORDS_AFTER.contains(&word.as_str()));
                is_number && !is_house && words.first().is_some_and(|word| word != postcode)
            }
        }
    }
}

/// `12`, `A12`, `X`.
fn is_number(word: &str) -> bool {
    let is_letter = word.len() == 1;
    is_letter || (word.len() <= 10 && word.contains(char::is_numeric))
}
