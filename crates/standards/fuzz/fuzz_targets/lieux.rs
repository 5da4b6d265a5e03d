#![no_main]
//! Any bytes as a file of mediation places: every line is read or told.

use libfuzzer_sys::fuzz_target;
use standards::lieux;

fuzz_target!(|bytes: &[u8]| {
    let parsed = lieux::parse(bytes, None);
    for (line, _) in &parsed.rows {
        assert!(*line >= 2, "the first line is the heading");
    }
    for problem in &parsed.problems {
        assert!(!problem.problem.is_empty() && !problem.remedy.is_empty());
    }
});
