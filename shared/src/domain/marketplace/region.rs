//! Amazon's three Selling Partner regions and their addresses.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// One of Amazon's three Selling Partner regions; an authorisation and a rate limit belong to one.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::VariantArray,
    utoipa::ToSchema,
)]
#[serde(rename_all = "UPPERCASE")]
#[strum(serialize_all = "UPPERCASE")]
pub enum Region {
    /// North America and Brazil.
    Na,
    /// Europe, the Middle East, Africa and India.
    Eu,
    /// Far East: Japan, Australia, Singapore.
    Fe,
}

impl Region {
    /// All regions there are.
    pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;

    /// `NA`, `EU` or `FE`: the spelling used in keys, JSON and logs.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Amazon's SP-API base address, without a slash at the end.
    pub const fn sp_api_endpoint(self) -> &'static str {
        match self {
            Self::Na => "https://sellingpartnerapi-na.amazon.com",
            Self::Eu => "https://sellingpartnerapi-eu.amazon.com",
            Self::Fe => "https://sellingpartnerapi-fe.amazon.com",
        }
    }

    /// Login with Amazon's base address, without a slash at the end; the same for every region.
    pub const fn lwa_endpoint(self) -> &'static str {
        "https://api.amazon.com"
    }

    /// The AWS region that serves this Selling Partner region.
    pub const fn aws_region(self) -> &'static str {
        match self {
            Self::Na => "us-east-1",
            Self::Eu => "eu-west-1",
            Self::Fe => "us-west-2",
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no region of Amazon's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such region; Amazon has NA, EU and FE")]
pub struct UnknownRegion;

impl FromStr for Region {
    type Err = UnknownRegion;

    /// Takes any letter case.
    fn from_str(text: &str) -> Result<Self, UnknownRegion> {
        let named = |region: &Self| region.as_str().eq_ignore_ascii_case(text.trim());
        let mut all = Self::ALL.iter().copied();
        all.find(named).ok_or(UnknownRegion)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_region_has_its_own_endpoint() {
        for &region in Region::ALL {
            assert!(
                region
                    .sp_api_endpoint()
                    .contains(&format!("-{}.", region.as_str().to_lowercase()))
            );
            assert_eq!(region.as_str().to_lowercase().parse(), Ok(region));
            assert_eq!(serde_json::to_value(region).unwrap(), region.as_str());
        }
        assert!(
            "ATLANTIS"
                .parse::<Region>()
                .unwrap_err()
                .to_string()
                .contains("EU")
        );
    }
}
