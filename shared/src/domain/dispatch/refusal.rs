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
        "Amazon may have this parcel: its carrier, tracking number and date can be edited, its lines cannot"
    )]
    LinesAreFixed,
    #[error("it is handed over later than 30 days from now")]
    TooFarAhead,
}

/// A word for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "each is a refusal without its facts")]
pub enum DispatchRefusalCode {
    Cancelled,
    FulfilledByAmazon,
    CarriedByAmazon,
    NotOurs,
    Held,
    UnknownLine,
    NothingOpen,
    TooMany,
    BuyerCancel,
    NoTransparencyCodes,
    LinesAreFixed,
    TooFarAhead,
}

impl DispatchRefusalCode {
    /// The spelling used in tables and answers.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl DispatchRefusal {
    /// A word for programs.
    pub fn code(&self) -> DispatchRefusalCode {
        use DispatchRefusalCode as Code;
        match self {
            Self::Cancelled => Code::Cancelled,
            Self::FulfilledByAmazon => Code::FulfilledByAmazon,
            Self::CarriedByAmazon(_) => Code::CarriedByAmazon,
            Self::NotOurs(_) => Code::NotOurs,
            Self::Held => Code::Held,
            Self::UnknownLine(_) => Code::UnknownLine,
            Self::NothingOpen => Code::NothingOpen,
            Self::TooMany { .. } => Code::TooMany,
            Self::BuyerAsksToCancel(_) => Code::BuyerCancel,
            Self::NoTransparencyCodes(_) => Code::NoTransparencyCodes,
            Self::LinesAreFixed => Code::LinesAreFixed,
            Self::TooFarAhead => Code::TooFarAhead,
        }
    }
}
