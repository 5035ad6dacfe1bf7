//! What Amazon's refusals mean and what to do about them: data, by issue code. Knows nothing of any listing. If
//! Amazon's pages do not explain a code, it says so and leaves the word to Amazon's own message.
//!
//! Amazon pages: *Listings Items API Issues Troubleshooting*; *Manage Listings Issues* (the table of old and new codes,
//! and of pricing issues); the static cases of the *Listings Items API v2021-08-01 model*; Seller Central's help on
//! feed errors for the four- and five-digit codes that outlived the XML feeds.

use serde::Serialize;

/// What to make of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// What it means.
    pub meaning: &'static str,
    /// What a person can do.
    pub remedy: &'static str,
    /// Whether sending the same again may help, with nothing changed.
    pub retry: bool,
}

/// What to make of an issue with this code. There is advice for every code.
pub fn advice(code: &str) -> &'static Advice {
    KNOWN
        .iter()
        .find(|(codes, _)| codes.contains(&code))
        .map_or_else(|| without_verdict(code), |(_, advice)| advice)
}

/// A call that was refused is noted under its status, which has three digits as none of Amazon's codes has.
fn without_verdict(code: &str) -> &'static Advice {
    let is_status = code.len() == 3 && code.starts_with('4') && code.parse::<u16>().is_ok();
    if is_status { &CALL_REFUSED } else { &UNKNOWN }
}

impl Advice {
    /// In one text.
    pub fn text(&self) -> String {
        format!("{} {}", self.meaning, self.remedy)
    }
}

const fn person(meaning: &'static str, remedy: &'static str) -> Advice {
    Advice {
        meaning,
        remedy,
        retry: false,
    }
}

const fn again(meaning: &'static str) -> Advice {
    Advice {
        meaning,
        remedy: "It is sent again with the next round. If it stays, open a case with Amazon's developer support.",
        retry: true,
    }
}

const COMPLETE_IT: &str = "Open the listing in Seller Central, complete or correct what Amazon names, and save it; \
                           the value is sent again when it changes, or after the next matching.";
const CHECK_PRICE: &str = "Correct the price here, or the limit in Seller Central under Manage Pricing; a new price \
                           is sent by itself.";
const REPORT_IT: &str =
    "This is for whoever runs Stallkeeper: report it with the code and Amazon's message.";

const UNKNOWN: Advice = person(
    "Amazon refused the value with a code that this release has no advice for.",
    "Read Amazon's own message, and look at the listing in Seller Central, where its issues are shown.",
);

const CALL_REFUSED: Advice = Advice {
    meaning: "Amazon refused the call for this SKU as a whole, and gave no verdict on the value.",
    remedy: "It is tried again ever later. If it stays, report it with the code and Amazon's message to whoever runs \
             Stallkeeper.",
    retry: true,
};

/// The codes that a quantity or a price can meet. The old and the new code of one rule are together.
const KNOWN: &[(&[&str], Advice)] = &[
    (
        &["13013"],
        person(
            "Amazon knows no offer of yours with this SKU, spelt exactly like this, in the marketplace that was asked.",
            "Check that the listing still exists there. The next matching shows what it is called now; nothing is \
             created on Amazon by sending a quantity.",
        ),
    ),
    (
        &["8541"],
        person(
            "The product data of this listing contradict the product that Amazon's catalogue has under its \
             identifier.",
            "Compare brand, title and identifier with Amazon's product page; correct yours, or list the SKU on \
             another product. Its quantity and price are not the cause.",
        ),
    ),
    (
        &["90000900"],
        person(
            "The listing's product type does not know the attribute that was sent.",
            "The product type may have changed: run the matching, which reads it again. If that does not help, open \
             the listing in Seller Central and save it there once.",
        ),
    ),
    (
        &["90220"],
        person(
            "The listing lacks something that Amazon now requires of its product type; Amazon names it.",
            COMPLETE_IT,
        ),
    ),
    (
        &["99022", "90004401", "90003944"],
        person(
            "A field of an attribute has fewer values than Amazon requires, often none; Amazon names both.",
            COMPLETE_IT,
        ),
    ),
    (
        &["90248", "90003951", "99016", "90004117"],
        person(
            "An attribute or one of its fields has more values than Amazon allows.",
            COMPLETE_IT,
        ),
    ),
    (
        &["90244", "8333", "90004205", "90003945"],
        person(
            "A value is not one of those that Amazon accepts for this attribute and product type.",
            "Amazon names the attribute. If it is one of the listing's own, correct it in Seller Central; if it is \
             the fulfilment channel, the listing may have moved to fulfilment by Amazon: run the matching.",
        ),
    ),
    (
        &["4000000", "InternalFailure", "5002"],
        again("Amazon had an internal error; it is nothing about the value."),
    ),
    (
        &["unreadable"],
        again("Amazon's report on a feed says something of this line that is not as documented."),
    ),
    (
        &["403"],
        Advice {
            meaning: "Amazon refused the call for this SKU with 403, and gave no verdict on the value.",
            remedy: "It is tried again ever later. If Amazon takes other SKUs, open this one in Seller Central: the brand, \
                     the category or the marketplace may be closed to this account. If it takes none, the app may lack a \
                     role, or the seller may not sell there.",
            retry: true,
        },
    ),
    (
        &["404"],
        Advice {
            meaning: "Amazon answered 404: it found no such listing in the marketplace that was asked.",
            remedy: "It is tried again ever later, through another marketplace if it is listed in one. Check that the \
                     listing still exists; the next matching shows what it is called now.",
            retry: true,
        },
    ),
    (
        &["4000001", "90004147", "100095"],
        person(
            "Amazon takes the value of an attribute that it names for invalid, without saying why.",
            "If it is one of the listing's own, correct it in Seller Central. If it is the quantity or the price, \
             compare with what Seller Central accepts for this listing.",
        ),
    ),
    (
        &["4000003"],
        person(
            "Amazon could not take the submission for this SKU; its public pages do not explain the code.",
            "Go by Amazon's message. Check in Seller Central that the listing is there and free of other issues; \
             the value is sent again when it changes, or after the next matching.",
        ),
    ),
    (
        &["4002001", "4002005", "4002006", "4002008", "BAD_REQUEST"],
        person(
            "Amazon could not read the message as one of its format.",
            REPORT_IT,
        ),
    ),
    (
        &["90180"],
        person("A value has another type than Amazon expects.", REPORT_IT),
    ),
    (
        &["4005039"],
        person(
            "Amazon has several submissions for this item and does not merge them.",
            "See in Seller Central whether another tool also maintains this listing; only one should.",
        ),
    ),
    (
        &["4005033"],
        person(
            "The attribute cannot be edited on this listing.",
            "Somebody else may own it, a brand or Amazon: see the listing in Seller Central.",
        ),
    ),
    (
        &["5461", "5995"],
        person(
            "This seller account may not change the product.",
            "Ask the brand or Amazon for the approval; until then the listing stays as it is.",
        ),
    ),
    (
        &["100334", "5886", "100333", "5887"],
        person(
            "This seller account may not sell on a product without a brand (a generic one).",
            "Apply for it in Seller Central, or list the SKU on another product.",
        ),
    ),
    (
        &["100398", "90004385"],
        person(
            "Amazon's rule is called “SKU violated with mix intent”; its pages do not explain it.",
            "Go by Amazon's message, and open a case with Amazon's seller support if it does not help.",
        ),
    ),
    (
        &["19037"],
        person(
            "The price is lower than the minimum price that is set on Amazon.",
            CHECK_PRICE,
        ),
    ),
    (
        &["19038"],
        person(
            "The price is higher than the maximum price that is set on Amazon.",
            CHECK_PRICE,
        ),
    ),
    (
        &["18701"],
        person(
            "Amazon takes the price, or another price of the same offer, for far too high.",
            CHECK_PRICE,
        ),
    ),
    (
        &["90195", "90000642", "90232", "90000644"],
        person("The value has too many digits.", CHECK_PRICE),
    ),
    (
        &["90114", "90004114", "90221", "90000639"],
        person(
            "The value is smaller than Amazon allows for this attribute.",
            CHECK_PRICE,
        ),
    ),
    (
        &["90197", "90004115", "90242", "90000640"],
        person(
            "The value is greater than Amazon allows for this attribute.",
            CHECK_PRICE,
        ),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_stands_in_the_table_once_and_has_whole_sentences() {
        let codes: Vec<&str> = KNOWN
            .iter()
            .flat_map(|(codes, _)| codes.iter().copied())
            .collect();
        let once: BTreeSet<&str> = codes.iter().copied().collect();
        assert_eq!(once.len(), codes.len());
        for advice in KNOWN
            .iter()
            .map(|(_, advice)| advice)
            .chain([&UNKNOWN, &CALL_REFUSED])
        {
            assert!(advice.meaning.ends_with('.') && advice.remedy.ends_with('.'));
        }
    }

    #[test]
    fn only_amazons_own_failures_and_refused_calls_are_worth_sending_again() {
        for code in ["4000000", "403", "404", "400", "422"] {
            assert!(advice(code).retry, "{code}");
        }
        for code in [
            "13013", "8541", "90220", "99022", "90244", "90000900", "4000003", "", "nonsense",
        ] {
            assert!(!advice(code).retry, "{code}");
        }
    }

    #[test]
    fn a_code_nobody_wrote_of_gets_advice_too() {
        assert_eq!(advice("123456"), &UNKNOWN);
        assert!(advice("123456").text().contains("Amazon's own message"));
    }
}
