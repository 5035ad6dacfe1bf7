//! Twenty products whose prices follow from rules, and what becomes of each: plain numbers, written by hand. The amounts are
//! calculated here on paper, never by the code that the demo tries.
//!
//! A price of pounds is (what is to be kept + 2.50 shipping) ÷ 0.82 × 1.20, up to .99: 0.82 is what Amazon's 15 % of the price
//! with 20 % VAT leaves. At 5 % VAT it is ÷ 0.8425 × 1.05. What is to be kept is cost ÷ 0.75 of Northgate, cost × 1.4 of
//! Copperline, and the cost itself for the floor, which ends in any penny.

/// The selection leaves it out.
pub(super) const EXCLUDED_BRAND: &str = "Hestia";
/// Its price rises by more than half: the brake holds it until a person releases it.
pub(crate) const BRAKED: &str = "KETTLE-GLASS";
/// Its offer in Germany ends, and the UK goes on selling it.
pub(crate) const ENDED_IN_DE: &str = "KETTLE-MINI";
/// A person holds it.
pub(super) const HELD_PRICE: &str = "KETTLE-TRAVEL";
/// One of Amazon's own rules sets its price in the UK.
pub(super) const AUTOMATED: &str = "KETTLE-IRON";
/// Nobody said what it costs.
pub(super) const NO_COST: &str = "PAN-28";
/// It has the price that the rules want, and is sent its floor and ceiling alone.
pub(super) const UNMOVED: &str = "PAN-20";
/// Amazon's catalogue has two items with its number.
pub(super) const ASKS: &str = "POT-CLAY";
/// Amazon does not let the seller offer it.
pub(super) const RESTRICTED: &str = "KNIFE-CHEF";
/// Sold at a price of their own, by SKU.
pub(super) const CLEARANCE: [&str; 2] = ["LAMP-WALL", "LAMP-OLD"];

/// Units of each product in the warehouse, and on Amazon before anything is sent.
pub(super) const IN_STOCK: u32 = 9;
pub(super) const LISTED_UNITS: u32 = 4;

/// The units that Amazon is to show at the end; none: it has no listing. One of nine is held back.
pub(super) fn units(ware: &Ware) -> Option<u64> {
    match ware.sku {
        RESTRICTED => None,
        HELD_PRICE => Some(4),
        _ if ware.brand == EXCLUDED_BRAND => Some(0),
        _ => Some(8),
    }
}

/// What the merchant keeps of a product; amounts in pounds.
pub(super) struct Ware {
    pub(super) sku: &'static str,
    pub(super) brand: &'static str,
    pub(super) category: &'static str,
    /// What it costs, if that is known.
    pub(super) cost: Option<&'static str>,
    pub(super) rrp: &'static str,
    pub(super) tax_class: &'static str,
}

const fn ware(
    sku: &'static str,
    [brand, category]: [&'static str; 2],
    [cost, rrp]: [&'static str; 2],
) -> Ware {
    Ware {
        sku,
        brand,
        category,
        cost: if cost.is_empty() { None } else { Some(cost) },
        rrp,
        tax_class: "standard",
    }
}

const KETTLES: [&str; 2] = ["Northgate", "Home > Kitchen > Kettles"];
const PANS: [&str; 2] = ["Northgate", "Home > Kitchen > Pans"];
const KNIVES: [&str; 2] = ["Northgate", "Home > Kitchen > Knives"];
const LAMPS: [&str; 2] = ["Copperline", "Home > Lighting"];
const LINEN: [&str; 2] = ["Copperline", "Home > Kitchen > Linen"];
const TRAYS: [&str; 2] = ["Copperline", "Home > Kitchen > Trays"];
const PLANTERS: [&str; 2] = ["Copperline", "Garden > Planters"];
const CROCKERY: [&str; 2] = [EXCLUDED_BRAND, "Home > Kitchen > Crockery"];

/// What it costs, and what is recommended.
pub(super) const WARES: [Ware; 20] = [
    ware("KETTLE-STEEL", KETTLES, ["12.00", "49.99"]),
    ware(BRAKED, KETTLES, ["9.90", "29.99"]),
    ware(ENDED_IN_DE, KETTLES, ["6.50", "21.99"]),
    ware(HELD_PRICE, KETTLES, ["7.00", "24.99"]),
    ware(AUTOMATED, KETTLES, ["15.00", "59.99"]),
    ware(UNMOVED, PANS, ["8.00", "29.99"]),
    ware("PAN-24", PANS, ["11.00", "23.99"]),
    ware(NO_COST, PANS, ["", "39.99"]),
    ware("LAMP-DESK", LAMPS, ["14.25", "44.99"]),
    ware(CLEARANCE[0], LAMPS, ["13.00", "34.99"]),
    ware(CLEARANCE[1], LAMPS, ["18.40", "39.00"]),
    Ware {
        tax_class: "reduced",
        ..ware("TEA-TOWEL", LINEN, ["3.20", "11.99"])
    },
    ware("BOWL-BLUE", CROCKERY, ["4.00", "12.99"]),
    ware("BOWL-RED", CROCKERY, ["4.60", "14.99"]),
    ware("DISH-OVAL", CROCKERY, ["5.90", "19.99"]),
    ware("TRAY-OAK", TRAYS, ["10.00", "29.99"]),
    ware("TRAY-ASH", TRAYS, ["7.75", "24.99"]),
    ware("POT-CAST", PANS, ["21.00", "59.99"]),
    ware(ASKS, PLANTERS, ["5.00", "17.99"]),
    ware(RESTRICTED, KNIVES, ["16.00", "44.99"]),
];

/// What the seller lists: the price in the UK and in Germany before anything is sent.
pub(super) const LISTED: [(&str, &str, &str); 15] = [
    ("KETTLE-STEEL", "29.99", "34.99"),
    (BRAKED, "12.99", "26.99"),
    (ENDED_IN_DE, "15.99", "17.99"),
    (HELD_PRICE, "18.99", "21.99"),
    (AUTOMATED, "41.50", "47.99"),
    (UNMOVED, "19.99", "23.99"),
    ("PAN-24", "21.99", "25.99"),
    (NO_COST, "34.99", "39.99"),
    ("LAMP-DESK", "31.49", "36.99"),
    (CLEARANCE[0], "28.00", "31.99"),
    (CLEARANCE[1], "36.00", "41.99"),
    ("TEA-TOWEL", "7.49", "8.99"),
    ("BOWL-BLUE", "9.99", "11.99"),
    ("BOWL-RED", "11.99", "13.99"),
    ("DISH-OVAL", "13.99", "16.99"),
];

/// What is not on Amazon: the number that Amazon's catalogue knows it by, and its item; of the one that asks, the item that a
/// person names.
pub(super) const NEW: [(&str, &str, &str); 5] = [
    ("TRAY-OAK", "4006381331005", "B0DEMOTRY1"),
    ("TRAY-ASH", "4006381331074", "B0DEMOTRY2"),
    ("POT-CAST", "4006381331142", "B0DEMOPOT1"),
    (ASKS, "4006381331210", "B0DEMOPOT2"),
    (RESTRICTED, "4006381331289", "B0DEMOKNF1"),
];
/// The other item with the number of the one that asks.
pub(super) const OTHER_ITEM: &str = "B0DEMOPOT3";

/// A price in the UK that is to be there at the end, with the rule that makes it.
pub(super) struct NewPrice {
    pub(super) sku: &'static str,
    pub(super) price: &'static str,
    /// The floor and the ceiling that Amazon is sent with it.
    pub(super) limits: (&'static str, &'static str),
    pub(super) rule: &'static str,
    pub(super) margin: &'static str,
    /// How it comes about.
    pub(super) is: &'static str,
}

const fn price(
    sku: &'static str,
    [price, rule, margin]: [&'static str; 3],
    limits: (&'static str, &'static str),
    is: &'static str,
) -> NewPrice {
    NewPrice {
        sku,
        price,
        limits,
        rule,
        margin,
        is,
    }
}

/// All other prices stay as they were, in the UK and in Germany.
#[rustfmt::skip]
pub(super) const EXPECTED: [NewPrice; 13] = [
    price("KETTLE-STEEL", ["27.99", NORTHGATE, "4.63"], ("21.22", "49.99"), "25 % profit"),
    price(BRAKED, ["22.99", NORTHGATE, "3.31"], ("18.15", "29.99"), "held by the brake, released"),
    price(ENDED_IN_DE, ["16.99", NORTHGATE, "2.61"], ("13.18", "21.99"), "its offer ends in Germany alone"),
    price("PAN-24", ["23.99", NORTHGATE, "2.89"], ("19.76", "23.99"), "lowered to the ceiling"),
    price(UNMOVED, ["19.99", NORTHGATE, "3.16"], ("15.37", "29.99"), "stays, with floor and ceiling"),
    price("LAMP-DESK", ["32.99", ALL, "5.79"], ("24.52", "44.99"), "40 % margin"),
    price(CLEARANCE[0], ["24.50", BY_SKU, "1.24"], ("22.69", "34.99"), "a price of its own"),
    price(CLEARANCE[1], ["30.59", BY_SKU, "0.00"], ("30.59", "39.00"), "raised to the floor"),
    price("TEA-TOWEL", ["8.99", ALL, "1.51"], ("7.11", "11.99"), "at 5 % VAT"),
    price("TRAY-OAK", ["24.99", ALL, "4.58"], ("18.30", "29.99"), "offered"),
    price("TRAY-ASH", ["19.99", ALL, "3.41"], ("15.00", "24.99"), "offered"),
    price("POT-CAST", ["44.99", NORTHGATE, "7.24"], ("34.40", "59.99"), "offered"),
    price(ASKS, ["13.99", ALL, "2.06"], ("10.98", "17.99"), "offered once a person named the item"),
];

pub(super) const BY_SKU: &str = "Clearance";
pub(super) const NORTHGATE: &str = "Northgate";
pub(super) const ALL: &str = "Everything else";

/// Why a price in the UK stays as it was.
pub(super) const KEPT: [(&str, &str); 6] = [
    (NO_COST, "its cost is not known"),
    (HELD_PRICE, "held by a person"),
    (AUTOMATED, "Amazon's own rule sets it"),
    ("BOWL-BLUE", "its brand is excluded"),
    ("BOWL-RED", "its brand is excluded"),
    ("DISH-OVAL", "its brand is excluded"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_product_is_listed_or_new_and_every_price_moves_or_says_why_it_stays() {
        let of = |skus: Vec<&'static str>| {
            let (count, set) = (skus.len(), BTreeSet::from_iter(skus));
            assert_eq!(set.len(), count);
            set
        };
        let wares = of(WARES.iter().map(|ware| ware.sku).collect());
        let listed = LISTED.iter().map(|(sku, ..)| *sku);
        let new = NEW.iter().map(|(sku, ..)| *sku);
        assert_eq!(of(listed.chain(new).collect()), wares);
        let expected = EXPECTED.iter().map(|price| price.sku);
        let kept = KEPT.iter().map(|(sku, _)| *sku);
        let all = expected.chain(kept).chain([RESTRICTED]);
        assert_eq!(of(all.collect()), wares);
        let brands: BTreeSet<&str> = WARES.iter().map(|ware| ware.brand).collect();
        assert_eq!(brands.len(), 3);
    }
}
