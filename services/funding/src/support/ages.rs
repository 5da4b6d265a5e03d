//! The bands in which what is late is counted: those of the report on breaks.

use serde::Serialize;
use standards::Cents;
use utoipa::ToSchema;

/// Name, first day, last day.
const BANDS: [(&str, i32, i32); 4] = [
    ("0-7", i32::MIN, 7),
    ("8-30", 8, 30),
    ("31-90", 31, 90),
    (">90", 91, i32::MAX),
];

/// What is of one age.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AgeBand {
    /// In days: `0-7`, `8-30`, `31-90` or `>90`.
    #[schema(example = "8-30")]
    pub days: String,
    pub count: usize,
    /// How much in all.
    pub amount: Cents,
}

/// The band of an age.
pub(crate) fn days(age_days: i32) -> &'static str {
    let band = BANDS
        .iter()
        .find(|(_, first, last)| (*first..=*last).contains(&age_days));
    band.map_or(BANDS[3].0, |(days, _, _)| days)
}

/// All bands, youngest first; nothing beyond 64 bits.
pub(crate) fn bands(aged: &(impl Iterator<Item = (i32, Cents)> + Clone)) -> Option<Vec<AgeBand>> {
    let band = |name: &str| {
        let of_band = aged.clone().filter(|&(age, _)| days(age) == name);
        Some(AgeBand {
            days: name.to_owned(),
            count: of_band.clone().count(),
            amount: Cents::try_sum(of_band.map(|(_, amount)| amount))?,
        })
    };
    BANDS.iter().map(|(name, _, _)| band(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_age_is_in_one_band() {
        let aged = [(-1, 1), (7, 2), (8, 4), (30, 8), (31, 16), (90, 32), (91, 64)];
        let bands = bands(&aged.into_iter().map(|(age, cents)| (age, Cents::new(cents)))).unwrap();
        let sums: Vec<i64> = bands.iter().map(|band| band.amount.get()).collect();
        assert_eq!(sums, [3, 12, 48, 64]);
    }
}
