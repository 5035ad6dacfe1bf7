//! How people write that an address is no door. Data only: a new spelling is one line here, with an example in the
//! tests.

/// Letters and digits without separators, case and accents, as a line's words give them one after another.
pub(super) struct Pattern {
    pub(super) letters: &'static str,
    pub(super) follows: Follows,
    /// The countries in which it means that; empty = everywhere.
    countries: &'static [&'static str],
}

/// What must come after a pattern, so that `Postfach 12` is a box and `Postfach Verlag` is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Follows {
    /// Whatever comes, it is one: `Amazon Locker Kelso`.
    Anything,
    /// A number, or nothing.
    NumberOrEnd,
    /// A number that is neither the postcode nor a house's.
    Number,
    /// It counts even in the middle of a word, in scripts without spaces.
    NoMatter,
}

use Follows::{Anything, NoMatter, Number, NumberOrEnd};

impl Pattern {
    pub(super) fn holds_in(&self, country: &str) -> bool {
        self.countries.is_empty() || self.countries.contains(&country)
    }
}

const fn everywhere(letters: &'static str, follows: Follows) -> Pattern {
    within(letters, follows, &[])
}

const fn within(
    letters: &'static str,
    follows: Follows,
    countries: &'static [&'static str],
) -> Pattern {
    Pattern {
        letters,
        follows,
        countries,
    }
}

/// Where French is the language of the post.
const FRENCH: &[&str] = &[
    "FR", "BE", "LU", "MC", "CH", "GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF", "WF", "PF", "NC",
    "MA", "DZ", "TN", "SN", "CI", "CM",
];
const FRANCE: &[&str] = &[
    "FR", "MC", "GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF", "WF", "PF", "NC",
];
const GERMAN: &[&str] = &["DE", "AT", "CH", "LI"];
const IBERIAN: &[&str] = &[
    "ES", "PT", "MX", "AD", "AR", "BO", "CL", "CO", "CR", "DO", "EC", "GT", "HN", "NI", "PA", "PE",
    "PR", "PY", "SV", "US", "UY", "VE", "IC", "EA",
];
const NORDIC: &[&str] = &["SE", "NO", "DK", "FI", "IS", "AX", "FO", "GL"];
const INDIAN: &[&str] = &["IN", "LK", "PK", "BD", "NP"];
const ARABIC: &[&str] = &[
    "AE", "SA", "EG", "KW", "QA", "BH", "OM", "JO", "LB", "IQ", "YE", "LY", "MA", "DZ", "TN",
];

/// Lockers, counters, parcel shops, and the counters of post offices.
pub(super) const PICKUP_POINTS: &[Pattern] = &[
    everywhere("amazonlocker", Anything),
    everywhere("amazonhub", Anything),
    everywhere("amazoncounter", Anything),
    everywhere("hublocker", Anything),
    everywhere("hubcounter", Anything),
    everywhere("accesspoint", NumberOrEnd),
    everywhere("upsaccesspoint", Anything),
    everywhere("pickuppoint", NumberOrEnd),
    everywhere("pickuppunkt", NumberOrEnd),
    everywhere("pickupstation", Anything),
    everywhere("pickuprelais", Anything),
    everywhere("dpdpickup", Anything),
    everywhere("parcelshop", NumberOrEnd),
    everywhere("parcellocker", NumberOrEnd),
    everywhere("parcelpoint", NumberOrEnd),
    everywhere("dhlservicepoint", Anything),
    everywhere("dhlparcelshop", Anything),
    everywhere("glsparcelshop", Anything),
    everywhere("hermesparcelshop", Anything),
    everywhere("mondialrelay", Anything),
    everywhere("inpostlocker", Anything),
    everywhere("lockerinpost", Anything),
    everywhere("inpostpoint", Anything),
    everywhere("inpost", NumberOrEnd),
    everywhere("posterestante", Anything),
    everywhere("postrestante", NumberOrEnd),
    everywhere("postarestante", Anything),
    everywhere("copostoffice", Anything),
    everywhere("careofpostoffice", Anything),
    // Great Britain and Ireland.
    within("clickcollect", Anything, &["GB", "IE", "JE", "GG", "IM"]),
    within("clickandcollect", Anything, &["GB", "IE", "JE", "GG", "IM"]),
    within("collectplus", Anything, &["GB"]),
    within("evriparcelshop", Anything, &["GB"]),
    within("royalmailcustomerservicepoint", Anything, &["GB"]),
    within("parcelmotel", Anything, &["IE", "GB"]),
    // Germany, Austria, Switzerland.
    within("packstation", NumberOrEnd, GERMAN),
    within("paketstation", NumberOrEnd, GERMAN),
    within("postfiliale", NumberOrEnd, GERMAN),
    within("dhlfiliale", NumberOrEnd, GERMAN),
    within("paketshop", NumberOrEnd, GERMAN),
    within("dhlpaketshop", Anything, GERMAN),
    within("hermespaketshop", Anything, GERMAN),
    within("glspaketshop", Anything, GERMAN),
    within("dpdpaketshop", Anything, GERMAN),
    within("poststation", NumberOrEnd, GERMAN),
    within("postlagernd", Anything, GERMAN),
    within("abholstation", NumberOrEnd, GERMAN),
    within("myflexbox", NumberOrEnd, GERMAN),
    within("mypost24", Anything, &["CH"]),
    within("pickpost", Anything, &["CH"]),
    // France, Belgium, Luxembourg.
    within("pointrelais", Anything, FRENCH),
    within("pointretrait", Anything, FRENCH),
    within("pointposte", Anything, FRENCH),
    within("relaiscolis", Anything, FRENCH),
    within("relaispickup", Anything, FRENCH),
    within("pickup", NumberOrEnd, FRENCH),
    within("consignepickup", Anything, FRENCH),
    within("consigne", NumberOrEnd, FRENCH),
    within("bureaudeposte", NumberOrEnd, FRENCH),
    within("lockeramazon", Anything, FRENCH),
    // Canada and the United States.
    within("generaldelivery", NumberOrEnd, &["US", "CA", "PR"]),
    within("livraisongenerale", NumberOrEnd, &["CA"]),
    within("fedexonsite", Anything, &["US"]),
    within("flexdelivery", NumberOrEnd, &["CA"]),
    // The Netherlands and Belgium.
    within("postnlpunt", Anything, &["NL", "BE"]),
    within("postnlpakketautomaat", Anything, &["NL", "BE"]),
    within("postnlpakketpunt", Anything, &["NL", "BE"]),
    within("pakketautomaat", NumberOrEnd, &["NL", "BE"]),
    within("pakjesautomaat", NumberOrEnd, &["NL", "BE"]),
    within("briefautomaat", NumberOrEnd, &["NL", "BE"]),
    within("pakketpunt", NumberOrEnd, &["NL", "BE"]),
    within("postpunt", NumberOrEnd, &["NL", "BE"]),
    within("bpack247", Anything, &["BE"]),
    // Italy.
    within("puntoposte", Anything, &["IT", "SM"]),
    within("puntoritiro", Anything, &["IT", "SM"]),
    within("fermoposta", Anything, &["IT", "SM"]),
    within("fermopoint", Anything, &["IT", "SM"]),
    within("locker", Number, &["IT", "SM"]),
    within("ufficiopostale", NumberOrEnd, &["IT", "SM"]),
    // Spain, Portugal, Latin America.
    within("citypaq", Anything, IBERIAN),
    within("puntopack", Anything, IBERIAN),
    within("puntoinpost", Anything, IBERIAN),
    within("puntoderecogida", Anything, IBERIAN),
    within("listadecorreos", Anything, IBERIAN),
    within("oficinadecorreos", Anything, IBERIAN),
    within("ocurre", NumberOrEnd, &["MX"]),
    within("lojactt", Anything, &["PT"]),
    within("pontopickup", Anything, &["PT"]),
    within("cliqueeretire", Anything, &["BR"]),
    // Poland and its neighbours.
    within("paczkomat", NumberOrEnd, &["PL"]),
    within("paczkomaty", NumberOrEnd, &["PL"]),
    within("paczkomatinpost", Anything, &["PL"]),
    within("inpostpaczkomat", Anything, &["PL"]),
    within("automatpaczkowy", Anything, &["PL"]),
    within("punktodbioru", Anything, &["PL"]),
    within("paczkopunkt", Anything, &["PL"]),
    within("orlenpaczka", Anything, &["PL"]),
    within("zasilkovna", NumberOrEnd, &["CZ"]),
    within("zbox", NumberOrEnd, &["CZ", "SK", "HU", "RO"]),
    within("balikovna", NumberOrEnd, &["CZ"]),
    within("easybox", NumberOrEnd, &["RO", "HU", "BG"]),
    // The north.
    within("postombud", NumberOrEnd, NORDIC),
    within("paketombud", NumberOrEnd, NORDIC),
    within("paketautomat", NumberOrEnd, NORDIC),
    within("smartpost", NumberOrEnd, &["FI", "EE"]),
    within("pakettiautomaatti", NumberOrEnd, NORDIC),
    within("postnordpaketbox", Anything, NORDIC),
    within("pakkeshop", NumberOrEnd, NORDIC),
    within("pakkeboks", NumberOrEnd, NORDIC),
    within("instabox", NumberOrEnd, NORDIC),
    // Turkey.
    within("kargomat", Anything, &["TR"]),
    within("teslimatnoktasi", Anything, &["TR"]),
    // Australia, Singapore, Japan.
    within("parcelcollect", NumberOrEnd, &["AU", "NZ"]),
    within("carepo", NumberOrEnd, &["AU"]),
    within("popstation", Anything, &["SG"]),
    within("picklocker", Anything, &["SG"]),
    within("局留", NoMatter, &["JP"]),
    within("営業所止", NoMatter, &["JP"]),
    within("センター止", NoMatter, &["JP"]),
    within("コンビニ受取", NoMatter, &["JP"]),
    within("amazonロッカー", NoMatter, &["JP"]),
    within("pudoステーション", NoMatter, &["JP"]),
    within("宅配便ロッカー", NoMatter, &["JP"]),
];

/// Military post, by the words of a line; towns, states and postcodes say it too.
pub(super) const MILITARY: &[Pattern] = &[
    everywhere("bfpo", NumberOrEnd),
    everywhere("britishforcespostoffice", NumberOrEnd),
    within("apoae", Anything, &["US"]),
    within("apoap", Anything, &["US"]),
    within("apoaa", Anything, &["US"]),
    within("fpoae", Anything, &["US"]),
    within("fpoap", Anything, &["US"]),
    within("fpoaa", Anything, &["US"]),
    within("dpoae", Anything, &["US"]),
    within("dpoap", Anything, &["US"]),
    within("dpoaa", Anything, &["US"]),
    within("cfpo", NumberOrEnd, &["CA"]),
    within("stnforces", Anything, &["CA"]),
    within("succforces", Anything, &["CA"]),
    within("afpo", NumberOrEnd, &["AU"]),
    within("feldpost", NumberOrEnd, &["DE"]),
    within("napo", Number, &["NL"]),
];

/// Military ones only: Europe, the Americas, the Pacific.
pub(super) const US_MILITARY_POSTCODES: &[&str] = &[
    "090", "091", "092", "093", "094", "095", "096", "097", "098", "340", "962", "963", "964",
    "965", "966",
];

/// PO boxes, and what reaches the post alone.
pub(super) const BOXES: &[Pattern] = &[
    everywhere("pobox", NumberOrEnd),
    everywhere("p0box", NumberOrEnd),
    everywhere("pobx", NumberOrEnd),
    everywhere("pob", Number),
    everywhere("postofficebox", NumberOrEnd),
    everywhere("gpobox", NumberOrEnd),
    everywhere("postfach", NumberOrEnd),
    everywhere("postbus", NumberOrEnd),
    everywhere("boitepostale", NumberOrEnd),
    everywhere("casepostale", NumberOrEnd),
    everywhere("casellapostale", NumberOrEnd),
    everywhere("apartadodecorreos", NumberOrEnd),
    everywhere("apartadopostal", NumberOrEnd),
    everywhere("caixapostal", NumberOrEnd),
    everywhere("skrytkapocztowa", NumberOrEnd),
    everywhere("postakutusu", NumberOrEnd),
    everywhere("postboks", NumberOrEnd),
    everywhere("lockedbag", NumberOrEnd),
    everywhere("privatebag", NumberOrEnd),
    everywhere("privatemailbag", NumberOrEnd),
    // Great Britain and Ireland.
    within("freepost", Anything, &["GB", "IE", "JE", "GG", "IM"]),
    // Germany, Austria, Switzerland.
    within("postf", Number, GERMAN),
    within("pf", Number, &["DE", "AT", "CH", "LI", "HU"]),
    within("cp", Number, &["IT", "SM", "VA", "CH", "CA", "RO"]),
    // France, Belgium, Luxembourg.
    within("bp", Number, FRENCH),
    within("cs", Number, FRANCE),
    within("tsa", Number, FRANCE),
    // The United States.
    within("podrawer", NumberOrEnd, &["US"]),
    within("lockbox", Number, &["US"]),
    // The Netherlands.
    within("antwoordnummer", Number, &["NL", "BE"]),
    // Italy.
    within("casellap", Number, &["IT", "SM"]),
    within("caspost", Number, &["IT", "SM"]),
    // Spain, Portugal, Latin America.
    within("apartado", NumberOrEnd, IBERIAN),
    within("apartadocorreos", NumberOrEnd, IBERIAN),
    within("apcorreos", NumberOrEnd, IBERIAN),
    within("aptdo", NumberOrEnd, IBERIAN),
    within("apdo", NumberOrEnd, IBERIAN),
    within("apdodecorreos", NumberOrEnd, IBERIAN),
    within("apdocorreos", NumberOrEnd, IBERIAN),
    within("apdopostal", NumberOrEnd, IBERIAN),
    within("aptdocorreos", NumberOrEnd, IBERIAN),
    within("casilladecorreo", NumberOrEnd, IBERIAN),
    within("casillapostal", NumberOrEnd, IBERIAN),
    within("cxpostal", NumberOrEnd, &["BR"]),
    // Poland and its neighbours.
    within("skrpoczt", NumberOrEnd, &["PL"]),
    within("skrpocz", NumberOrEnd, &["PL"]),
    within("skrpocztowa", NumberOrEnd, &["PL"]),
    within("skrytkapoczt", NumberOrEnd, &["PL"]),
    within("skrytka", Number, &["PL"]),
    within("skr", Number, &["PL"]),
    within("postovniprihradka", NumberOrEnd, &["CZ"]),
    within("postovaprihradka", NumberOrEnd, &["SK"]),
    within("postovypriecinok", NumberOrEnd, &["SK"]),
    within("postafiok", NumberOrEnd, &["HU"]),
    within("casutapostala", NumberOrEnd, &["RO"]),
    within("пощенскакутия", NumberOrEnd, &["BG"]),
    within("пк", Number, &["BG"]),
    within("postanskipretinac", NumberOrEnd, &["HR", "BA", "RS"]),
    within("postnipredal", NumberOrEnd, &["SI"]),
    within("postkast", Number, &["EE"]),
    within("абонентскииящик", NumberOrEnd, &["UA", "BY", "KZ", "RU"]),
    within("ая", Number, &["UA", "BY", "KZ", "RU"]),
    // The north.
    within("box", Number, &["SE"]),
    within("fack", Number, &["SE"]),
    within("postbox", NumberOrEnd, NORDIC),
    within("boks", Number, &["DK", "NO"]),
    within("pb", Number, &["NO", "FI", "AX"]),
    within("pl", Number, &["FI"]),
    within("postilokero", NumberOrEnd, &["FI"]),
    within("postholf", NumberOrEnd, &["IS"]),
    // Turkey and Greece.
    within("pk", Number, &["TR"]),
    within("τθ", Number, &["GR", "CY"]),
    within("ταχυδρομικηθυριδα", NumberOrEnd, &["GR", "CY"]),
    // India and its neighbours.
    within("postbox", NumberOrEnd, INDIAN),
    within("postbag", NumberOrEnd, INDIAN),
    within("pb", Number, INDIAN),
    within("pobag", NumberOrEnd, INDIAN),
    // Africa, Arabia, Israel.
    within("posbus", NumberOrEnd, &["ZA", "NA"]),
    within("pbag", Number, &["ZA", "NA", "NZ"]),
    within("privaatsak", NumberOrEnd, &["ZA", "NA"]),
    within("صب", Number, ARABIC),
    within("صندوقبريد", NumberOrEnd, ARABIC),
    within("صندوقالبريد", NumberOrEnd, ARABIC),
    within("תד", Number, &["IL"]),
    // Australia, New Zealand, and the far east.
    within("pmb", Number, &["AU"]),
    within("replypaid", NumberOrEnd, &["AU"]),
    within("私書箱", NoMatter, &["JP"]),
    within("사서함", NoMatter, &["KR"]),
    within("信箱", NoMatter, &["CN", "TW", "HK", "MO"]),
    within("邮箱", NoMatter, &["CN"]),
];
