//! What a verification found wrong: the first ones told one by one, the others counted.

use std::fmt;
use std::ops::Deref;

/// Faults that are told one by one.
pub const FAULTS_SHOWN_MAX: usize = 20;

/// In French, in the order in which they were found. Read as the slice of those that are told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    told: Vec<String>,
    count: u64,
}

impl Faults {
    /// Adds one.
    pub fn add(&mut self, what: impl Into<String>) {
        self.count += 1;
        if self.told.len() < FAULTS_SHOWN_MAX {
            self.told.push(what.into());
        }
    }

    /// How many there are in all.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }
}

impl Deref for Faults {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.told
    }
}

impl PartialEq<Vec<String>> for Faults {
    fn eq(&self, other: &Vec<String>) -> bool {
        self.told == *other
    }
}

/// One a line, as the commands print them.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.told {
            writeln!(f, "  - {fault}")?;
        }
        if self.count > self.told.len() as u64 {
            writeln!(f, "  … {} défauts en tout", self.count)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_counted_and_the_first_are_told() {
        let mut faults = Faults::default();
        assert_eq!((faults.count(), faults.to_string()), (0, String::new()));
        for n in 0..=FAULTS_SHOWN_MAX {
            faults.add(format!("n° {n}"));
        }
        assert_eq!((faults.count(), faults.len()), (21, FAULTS_SHOWN_MAX));
        assert!(faults.to_string().ends_with("  - n° 19\n  … 21 défauts en tout\n"));
    }
}
