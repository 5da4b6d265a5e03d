//! What each funder owes by a true-up, booked.

use std::collections::BTreeMap;

use access::OrganisationId;
use catalogue::ProgrammeId;
use chrono::{DateTime, Utc};
use database::UseCaseError;
use ledger::{Account, EventKind, PartyId, TransferKind};
use sqlx::PgTransaction;
use standards::Cents;

use super::{MissingShares, TrueUpRejection};
use crate::support::booking::{BookError, Event, book};
use crate::support::ids::TrueUpId;
use crate::support::overflow;

/// A funder's money in the programme.
struct FundersMoney {
    free: Cents,
    owed_back: Cents,
}

/// Books the payments, each out of what its payer has free, then out of what is owed back to it: after the end of a programme both
/// only wait to be given back. Refused whole while somebody has too little.
pub(super) async fn pay(
    tx: &mut PgTransaction<'_>,
    programme: ProgrammeId,
    id: TrueUpId,
    computed: &shares::TrueUp,
    names: &BTreeMap<PartyId, String>,
    at: DateTime<Utc>,
) -> Result<(), UseCaseError<TrueUpRejection>> {
    if computed.payments.is_empty() {
        return Ok(());
    }
    let mut purses = purses(tx, programme, computed).await?;
    let lacking = lacking(&purses, computed, names).ok_or_else(overflow)?;
    if !lacking.is_empty() {
        return Err(TrueUpRejection::Short(lacking).into());
    }
    let book_id = programme.book();
    let mut event = Event::new(EventKind::TrueUp, id.uuid()).reference(format!("régularisation {id}"));
    for payment in &computed.payments {
        let purse = purses.get_mut(&payment.from).ok_or(sqlx::Error::RowNotFound)?;
        let free = purse.free.min(payment.cents);
        let rest = payment.cents.checked_sub(free).ok_or_else(overflow)?;
        purse.free = purse.free.checked_sub(free).ok_or_else(overflow)?;
        let to = Account::refundable(book_id, payment.to);
        for (from, cents) in [
            (Account::available(book_id, payment.from), free),
            (Account::refundable(book_id, payment.from), rest),
        ] {
            if cents.is_positive() {
                event = event
                    .leg(TransferKind::TrueUp, from, to, cents)
                    .map_err(BookError::from)?;
            }
        }
    }
    Ok(book(tx, event, at).await?)
}

async fn purses(
    tx: &mut PgTransaction<'_>,
    programme: ProgrammeId,
    computed: &shares::TrueUp,
) -> Result<BTreeMap<PartyId, FundersMoney>, sqlx::Error> {
    let mut purses = BTreeMap::new();
    for payment in &computed.payments {
        let accounts = [
            Account::available(programme.book(), payment.from),
            Account::refundable(programme.book(), payment.from),
        ];
        if let [free, owed_back] = ledger::read::balances(tx, &accounts).await?[..] {
            purses.insert(payment.from, FundersMoney { free, owed_back });
        }
    }
    Ok(purses)
}

/// Nothing beyond 64 bits.
fn lacking(
    purses: &BTreeMap<PartyId, FundersMoney>,
    computed: &shares::TrueUp,
    names: &BTreeMap<PartyId, String>,
) -> Option<Vec<MissingShares>> {
    let mut all = Vec::new();
    for (&funder, purse) in purses {
        let mine = computed.payments.iter().filter(|payment| payment.from == funder);
        let owed = Cents::try_sum(mine.map(|payment| payment.cents))?;
        let available = purse.free.checked_add(purse.owed_back)?;
        let missing = owed.checked_sub(available)?;
        if missing.is_positive() {
            all.push(MissingShares {
                funder_id: OrganisationId::from_uuid(funder.uuid()),
                funder: names.get(&funder).cloned(),
                owed,
                available,
                missing,
            });
        }
    }
    Some(all)
}
