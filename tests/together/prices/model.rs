//! The plainest model there is of what is sold and for how much: it computes in pennies, and knows no table, queue or formula of
//! the functions.

use crate::Act;
use std::collections::BTreeSet;

pub(crate) const PRODUCTS: usize = 3;
/// What each has in stock.
pub(crate) const STOCK: u64 = 7;
/// What Amazon shows before, in pennies.
pub(crate) const SELLERS_OWN: u64 = 20_00;
/// Tax of the UK and of Germany, in percent.
const TAX: [u64; 2] = [20, 19];

/// What Amazon shows of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) quantity: u64,
    /// In pennies, by marketplace.
    pub(crate) prices: [u64; 2],
    pub(crate) ended: [bool; 2],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Product {
    cost: Option<u32>,
    /// Whether it is of brand A.
    brand: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Rules {
    margins: [Option<(u32, u32)>; 2],
    without_a: bool,
    /// The brand that is not offered on the second marketplace.
    not_offered: Option<bool>,
}

impl Rules {
    fn sells(&self, product: Product) -> bool {
        !(self.without_a && product.brand)
    }

    /// The price in pennies; a tenth of a penny is a whole one.
    fn price(&self, marketplace: usize, product: Product) -> Option<u64> {
        let (of_a, of_others) = self.margins[marketplace]?;
        let margin = u64::from(if product.brand { of_a } else { of_others });
        let cost = u64::from(product.cost?);
        Some((cost * (100 + margin) * (100 + TAX[marketplace])).div_ceil(100))
    }
}

pub(crate) struct Model {
    products: [Product; PRODUCTS],
    drafted: Rules,
    published: Rules,
    held: [Option<&'static str>; PRODUCTS],
    /// All that was ever known of a product, and in force.
    known: [BTreeSet<Product>; PRODUCTS],
    in_force: Vec<Rules>,
}

impl Default for Model {
    fn default() -> Self {
        let product = Product {
            cost: None,
            brand: false,
        };
        Self {
            products: [product; PRODUCTS],
            drafted: Rules::default(),
            published: Rules::default(),
            held: [None; PRODUCTS],
            known: Default::default(),
            in_force: Vec::new(),
        }
    }
}

impl Model {
    pub(crate) fn act(&mut self, act: &Act) {
        match *act {
            Act::Product {
                product,
                cost,
                brand,
            } => {
                self.products[product] = Product { cost, brand };
                self.known[product].insert(self.products[product]);
            }
            Act::Rules {
                marketplace,
                margins,
            } => self.drafted.margins[marketplace] = margins,
            Act::Selection {
                without_a,
                not_offered,
            } => {
                self.drafted.without_a = without_a;
                self.drafted.not_offered = not_offered;
            }
            Act::Publish => {
                self.published = self.drafted;
                self.in_force.push(self.published);
            }
            Act::Hold { product, mode } => self.held[product] = mode,
            _ => {}
        }
    }

    /// At every moment: each price is the seller's own, or one that rules wanted of the product as it was once known.
    pub(crate) fn allows(&self, shown: &[Shown], at: &str) {
        for (n, shown) in shown.iter().enumerate() {
            for (marketplace, price) in shown.prices.into_iter().enumerate() {
                let ever = self.in_force.iter().flat_map(|rules| {
                    let known = self.known[n].iter();
                    known.filter_map(move |it| rules.price(marketplace, *it))
                });
                let ever: BTreeSet<u64> = ever.chain([SELLERS_OWN]).collect();
                assert!(
                    price > 0 && ever.contains(&price),
                    "{at}: product {n} has {price} on {marketplace}, of {ever:?}"
                );
            }
            assert!([0, STOCK].contains(&shown.quantity), "{at}: {shown:?}");
        }
    }

    /// Once all is quiet: what is wanted is what Amazon shows.
    pub(crate) fn wants(&self, shown: &[Shown]) {
        let rules = &self.published;
        for (n, shown) in shown.iter().enumerate() {
            let (product, held) = (self.products[n], self.held[n]);
            let sold = rules.sells(product);
            let quantity = match held {
                Some("leave") => shown.quantity,
                Some(_) => 0,
                None if sold => STOCK,
                None => 0,
            };
            assert_eq!(
                shown.quantity, quantity,
                "product {n}: {product:?}, {rules:?}, {held:?}"
            );
            if held.is_some() {
                continue;
            }
            for marketplace in 0..2 {
                let wanted = rules.price(marketplace, product).filter(|_| sold);
                let price = shown.prices[marketplace];
                assert_eq!(
                    price,
                    wanted.unwrap_or(price),
                    "product {n} on {marketplace}: {product:?}, {rules:?}"
                );
            }
            let ended = sold && rules.not_offered == Some(product.brand);
            if sold {
                assert_eq!(
                    shown.ended,
                    [false, ended],
                    "product {n}: {product:?}, {rules:?}"
                );
            }
        }
    }
}
