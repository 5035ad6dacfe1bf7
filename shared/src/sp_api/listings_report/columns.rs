//! Which column is which: by the names in the header, in any order, unknown ones passed over. Also how the texts of one
//! line become a row.

use super::{Fulfilment, ListingRow};
use rust_decimal::Decimal;

/// Amazon's names of the columns that we read, folded. We ask for the English ones; a report that was made for somebody
/// else shortly before may come in the language of the seller's account all the same.
const SKU: &[&str] = &[
    "seller-sku",
    "sku",
    "händler-sku",
    "sku-vendeur",
    "sku venditore",
    "sku del vendedor",
    "sku-sprzedawcy",
    "出品者sku",
    "卖家 sku",
    "sku-البائع",
];
const ASIN: &[&str] = &["asin1", "asin 1", "asin"];
const PRODUCT_ID: &[&str] = &[
    "product-id",
    "produkt-id",
    "id-produit",
    "identificativo del prodotto",
    "identificador del producto",
    "identyfikator-produktu",
    "商品id",
    "商品编码",
    "رقم-المنتج",
];
const PRODUCT_ID_TYPE: &[&str] = &[
    "product-id-type",
    "produkt-id-typ",
    "type-id-produit",
    "tipo di identificativo del prodotto",
    "tipo de identificador de producto",
    "typ-identyfikatora-produktu",
    "商品idタイプ",
    "商品编码类型",
    "نوع-رقم-المنتج",
];
const QUANTITY: &[&str] = &[
    "quantity",
    "menge",
    "quantité",
    "quantità",
    "cantidad",
    "ilość",
    "数量",
    "الكمية",
];
const PRICE: &[&str] = &[
    "price",
    "preis",
    "prix",
    "prezzo",
    "precio",
    "cena",
    "価格",
    "价格",
    "السعر",
];
const CHANNEL: &[&str] = &[
    "fulfillment-channel",
    "fulfilment-channel",
    "versender",
    "canal-traitement",
    "canale di gestione",
    "canal de gestión logística",
    "kanał-realizacji",
    "フルフィルメント・チャンネル",
    "配送渠道",
    "قناة-الشحن",
];
const STATUS: &[&str] = &[
    "status",
    "état",
    "stato",
    "estado",
    "durum",
    "ステータス",
    "状态",
    "الحالة",
];

/// What we read of a line, in the order in which [`Columns::row`] takes it.
const READ: [&[&str]; 8] = [
    SKU,
    ASIN,
    PRODUCT_ID,
    PRODUCT_ID_TYPE,
    QUANTITY,
    PRICE,
    CHANNEL,
    STATUS,
];

/// `product-id-type` of an ASIN.
const IS_ASIN: &str = "1";

/// For each column of the report, which of [`READ`] it is, if any.
#[derive(Debug)]
pub(super) struct Columns(Vec<Option<usize>>);

impl Columns {
    /// By the header; `None` if it has no column of SKUs.
    pub(super) fn of(header: &str) -> Option<Self> {
        let mut columns: Vec<Option<usize>> = Vec::new();
        for name in header.split('\t').map(folded) {
            let read = READ.iter().position(|names| names.contains(&name.as_str()));
            // Of two columns with one meaning the first counts.
            columns.push(read.filter(|read| !columns.contains(&Some(*read))));
        }
        columns.contains(&Some(0)).then_some(Self(columns))
    }

    /// One line as a row; `None` if it is none.
    ///
    /// A line with fewer columns than the header may be half of one whose title holds a line break: what is
    /// then in the column of SKUs may be anything.
    pub(super) fn row(&self, line: u64, text: &str, odd_values: &mut u64) -> Option<ListingRow> {
        let mut values = [""; READ.len()];
        let mut count = 0;
        for text in text.split('\t') {
            match self.0.get(count) {
                Some(Some(read)) => values[*read] = text,
                Some(None) => {}
                None if text.is_empty() => {}
                None => return None,
            }
            count += 1;
        }
        let [
            sku,
            asin,
            product_id,
            id_type,
            quantity,
            price,
            channel,
            status,
        ] = values;
        if count < self.0.len() || sku.trim().is_empty() {
            return None;
        }
        let asin = match asin {
            "" if id_type == IS_ASIN => product_id,
            asin => asin,
        };
        Some(ListingRow {
            line,
            sku: sku.to_owned(),
            asin: some(asin),
            product_id: some(product_id),
            quantity: number(quantity, odd_values, |text| text.parse().ok()),
            price: number(price, odd_values, amount),
            fulfilment: fulfilment(channel),
            status: some(status),
        })
    }
}

/// `seller-sku (satıcı sku)` in Turkey: the text in brackets says it again.
fn folded(name: &str) -> String {
    let name = name.split(" (").next().unwrap_or(name);
    name.trim().to_lowercase()
}

fn some(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn number<T>(text: &str, odd: &mut u64, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
    let text = text.trim();
    let number = parse(text);
    *odd += u64::from(number.is_none() && !text.is_empty());
    number
}

/// `1299.00`, or `12,99` if that is how the account writes.
fn amount(text: &str) -> Option<Decimal> {
    match text.contains('.') {
        true => text.parse().ok(),
        false => text.replace(',', ".").parse().ok(),
    }
}

fn fulfilment(channel: &str) -> Fulfilment {
    let channel = channel.trim();
    let is = |word: &str| channel.eq_ignore_ascii_case(word);
    let by_amazon = channel
        .get(.."AMAZON".len())
        .is_some_and(|begin| begin.eq_ignore_ascii_case("AMAZON"));
    match channel {
        _ if is("DEFAULT") || is("MERCHANT") => Fulfilment::Merchant,
        channel if by_amazon => Fulfilment::Amazon(channel.to_owned()),
        channel => Fulfilment::Unknown(channel.to_owned()),
    }
}
