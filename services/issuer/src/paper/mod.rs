//! What is printed: settings and logos, booklets, vouchers for phones, printer's files and their proofs.

pub mod booklets;
pub mod in_vain;
pub mod logos;
pub mod phone;
pub mod print;
pub mod printer_file;
pub mod proofs;
pub mod settings;
