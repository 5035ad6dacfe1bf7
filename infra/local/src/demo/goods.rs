//! What the demo's merchant keeps and lists: plain numbers, and one of each thing that can go wrong on a shelf.

use serde_json::{Value, json};

use super::prices;
use super::scene::{BY_CONSENT, BY_TOKEN, DE, UK};

/// Held back of every product, so that an order in the moment of sending cannot oversell.
pub(crate) const BUFFER: u32 = 1;
/// A decrease to this quantity or below waits for no round.
pub(crate) const LOW_STOCK_MARK: u32 = 0;
const WAREHOUSE: &str = "LEEDS";

pub(crate) const BUNDLE: &str = "TEA SET";
/// An Amazon SKU for twelve of a product.
pub(crate) const ALIAS: (&str, &str, u32) = ("TEA-12/box #1 & \"lid\"", "TEA", 12);
/// Our spelling, and Amazon's.
pub(crate) const CASE_MISMATCH: (&str, &str) = ("Lamp-Oak", "LAMP-OAK");
pub(crate) const FULFILLED_BY_AMAZON: &str = "FBA-CANDLE";
/// Amazon refuses it until the seller mends the listing.
pub(crate) const REFUSED: &str = "CLOCK";
pub(crate) const URGENT_ZERO: &str = "VASE";
/// The seller closed it before we came, with units on the shelf.
pub(crate) const CLOSED: &str = "JUG";
/// Held by a person while its shelf is counted.
pub(crate) const HELD: &str = "PLATE";
const NOT_ON_AMAZON: &str = "CHAIR";
const UNKNOWN_HERE: &str = "STRAY";
const NON_ASCII: &str = "Größe 42 % 50";
/// Sold by both sellers.
const SHARED: &str = "MUG";

/// Products of their own with a level each, and what Amazon shows before anything is sent.
const SINGLE: [(&str, u32); 10] = [
    ("TEA", 100),
    (SHARED, 31),
    (CASE_MISMATCH.0, 9),
    (FULFILLED_BY_AMAZON, 12),
    (REFUSED, 8),
    (URGENT_ZERO, 4),
    (CLOSED, 11),
    (HELD, 10),
    (NOT_ON_AMAZON, 6),
    (NON_ASCII, 17),
];

/// How many SKUs there are beside the ones with a story, and those whose prices are set.
pub(crate) struct Goods {
    pub(crate) plain: u32,
}

impl Goods {
    /// About `skus` SKUs in all.
    pub(crate) fn of(skus: u32) -> Self {
        Self {
            plain: skus.saturating_sub(14),
        }
    }

    fn plain_skus(&self, seller: &str) -> Vec<String> {
        let (first, prefix) = if seller == BY_CONSENT {
            (self.plain.div_ceil(2), "SHELF")
        } else {
            (self.plain / 2, "RACK")
        };
        (0..first).map(|n| format!("{prefix}-{n:05}")).collect()
    }

    /// Amazon's listings of a seller.
    pub(crate) fn listings(&self, seller: &str) -> Vec<Value> {
        let marketplaces = if seller == BY_CONSENT {
            json!([UK, DE])
        } else {
            json!([DE])
        };
        let plain = self.plain_skus(seller).into_iter().enumerate();
        let mut listings: Vec<Value> = plain
            .map(
                |(n, sku)| json!({"sku": sku, "marketplaces": marketplaces, "quantity": 1 + n % 8}),
            )
            .collect();
        listings.push(json!({"sku": SHARED, "marketplaces": marketplaces, "quantity": 2}));
        if seller == BY_TOKEN {
            listings.extend(prices::listings());
            return listings;
        }
        let own = [
            "TEA",
            BUNDLE,
            ALIAS.0,
            CASE_MISMATCH.1,
            REFUSED,
            HELD,
            UNKNOWN_HERE,
            NON_ASCII,
        ];
        listings.extend(
            own.map(|sku| json!({"sku": sku, "marketplaces": marketplaces, "quantity": 3})),
        );
        listings.push(
            json!({"sku": CLOSED, "marketplaces": marketplaces, "quantity": 0, "status": "INACTIVE"}),
        );
        // On one marketplace only: no feed through the home marketplace can carry it.
        listings.push(json!({"sku": URGENT_ZERO, "marketplaces": [DE], "quantity": 1}));
        listings.push(
            json!({"sku": FULFILLED_BY_AMAZON, "marketplaces": marketplaces, "quantity": 40, "fulfilment": "AMAZON"}),
        );
        listings
    }

    /// What buyers may order of a seller in the demo: never what has a story of its own to tell.
    pub(crate) fn sold(&self, seller: &str) -> Vec<String> {
        let mut skus = self.plain_skus(seller);
        skus.push(SHARED.into());
        if seller == BY_CONSENT {
            skus.extend([BUNDLE.into(), ALIAS.0.into(), NON_ASCII.into()]);
        }
        skus
    }

    /// What the platform puts.
    pub(crate) fn products(&self) -> Vec<Value> {
        let mut products: Vec<Value> = self
            .levels()
            .map(|(sku, _)| json!({"sku": sku, "title": format!("Article {sku}"), "rrp": {"GBP": "12.50", "EUR": "14.90"}}))
            .collect();
        let parts = json!([{"sku": "TEA", "units": 2}, {"sku": SHARED, "units": 1}]);
        products.push(json!({"sku": BUNDLE, "title": "Tea for two", "parts": parts}));
        products.extend(prices::products());
        products
    }

    fn levels(&self) -> impl Iterator<Item = (String, u32)> {
        let plain = [BY_CONSENT, BY_TOKEN].map(|seller| self.plain_skus(seller));
        let plain = plain.into_iter().flatten().enumerate();
        let plain = plain.map(|(n, sku)| (sku, 3 + (n as u32 * 7) % 40));
        let single = SINGLE.map(|(sku, quantity)| (sku.to_owned(), quantity));
        plain.chain(single)
    }

    /// The levels of all products, counted at `measured_at`.
    pub(crate) fn stock(&self, measured_at: &str) -> Vec<Value> {
        self.levels()
            .map(|(sku, quantity)| level(&sku, quantity, measured_at))
            .chain(prices::levels(measured_at))
            .collect()
    }
}

pub(crate) fn level(sku: &str, quantity: u32, measured_at: &str) -> Value {
    json!({"sku": sku, "warehouse": WAREHOUSE, "quantity": quantity, "measured_at": measured_at})
}
