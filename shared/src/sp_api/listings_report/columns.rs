//! Which column is which: by the names in the header, in any order, unknown ones passed over. Also how the texts of one
//! line become a row.

use super::{Fulfilment, ListingRow};
use rust_decimal::Decimal;
use std::borrow::Cow;

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

/// Amazon's words for a listing that nobody can buy, in the languages of its reports. Every other word is new to us, and
/// says nothing.
const CLOSED: &[&str] = &[
    "inactive",
    "incomplete",
    "closed",
    "blocked",
    "suppressed",
    "search suppressed",
    "detail page removed",
    "deleted",
    "inaktiv",
    "unvollständig",
    "inactif",
    "incomplet",
    "inattivo",
    "inattiva",
    "incompleto",
    "incompleta",
    "inactivo",
    "inactiva",
    "nieaktywna",
    "nieaktywny",
    "niekompletna",
    "niekompletny",
    "inactief",
    "onvolledig",
    "ofullständig",
    "停止中",
    "未完成",
    "非在售",
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

/// The columns without which a report is not this one, each with its place in [`READ`].
const NEEDED: [(usize, &str); 3] = [(4, "quantity"), (6, "fulfillment-channel"), (7, "status")];

/// For each column of the report, which of [`READ`] it is, if any.
#[derive(Debug)]
pub(super) struct Columns {
    read: Vec<Option<usize>>,
    header: String,
    /// Every text is in quotation marks, the names in the header too.
    quoted: bool,
}

impl Columns {
    /// By the header; `None` if it has no column of SKUs.
    pub(super) fn of(header: &str) -> Option<Self> {
        let quoted = header.split('\t').all(is_quoted);
        let mut read: Vec<Option<usize>> = Vec::new();
        for name in header.split('\t') {
            let name = folded(&text_of(name, quoted));
            let which = READ.iter().position(|names| names.contains(&name.as_str()));
            // Of two columns with one meaning the first counts.
            read.push(which.filter(|which| !read.contains(&Some(*which))));
        }
        read.contains(&Some(0)).then(|| Self {
            read,
            header: header.to_owned(),
            quoted,
        })
    }

    /// The first needed column that is missing.
    pub(super) fn lacks(&self) -> Option<&'static str> {
        let missing = |(which, _): &&(usize, &str)| !self.read.contains(&Some(*which));
        NEEDED.iter().find(missing).map(|(_, name)| *name)
    }

    /// Whether a line is the header once more.
    pub(super) fn is_again(&self, line: &str) -> bool {
        line == self.header
    }

    pub(super) fn width(&self) -> usize {
        self.read.len()
    }

    pub(super) fn count(&self, line: &str) -> usize {
        line.split('\t').count()
    }

    /// Whether a line has at least as many columns as the header: with fewer it may be half of one whose title holds a
    /// line break, and what is then in the column of SKUs may be anything.
    pub(super) fn fits(&self, line: &str) -> bool {
        self.count(line) >= self.width()
    }

    /// One line as a row; `None` if it is none.
    pub(super) fn row(&self, line: u64, text: &str, odd_values: &mut u64) -> Option<ListingRow> {
        let mut values: [Cow<'_, str>; READ.len()] = Default::default();
        for (place, text) in text.split('\t').enumerate() {
            match self.read.get(place) {
                Some(Some(which)) => values[*which] = text_of(text, self.quoted),
                Some(None) => {}
                None if text.is_empty() => {}
                None => return None,
            }
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
        if sku.trim().is_empty() {
            return None;
        }
        let asin = match &*asin {
            "" if id_type == IS_ASIN => &product_id,
            _ => &asin,
        };
        Some(ListingRow {
            line,
            asin: some(asin),
            product_id: some(&product_id),
            quantity: number(&quantity, odd_values, |text| text.parse().ok()),
            price: number(&price, odd_values, amount),
            fulfilment: Fulfilment::of(&channel),
            status: some(&status),
            sku: sku.into_owned(),
        })
    }

    /// Some lines as one row, if that is what they are: all that we read is then as it is in other rows. Lines that have
    /// nothing to do with each other look otherwise.
    pub(super) fn joined(&self, line: u64, text: &str) -> Option<ListingRow> {
        let mut odd_values = 0;
        let row = self.row(line, text, &mut odd_values)?;
        let known = !matches!(row.fulfilment, Fulfilment::Unknown(_));
        let broken = |text: &Option<String>| text.as_ref().is_some_and(|it| it.contains('\n'));
        let whole = ![&row.asin, &row.product_id, &row.status]
            .into_iter()
            .any(broken);
        (known && whole && odd_values == 0 && !row.sku.contains('\n')).then_some(row)
    }
}

/// Whether a text is one of Amazon's names of the columns.
pub(super) fn is_name(text: &str) -> bool {
    let text = folded(text);
    READ.iter().any(|names| names.contains(&text.as_str()))
}

/// Whether a status says that nobody can buy it: `Inactive`, also with a reason in brackets.
pub(super) fn is_closed(status: &str) -> bool {
    CLOSED.contains(&folded(status).as_str())
}

fn is_quoted(text: &str) -> bool {
    text.len() >= 2 && text.starts_with('"') && text.ends_with('"')
}

fn text_of(text: &str, quoted: bool) -> Cow<'_, str> {
    if quoted && is_quoted(text) {
        Cow::Owned(text[1..text.len() - 1].replace("\"\"", "\""))
    } else {
        Cow::Borrowed(text)
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
