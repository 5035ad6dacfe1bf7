//! Amazon's number of a parcel.

use super::ParcelId;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// The lowest number: far above those that a person, or a tool that counts from 1, would use in Seller Central.
const LOWEST: u32 = 100_000_000;
/// The highest fits into 31 bits, whatever Amazon keeps it in.
const HIGHEST: u32 = 2_099_999_999;

/// Amazon's `packageReferenceId`: a positive number, sent as text. Page: *Confirm the shipment status*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PackageNumber(u32);

impl PackageNumber {
    /// The number of a parcel: always the same for the same parcel, unless another package of the order has it already.
    pub fn of(parcel: &ParcelId, is_taken: impl Fn(Self) -> bool) -> Self {
        let numbers = (0u32..).map(|attempt| {
            let mut hash = Sha256::new();
            hash.update(attempt.to_be_bytes());
            hash.update(parcel.as_str());
            let digest = hash.finalize();
            let bytes = digest.first_chunk().copied().unwrap_or_default();
            Self(LOWEST + u32::from_be_bytes(bytes) % (HIGHEST - LOWEST + 1))
        });
        let mut free = numbers.filter(|number| !is_taken(*number));
        free.next().unwrap_or(Self(LOWEST))
    }
}

impl fmt::Display for PackageNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_number_is_positive_fits_into_31_bits_and_is_never_shared(ids in proptest::collection::btree_set("[A-Za-z0-9]{1,4}", 1..40)) {
            let mut taken: Vec<PackageNumber> = Vec::new();
            for id in ids {
                let parcel: ParcelId = id.parse().unwrap();
                let number = PackageNumber::of(&parcel, |number| taken.contains(&number));
                prop_assert!(!taken.contains(&number));
                prop_assert!(i32::try_from(number.0).is_ok_and(|it| it >= 100_000_000));
                taken.push(number);
            }
        }
    }

    #[test]
    fn a_parcel_keeps_its_number_and_a_taken_one_is_left() {
        let parcel: ParcelId = "P-1".parse().unwrap();
        let first = PackageNumber::of(&parcel, |_| false);
        assert_eq!(first, PackageNumber::of(&parcel, |_| false));
        assert_ne!(first, PackageNumber::of(&parcel, |number| number == first));
    }
}
