//! The one door for randomness: everything by chance comes from the generator of aws-lc, which the operating system
//! seeds. A second, quicker generator would one day make a secret; `local/tests/rules/randomness.rs` refuses every other.

use crate::failure::Fault;
use aws_lc_rs::rand::fill;

/// Random bytes, for secrets, keys and salts.
pub fn bytes<const N: usize>() -> Result<[u8; N], Fault> {
    let mut bytes = [0; N];
    fill(&mut bytes).map_err(|_| Fault::internal("the system gave no randomness"))?;
    Ok(bytes)
}

/// A number that is not 0, to tell one of several from the others.
pub fn number() -> u32 {
    bytes().map_or(1, u32::from_be_bytes).max(1)
}

/// A fraction from 0 to 1, so that what failed together does not come back together; a half when there is none.
pub fn fraction() -> f64 {
    bytes().map_or(0.5, |bytes| f64::from(u32::from_be_bytes(bytes)) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_are_alike() {
        let secrets: BTreeSet<[u8; 32]> = (0..1_000).map(|_| bytes().unwrap()).collect();
        assert_eq!(secrets.len(), 1_000);
        let numbers: BTreeSet<u32> = (0..1_000).map(|_| number()).collect();
        assert!(numbers.len() > 990 && !numbers.contains(&0), "{numbers:?}");
    }

    #[test]
    fn every_bit_is_set_about_half_of_the_time() {
        let secrets: Vec<[u8; 32]> = (0..1_000).map(|_| bytes().unwrap()).collect();
        for bit in 0..256 {
            let set = secrets.iter().filter(|secret| secret[bit / 8] >> (bit % 8) & 1 == 1).count();
            // Seven standard deviations.
            assert!((390..=610).contains(&set), "bit {bit}: {set} of 1000");
        }
    }

    #[test]
    fn fractions_are_all_over_from_0_to_1() {
        let fractions: Vec<f64> = (0..1_000).map(|_| fraction()).collect();
        assert!(fractions.iter().all(|it| (0.0..=1.0).contains(it)));
        for tenth in 0..10 {
            let part = f64::from(tenth) / 10.0..f64::from(tenth + 1) / 10.0;
            assert!(fractions.iter().any(|it| part.contains(it)), "{part:?}");
        }
    }
}
