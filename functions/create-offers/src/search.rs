//! Which items of Amazon's catalogue have a product's number: 20 numbers a call, and one by one if Amazon does not show which
//! item has which of them, or refuses one.

use crate::making::Making;
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::new_offer::Candidate;
use stallkeeper::error::{Class, Error, Result};
use stallkeeper::seller_session::CallOutcome;
use stallkeeper::sp_api::{
    Account, CatalogItem, IdentifierType, MOST_IDENTIFIERS, Operation, SpApi, refusal,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

const SEARCH: Operation = Operation::SearchCatalogItems;
/// More items no 20 numbers have.
const MOST_PAGES: usize = 20;

/// What was found by a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    Items(Vec<Candidate>),
    /// Amazon refuses the number.
    Refused,
}

/// What one search brought.
enum Searched {
    All(Vec<CatalogItem>),
    Refused,
    /// Amazon's limit is reached.
    Limited,
}

/// Searches for each number; those that are missing in the answer could not be searched for now.
pub(crate) async fn search(
    making: &Making<'_>,
    marketplace: Marketplace,
    numbers: BTreeSet<String>,
) -> Result<HashMap<String, Found>> {
    let mut by_kind: BTreeMap<IdentifierType, Vec<String>> = BTreeMap::new();
    for number in numbers {
        let kind = IdentifierType::of_digits(&number);
        by_kind.entry(kind).or_default().push(number);
    }
    let mut found = HashMap::new();
    for (kind, numbers) in by_kind {
        for some in numbers.chunks(MOST_IDENTIFIERS) {
            if !search_some(making, marketplace, kind, some, &mut found).await? {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

/// `false`: Amazon's limit is reached.
async fn search_some(
    making: &Making<'_>,
    marketplace: Marketplace,
    kind: IdentifierType,
    numbers: &[String],
    found: &mut HashMap<String, Found>,
) -> Result<bool> {
    match pages(making, marketplace, kind, numbers).await? {
        Searched::Limited => return Ok(false),
        Searched::All(items) if is_attributed(&items, numbers) => {
            found.extend(
                numbers
                    .iter()
                    .map(|number| (number.clone(), of(&items, number))),
            );
        }
        _ => {
            for number in numbers {
                let one = std::slice::from_ref(number);
                let items = match pages(making, marketplace, kind, one).await? {
                    Searched::Limited => return Ok(false),
                    Searched::Refused => Found::Refused,
                    Searched::All(items) => Found::Items(offerable(items.iter())),
                };
                found.insert(number.clone(), items);
            }
        }
    }
    Ok(true)
}

/// Whether each item shows one of the numbers: one that shows none might be the second of two.
fn is_attributed(items: &[CatalogItem], numbers: &[String]) -> bool {
    items
        .iter()
        .all(|item| numbers.iter().any(|number| item.has(number)))
}

fn of(items: &[CatalogItem], number: &str) -> Found {
    Found::Items(offerable(items.iter().filter(|item| item.has(number))))
}

/// An item that only groups its variations cannot be offered.
fn offerable<'a>(items: impl Iterator<Item = &'a CatalogItem>) -> Vec<Candidate> {
    let items = items.filter(|item| !item.is_parent).cloned();
    let short = |text: Option<String>| text.map(|text| text.chars().take(200).collect());
    items
        .map(|item| Candidate {
            asin: item.asin,
            title: short(item.title),
            brand: short(item.brand),
            product_type: short(item.product_type),
        })
        .collect()
}

async fn pages(
    making: &Making<'_>,
    marketplace: Marketplace,
    kind: IdentifierType,
    numbers: &[String],
) -> Result<Searched> {
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let (mut items, mut token): (Vec<CatalogItem>, Option<String>) = (Vec::new(), None);
    for _ in 0..MOST_PAGES {
        let (numbers, page) = (&numbers, token.as_deref());
        let call = async |amazon: &SpApi, account: Account<'_>| {
            let search = amazon.search_catalog_items(&account, marketplace, kind, numbers, page);
            search.await
        };
        let answer = match making.seller.call(SEARCH, making.waiting(), call).await {
            Ok(CallOutcome::Answered(answer)) => answer.value,
            Ok(CallOutcome::Limited(_)) => return Ok(Searched::Limited),
            Err(error) if is_about_a_number(&error) => return Ok(Searched::Refused),
            Err(error) => return Err(error),
        };
        items.extend(answer.items);
        token = answer.next_token;
        if token.is_none() {
            return Ok(Searched::All(items));
        }
    }
    // The page after the last one that is read might hold the second of two.
    Ok(Searched::Refused)
}

/// Whether it is the question that Amazon refuses.
fn is_about_a_number(error: &Error) -> bool {
    let refused = refusal(error).filter(|it| it.operation == SEARCH.name());
    let refused = refused.is_some_and(|it| matches!(it.status, 400 | 404));
    refused && error.class() == Class::Permanent
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(asin: &str, numbers: &[&str], is_parent: bool) -> CatalogItem {
        CatalogItem {
            asin: asin.parse().unwrap(),
            identifiers: numbers.iter().map(|it| (*it).to_owned()).collect(),
            title: None,
            brand: None,
            product_type: None,
            is_parent,
        }
    }

    #[test]
    fn an_item_belongs_to_the_number_that_it_shows_and_a_parent_to_none() {
        let numbers = ["4006381333931".to_owned(), "4006381333948".to_owned()];
        let items = [
            item("B000000001", &["04006381333931"], false),
            item("B000000002", &["4006381333948"], false),
            item("B000000003", &["4006381333948"], false),
            item("B000000004", &["4006381333931"], true),
        ];
        assert!(is_attributed(&items, &numbers));
        let asins = |number: &str| match of(&items, number) {
            Found::Items(items) => items
                .iter()
                .map(|it| it.asin.to_string())
                .collect::<Vec<_>>(),
            Found::Refused => Vec::new(),
        };
        assert_eq!(asins(&numbers[0]), ["B000000001"]);
        assert_eq!(asins(&numbers[1]), ["B000000002", "B000000003"]);
        let silent = [item("B000000001", &[], false)];
        assert!(!is_attributed(&silent, &numbers), "it may be anybody's");
    }
}
