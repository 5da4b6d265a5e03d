//! What the driver counts by itself, from what was acknowledged: it never asks the system.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

/// Cents of every voucher of the run.
pub const FACE_VALUE: u64 = 1000;

/// The shares of the three funders, in hundred-thousandths: none divides the face value.
pub const RATES: [&str; 3] = ["0.3339", "0.33305", "0.33305"];
const HUNDRED_THOUSANDTHS: [u64; 3] = [33_390, 33_305, 33_305];
const WHOLE: u64 = 100_000;

/// Cents by funder.
pub type ByFunder = [i64; 3];

/// An acknowledged claim.
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    /// As the structure's machine named it.
    pub request: u64,
    /// As the receipt names it.
    pub id: Uuid,
    /// Which structure, from 0.
    pub structure: usize,
    /// The serial number of its first voucher; the others follow.
    pub first: u32,
    /// How many vouchers.
    pub vouchers: u32,
    /// In which month.
    pub month: u32,
    pub reversed: bool,
    /// The settlement that paid it, if one did for good.
    pub paid_in: Option<u32>,
}

impl Claim {
    pub fn cents(&self) -> i64 {
        i64::from(self.vouchers) * FACE_VALUE.cast_signed()
    }

    pub fn shares(&self) -> ByFunder {
        let (before, after) = (
            first_vouchers(self.first - 1),
            first_vouchers(self.first + self.vouchers - 1),
        );
        std::array::from_fn(|funder| after[funder] - before[funder])
    }
}

/// What the funders pay of the first `n` vouchers of a batch: cumulative rounding, half up, written again from its definition.
pub fn first_vouchers(n: u32) -> ByFunder {
    let cents = u64::from(n) * FACE_VALUE;
    let rounded = |upto: usize| {
        let cumulative: u64 = HUNDRED_THOUSANDTHS[..upto].iter().sum();
        (2 * cents * cumulative + WHOLE) / (2 * WHOLE)
    };
    std::array::from_fn(|funder| (rounded(funder + 1) - rounded(funder)).cast_signed())
}

/// Everything that was acknowledged.
#[derive(Debug, Default)]
pub struct Tally {
    pub claims: Vec<Claim>,
    /// Of all batches.
    pub activated: ByFunder,
}

/// What a settlement must do.
#[derive(Debug, Default)]
pub struct Expected {
    /// Cents by structure.
    pub payments: BTreeMap<usize, i64>,
    /// Structures that are owed money and must not be paid it.
    pub held: BTreeSet<usize>,
}

impl Tally {
    /// Vouchers of claims that were not taken back, by funder.
    pub fn claimed(&self) -> ByFunder {
        sum(self.claims.iter().filter(|claim| !claim.reversed))
    }

    /// What left the bank account for good, by funder.
    pub fn paid(&self) -> ByFunder {
        sum(self.claims.iter().filter(|claim| claim.paid_in.is_some()))
    }

    /// Settlement `number` of the claims up to `month`; `held` structures are not paid.
    pub fn settles(&mut self, number: u32, month: u32, held: &BTreeSet<usize>) -> Expected {
        let mut due: BTreeMap<usize, (i64, Vec<usize>)> = BTreeMap::new();
        for (place, claim) in self.claims.iter().enumerate() {
            let cents = match (claim.reversed, claim.paid_in) {
                (false, None) if claim.month <= month => claim.cents(),
                (true, Some(_)) => -claim.cents(),
                _ => continue,
            };
            let of = due.entry(claim.structure).or_default();
            of.0 += cents;
            of.1.push(place);
        }
        let mut expected = Expected::default();
        for (structure, (cents, lines)) in due {
            if held.contains(&structure) {
                expected.held.insert(structure);
            } else if cents > 0 {
                expected.payments.insert(structure, cents);
                for place in lines {
                    let claim = &mut self.claims[place];
                    claim.paid_in = (!claim.reversed).then_some(number);
                }
            } else if lines.iter().any(|place| !self.claims[*place].reversed) {
                expected.held.insert(structure);
            }
        }
        expected
    }

    /// The bank sends a settlement's payments to these structures back.
    pub fn comes_back(&mut self, number: u32, structures: &BTreeSet<usize>) {
        for claim in &mut self.claims {
            if claim.paid_in == Some(number) && structures.contains(&claim.structure) {
                claim.paid_in = None;
            }
        }
    }
}

fn sum<'c>(claims: impl Iterator<Item = &'c Claim>) -> ByFunder {
    let mut sum = [0; 3];
    for claim in claims {
        for (funder, cents) in claim.shares().into_iter().enumerate() {
            sum[funder] += cents;
        }
    }
    sum
}

#[test]
fn shares_make_the_face_value_and_add_up() {
    for n in 1..=1000 {
        let (before, after) = (first_vouchers(n - 1), first_vouchers(n));
        let one: ByFunder = std::array::from_fn(|funder| after[funder] - before[funder]);
        // Over the first n nobody is a cent off; of one voucher, less than two.
        assert!(one.iter().all(|cents| (332..=335).contains(cents)), "{one:?}");
        assert_eq!(one.iter().sum::<i64>(), 1000);
    }
    assert_eq!(first_vouchers(100_000), [33_390_000, 33_305_000, 33_305_000]);
}
