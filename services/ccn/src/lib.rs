//! ccn
