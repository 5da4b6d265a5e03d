//! Published standards, as values that cannot be wrong: amounts, dates, SIRET, IBAN, territories, the national schema of
//! mediation places, bank files.
//!
//! Pure: this package reads the bytes it is given and writes bytes back. It opens no file, no socket and no clock; the only
//! data it carries is the official geographic code (see `data/README.md`).
//!
//! Every refusal a person can read is in plain French and says what is wrong and how to mend it; files are reported line by
//! line and column by column as [`table::CellProblem`], never by stopping at the first error.

pub mod bank_details;
pub mod calendar;
pub mod camt053;
pub mod cfonb120;
pub mod cog;
pub mod fec;
pub mod iban;
pub mod iso20022;
pub mod lieux;
pub mod money;
pub mod pain001;
pub mod pain002;
pub mod siret;
pub mod spreadsheet;
pub mod table;
mod text;

pub use calendar::Month;
pub use cog::{BirthPlace, Cog, CommuneCode, DepartementCode, RegionCode, Territory};
pub use iban::{Bic, Iban};
pub use money::Cents;
pub use siret::{Siren, Siret};
pub use table::CellProblem;
