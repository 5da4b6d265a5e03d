use std::collections::{BTreeMap, BTreeSet};

use sealed_log::{AccountKind, AccountNumber, EventId, TransferId, TransferKind};
use standards::Cents;

use crate::post::transfer::Transfer;

/// Transfers in one call of [`post`](crate::post()).
pub const POST_TRANSFERS_MAX: usize = 65_536;

/// Legs of one event.
pub const POSTING_TRANSFERS_MAX: usize = 4096;

/// A request that is admitted whole or not at all. It may span two books, through their clearing accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    event: EventId,
    transfers: Vec<Transfer>,
}

/// Why transfers do not make a posting: always a mistake of the program that asks for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostingError {
    #[error("a posting has 1 to {POSTING_TRANSFERS_MAX} transfers, not {0}")]
    Size(usize),
    #[error("transfer {0} is given twice")]
    SameId(TransferId),
    /// What leaves one book does not enter the others.
    #[error("clearing accounts are off by {0}")]
    Clearing(Cents),
    /// The legs that open a voucher do not add up to its face value, or disagree on it or on its commitment.
    #[error("voucher {0} is not opened with exactly its face value and one commitment")]
    FaceValue(AccountNumber),
    /// A claim is reversed by naming it; nothing else names a transfer.
    #[error("transfer {0} must name the claim it reverses, if it reverses one, and only then")]
    Reverses(TransferId),
    #[error("amounts add up to more than 64 bits")]
    Overflow,
}

impl Posting {
    /// Checks what can be known without a database. `event` names this posting and no other: it is what a retry is
    /// recognised by, together with the transfers' ids.
    pub fn new(event: EventId, transfers: Vec<Transfer>) -> Result<Self, PostingError> {
        if transfers.is_empty() || transfers.len() > POSTING_TRANSFERS_MAX {
            return Err(PostingError::Size(transfers.len()));
        }
        let mut ids = BTreeSet::new();
        for transfer in &transfers {
            if !ids.insert((transfer.book(), transfer.id())) {
                return Err(PostingError::SameId(transfer.id()));
            }
            let undoes_a_claim =
                transfer.kind() == TransferKind::ClaimReversed && transfer.credit().kind() == AccountKind::Voucher;
            if transfer.reverses().is_some() != undoes_a_claim {
                return Err(PostingError::Reverses(transfer.id()));
            }
        }
        check_clearing(&transfers)?;
        check_openings(&transfers)?;
        Ok(Self { event, transfers })
    }

    /// The event that it books.
    #[must_use]
    pub const fn event(&self) -> EventId {
        self.event
    }

    /// The legs, at least one.
    #[must_use]
    pub fn transfers(&self) -> &[Transfer] {
        &self.transfers
    }
}

/// Between books nothing is left over: this is what keeps the clearing accounts of a fund at zero together.
fn check_clearing(transfers: &[Transfer]) -> Result<(), PostingError> {
    let mut net = Cents::ZERO;
    for transfer in transfers {
        if transfer.credit().kind() == AccountKind::Clearing {
            net = net.checked_add(transfer.cents()).ok_or(PostingError::Overflow)?;
        }
        if transfer.debit().kind() == AccountKind::Clearing {
            net = net.checked_sub(transfer.cents()).ok_or(PostingError::Overflow)?;
        }
    }
    if net.is_zero() {
        Ok(())
    } else {
        Err(PostingError::Clearing(net))
    }
}

fn check_openings(transfers: &[Transfer]) -> Result<(), PostingError> {
    let mut openings = BTreeMap::new();
    for transfer in transfers {
        let voucher = transfer.credit();
        if voucher.face_value().is_none() {
            continue;
        }
        let (opened, sum) = openings.entry(voucher.key()).or_insert((voucher, Cents::ZERO));
        *sum = sum.checked_add(transfer.cents()).ok_or(PostingError::Overflow)?;
        if *opened != voucher {
            return Err(PostingError::FaceValue(voucher.number()));
        }
    }
    match openings
        .into_iter()
        .find(|(_, (opened, sum))| opened.face_value() != Some(*sum))
    {
        None => Ok(()),
        Some(((_, number), _)) => Err(PostingError::FaceValue(number)),
    }
}
