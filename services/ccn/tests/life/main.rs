//! A real life of the money, exported: judged by an outsider, then rewritten by somebody who may do everything, and found out.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

#[expect(dead_code, reason = "the funding service's tests use all of it")]
#[path = "../../../funding/tests/it/bank.rs"]
mod bank;
mod copy;
#[path = "../../../funding/tests/it/issuing.rs"]
mod issuing;
mod outsider;
mod story;
mod tampered;
#[expect(dead_code, reason = "the funding service's tests use all of it")]
#[path = "../../../funding/tests/it/world.rs"]
mod world;
