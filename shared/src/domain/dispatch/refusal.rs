//! Why a hand-over is refused before Amazon would.

use crate::domain::order::OrderStatus;

/// Why a hand-over is refused. `Display` says it to a person, without the buyer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DispatchRefusal {
    #[error("the order is cancelled")]
    Cancelled,
    #[error("Amazon fulfils the order")]
    FulfilledByAmazon,
    #[error("the order is carried by Amazon or fetched by the buyer: {0}")]
    CarriedByAmazon(String),
    #[error("the order is `{}`: it is not ours to ship", .0.as_str())]
    NotOurs(OrderStatus),
    #[error("a person holds the order; release it first")]
    Held,
    #[error("the order has no line `{0}`")]
    UnknownLine(String),
    #[error("nothing of the order is open: all of it is shipped, cancelled or in another dispatch")]
    NothingOpen,
    #[error("of line `{line}` {open} units are open, and {asked} were handed over")]
    TooMany { line: String, open: u32, asked: u32 },
    #[error("the buyer asks to cancel line `{0}`; say `despite_cancel` if it is too late")]
    BuyerAsksToCancel(String),
    #[error("each unit of line `{0}` needs a Transparency code; name the line with them")]
    NoTransparencyCodes(String),
    #[error(
        "Amazon was told of this parcel: its carrier, tracking number and date can be edited, its lines cannot"
    )]
    LinesAreFixed,
    #[error("it is handed over later than 30 days from now")]
    TooFarAhead,
}

impl DispatchRefusal {
    /// A word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::FulfilledByAmazon => "fulfilled_by_amazon",
            Self::CarriedByAmazon(_) => "carried_by_amazon",
            Self::NotOurs(_) => "not_ours",
            Self::Held => "held",
            Self::UnknownLine(_) => "unknown_line",
            Self::NothingOpen => "nothing_open",
            Self::TooMany { .. } => "too_many",
            Self::BuyerAsksToCancel(_) => "buyer_cancel",
            Self::NoTransparencyCodes(_) => "no_transparency_codes",
            Self::LinesAreFixed => "lines_are_fixed",
            Self::TooFarAhead => "too_far_ahead",
        }
    }
}
