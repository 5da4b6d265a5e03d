//! A real history of the money, exported: checked by an outsider, then rewritten by somebody who may do everything, and found out.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

#[expect(dead_code, reason = "the funding service's tests use all of it")]
#[path = "../../../funding/tests/it/bank.rs"]
mod bank;
mod copy;
#[expect(dead_code, reason = "the funding service's tests use all of it")]
#[path = "../../../funding/tests/it/fixture.rs"]
mod fixture;
#[path = "../../../funding/tests/it/issuing.rs"]
mod issuing;
mod outsider;
mod story;
mod tampered;
