use catalogue::ProgrammeId;
use chrono::{DateTime, NaiveDate, Utc};
use ledger::{Account, AccountNumber, BookId, Posting, Presented, Transfer, TransferId};
use standards::Cents;

use super::CLAIM_VOUCHERS_MAX;
use crate::claims::read_claims::{ClaimedVoucher, Receipt};
use crate::{ids::ClaimId, ids::ClaimRequestId, ids::StructureId};

/// A voucher whose signature, last day and programme were checked.
#[derive(Debug, Clone)]
pub(super) struct ValidatedVoucher {
    /// Where it stood in the request: the tokens from 0, then the short codes. No part of the claim's content.
    pub position: usize,
    pub number: AccountNumber,
    pub value: Cents,
    /// What was shown: no part of the claim's content either, since a retry may type what was scanned.
    pub presented: Presented,
    /// The same, as it is stored.
    pub sealed: Vec<u8>,
}

/// A claim that passed every check that needs no lock. Its vouchers are in order of number, so that two requests that
/// scanned the same vouchers in another order are one claim.
#[derive(Debug, Clone)]
pub(super) struct ValidatedClaim {
    pub programme: ProgrammeId,
    pub request: ClaimRequestId,
    pub structure: StructureId,
    pub service: String,
    pub date: NaiveDate,
    pub vouchers: Vec<ValidatedVoucher>,
    pub status_list_at: Option<DateTime<Utc>>,
    pub at: DateTime<Utc>,
}

/// The id of the transfer that spends a voucher in a claim.
pub(crate) fn transfer_id(claim: ClaimId, voucher: AccountNumber) -> TransferId {
    TransferId::derive(b"claimed", &[claim.uuid().as_bytes(), &voucher.get().to_be_bytes()])
}

impl ValidatedClaim {
    pub(super) fn id(&self) -> ClaimId {
        ClaimId::of(self.programme, self.request)
    }

    pub(super) const fn book(&self) -> BookId {
        self.programme.book()
    }

    pub(super) fn total(&self) -> Cents {
        Cents::try_sum(self.vouchers.iter().map(|voucher| voucher.value))
            .expect("at most 50 vouchers of 16 bits of cents")
    }

    /// Whether both ask for the same; when they were sent, and what the phone knew then, is no content.
    pub(super) fn same_as(&self, other: &Self) -> bool {
        (self.programme, self.request, self.structure, self.date)
            == (other.programme, other.request, other.structure, other.date)
            && self.service == other.service
            && self.claimed() == other.claimed()
    }

    /// Whether the receipt is of this claim.
    pub(super) fn is(&self, receipt: &Receipt) -> bool {
        (receipt.programme_id, receipt.id, receipt.structure_id, receipt.date)
            == (self.programme, self.request, self.structure, self.date)
            && receipt.service == self.service
            && receipt.vouchers == self.claimed()
    }

    /// The receipt, once it is booked at `at`.
    pub(super) fn receipt(&self, at: DateTime<Utc>) -> Receipt {
        Receipt {
            id: self.request,
            claim_id: self.id(),
            programme_id: self.programme,
            structure_id: self.structure,
            service: self.service.clone(),
            date: self.date,
            total: self.total(),
            vouchers: self.claimed(),
            at,
            status_list_at: self.status_list_at,
            reversed_at: None,
        }
    }

    fn claimed(&self) -> Vec<ClaimedVoucher> {
        let claimed = |voucher: &ValidatedVoucher| {
            let (series, idx) = voucher
                .number
                .as_voucher()
                .expect("made from a token's series and index");
            ClaimedVoucher {
                series,
                idx,
                value: voucher.value,
            }
        };
        self.vouchers.iter().map(claimed).collect()
    }

    /// Each voucher to the structure, together or not at all.
    pub(super) fn posting(&self) -> Posting {
        const { assert!(CLAIM_VOUCHERS_MAX <= ledger::POSTING_TRANSFERS_MAX) };
        let (book, claim) = (self.book(), self.id());
        let payable = Account::payable(book, self.structure.party());
        let spend = |voucher: &ValidatedVoucher| {
            let id = transfer_id(claim, voucher.number);
            Transfer::claim(
                id,
                claim.event(),
                Account::voucher(book, voucher.number),
                payable,
                voucher.value,
                &voucher.presented,
            )
            .expect("a checked voucher of a programme has a positive value")
        };
        Posting::new(claim.event(), self.vouchers.iter().map(spend).collect()).expect("1 to 50 different vouchers")
    }
}
