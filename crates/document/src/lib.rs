//! Documents that people read and keep: letters, statements and lists on A4, in French, in one typeface, accessible and
//! made to last. A pure library: no file, no clock, no network; the same input gives the same bytes.
//!
//! ```
//! use document::{Column, Document, Meta, Table};
//!
//! let day = chrono::NaiveDate::from_ymd_opt(2026, 4, 3).unwrap();
//! let pdf = Document::new(Meta::new("Avis de virement", "AV-2026-04-0001", day).issuer(["Fonds de soutien"]))
//!     .paragraph("Ce virement règle les encaissements de mars 2026.")
//!     .facts([("Montant", "40,00 €")])
//!     .heading("Encaissements")
//!     .table(
//!         Table::new([Column::text("Jour", 2).head(), Column::amount("Montant", 1)])
//!             .row(["12/03/2026", "40,00 €"])
//!             .total(["Total", "40,00 €"]),
//!     )
//!     .render()?;
//! assert!(pdf.starts_with(b"%PDF-1.7"));
//! # Ok::<(), document::DocumentError>(())
//! ```
//!
//! Two passes: [`Document::render`] first sets every line on its page (so that each page can say *page 2 sur 5*), then draws and
//! tags. Both are linear in the text: a table of 50,000 rows is a matter of seconds. The writer itself checks PDF/UA-1 (ISO 14289-1) and
//! PDF/A-2a (ISO 19005-2): a document that would break them is an error, not a file.
//!
//! **Columns** share the width as they say; one whose dates or amounts would break takes what they need, if there is room.
//!
//! **Numbers are tenths of a millimetre**, whole, as on the booklets.
//!
//! [`Meta::factur_x`] puts an invoice's data into its PDF, which is then PDF/A-3a (ISO 19005-3).
//!
//! [`sign`] adds an electronic signature to a finished document.

mod blocks;
mod draw;
mod factur_x;
mod flow;
pub mod sign;
mod table;
pub mod typeface;
mod words;

pub use blocks::{Document, DocumentError, Meta};
pub use table::{Align, Column, Table};
pub use words::french_day;
