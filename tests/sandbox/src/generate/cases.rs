//! Owns the list of special cases, and what is usual. It never builds an order.

use super::{
    dice::Dice,
    places::{self, Place},
};

/// On which of the seller's marketplaces an order is placed.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum SoldOn {
    Uk,
    De,
    /// The seller's first marketplace that is neither.
    Other,
    /// Its last.
    YetAnother,
}

/// What is out of the ordinary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Twist {
    Nothing,
    Replacement,
    Exchange,
    Locker,
    StorePickUp,
    Business,
    BuyerWantsToCancel,
    UnknownFields,
    SignatureAndAge,
    Ioss,
    GiftAndCustomised,
    LabelNotYet,
    Appointment,
    ManyItems,
    Letterbox,
}

/// Everything an order is decided by, but chance.
#[derive(Clone, Copy)]
pub(super) struct Case {
    pub(super) marketplace: SoldOn,
    pub(super) level: &'static str,
    /// None: the buyer lives where the marketplace is.
    pub(super) to: Option<&'static Place>,
    pub(super) status: &'static str,
    pub(super) programs: &'static [&'static str],
    pub(super) by_amazon: bool,
    pub(super) twist: Twist,
}

const fn uk(level: &'static str) -> Case {
    let (marketplace, status, programs, twist) = (SoldOn::Uk, "UNSHIPPED", &[], Twist::Nothing);
    Case {
        marketplace,
        level,
        to: None,
        status,
        programs,
        by_amazon: false,
        twist,
    }
}

const fn on(marketplace: SoldOn, level: &'static str) -> Case {
    Case {
        marketplace,
        ..uk(level)
    }
}

const fn de(level: &'static str) -> Case {
    on(SoldOn::De, level)
}

impl Case {
    const fn to(self, place: &'static Place) -> Self {
        Self {
            to: Some(place),
            ..self
        }
    }

    const fn status(self, status: &'static str) -> Self {
        Self { status, ..self }
    }

    const fn programs(self, programs: &'static [&'static str]) -> Self {
        Self { programs, ..self }
    }

    const fn by_amazon(self) -> Self {
        Self {
            by_amazon: true,
            ..self
        }
    }

    const fn twist(self, twist: Twist) -> Self {
        Self { twist, ..self }
    }
}

#[rustfmt::skip]
pub(super) const SPECIAL: [Case; 40] = [
    // All eight service levels.
    uk("STANDARD"),
    uk("EXPEDITED"),
    uk("FREE_ECONOMY"),
    uk("NEXT_DAY").programs(&["PREMIUM"]),
    uk("SECOND_DAY").programs(&["PREMIUM"]),
    de("PRIORITY").programs(&["PRIME"]),
    uk("SAME_DAY"),
    uk("SCHEDULED").twist(Twist::Appointment),
    // Out of the country, and the edges of it.
    uk("STANDARD").to(&places::FRANCE),
    uk("EXPEDITED").to(&places::UNITED_STATES),
    uk("STANDARD").to(&places::JERSEY),
    uk("STANDARD").to(&places::NORTHERN_IRELAND),
    uk("EXPEDITED").to(&places::GUERNSEY),
    de("STANDARD").to(&places::AUSTRIA),
    // Prime.
    uk("NEXT_DAY").programs(&["PRIME"]),
    uk("STANDARD").programs(&["PRIME"]),
    // Every status.
    uk("STANDARD").status("PENDING"),
    uk("STANDARD").status("PENDING_AVAILABILITY").programs(&["PREORDER"]),
    uk("STANDARD").status("PARTIALLY_SHIPPED").twist(Twist::ManyItems),
    uk("EXPEDITED").status("SHIPPED"),
    de("STANDARD").status("CANCELLED"),
    // Amazon's own.
    uk("STANDARD").status("SHIPPED").programs(&["PRIME"]).by_amazon(),
    de("STANDARD").status("UNFULFILLABLE").by_amazon(),
    // Orders that are about other orders.
    uk("STANDARD").twist(Twist::Replacement),
    de("STANDARD").twist(Twist::Exchange),
    // Where and how it is handed over.
    de("STANDARD").twist(Twist::Locker),
    uk("STANDARD").programs(&["IN_STORE_PICK_UP"]).twist(Twist::StorePickUp),
    uk("STANDARD").programs(&["FBM_SHIP_PLUS"]),
    de("STANDARD").programs(&["DELIVERY_BY_AMAZON"]),
    de("EXPEDITED").programs(&["AMAZON_BUSINESS"]).twist(Twist::Business),
    uk("STANDARD").twist(Twist::SignatureAndAge),
    uk("STANDARD").to(&places::GERMANY).twist(Twist::Ioss),
    uk("EXPEDITED").twist(Twist::GiftAndCustomised),
    de("STANDARD").twist(Twist::LabelNotYet),
    // Marketplaces that nobody switched on.
    on(SoldOn::Other, "STANDARD"),
    on(SoldOn::YetAnother, "EXPEDITED"),
    // What the buyer thinks of later, and what Amazon does.
    uk("STANDARD").twist(Twist::BuyerWantsToCancel),
    uk("DRONE_DROP"),
    de("STANDARD").status("AWAITING_INSPECTION"),
    uk("STANDARD").programs(&["MOON_DELIVERY"]).twist(Twist::UnknownFields),
];

pub(super) fn special(index: u32) -> Option<Case> {
    SPECIAL.get(index as usize).copied()
}

/// An order as most are.
pub(super) fn everyday(dice: &mut Dice) -> Case {
    let marketplace = match dice.below(100) {
        0..58 => SoldOn::Uk,
        58..92 => SoldOn::De,
        92..97 => SoldOn::Other,
        _ => SoldOn::YetAnother,
    };
    let level = match dice.below(100) {
        0..62 => "STANDARD",
        62..77 => "EXPEDITED",
        77..86 => "NEXT_DAY",
        86..90 => "SECOND_DAY",
        90..94 => "FREE_ECONOMY",
        94..97 => "PRIORITY",
        97..99 => "SAME_DAY",
        _ => "SCHEDULED",
    };
    let status = match dice.below(100) {
        0..78 => "UNSHIPPED",
        78..88 => "SHIPPED",
        88..94 => "PENDING",
        94..98 => "CANCELLED",
        _ => "PARTIALLY_SHIPPED",
    };
    let by_amazon = dice.percent(8);
    let programs: &[&str] = match (level, dice.below(100)) {
        ("NEXT_DAY" | "SECOND_DAY", 0..40) => &["PREMIUM"],
        (_, 40..58) | ("PRIORITY", _) => &["PRIME"],
        (_, 58..64) => &["AMAZON_BUSINESS"],
        _ => &[],
    };
    let away = dice.percent(14).then(|| *dice.one_of(places::AWAY));
    let twist = match dice.below(100) {
        0..80 => Twist::Nothing,
        80..92 => Twist::ManyItems,
        92..95 => Twist::Locker,
        95..98 => Twist::GiftAndCustomised,
        _ => Twist::Letterbox,
    };
    let twist = if programs == ["AMAZON_BUSINESS"] {
        Twist::Business
    } else {
        twist
    };
    Case {
        marketplace,
        level,
        to: away,
        status,
        programs,
        by_amazon,
        twist,
    }
}
