//! What settlements and refunds have in common: each is an order to the bank, in one payment file, which may wait for a second person.

use uuid::Uuid;

use crate::support::ids::{RefundId, SettlementId};

/// What the bank is asked to pay, in one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentOrder {
    /// A month's structures.
    Settlement(SettlementId),
    /// A funder, its own money.
    Refund(RefundId),
}

impl PaymentOrder {
    pub(crate) const fn uuid(self) -> Uuid {
        match self {
            Self::Settlement(id) => id.uuid(),
            Self::Refund(id) => id.uuid(),
        }
    }

    pub(crate) const fn settlement(self) -> Option<Uuid> {
        match self {
            Self::Settlement(id) => Some(id.uuid()),
            Self::Refund(_) => None,
        }
    }

    pub(crate) const fn refund(self) -> Option<Uuid> {
        match self {
            Self::Settlement(_) => None,
            Self::Refund(id) => Some(id.uuid()),
        }
    }

    pub(crate) const fn french(self) -> &'static str {
        match self {
            Self::Settlement(_) => "ce contre-paiement",
            Self::Refund(_) => "ce remboursement",
        }
    }

    /// What is done once it is rejected.
    pub(crate) const fn after_rejection(self) -> &'static str {
        match self {
            Self::Settlement(_) => {
                "Faites un nouveau contre-paiement du même mois : il reprend les mêmes encaissements."
            }
            Self::Refund(_) => {
                "Une fois le remboursement rejeté, la somme est de l'argent libre du financeur : rendez-la par un nouveau remboursement, sans \
                 « programme_id », ou laissez-lui ce crédit."
            }
        }
    }

    pub(crate) const fn action(self, approves: bool) -> &'static str {
        match (self, approves) {
            (Self::Settlement(_), true) => "settlement.approve",
            (Self::Settlement(_), false) => "settlement.reject",
            (Self::Refund(_), true) => "refund.approve",
            (Self::Refund(_), false) => "refund.reject",
        }
    }
}
