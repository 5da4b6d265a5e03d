ids::id_type! {
    /// A convention: what a funder signed to give to a programme.
    pub struct ConventionId;

    /// A call for funds under a convention.
    pub struct CallId;

    /// A public accountant's mandate.
    pub struct MandateId;

    /// What a funder announced before any convention.
    pub struct AnnouncementId;

    /// The operator's own invoice for a batch.
    pub struct FeeId;

    /// What is taken off such an invoice.
    pub struct CreditNoteId;

    /// What was paid of such an invoice, on the operator's own account.
    pub struct FeePaymentId;

    /// The settling of shares at a programme's close.
    pub struct TrueUpId;

    /// Money received that goes to a programme.
    pub struct AllocationId;

    /// A month's payments to structures.
    pub struct SettlementId;

    /// One transfer of a payment file.
    pub struct PaymentId;

    /// Unused value given back to a funder.
    pub struct RefundId;

    /// A bank statement.
    pub struct StatementId;

    /// A bank's report on a payment file.
    pub struct PaymentReportId;

    /// What the bank and the books do not agree on.
    pub struct BreakId;

    /// What lines of statements were that no rule knew.
    pub struct ExplanationId;

    /// A reconciliation run.
    pub struct ReconciliationId;

    /// An answer to an adversarial statement.
    pub struct ExpiryResponseId;

    /// A funder's choice for its unused value.
    pub struct ExpiryChoiceId;
}

impl PaymentId {
    /// The end-to-end id that travels to the creditor and comes back on the statement: 32 hex digits of 35 possible.
    #[must_use]
    pub fn end_to_end(self) -> String {
        self.uuid().simple().to_string()
    }

    /// The payment that an end-to-end id names, if it has our form; banks may change its case.
    #[must_use]
    pub fn from_end_to_end(text: &str) -> Option<Self> {
        let text = text.trim();
        (text.len() == 32).then(|| text.parse().ok())?
    }
}

/// The id that names a payment file to the bank: at most 35 characters, which is `CCN` and 32 hex digits.
pub(crate) fn message_id(id: uuid::Uuid) -> String {
    format!("CCN{}", id.simple())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_to_end_id_finds_its_payment_and_nothing_else_does() {
        let id = PaymentId::from_uuid(uuid::Uuid::from_u128(0xab));
        assert_eq!(PaymentId::from_end_to_end(&id.end_to_end()), Some(id));
        assert_eq!(PaymentId::from_end_to_end(&id.end_to_end().to_uppercase()), Some(id));
        for other in ["", "NOTPROVIDED", &id.to_string()] {
            assert_eq!(PaymentId::from_end_to_end(other), None);
        }
    }

    #[test]
    fn a_message_id_fits_the_bank() {
        assert_eq!(message_id(uuid::Uuid::from_u128(1)).len(), 35);
    }
}
