//! Published standards, as values that cannot be wrong: amounts, dates, SIRET, IBAN, territories, the national schema of
//! mediation places, bank files.
//!
//! Pure: this package reads the bytes it is given and writes bytes back. It opens no file, no socket and no clock; the only
//! data it carries is the official geographic code (see `data/README.md`).
//!
//! Every refusal a person can read is in plain French and says what is wrong and how to mend it; files are reported line by
//! line and column by column as [`table::CellProblem`], never by stopping at the first error.

mod bank;
pub mod calendar;
pub mod cog;
pub mod fec;
pub mod french_errors;
pub mod lieux;
pub mod money;
pub mod siret;
pub mod spreadsheet;
pub mod table;
mod text;
pub mod written;

pub use bank::iban::{Bic, Iban};
pub use bank::{bank_details, camt053, cfonb120, iban, iso20022, pain001, pain002};
pub use calendar::Month;
pub use cog::{BirthPlace, Cog, CommuneCode, DepartementCode, RegionCode, Territory};
pub use money::Cents;
pub use siret::{Siren, Siret};
pub use table::CellProblem;
