#![no_main]
//! Any bytes as a file of bank details: every line is read or told.

use libfuzzer_sys::fuzz_target;
use standards::bank_details;

fuzz_target!(|bytes: &[u8]| {
    let parsed = bank_details::parse(bytes, None);
    for (line, _) in &parsed.rows {
        assert!(*line >= 2, "the first line is the heading");
    }
    for problem in parsed.problems.into_vec() {
        assert!(!problem.problem.is_empty() && !problem.remedy.is_empty());
    }
});
