use uuid::Uuid;

use crate::Client;

/// Puts money in the fund.
#[derive(Debug, Clone)]
pub struct Funder {
    pub id: Uuid,
    pub name: String,
    pub iban: String,
    /// Its share of the programme's plan.
    pub rate: String,
    /// Its convention for the programme.
    pub convention: Uuid,
    pub client: Client,
}
