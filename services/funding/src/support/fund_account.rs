use standards::{Bic, Iban};

/// The fund's segregated bank account: statements of no other account are taken, payments come from no other.
#[derive(Debug, Clone)]
pub struct FundAccount {
    /// Its holder, as the bank knows it.
    pub name: String,
    pub iban: Iban,
    pub bic: Option<Bic>,
}
