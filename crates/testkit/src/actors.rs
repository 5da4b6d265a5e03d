//! Who acts. A verb is one request and gives the [`Answer`](crate::Answer), so that a test says what it expects of it.

mod batch;
mod funder;
mod operator;
mod prescriber;
mod sponsor;
mod structure;

pub use batch::{Batch, Voucher};
pub use funder::Funder;
pub use operator::{Operator, holds};
pub use prescriber::{Person, Prescriber};
pub use sponsor::Sponsor;
pub use structure::Structure;
