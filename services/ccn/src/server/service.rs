//! The three services and what tells them apart.

use std::fmt;

/// A part of the system that can run alone or with the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Programmes, beneficiaries, orders, vouchers.
    Issuer,
    /// Structures and claims.
    Redemption,
    /// Funders, settlement, reports.
    Funding,
}

impl Service {
    /// All of them, as `ccn all` runs them.
    pub const ALL: [Self; 3] = [Self::Issuer, Self::Redemption, Self::Funding];

    /// As it is called on the command line and in the logs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Issuer => "issuer",
            Self::Redemption => "redemption",
            Self::Funding => "funding",
        }
    }

    /// What it does, in French.
    #[must_use]
    pub const fn french(self) -> &'static str {
        match self {
            Self::Issuer => "émission : dispositifs, bénéficiaires, commandes, carnets",
            Self::Redemption => "encaissement : structures, chèques utilisés",
            Self::Funding => "financement : conventions, relevés, paiements, bilan",
        }
    }

    /// The database role that it connects as.
    #[must_use]
    pub const fn role(self) -> database::Role {
        match self {
            Self::Issuer => database::Role::Issuer,
            Self::Redemption => database::Role::Redemption,
            Self::Funding => database::Role::Funding,
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
