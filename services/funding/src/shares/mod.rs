//! Who bears what: a programme's plan over time, the true-up at its end, and the simulator that calculates one beforehand.

pub mod plan;
pub mod simulation;
pub mod true_up;
