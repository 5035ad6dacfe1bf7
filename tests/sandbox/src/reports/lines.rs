//! Owns the lines of the report `GET_MERCHANT_LISTINGS_ALL_DATA` (page "Inventory Reports"): tab
//! separated, nothing quoted, in the encoding of the marketplace. It is written while it is sent, so that a
//! million lines need no place of their own.

use std::{borrow::Cow, io::Write, sync::Arc};

use axum::body::Bytes;
use encoding_rs::Encoding;
use flate2::{Compression, write::GzEncoder};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    back_office::BackOffice,
    listings::{Fulfilment, Listing, Listings, Offer, Standing, amazons_channel},
};

const HEADINGS: &str = "item-name\titem-description\tlisting-id\tseller-sku\tprice\tquantity\topen-date\timage-url\titem-is-marketplace\tproduct-id-type\tzshop-shipping-fee\titem-note\titem-condition\tzshop-category1\tzshop-browse-path\tzshop-storefront-feature\tasin1\tasin2\tasin3\twill-ship-internationally\texpedited-shipping\tzshop-boldface\tproduct-id\tbid-for-featured-placement\tadd-delete\tpending-quantity\tfulfillment-channel\tmerchant-shipping-group\tstatus\r\n";
const CHUNK: usize = 64 << 10;

/// The name of an encoding that a report can be in.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Charset {
    name: String,
    encoding: &'static Encoding,
}

impl Charset {
    pub(crate) fn utf_8() -> Self {
        Self {
            name: "UTF-8".to_owned(),
            encoding: encoding_rs::UTF_8,
        }
    }

    /// As it was given.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    fn write(&self, text: &str, out: &mut Vec<u8>) {
        if self.encoding == encoding_rs::UTF_8 {
            out.extend_from_slice(text.as_bytes());
            return;
        }
        let (bytes, _, replaced) = self.encoding.encode(text);
        if !replaced && self.has(&bytes) {
            out.extend_from_slice(&bytes);
            return;
        }
        let mut buffer = [0; 4];
        for letter in text.chars() {
            match self.encoding.encode(letter.encode_utf8(&mut buffer)) {
                (bytes, _, false) if self.has(&bytes) => out.extend_from_slice(&bytes),
                _ => out.push(b'?'),
            }
        }
    }

    /// The `encoding_rs` crate takes ISO-8859-1 for Windows-1252, which has more: that from 0x80 to 0x9f.
    fn has(&self, bytes: &[u8]) -> bool {
        !self.name.eq_ignore_ascii_case("iso-8859-1")
            || !bytes.iter().any(|byte| (0x80..0xa0).contains(byte))
    }
}

impl TryFrom<String> for Charset {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        match Encoding::for_label(name.as_bytes()) {
            Some(encoding) if encoding.output_encoding() == encoding => Ok(Self { name, encoding }),
            _ => Err(format!("`{name}` is no encoding for a report")),
        }
    }
}

impl From<Charset> for String {
    fn from(charset: Charset) -> Self {
        charset.name
    }
}

impl BackOffice {
    /// What reports of this marketplace are written in.
    pub(crate) fn report_encoding(&self, marketplace: &str) -> Charset {
        let known = self.report_encoding.get(marketplace);
        let known = known.or_else(|| self.report_encoding.get("*"));
        known.cloned().unwrap_or_else(Charset::utf_8)
    }
}

/// The listings of one marketplace as they were at one time.
#[derive(Debug)]
pub(crate) struct Snapshot {
    rows: Vec<Row>,
    charset: Charset,
    bom: bool,
}

#[derive(Debug)]
struct Row {
    sku: Arc<str>,
    title: Arc<str>,
    asin: Arc<str>,
    opened: Timestamp,
    price: Option<String>,
    /// None: none of the seller's to say.
    quantity: Option<u64>,
    channel: String,
    status: &'static str,
}

impl Snapshot {
    pub(super) fn of(
        listings: &Listings,
        marketplace: &str,
        office: &BackOffice,
        as_of: Timestamp,
    ) -> Self {
        let charset = office.report_encoding(marketplace);
        let rows = listings.iter().filter_map(|(sku, listing)| {
            Some(Row::of(sku, listing, listing.offer(marketplace)?, as_of))
        });
        Self {
            rows: rows.collect(),
            bom: office.report_bom && charset.encoding == encoding_rs::UTF_8,
            charset,
        }
    }

    /// How many listings it has.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The document in one piece.
    pub(crate) fn whole(&self, gzip: bool, cut: bool) -> Bytes {
        let mut whole = Vec::new();
        self.write(gzip, cut, &mut |piece| {
            whole.extend_from_slice(&piece);
            true
        });
        whole.into()
    }

    /// Gives the document away in pieces, until it is done or nobody takes them any more. A cut one
    /// ends in the middle.
    pub(crate) fn write(&self, gzip: bool, cut: bool, give: &mut dyn FnMut(Bytes) -> bool) {
        let mut out = Out::new(gzip);
        if self.bom {
            out.text.extend_from_slice(b"\xef\xbb\xbf");
        }
        out.text.extend_from_slice(HEADINGS.as_bytes());
        let end = if cut {
            self.rows.len() / 2
        } else {
            self.rows.len()
        };
        let mut line = String::new();
        let mut opened = (Timestamp::MIN, String::new());
        for row in &self.rows[..end] {
            if opened.0 != row.opened {
                let text = row.opened.strftime("%Y-%m-%d %H:%M:%S GMT").to_string();
                opened = (row.opened, text);
            }
            row.write(&opened.1, &mut line);
            self.charset.write(&line, &mut out.text);
            if out.text.len() >= CHUNK && !out.flush(give) {
                return;
            }
        }
        if cut {
            // In the middle of a line, and of the compressed data.
            let left = out.text.len().saturating_sub(20);
            out.text.truncate(left);
        }
        let _ = out.flush(give) && (cut || out.finish(give));
    }
}

impl Row {
    fn of(sku: &Arc<str>, listing: &Listing, offer: &Offer, as_of: Timestamp) -> Self {
        let merchant = listing.fulfilment == Fulfilment::Merchant;
        let quantity = merchant.then(|| listing.quantity_at(as_of));
        let status = match listing.standing {
            Standing::Incomplete => "Incomplete",
            Standing::Inactive => "Inactive",
            Standing::Active if quantity == Some(0) || offer.price.is_none() => "Inactive",
            Standing::Active if listing.is_ended(offer.marketplace.id, as_of) => "Inactive",
            Standing::Active => "Active",
        };
        Self {
            sku: Arc::clone(sku),
            title: Arc::clone(&listing.title),
            asin: Arc::clone(&listing.asin),
            opened: listing.created,
            price: offer.price.as_ref().map(|price| price.amount.clone()),
            quantity,
            channel: if merchant {
                "DEFAULT".to_owned()
            } else {
                amazons_channel(offer)
            },
            status,
        }
    }

    /// `opened` is when the listing was made, as the report writes it.
    fn write(&self, opened: &str, out: &mut String) {
        let title = if self.title.contains(['\t', '\r', '\n']) {
            Cow::Owned(self.title.replace(['\t', '\r', '\n'], " "))
        } else {
            Cow::Borrowed(&*self.title)
        };
        let price = self.price.as_deref().unwrap_or_default();
        let (quantity, pending) = match self.quantity {
            Some(quantity) => (quantity.to_string(), "0"),
            None => (String::new(), ""),
        };
        let (sku, asin) = (&*self.sku, &*self.asin);
        out.clear();
        for part in [
            &title,
            "\t\t",
            asin,
            "L\t",
            sku,
            "\t",
            price,
            "\t",
            &quantity,
            "\t",
            opened,
            "\t\ty\t1\t\t\t11\t\t\t\t",
            asin,
            "\t\t\t\t\t\t",
            asin,
            "\t\t\t",
            pending,
            "\t",
            &self.channel,
            "\tMigrated Template\t",
            self.status,
            "\r\n",
        ] {
            out.push_str(part);
        }
    }
}

/// What is written and not yet given away.
struct Out {
    text: Vec<u8>,
    gzip: Option<GzEncoder<Vec<u8>>>,
}

impl Out {
    fn new(gzip: bool) -> Self {
        Self {
            text: Vec::with_capacity(CHUNK + 1_024),
            gzip: gzip.then(|| GzEncoder::new(Vec::new(), Compression::fast())),
        }
    }

    fn flush(&mut self, give: &mut dyn FnMut(Bytes) -> bool) -> bool {
        let text = std::mem::take(&mut self.text);
        let piece = match &mut self.gzip {
            None => text,
            Some(encoder) => {
                if encoder.write_all(&text).is_err() {
                    return false;
                }
                std::mem::take(encoder.get_mut())
            }
        };
        piece.is_empty() || give(piece.into())
    }

    fn finish(&mut self, give: &mut dyn FnMut(Bytes) -> bool) -> bool {
        match self.gzip.take().map(GzEncoder::finish) {
            None => true,
            Some(Ok(rest)) => give(rest.into()),
            Some(Err(_)) => false,
        }
    }
}
