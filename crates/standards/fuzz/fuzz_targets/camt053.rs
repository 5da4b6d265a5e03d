#![no_main]
//! Any bytes as a bank statement.

use libfuzzer_sys::fuzz_target;
use standards::camt053;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(statements) = camt053::read(bytes) {
        for statement in statements {
            // Adding up must not overflow, whatever the bank wrote.
            let _ = statement.check();
        }
    }
});
