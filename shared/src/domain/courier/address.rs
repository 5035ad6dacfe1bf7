//! What kind of address a parcel goes to. Reads address lines and keeps none of them.

use serde::{Deserialize, Serialize};

/// The kind of an address, as far as couriers care.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AddressKind {
    /// A door, private or commercial.
    #[default]
    Street,
    /// A locker, counter or parcel shop.
    PickupPoint,
    /// A PO box.
    PoBox,
    /// Amazon gave no address.
    Missing,
}

impl AddressKind {
    /// Tells the kind from Amazon's `addressType` and whatever lines it gave; an address that is not there at all is
    /// for the caller to call [`Missing`](Self::Missing).
    ///
    /// Amazon marks its own pick-up points; other lockers and PO boxes are found by words in the marketplaces' languages.
    /// A door taken for a box costs a look by a person, a box taken for a door costs a returned parcel.
    pub fn of<'a>(address_type: Option<&str>, lines: impl IntoIterator<Item = &'a str>) -> Self {
        if address_type.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("PICKUP_POINT")) {
            return Self::PickupPoint;
        }
        let mut kind = Self::Street;
        for line in lines {
            let words = words(line);
            if LOCKERS.iter().any(|locker| holds(&words, locker)) {
                return Self::PickupPoint;
            }
            if BOXES.iter().any(|name| holds(&words, name)) || numbered_box(&words) {
                kind = Self::PoBox;
            }
        }
        kind
    }
}

const LOCKERS: [&str; 6] = [
    "packstation",
    "postfiliale",
    "amazon locker",
    "amazon hub",
    "amazon counter",
    "inpost locker",
];

const BOXES: [&str; 14] = [
    "po box",
    "p o box",
    "pobox",
    "post office box",
    "postfach",
    "boite postale",
    "boîte postale",
    "casella postale",
    "apartado de correos",
    "apartado postal",
    "apdo",
    "postbus",
    "skrytka pocztowa",
    "caixa postal",
];

/// Lower-case words with a blank around each, so that a name is found as whole words only.
fn words(line: &str) -> String {
    let lower = line.to_lowercase().replace('.', "");
    let words = lower
        .split(|char: char| !char.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.fold(String::from(" "), |text, word| text + word + " ")
}

fn holds(words: &str, name: &str) -> bool {
    words.contains(&format!(" {name} "))
}

/// France's `BP 123`: two letters that mean a box only before a number.
fn numbered_box(words: &str) -> bool {
    let mut words = words
        .split_whitespace()
        .skip_while(|word| *word != "bp")
        .skip(1);
    words
        .next()
        .is_some_and(|next| next.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lockers_and_boxes_are_known_by_amazons_type_and_by_their_words() {
        use AddressKind::{PickupPoint, PoBox, Street};
        let rows: [(Option<&str>, &[&str], AddressKind); 13] = [
            (None, &[], Street),
            (Some("RESIDENTIAL"), &["1 Fictional Street"], Street),
            (Some("PICKUP_POINT"), &["1 Fictional Street"], PickupPoint),
            (None, &["c/o Nobody", "Packstation 123"], PickupPoint),
            (Some("COMMERCIAL"), &["P.O. Box 99"], PoBox),
            (None, &["PO-Box 7"], PoBox),
            (None, &["Postfach 10 20 30"], PoBox),
            (None, &["BP 4711"], PoBox),
            (None, &["B.P. 4711"], PoBox),
            (None, &["BP Filling Station"], Street),
            (None, &["Boîte Postale 12"], PoBox),
            (None, &["Mailbox Lane 5", "Postfachweg 3"], Street),
            (Some("SOMETHING_NEW"), &["Rue de l'Exemple"], Street),
        ];
        for (address_type, lines, kind) in rows {
            assert_eq!(
                AddressKind::of(address_type, lines.iter().copied()),
                kind,
                "{address_type:?} {lines:?}"
            );
        }
    }
}
