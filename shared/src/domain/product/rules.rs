//! What a product must be to be accepted; and the digest by which two products are the same.

use super::{Dimensions, Part, Product};
use crate::domain::ids::Sku;
use crate::domain::money::decimals;
use crate::domain::row::RowCode;
use crate::error::{Error, Result};
use rust_decimal::Decimal;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, HashSet};

/// Parts of one bundle.
const MOST_PARTS: usize = 90;
/// Units of one part in a bundle.
const MOST_UNITS: u32 = 10_000;
/// Characters of a title, and of the other texts.
const LONGEST: [usize; 2] = [500, 200];
/// Of what a unit costs.
const DECIMALS_OF_A_COST: u32 = 6;
/// In millimetres and grams: what no parcel or pallet exceeds.
const LARGEST: u32 = 50_000;
const HEAVIEST: u32 = 50_000_000;

/// What is wrong with a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub field: String,
    pub code: RowCode,
    pub detail: String,
}

impl Fault {
    fn new(field: impl Into<String>, code: RowCode, detail: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            code,
            detail: detail.into(),
        }
    }
}

/// The first thing that is wrong with a product by itself, if any.
pub fn fault(product: &Product) -> Option<Fault> {
    texts(product)
        .or_else(|| product.ean.as_deref().and_then(ean))
        .or_else(|| measures(product))
        .or_else(|| prices(product))
        .or_else(|| parts(product))
}

/// Leaves out what only describes a product and cannot be used, and says what: it must keep neither the rest of the product
/// nor its stock from going out.
pub fn drop_unusable(product: &mut Product) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (field, text, longest) in [
        ("title", &mut product.title, LONGEST[0]),
        ("brand", &mut product.brand, LONGEST[1]),
        ("category", &mut product.category, LONGEST[1]),
    ] {
        drop_if(text, |text| text_fault(field, text, longest), &mut faults);
    }
    drop_if(&mut product.ean, |text| ean(text), &mut faults);
    drop_if(&mut product.weight_grams, |it| weight(*it), &mut faults);
    drop_if(&mut product.dimensions, size, &mut faults);
    faults
}

fn drop_if<T>(field: &mut Option<T>, fault: impl Fn(&T) -> Option<Fault>, faults: &mut Vec<Fault>) {
    let Some(mut fault) = field.as_ref().and_then(fault) else {
        return;
    };
    *field = None;
    fault.detail.push_str(" It was left out.");
    faults.push(fault);
}

fn texts(product: &Product) -> Option<Fault> {
    let texts = [
        ("title", &product.title, LONGEST[0]),
        ("brand", &product.brand, LONGEST[1]),
        ("category", &product.category, LONGEST[1]),
        ("tax_class", &product.tax_class, LONGEST[1]),
    ];
    texts
        .into_iter()
        .find_map(|(field, text, longest)| text_fault(field, text.as_deref()?, longest))
}

fn text_fault(field: &str, text: &str, longest: usize) -> Option<Fault> {
    let bad = text.chars().count() > longest || text.chars().any(char::is_control);
    bad.then(|| {
        let detail = format!("At most {longest} characters on one line.");
        Fault::new(field, RowCode::Text, detail)
    })
}

fn ean(ean: &str) -> Option<Fault> {
    let digits: Option<Vec<u32>> = ean.chars().map(|digit| digit.to_digit(10)).collect();
    let Some(digits) = digits.filter(|digits| [8, 12, 13, 14].contains(&digits.len())) else {
        let detail = "An EAN has 8, 12, 13 or 14 digits and nothing else.";
        return Some(Fault::new("ean", RowCode::Ean, detail));
    };
    // From the right, the check digit first: weights 1, 3, 1, 3, …
    let sum: u32 = digits
        .iter()
        .rev()
        .zip([1, 3].into_iter().cycle())
        .map(|(digit, weight)| digit * weight)
        .sum();
    (!sum.is_multiple_of(10)).then(|| {
        let detail =
            "Its last digit does not fit the others: a digit is wrong or two changed places.";
        Fault::new("ean", RowCode::EanCheckDigit, detail)
    })
}

fn measures(product: &Product) -> Option<Fault> {
    let weight = product.weight_grams.and_then(weight);
    weight.or_else(|| product.dimensions.as_ref().and_then(size))
}

fn weight(grams: u32) -> Option<Fault> {
    (!(1..=HEAVIEST).contains(&grams)).then(|| {
        let detail = "At least 1 gram and at most 50,000,000; leave it out if it is not known.";
        Fault::new("weight_grams", RowCode::Weight, detail)
    })
}

fn size(size: &Dimensions) -> Option<Fault> {
    let sides = [
        ("length_mm", size.length_mm),
        ("width_mm", size.width_mm),
        ("height_mm", size.height_mm),
    ];
    let (side, _) = sides
        .into_iter()
        .find(|(_, side)| !(1..=LARGEST).contains(side))?;
    let detail = "At least 1 millimetre and at most 50,000.";
    Some(Fault::new(
        format!("dimensions.{side}"),
        RowCode::Dimension,
        detail,
    ))
}

fn prices(product: &Product) -> Option<Fault> {
    amounts("rrp", &product.rrp, decimals).or_else(|| {
        // A cost may be less than can be paid: a thousand screws have a price, one has a cost.
        let of_a_cost = |currency: &str| decimals(currency).map(|_| DECIMALS_OF_A_COST);
        amounts("cost", &product.cost, of_a_cost)
    })
}

fn amounts(
    name: &str,
    amounts: &BTreeMap<String, Decimal>,
    decimals: impl Fn(&str) -> Option<u32>,
) -> Option<Fault> {
    amounts.iter().find_map(|(currency, amount)| {
        let field = || format!("{name}.{}", currency.chars().take(8).collect::<String>());
        let Some(decimals) = decimals(currency) else {
            let detail = "A currency is named by its ISO 4217 code in capitals, such as GBP.";
            return Some(Fault::new(field(), RowCode::Currency, detail));
        };
        let is_sum = *amount > Decimal::ZERO && *amount < Decimal::from(1_000_000_000);
        if is_sum && amount.normalize().scale() <= decimals {
            return None;
        }
        let decimals = match decimals {
            0 => "no decimals".to_owned(),
            many => format!("at most {many} decimals"),
        };
        let detail = format!("More than 0 and less than 1,000,000,000; {currency} has {decimals}.");
        Some(Fault::new(field(), RowCode::Amount, detail))
    })
}

fn parts(product: &Product) -> Option<Fault> {
    if product.parts.len() > MOST_PARTS {
        let detail = format!("A bundle has at most {MOST_PARTS} parts.");
        return Some(Fault::new("parts", RowCode::TooManyParts, detail));
    }
    let mut seen = HashSet::new();
    product.parts.iter().enumerate().find_map(|(index, part)| {
        let fault = |name, code, detail: &str| {
            Some(Fault::new(format!("parts[{index}].{name}"), code, detail))
        };
        if part.sku == product.sku {
            return fault(
                "sku",
                RowCode::PartOfItself,
                "A bundle cannot be a part of itself.",
            );
        }
        if !seen.insert(&part.sku) {
            let detail = "Each part once; say how many of it with `units`.";
            return fault("sku", RowCode::PartTwice, detail);
        }
        if !(1..=MOST_UNITS).contains(&part.units) {
            return fault("units", RowCode::Units, "At least 1 and at most 10,000.");
        }
        None
    })
}

/// The fault of a bundle that has a bundle as a part.
pub fn nested_bundle(product: &Product, is_bundle: impl Fn(&Sku) -> bool) -> Option<Fault> {
    let index = product.parts.iter().position(|part| is_bundle(&part.sku))?;
    let detail = "This part is a bundle itself. Name that bundle's own parts instead.";
    Some(Fault::new(
        format!("parts[{index}].sku"),
        RowCode::NestedBundle,
        detail,
    ))
}

/// The fault of a part that would become a bundle.
pub fn part_as_bundle(part_of: &[Sku]) -> Option<Fault> {
    let bundle = part_of.first()?;
    let detail = format!("This SKU is a part of {bundle}, so it cannot be a bundle itself.");
    Some(Fault::new("parts", RowCode::NestedBundle, detail))
}

/// The digest of a product's content: the order of its parts and zeros at the end of a price make no other product.
pub fn digest(product: &Product) -> Result<String> {
    let mut same = product.clone();
    same.parts.sort_by(|a: &Part, b: &Part| a.sku.cmp(&b.sku));
    for amount in same.rrp.values_mut().chain(same.cost.values_mut()) {
        *amount = amount.normalize();
    }
    let text = serde_json::to_string(&same)
        .map_err(|error| Error::permanent("encode a product", error))?;
    let digest = Sha256::digest(text);
    let bytes = digest.iter().take(16);
    Ok(bytes.map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests;
