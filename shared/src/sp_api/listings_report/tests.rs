//! What is read of a report in every encoding, order and language, in whatever pieces it comes.

use super::*;
use crate::error::Class;
use encoding_rs::{Encoding, SHIFT_JIS, UTF_8, WINDOWS_1252};
use proptest::prelude::*;

const CP1252: Option<&str> = Some("text/plain; charset=Cp1252");

/// Amazon's own header.
const HEADER: &str = "item-name\titem-description\tlisting-id\tseller-sku\tprice\tquantity\topen-date\timage-url\t\
    item-is-marketplace\tproduct-id-type\tzshop-shipping-fee\titem-note\titem-condition\tzshop-category1\t\
    zshop-browse-path\tzshop-storefront-feature\tasin1\tasin2\tasin3\twill-ship-internationally\texpedited-shipping\t\
    zshop-boldface\tproduct-id\tbid-for-featured-placement\tadd-delete\tpending-quantity\tfulfillment-channel\t\
    merchant-shipping-group\tstatus";

fn amazons_line(sku: &str, price: &str, quantity: &str, channel: &str) -> String {
    format!(
        "A \"case\"\tlarge\t0929FIRW02F\t{sku}\t{price}\t{quantity}\t2026-01-01 GMT\t\ty\t1\t\t\t11\t\t\t\tB071VG5N9D\t\t\t\t\t\t\
         B071VG5N9D\t\t\t0\t{channel}\tStandard\tActive"
    )
}

fn read_in<'a>(
    content_type: Option<&str>,
    marketplace: Marketplace,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<(Vec<ListingRow>, Counts)> {
    let mut reader = ListingsReader::new(content_type, marketplace);
    let mut rows = Vec::new();
    for piece in pieces {
        reader.push(piece, |row| rows.push(row))?;
    }
    let counts = reader.finish(|row| rows.push(row))?;
    Ok((rows, counts))
}

fn read(text: impl AsRef<[u8]>) -> Result<(Vec<ListingRow>, Counts)> {
    read_in(CP1252, Marketplace::Uk, [text.as_ref()])
}

fn skus(rows: &[ListingRow]) -> Vec<&str> {
    rows.iter().map(|row| row.sku.as_str()).collect()
}

#[test]
fn a_row_of_amazons_is_read_with_its_sku_to_the_letter() {
    let line = amazons_line(" #/ 50%&\"6x9\" ", "1299.50", "12", "DEFAULT");
    let fba = amazons_line("FBA", "7", "", "AMAZON_EU");
    let (rows, counts) = read(format!("{HEADER}\r\n{line}\r\n{fba}\r\n")).unwrap();
    let expected = ListingRow {
        line: 2,
        sku: " #/ 50%&\"6x9\" ".into(),
        asin: Some("B071VG5N9D".into()),
        product_id: Some("B071VG5N9D".into()),
        quantity: Some(12),
        price: Some("1299.50".parse().unwrap()),
        fulfilment: Fulfilment::Merchant,
        status: Some("Active".into()),
    };
    assert_eq!(rows[0], expected);
    assert_eq!(rows[1].fulfilment, Fulfilment::Amazon("AMAZON_EU".into()));
    assert_eq!((rows[1].quantity, rows[1].line), (None, 3));
    let expected = Counts {
        rows: 2,
        ..Counts::default()
    };
    assert_eq!(counts, expected);
}

#[test]
fn columns_may_come_in_any_order_and_language_and_be_missing() {
    let rows = [
        "status\tseller-sku\tnew-column\tquantity\tfulfillment-channel\nActive\tA\t?\t3\tDEFAULT\n",
        "Versender\tMenge\tHändler-SKU\tstatus\nDEFAULT\t3\tA\tActive\n",
        "出品者SKU\t数量\tフルフィルメント・チャンネル\tステータス\nA\t3\tDEFAULT\tActive\n",
        "seller-sku (satıcı sku)\tquantity (adet)\tfulfillment-channel (dağıtım kanalı)\tdurum\nA\t3\tDEFAULT\tActive\n",
    ];
    for text in rows {
        let (rows, _) = read_in(None, Marketplace::Uk, [text.as_bytes()]).unwrap();
        let row = &rows[0];
        assert_eq!((row.sku.as_str(), row.quantity), ("A", Some(3)), "{text}");
        assert_eq!(row.fulfilment, Fulfilment::Merchant);
        assert_eq!(row.status.as_deref(), Some("Active"));
    }
    let (rows, _) = read("seller-sku\nA\n").unwrap();
    assert_eq!(rows[0].fulfilment, Fulfilment::Unknown(String::new()));
    assert_eq!((rows[0].quantity, &rows[0].asin), (None, &None));
}

#[test]
fn an_asin_stands_in_its_own_column_or_is_the_product_id() {
    let text = "seller-sku\tasin1\tproduct-id\tproduct-id-type\nA\t\tB071VG5N9D\t1\nB\t\t4006381333931\t4\n";
    let (rows, _) = read(text).unwrap();
    assert_eq!(rows[0].asin.as_deref(), Some("B071VG5N9D"));
    assert_eq!(rows[1].asin, None);
    assert_eq!(rows[1].product_id.as_deref(), Some("4006381333931"));
}

#[test]
fn a_sku_is_read_in_the_encoding_that_the_download_names_or_else_the_line_shows() {
    let (utf8, latin) = (
        Some("text/plain;charset=UTF-8"),
        Some("text/plain; charset=\"ISO-8859-1\""),
    );
    let sjis = Some("text/plain; charset=Shift_JIS");
    let rows: [(Option<&str>, Marketplace, &'static Encoding, &str); 11] = [
        (utf8, Marketplace::De, UTF_8, "Größe-漢"),
        (CP1252, Marketplace::De, WINDOWS_1252, "Größe-€"),
        (latin, Marketplace::De, WINDOWS_1252, "Größe"),
        (sjis, Marketplace::Jp, SHIFT_JIS, "ソ表ﾊﾝｶｸ"),
        (None, Marketplace::De, UTF_8, "Größe"),
        (None, Marketplace::De, WINDOWS_1252, "Größe"),
        (None, Marketplace::Jp, UTF_8, "漢字"),
        (None, Marketplace::Jp, SHIFT_JIS, "漢字"),
        (Some("text/plain"), Marketplace::Jp, SHIFT_JIS, "漢字"),
        // What the download says is wrong, and shows it.
        (utf8, Marketplace::De, WINDOWS_1252, "Größe"),
        (
            Some("text/plain; charset=Cp943C"),
            Marketplace::Jp,
            SHIFT_JIS,
            "漢字",
        ),
    ];
    for (content_type, marketplace, encoding, sku) in rows {
        let text = format!("seller-sku\tquantity\n{sku}\t1\nplain\t2\n");
        let (bytes, _, lossy) = encoding.encode(&text);
        assert!(!lossy);
        let (rows, _) = read_in(content_type, marketplace, [bytes.as_ref()]).unwrap();
        assert_eq!(
            skus(&rows),
            [sku, "plain"],
            "{content_type:?} {marketplace}"
        );
    }
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_name_and_names_the_encoding() {
    let text = "\u{feff}seller-sku\tquantity\nGröße\t1\n";
    let pieces = text.as_bytes().chunks(1);
    let (rows, _) = read_in(CP1252, Marketplace::De, pieces).unwrap();
    assert_eq!(skus(&rows), ["Größe"]);
}

#[test]
fn a_bad_line_is_counted_and_passed_over() {
    let long = "x".repeat(MAX_LINE);
    let mut text = b"seller-sku\tquantity\tprice\tstatus\n".to_vec();
    for line in [
        "A\t1\t2.5\tActive",
        "half of a title",
        "\t1\t2.5\tActive",
        &format!("B\t1\t{long}\tActive"),
        "C\t1\t2.5\tActive\tone too many",
        "",
        "D\t1\t2.5\tActive\t\t",
        "E\tmany\tcheap\tActive",
        "F\t-1\t12,95\t",
    ] {
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    let mut broken = text.clone();
    broken.extend_from_slice(b"\x81\xff\t1\t1\tActive\nG\t1\t1\tActive");
    let (rows, counts) = read_in(None, Marketplace::Jp, [broken.as_slice()]).unwrap();
    assert_eq!(skus(&rows), ["A", "D", "E", "F", "G"]);
    assert_eq!((rows[2].quantity, rows[2].price), (None, None));
    assert_eq!(rows[3].price, Some("12.95".parse().unwrap()));
    let expected = Counts {
        rows: 5,
        bad_rows: 5,
        bad_lines: vec![3, 4, 5, 6, 11],
        odd_values: 3,
    };
    assert_eq!(counts, expected);
    assert_eq!(rows[4].line, 12, "lines are counted as an editor does");
}

#[test]
fn a_listing_whose_text_holds_line_breaks_is_put_together() {
    let (before, after) = (
        "A title\tFirst line",
        "0929F\tB-2\t10.00\t5\tDEFAULT\tActive",
    );
    let header = "item-name\titem-description\tlisting-id\tseller-sku\tprice\tquantity\tfulfillment-channel\tstatus";
    let plain = |sku| format!("A title\tWords\t0929F\t{sku}\t10.00\t5\tDEFAULT\tActive");
    let rows = [
        format!("{before}\nSecond line\t{after}"),
        format!("{before}\n\nThird line\nFourth\t{after}"),
        format!("A\ntitle\tof two lines\n, as its text\t{after}"),
    ];
    for text in rows {
        for end in ["\n", "\r\n"] {
            let text = format!("{header}\n{}\n{text}\n{}\n", plain("A-1"), plain("C-3"));
            let (rows, counts) = read(text.replace('\n', end)).unwrap();
            assert_eq!(skus(&rows), ["A-1", "B-2", "C-3"], "{text}");
            assert_eq!((rows[1].quantity, rows[1].line), (Some(5), 3));
            assert_eq!(counts.bad_rows, 0);
        }
    }
}

#[test]
fn lines_that_only_look_like_halves_of_one_are_bad_and_harm_no_other() {
    let header = "item-name\tseller-sku\tprice\tquantity\tfulfillment-channel\tstatus";
    let rows = [
        // A second line that is still too short, and one that is whole by itself.
        ("A title\nB-2\t10.00\t5\tMigrated\tActive", vec![2, 3]),
        ("A title\nx\tB-2\tcheap\t5\tDEFAULT\tActive", vec![2]),
        // Two lines that were cut, and would fill the header together.
        ("A title\tA-1\t10.00\nB title\tB-2\t10.00\t5", vec![2, 3]),
        // A title of two lines.
        ("A title\nB title\tB-2\t10.00\t5\tDEFAULT\tActive", vec![]),
        (
            "half\nB title\tB-2\t10.00\t5\tDEFAULT\tActive\tmore",
            vec![2, 3],
        ),
    ];
    for (text, bad) in rows {
        let text = format!("{header}\n{text}\nC title\tC-3\t1\t1\tDEFAULT\tActive\n");
        let (rows, counts) = read(&text).unwrap();
        assert_eq!(rows.last().unwrap().sku, "C-3", "{text}");
        assert_eq!(counts.bad_lines, bad, "{text}");
    }
    let cut = format!("{header}\nC title\tC-3\t1\t1\tDEFAULT\tActive\nA title\nB-2");
    assert!(read(cut).is_err(), "the last line is cut off");
}

#[test]
fn a_header_that_comes_again_is_no_listing_and_may_have_another_order() {
    let first = "seller-sku\tquantity\tfulfillment-channel\tstatus";
    let next = "status\tfulfillment-channel\tquantity\tseller-sku";
    let text = format!(
        "{first}\nA\t1\tDEFAULT\tActive\n{first}\nB\t2\tDEFAULT\tActive\n{next}\nActive\tDEFAULT\t3\tC\n"
    );
    let (rows, counts) = read(text).unwrap();
    let found: Vec<_> = rows
        .iter()
        .map(|it| (it.sku.as_str(), it.quantity))
        .collect();
    assert_eq!(found, [("A", Some(1)), ("B", Some(2)), ("C", Some(3))]);
    assert_eq!(counts.bad_rows, 0);
}

#[test]
fn a_report_in_quotation_marks_is_read_without_them_and_others_keep_theirs() {
    let quoted = "\"seller-sku\"\t\"quantity\"\t\"status\"\n\"6\"\"x9\"\"\"\t\"3\"\t\"Active\"\n";
    let (rows, _) = read(quoted).unwrap();
    assert_eq!(
        (rows[0].sku.as_str(), rows[0].quantity),
        ("6\"x9\"", Some(3))
    );
    let (rows, _) = read("seller-sku\tquantity\n\"A\"\t1\n").unwrap();
    assert_eq!(rows[0].sku, "\"A\"");
}

#[test]
fn a_report_of_another_kind_lacks_a_column() {
    let rows = [
        ("seller-sku\tquantity\tfulfillment-channel\tstatus\n", None),
        (
            "seller-sku\tquantity\tfulfillment-channel\n",
            Some("status"),
        ),
        ("sku\tasin\tprice\tquantity\n", Some("fulfillment-channel")),
        (
            "seller-sku\tfulfillment-channel-sku\tasin\n",
            Some("quantity"),
        ),
    ];
    for (header, lacking) in rows {
        let mut reader = ListingsReader::new(CP1252, Marketplace::Uk);
        reader.push(header.as_bytes(), |_| {}).unwrap();
        assert_eq!(reader.lacks(), lacking, "{header}");
    }
}

#[test]
fn letters_that_an_encoding_lacks_are_question_marks() {
    let letters =
        |content_type, marketplace| ListingsReader::new(content_type, marketplace).letters();
    assert_eq!(
        letters(Some("text/plain;charset=UTF-8"), Marketplace::De),
        None
    );
    let latin = letters(CP1252, Marketplace::De).unwrap();
    assert_eq!(latin.replaced("ŁÓŻKO-1").as_deref(), Some("?Ó?KO-1"));
    assert_eq!(
        (latin.replaced("Größe"), latin.replaced("A?1")),
        (None, None)
    );
    let japanese = letters(None, Marketplace::Jp).unwrap();
    assert_eq!(japanese.replaced("é漢").as_deref(), Some("?漢"));
}

#[test]
fn what_is_no_listings_report_is_retryable() {
    let rows = [
        "",
        "\n",
        "<html><body>Not here</body></html>\n",
        "sku-of-nobody\tquantity\nA\t1\n",
        "seller-sku\tquantity\nA\t1\nB",
        "seller-sku\tquantity\nA\nB\n",
    ];
    for text in rows {
        let error = read(text).unwrap_err();
        assert_eq!(error.class(), Class::Retryable, "{text:?}");
    }
    let error = read("x".repeat(MAX_LINE * 3)).unwrap_err();
    assert_eq!(error.class(), Class::Retryable);
}

#[test]
fn a_seller_without_listings_has_a_report_all_the_same() {
    let (rows, counts) = read(format!("{HEADER}\n")).unwrap();
    assert!(rows.is_empty());
    assert_eq!(counts, Counts::default());
    assert!(read(HEADER).unwrap().0.is_empty());
}

#[test]
fn no_more_than_a_line_is_held_however_much_arrives() {
    let mut reader = ListingsReader::new(CP1252, Marketplace::Uk);
    reader.push(HEADER.as_bytes(), |_| {}).unwrap();
    reader.push(b"\n", |_| {}).unwrap();
    let line = amazons_line("A", "1", "1", "DEFAULT") + "\n";
    let block = line.repeat(100);
    for _ in 0..100 {
        reader.push(block.as_bytes(), |_| {}).unwrap();
    }
    let endless = [b'x'; 64 * 1024];
    for _ in 0..100 {
        reader.push(&endless, |_| {}).unwrap();
    }
    assert!(reader.begun.capacity() <= 2 * MAX_LINE);
    assert_eq!(reader.counts.rows, 10_000);
}

proptest! {
    #[test]
    fn it_does_not_matter_how_a_report_is_cut_into_pieces(
        skus in prop::collection::vec("[A-Z#/ %&\"é漢]{0,8}", 0..20),
        ends in prop::sample::select(vec!["\n", "\r\n"]),
        cuts in prop::collection::vec(1..30_usize, 1..60),
    ) {
        let lines: String = skus.iter().map(|sku| amazons_line(sku, "1", "1", "DEFAULT") + ends).collect();
        let text = format!("{HEADER}{ends}{lines}");
        let whole = read(&text);
        let mut rest = text.as_bytes();
        let mut pieces = Vec::new();
        for cut in cuts {
            let (piece, after) = rest.split_at(cut.min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        pieces.push(rest);
        match (whole, read_in(CP1252, Marketplace::Uk, pieces)) {
            (Ok(whole), Ok(parts)) => prop_assert_eq!(whole, parts),
            (whole, parts) => prop_assert_eq!(whole.is_err(), parts.is_err()),
        }
    }

    #[test]
    fn any_sku_without_tabs_and_line_ends_comes_back_to_the_letter(sku in "[^\\t\\n\\r\\p{C}]{1,40}") {
        let text = format!("quantity\tseller-sku\tstatus\n1\t{sku}\tActive\n");
        let read = read_in(Some("text/plain; charset=utf-8"), Marketplace::Uk, [text.as_bytes()]);
        match sku.trim().is_empty() {
            true => prop_assert!(read.is_err()),
            false => prop_assert_eq!(&read.unwrap().0[0].sku, &sku),
        }
    }

    #[test]
    fn no_bytes_make_the_reading_of_a_report_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), jp: bool) {
        let marketplace = if jp { Marketplace::Jp } else { Marketplace::Uk };
        let _ = read_in(None, marketplace, [bytes.as_slice()]);
        let _ = read_in(CP1252, marketplace, [b"seller-sku\tprice\n".as_slice(), &bytes, b"\nA\t1\n"]);
    }
}
