use chrono::NaiveDate;

/// What a test wants otherwise than usual.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The funders' shares, in order of priority; a funder each.
    pub rates: Vec<&'static str>,
    /// What each funder signs for, in euros: enough for any test.
    pub convention: &'static str,
    /// `hand_over` or `batch`.
    pub spendable: &'static str,
    /// Printed on the paper.
    pub printed_day: NaiveDate,
    /// Days of tolerance after it.
    pub tolerance_days: u16,
    /// Smallest order, in booklets.
    pub booklets_min: u32,
    /// Most booklets for a person; each is granted as many.
    pub booklets_per_person: u32,
    /// Accredited structures, with bank details each.
    pub structures: usize,
    /// People on the prescriber's list.
    pub people: usize,
    /// Threads for the services; 0 runs them in the test's own.
    pub threads: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rates: vec!["0.35", "0.50", "0.15"],
            convention: "1000000.00",
            spendable: "hand_over",
            printed_day: NaiveDate::from_ymd_opt(2026, 12, 31).expect("a day of the calendar"),
            tolerance_days: 31,
            booklets_min: 1,
            booklets_per_person: 1,
            structures: 2,
            people: 3,
            threads: 0,
        }
    }
}
