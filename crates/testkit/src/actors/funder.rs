use uuid::Uuid;

use crate::Client;

/// Puts money in the fund.
#[derive(Debug, Clone)]
pub struct Funder {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its account.
    pub iban: String,
    /// Its share of the programme's plan.
    pub rate: String,
    /// Its convention for the programme.
    pub convention: Uuid,
    /// Its access.
    pub client: Client,
}
