//! Codes typed by hand.
