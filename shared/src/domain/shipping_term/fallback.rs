//! The wider terms a term may fall back to when nobody mapped it exactly.

use super::ShippingTerm;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// A term to look for, and what was dropped to get there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fallback {
    pub term: ShippingTerm,
    pub step: Step,
}

/// How a mapping's term was reached from the order's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Exact,
    WithoutZone,
    WithoutPrime,
    /// Without zone and without `-PRIME`.
    Bare,
}

impl Step {
    /// Whether a mapping found here counts only if it says that it carries Prime.
    pub const fn needs_carries_prime(self) -> bool {
        matches!(self, Self::WithoutPrime | Self::Bare)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exact => "exactly",
            Self::WithoutZone => "without its zone",
            Self::WithoutPrime => "without -PRIME",
            Self::Bare => "without zone and -PRIME",
        })
    }
}

impl ShippingTerm {
    /// The terms to look for, best first: exact, without zone, without `-PRIME`, bare.
    ///
    /// A zone may be dropped only for a service that reaches it, and `-PRIME` only for a mapping that carries Prime
    /// ([`Step::needs_carries_prime`]); both are for the chooser to hold. A step that drops nothing is left out, and a
    /// bare term that lost `-PRIME` alone is [`Step::WithoutPrime`].
    pub fn fallbacks(&self) -> Vec<Fallback> {
        let mut steps = vec![Fallback {
            term: self.clone(),
            step: Step::Exact,
        }];
        let zoned = self.zone().is_some();
        if zoned {
            steps.push(Fallback {
                term: self.without_zone(),
                step: Step::WithoutZone,
            });
        }
        if self.prime {
            steps.push(Fallback {
                term: self.without_prime(),
                step: Step::WithoutPrime,
            });
        }
        if zoned && self.prime {
            steps.push(Fallback {
                term: self.without_zone().without_prime(),
                step: Step::Bare,
            });
        }
        steps
    }

    /// Whether it falls back to one of these terms, be it exactly.
    pub fn falls_back_to(&self, terms: &BTreeSet<ShippingTerm>) -> bool {
        let fallbacks = self.fallbacks();
        fallbacks.iter().any(|wider| terms.contains(&wider.term))
    }

    /// What the text of every term begins with that can fall back to this one: where to look for the waiting orders
    /// that a new mapping for this term may fit. Others may begin so too (`DOM_1`, `DOM_10`).
    pub fn waiting_prefix(&self) -> String {
        match self.zone() {
            Some(_) => self.to_string(),
            None => self.without_prime().to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::term;
    use super::*;

    #[test]
    fn a_term_falls_back_zone_first_and_prime_last() {
        let rows: [(&str, &[(&str, Step)]); 4] = [
            ("STD UK DOM", &[("STD UK DOM", Step::Exact)]),
            (
                "STD UK DOM_2",
                &[
                    ("STD UK DOM_2", Step::Exact),
                    ("STD UK DOM", Step::WithoutZone),
                ],
            ),
            (
                "UK NEXT-PRIME",
                &[
                    ("UK NEXT-PRIME", Step::Exact),
                    ("UK NEXT", Step::WithoutPrime),
                ],
            ),
            (
                "STD UK DOM_2-PRIME",
                &[
                    ("STD UK DOM_2-PRIME", Step::Exact),
                    ("STD UK DOM-PRIME", Step::WithoutZone),
                    ("STD UK DOM_2", Step::WithoutPrime),
                    ("STD UK DOM", Step::Bare),
                ],
            ),
        ];
        for (text, expected) in rows {
            let got: Vec<_> = term(text)
                .fallbacks()
                .into_iter()
                .map(|one| (one.term.to_string(), one.step))
                .collect();
            let expected: Vec<_> = expected
                .iter()
                .map(|(text, step)| ((*text).to_owned(), *step))
                .collect();
            assert_eq!(got, expected, "{text}");
        }
    }
}
