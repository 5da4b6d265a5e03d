//! What a verification found wrong: the first ones one by one, the others as a number.

use std::fmt;
use std::ops::Deref;

use serde::Serialize;

/// Faults of which the text is kept; the others are only counted.
pub const FAULTS_SHOWN_MAX: usize = 20;

/// In French, in the order in which they were found. Read as the slice of those that are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Faults {
    shown: Vec<String>,
    count: u64,
}

impl Faults {
    /// Adds a fault, as a French clause without its full stop.
    pub fn add(&mut self, what: impl Into<String>) {
        self.count += 1;
        if self.shown.len() < FAULTS_SHOWN_MAX {
            self.shown.push(what.into());
        }
    }

    /// How many there are in all, shown or not.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }
}

impl Deref for Faults {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.shown
    }
}

impl PartialEq<Vec<String>> for Faults {
    fn eq(&self, other: &Vec<String>) -> bool {
        self.shown == *other
    }
}

/// One a line, as the commands print them.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.shown {
            writeln!(f, "  - {fault}")?;
        }
        if self.count > self.shown.len() as u64 {
            writeln!(f, "  … {} défauts en tout", self.count)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_counted_and_the_first_are_shown() {
        let mut faults = Faults::default();
        assert_eq!((faults.count(), faults.to_string()), (0, String::new()));
        for n in 0..=FAULTS_SHOWN_MAX {
            faults.add(format!("n° {n}"));
        }
        assert_eq!((faults.count(), faults.len()), (21, FAULTS_SHOWN_MAX));
        assert!(faults.to_string().ends_with("  - n° 19\n  … 21 défauts en tout\n"));
    }
}
