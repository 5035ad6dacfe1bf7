//! Owns invented buyers. No name is a person's: each carries a tag that is found nowhere else, so that
//! a leak can be searched for. Phone numbers are those that regulators keep free for fiction.

use serde_json::{Value, json};

use super::{cases::Twist, dice::Dice, places};
use crate::generate::places::Place;

const FIRST: &[&str] = &[
    "Zephyrina",
    "Quillon",
    "Marrowby",
    "Thistlena",
    "Oswaldine",
    "Perriwick",
    "Brambleth",
    "Ottilda",
];
const LAST: &[&str] = &[
    "Featherstoke",
    "Moonwhistle",
    "Pumpernick",
    "Snapdragoon",
    "Gooseberrow",
    "Teakettle",
    "Fogbottom",
];
const STREETS: &[&str] = &[
    "Marmalade Row",
    "Whistling Steps",
    "Teapot Crescent",
    "Lantern Yard",
    "Crooked Umbrella Lane",
];

pub(super) struct Buyer {
    tag: String,
    name: String,
    email: String,
    phone: String,
}

impl Buyer {
    pub(super) fn invent(place: &Place, domain: &str, dice: &mut Dice) -> Self {
        let tag = dice.tag();
        let name = format!("{} {}-{tag}", dice.one_of(FIRST), dice.one_of(LAST));
        let email = format!(
            "{tag}{}@marketplace.{}",
            dice.digits(7),
            domain.trim_start_matches("www.")
        );
        let phone = match place.country {
            "DE" | "AT" | "CH" => format!("+49 30 23125 {}", dice.digits(3)),
            "FR" | "RE" | "MC" => format!("+33 1 99 00 {} {}", dice.digits(2), dice.digits(2)),
            "US" | "CA" => format!("+1 415 555 01{}", dice.digits(2)),
            _ => format!("+44 7700 900{}", dice.digits(3)),
        };
        Self {
            tag,
            name,
            email,
            phone,
        }
    }

    pub(super) fn as_buyer(&self, twist: Twist) -> Value {
        let mut buyer = json!({ "buyerName": self.name, "buyerEmail": self.email });
        if twist == Twist::Business {
            buyer["buyerCompanyName"] = json!(self.company());
            buyer["buyerPurchaseOrderNumber"] = json!(format!("PO-{}", self.tag));
        }
        buyer
    }

    pub(super) fn as_recipient(&self, place: &Place, twist: Twist, dice: &mut Dice) -> Value {
        let mut address = json!({
            "name": self.name,
            "addressLine1": format!("{} {} {}", 1 + dice.below(200), dice.one_of(STREETS), self.tag),
            "city": place.city,
            "stateOrRegion": place.region,
            "postalCode": places::postcode(place, dice),
            "countryCode": place.country,
            "phone": self.phone,
            "addressType": "RESIDENTIAL",
        });
        if dice.percent(30) {
            address["addressLine2"] = json!(format!(
                "Flat {}, third door {}",
                1 + dice.below(40),
                self.tag
            ));
        }
        self.twist(&mut address, twist, dice);
        let mut recipient = json!({ "deliveryAddress": address });
        if twist == Twist::LabelNotYet {
            let instruction = format!("Knock twice and say {}", self.tag);
            recipient["deliveryPreference"] =
                json!({ "dropOffLocation": "FRONT_DOOR", "addressInstruction": instruction });
        }
        recipient
    }

    fn twist(&self, address: &mut Value, twist: Twist, dice: &mut Dice) {
        match twist {
            Twist::Locker => {
                address["addressType"] = json!("PICKUP_POINT");
                address["addressLine1"] = json!(format!("Amazon Locker {}", self.tag));
            }
            Twist::StorePickUp => {
                address["addressType"] = json!("COMMERCIAL");
                address["name"] = json!(format!("Sandbox Shop {}", self.tag));
                address["companyName"] = json!(self.company());
            }
            Twist::Business => {
                address["addressType"] = json!("COMMERCIAL");
                address["companyName"] = json!(self.company());
            }
            Twist::UnknownFields => {
                address["addressType"] = json!("HOUSEBOAT");
                address["doorCode"] = json!(format!("door-{}", self.tag));
            }
            Twist::Letterbox => {
                address["addressLine1"] = json!(format!("PO Box {} {}", dice.digits(4), self.tag));
            }
            _ => {}
        }
    }

    pub(super) fn tax_registration(&self) -> Value {
        json!({
            "entityType": "BUYER",
            "legalName": self.company(),
            "taxRegistrationType": "VAT",
            "taxRegistrationNumber": format!("XX{}", self.tag),
        })
    }

    pub(super) fn gift_message(&self) -> String {
        format!("Many happy returns, dear {}!", self.name)
    }

    pub(super) fn customised_url(&self) -> String {
        format!("https://customised.invalid/{}.zip", self.tag)
    }

    /// What a field that no model knows may hold.
    pub(super) fn note(&self) -> String {
        format!("Greet {} from the sandbox", self.name)
    }

    fn company(&self) -> String {
        format!("Gooseberrow & Daughters {}", self.tag)
    }
}
