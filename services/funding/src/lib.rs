//! funding
