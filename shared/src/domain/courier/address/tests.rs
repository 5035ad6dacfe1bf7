//! One example a spelling, country by country, and the streets and companies that look like one.

use super::AddressKind::{Military, PickupPoint, PoBox, Street};
use super::*;

/// Country, line, kind.
const LINES: &[(&str, &str, AddressKind)] = &[
    // Great Britain.
    ("GB", "1 Fictional Street", Street),
    ("GB", "PO Box 99", PoBox),
    ("GB", "P.O. Box 99", PoBox),
    ("GB", "p o box no. 7", PoBox),
    ("GB", "PO-Box #7", PoBox),
    ("GB", "P.O.Box99", PoBox),
    ("GB", "ＰＯ　Ｂｏｘ　１２", PoBox),
    ("GB", "P\u{200B}O Box 12", PoBox),
    ("GB", "Flat 2, PO Box A12", PoBox),
    ("GB", "Post Office Box 12", PoBox),
    ("GB", "P0 Box 12", PoBox),
    ("GB", "PO Box", PoBox),
    ("GB", "P. O. BOX NO 12", PoBox),
    ("GB", "Evri ParcelShop The Corner", PickupPoint),
    ("GB", "HMS Fictional, BFPO 123", Military),
    ("GB", "Foot Locker, 12 High Street", Street),
    ("GB", "FREEPOST RTXX-YYYY", PoBox),
    ("GB", "BFPO 40", Military),
    ("GB", "Amazon Locker - Kelso", PickupPoint),
    ("GB", "Amazon Hub Counter, The Corner Shop", PickupPoint),
    ("GB", "InPost Locker 123", PickupPoint),
    ("GB", "Poste Restante, Main Post Office", PickupPoint),
    ("GB", "c/o Post Office, 1 High Street", PickupPoint),
    ("GB", "Boxhill Road 12", Street),
    ("GB", "12 Box Hill", Street),
    ("GB", "PO Box Cottage, 1 High Street", Street),
    ("GB", "BP Garage, 1 High Street", Street),
    ("GB", "BP, 1 High Street", Street),
    ("GB", "The Old Post Office, 3 Mill Lane", Street),
    ("GB", "The Old Postbox, 3 Mill Lane", Street),
    ("GB", "Unit 4 Box Works, 12 Lock Road", Street),
    ("GB", "Locker Street 12", Street),
    ("GB", "Mailbox Lane 5", Street),
    ("GB", "CS Lewis Court 12", Street),
    ("IE", "P.O. Box 4, Main Street", PoBox),
    // Germany, Austria, Switzerland.
    ("DE", "Postfach 10 20 30", PoBox),
    ("DE", "Postfach Nr. 12", PoBox),
    ("DE", "POSTFACH", PoBox),
    ("DE", "PF 1234", PoBox),
    ("DE", "Postf. 12", PoBox),
    ("DE", "Pack Station 123", PickupPoint),
    ("CH", "Paketstation 12", PickupPoint),
    ("DE", "Packstation 123", PickupPoint),
    ("DE", "DHL-Packstation Nr. 101", PickupPoint),
    ("DE", "Postfiliale 502", PickupPoint),
    ("DE", "Hermes PaketShop Müller", PickupPoint),
    ("DE", "Feldpost 64298", Military),
    ("DE", "12 Postfachstraße", Street),
    ("DE", "Postfachweg 3", Street),
    ("DE", "Packstation Verlag GmbH, Hauptstraße 5", Street),
    ("DE", "An der Packstation GmbH 4", Street),
    ("DE", "Am Postfach 3", Street),
    ("DE", "Bahnhofstraße 12", Street),
    ("AT", "Postfach 7", PoBox),
    ("AT", "Post Abholstation 1010", PickupPoint),
    ("CH", "Case postale 1211", PoBox),
    ("CH", "Casella postale 5", PoBox),
    ("CH", "My Post 24", PickupPoint),
    // France, Belgium, Luxembourg.
    ("FR", "BP 4711", PoBox),
    ("FR", "B.P. 4711", PoBox),
    ("FR", "BP4711", PoBox),
    ("FR", "12 rue de l'Exemple - BP 12", PoBox),
    ("FR", "Boîte Postale 12", PoBox),
    ("FR", "BOITE POSTALE N° 12", PoBox),
    ("FR", "Boi\u{302}te postale 12", PoBox),
    ("FR", "CS 12345", PoBox),
    ("FR", "TSA 12345", PoBox),
    ("FR", "Point Relais Le Bon Coin", PickupPoint),
    ("FR", "Relais Colis 12", PickupPoint),
    ("FR", "Consigne Pickup Gare", PickupPoint),
    ("FR", "Mondial Relay, Tabac", PickupPoint),
    ("FR", "12 rue de la Consigne", Street),
    ("FR", "5 rue de la Boîte Postale", Street),
    ("FR", "rue du Point Relais 5", Street),
    ("FR", "Station BP", Street),
    ("FR", "BP 1 rue de l'Exemple", Street),
    ("FR", "Rue des CP 75001", Street),
    ("BE", "Postbus 12", PoBox),
    ("BE", "BP 12", PoBox),
    ("BE", "Rue de l'Exemple 5 boîte 12", Street),
    ("BE", "bpost pakjesautomaat 12", PickupPoint),
    ("LU", "BP 2", PoBox),
    // Italy.
    ("IT", "Casella Postale 12", PoBox),
    ("IT", "C.P. 12", PoBox),
    ("IT", "Fermo Posta", PickupPoint),
    ("IT", "Fermoposta Milano 1", PickupPoint),
    ("IT", "Punto Poste Da Mario", PickupPoint),
    ("IT", "Locker 12", PickupPoint),
    ("IT", "Via Casella Postale 3", Street),
    ("IT", "C.P. 00144", Street),
    ("IT", "Via Roma 12", Street),
    // Spain, Portugal.
    ("ES", "Apartado de Correos 12", PoBox),
    ("ES", "Apartado 12", PoBox),
    ("ES", "Apdo. 12", PoBox),
    ("ES", "Aptdo. 12", PoBox),
    ("ES", "Ap. Correos 12", PoBox),
    ("ES", "Punto InPost Centro", PickupPoint),
    ("ES", "Apdo. Correos nº 12", PoBox),
    ("ES", "Citypaq Centro", PickupPoint),
    ("ES", "Lista de Correos", PickupPoint),
    ("ES", "Calle Apartado 12", Street),
    ("ES", "Calle del Apartado 5", Street),
    ("ES", "Apartado Street 5", Street),
    ("ES", "C.P. 28001", Street),
    ("PT", "Apartado 123", PoBox),
    ("PT", "Rua do Apartado 3", Street),
    // The Netherlands.
    ("NL", "Postbus 12345", PoBox),
    ("NL", "Antwoordnummer 123", PoBox),
    ("NL", "PostNL pakket- en briefautomaat 12", PickupPoint),
    ("NL", "PostNL-punt Albert", PickupPoint),
    ("NL", "NAPO 125", Military),
    ("NL", "Postbuslaan 3", Street),
    // Poland.
    ("PL", "Skrytka Pocztowa 12", PoBox),
    ("PL", "skr. poczt. nr 12", PoBox),
    ("PL", "Skr. 12", PoBox),
    ("PL", "PaczkoPunkt U Ani", PickupPoint),
    ("PL", "Paczkomat WAW123A", PickupPoint),
    ("PL", "Paczkomat InPost KRA01M", PickupPoint),
    ("PL", "ul. Pocztowa 12", Street),
    ("PL", "ul. Paczkomat 3", Street),
    // The north.
    ("SE", "Box 123", PoBox),
    ("SE", "Postbox 12", PoBox),
    ("SE", "Fack 12", PoBox),
    ("SE", "Postombud", PickupPoint),
    ("SE", "Boxholmsvägen 12", Street),
    ("DK", "Postboks 12", PoBox),
    ("NO", "Pb. 12", PoBox),
    ("FI", "PL 12", PoBox),
    ("FI", "SmartPost 12", PickupPoint),
    ("FI", "Postilokero 12", PoBox),
    // Turkey.
    ("TR", "P.K. 12", PoBox),
    ("TR", "Posta Kutusu 12", PoBox),
    ("TR", "PK 00144", Street),
    // The Americas.
    ("US", "PO Box 12", PoBox),
    ("US", "P.O. Drawer 12", PoBox),
    ("US", "PO Bx 12", PoBox),
    ("US", "Lockbox 12", PoBox),
    ("US", "12 Fictional Ave, PMB 5", Street),
    ("US", "123 Fictional Ave, P.O. Box 5", PoBox),
    ("US", "General Delivery", PickupPoint),
    ("US", "UPS Access Point The Corner", PickupPoint),
    ("US", "PSC 3 Box 5, APO AE 09021", Military),
    ("US", "123 Apo Street", Street),
    ("CA", "C.P. 12", PoBox),
    ("CA", "Livraison générale", PickupPoint),
    ("CA", "Case Postale 12", PoBox),
    ("CA", "PO Box 5053 Stn Forces", Military),
    ("MX", "Apartado Postal 12", PoBox),
    ("BR", "Caixa Postal 12", PoBox),
    // Australia.
    ("AU", "GPO Box 12", PoBox),
    ("AU", "Locked Bag 12", PoBox),
    ("AU", "Private Bag 12", PoBox),
    ("AU", "PMB 12", PoBox),
    ("AU", "Reply Paid 123", PoBox),
    ("AU", "Parcel Locker 10012 34567", PickupPoint),
    ("AU", "Parcel Collect 10012 34567", PickupPoint),
    ("AU", "AFPO 5", Military),
    ("AU", "12 Locked Gate Road", Street),
    // Asia, Arabia, Africa.
    ("JP", "東京中央郵便局私書箱12号", PoBox),
    ("JP", "大阪北郵便局 局留め", PickupPoint),
    ("JP", "ヤマト運輸 センター止め", PickupPoint),
    ("JP", "Amazonﾛｯｶｰ 渋谷", PickupPoint),
    ("JP", "神南1-2-3", Street),
    ("SG", "POPStation @ Orchard", PickupPoint),
    ("IN", "Post Box No. 12", PoBox),
    ("IN", "P.B. No. 12", PoBox),
    ("IN", "G.P.O. Box 12", PoBox),
    ("IN", "P.O. Fictionpur, Dist. Nowhere", Street),
    ("AE", "P.O.Box: 12345", PoBox),
    ("SA", "ص.ب 123", PoBox),
    ("ZA", "Private Bag X12", PoBox),
    ("ZA", "Posbus 12", PoBox),
    ("ZA", "P/Bag X12", PoBox),
    ("GR", "Τ.Θ. 12", PoBox),
];

fn of(country: &str, line: &str) -> AddressKind {
    let address = Address {
        name: Some("Nobody"),
        lines: [Some("c/o Nobody"), Some(line), None],
        postcode: Some("00144"),
        country: Some(country),
        ..Address::default()
    };
    address.kind()
}

#[test]
fn every_spelling_has_its_kind_in_its_country() {
    let wrong: Vec<_> = LINES
        .iter()
        .filter(|(country, line, kind)| of(country, line) != *kind)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn letter_case_and_separators_change_nothing() {
    for (country, line, kind) in LINES {
        let spelt = [
            line.to_uppercase(),
            line.to_lowercase(),
            line.replace(' ', "\u{A0}"),
            line.replace(". ", "."),
        ];
        for spelt in spelt {
            assert_eq!(of(country, &spelt), *kind, "{country} {spelt}");
        }
    }
}

#[test]
fn every_pattern_is_written_as_a_line_is_read() {
    for pattern in PICKUP_POINTS.iter().chain(MILITARY).chain(BOXES) {
        assert_eq!(pattern.letters, compact(pattern.letters));
    }
}

#[test]
fn amazons_own_type_and_a_missing_country_come_first() {
    let address = Address {
        address_type: Some("PICKUP_POINT"),
        lines: [Some("PO Box 12"), None, None],
        country: Some("GB"),
        ..Address::default()
    };
    assert_eq!(address.kind(), PickupPoint);
    let residential = Address {
        address_type: Some("RESIDENTIAL"),
        ..address
    };
    assert_eq!(residential.kind(), PoBox);
    let nowhere = Address {
        country: None,
        ..address
    };
    assert_eq!(nowhere.kind(), AddressKind::Missing);
}

#[test]
fn military_post_is_known_by_town_state_and_postcode() {
    // Country, town, state, postcode.
    let rows = [
        ("GB", "BFPO", "", "", Military),
        ("GB", "BFPO 57", "", "", Military),
        ("GB", "", "", "BFPO 57", Military),
        ("US", "APO AE", "", "", Military),
        ("GB", "", "", "BF1 2AX", Military),
        ("GB", "Bournemouth", "", "BH1 2AX", Street),
        ("US", "APO", "AE", "09021", Military),
        ("US", "fpo", "", "", Military),
        ("US", "DPO", "AP", "", Military),
        ("US", "", "Armed Forces Europe", "", Military),
        ("US", "", "", "34023", Military),
        ("US", "", "", "96201-1234", Military),
        ("US", "Seattle", "WA", "98101", Street),
        ("US", "Apopka", "FL", "32703", Street),
        ("IN", "Nellore", "AP", "524001", Street),
        ("FR", "ARMEES", "", "00200", Military),
        ("FR", "Nantes", "", "44000", Street),
    ];
    for (country, town, state, postcode, kind) in rows {
        let address = Address {
            lines: [Some("12 Nowhere Lane"), None, None],
            towns: [Some(town), None, None],
            state: Some(state),
            postcode: Some(postcode),
            country: Some(country),
            ..Address::default()
        };
        assert_eq!(address.kind(), kind, "{country} {town} {state} {postcode}");
    }
}

#[test]
fn a_name_and_a_first_line_are_there_only_with_letters_in_them() {
    use AddressPart::{FirstLine, Name};
    let rows: [(Option<&str>, Option<&str>, &[AddressPart]); 6] = [
        (Some("Nobody"), Some("1 Nowhere"), &[]),
        (None, Some("1 Nowhere"), &[Name]),
        (Some("Nobody"), None, &[FirstLine]),
        (Some(" "), Some("\u{200B}"), &[Name, FirstLine]),
        (Some("-"), Some("."), &[Name, FirstLine]),
        (None, None, &[Name, FirstLine]),
    ];
    for (name, line, lacks) in rows {
        let address = Address {
            name,
            lines: [line, Some("Flat 2"), None],
            country: Some("GB"),
            ..Address::default()
        };
        assert_eq!(address.lacks(), lacks.iter().copied().collect());
    }
}
