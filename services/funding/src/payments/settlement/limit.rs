//! Which claims are not paid now because their money is not there: in order of age, so that no younger claim is paid from what an older
//! one waits for.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ledger::{BookId, EventId, PartyId};
use sqlx::PgConnection;
use standards::Cents;
use uuid::Uuid;

use crate::payments::settlement::due_claim::DueClaim;
use crate::support::overflow;
use crate::{contributions::cash, payments::payment_rule, support::ids::MandateId};

/// What can be spent.
#[derive(Debug, Default)]
pub(super) struct AvailableCash {
    /// By anybody: the bank account.
    pub bank: Cents,
    /// By these funders; the others' money is all there.
    pub funders: BTreeMap<PartyId, Cents>,
}

/// Why a claim is not paid now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum HoldReason {
    /// Nothing proves that its vouchers were presented.
    Evidence,
    /// The bank account cannot pay it.
    Bank,
    /// Money of these funders is awaited: their shares of the claim.
    Funders(Vec<(PartyId, Cents)>),
}

/// The claims not paid now.
pub(super) type WithheldClaims = BTreeMap<(BookId, Uuid), HoldReason>;

/// Each funder's share of claims; of those without limited funders, nothing.
type Shares = HashMap<(BookId, Uuid), Vec<(PartyId, Cents)>>;

/// What the money at hand does not pay of what is due to structures that can be paid. In the caller's locks: the fund's clearing account
/// makes settlements and refunds take turns. Also the oldest awaited mandate of each funder that is waited for.
pub(super) async fn unfunded_claims(
    connection: &mut PgConnection,
    dues: &[&DueClaim],
) -> Result<(WithheldClaims, BTreeMap<PartyId, MandateId>), sqlx::Error> {
    let mut cash_left = AvailableCash {
        bank: cash::at_bank(&mut *connection).await?,
        funders: BTreeMap::new(),
    };
    let mut mandates = BTreeMap::new();
    if !payment_rule::in_force(&mut *connection).await?.may_advance {
        for (funder, position) in cash::positions(&mut *connection).await? {
            cash_left.funders.insert(funder, position.cash.max(Cents::ZERO));
            mandates.extend(position.mandate.map(|mandate| (funder, mandate)));
        }
    }
    let shares = if cash_left.funders.is_empty() {
        Shares::new()
    } else {
        shares(connection, dues, &cash_left).await?
    };
    let unfunded = withhold(dues, &shares, cash_left).ok_or_else(overflow)?;
    Ok((unfunded, mandates))
}

async fn shares(
    connection: &mut PgConnection,
    dues: &[&DueClaim],
    cash_left: &AvailableCash,
) -> Result<Shares, sqlx::Error> {
    let mut shares = Shares::new();
    let books: BTreeSet<BookId> = dues.iter().map(|due| due.book).collect();
    for book in books {
        let claims: Vec<EventId> = dues
            .iter()
            .filter(|due| due.book == book && due.cents.is_positive())
            .map(|due| EventId::from_uuid(due.claim))
            .collect();
        for share in ledger::read::shares_of_claims(&mut *connection, book, &claims).await? {
            if cash_left.funders.contains_key(&share.funder) {
                let of_claim = shares.entry((book, share.claim.uuid())).or_default();
                of_claim.push((share.funder, share.cents));
            }
        }
    }
    Ok(shares)
}

/// Pure; `None` beyond 64 bits. What a structure owes back in a programme pays its claims there first: that takes nothing from the bank.
fn withhold(dues: &[&DueClaim], shares: &Shares, mut cash_left: AvailableCash) -> Option<WithheldClaims> {
    let mut owed_back: BTreeMap<(BookId, PartyId), Cents> = BTreeMap::new();
    for due in dues.iter().filter(|due| due.cents.is_negative()) {
        let sum = owed_back.entry((due.book, due.structure)).or_default();
        *sum = sum.checked_sub(due.cents)?;
    }
    let mut oldest_first: Vec<&DueClaim> = dues.iter().copied().filter(|due| due.cents.is_positive()).collect();
    oldest_first.sort_by_key(|due| (due.at, due.book, due.claim));
    let mut unfunded = WithheldClaims::new();
    for due in oldest_first {
        let key = (due.book, due.claim);
        let mine = shares.get(&key).map_or(&[][..], Vec::as_slice);
        let short =
            |(funder, share): &&(PartyId, Cents)| cash_left.funders.get(funder).is_some_and(|cash| cash < share);
        let waits: Vec<(PartyId, Cents)> = mine.iter().filter(short).copied().collect();
        if !waits.is_empty() {
            // What is left is for this claim, once the rest comes.
            for (funder, _) in &waits {
                cash_left.funders.insert(*funder, Cents::ZERO);
            }
            unfunded.insert(key, HoldReason::Funders(waits));
            continue;
        }
        let back = owed_back.entry((due.book, due.structure)).or_default();
        let set_off = (*back).min(due.cents);
        let from_bank = due.cents.checked_sub(set_off)?;
        if cash_left.bank < from_bank {
            cash_left.bank = Cents::ZERO;
            unfunded.insert(key, HoldReason::Bank);
            continue;
        }
        *back = back.checked_sub(set_off)?;
        cash_left.bank = cash_left.bank.checked_sub(from_bank)?;
        for (funder, share) in mine {
            let cash = cash_left.funders.entry(*funder).or_default();
            *cash = cash.checked_sub(*share)?;
        }
    }
    Some(unfunded)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOK: BookId = BookId::from_uuid(Uuid::from_u128(10));
    const AWAITED: PartyId = PartyId::from_uuid(Uuid::from_u128(1));

    fn due(claim: u128, structure: u128, day: u32, cents: i64) -> DueClaim {
        DueClaim {
            book: BOOK,
            claim: Uuid::from_u128(claim),
            structure: PartyId::from_uuid(Uuid::from_u128(structure)),
            cents: Cents::new(cents),
            at: format!("2026-03-{day:02}T10:00:00Z").parse().unwrap(),
        }
    }

    /// The numbers of the claims that are not paid: of each, half is the awaited funder's.
    fn withheld(dues: &[DueClaim], bank: i64, cash: Option<i64>) -> Vec<(u128, HoldReason)> {
        let funders = cash.map(|cash| (AWAITED, Cents::new(cash))).into_iter().collect();
        let shares = dues
            .iter()
            .map(|due| ((due.book, due.claim), vec![(AWAITED, Cents::new(due.cents.get() / 2))]));
        let shares: Shares = if cash.is_some() {
            shares.collect()
        } else {
            Shares::new()
        };
        let bank = Cents::new(bank);
        let unfunded = withhold(
            &dues.iter().collect::<Vec<_>>(),
            &shares,
            AvailableCash { bank, funders },
        )
        .unwrap();
        unfunded
            .into_iter()
            .map(|((_, claim), reason)| (claim.as_u128(), reason))
            .collect()
    }

    fn waits(cents: i64) -> HoldReason {
        HoldReason::Funders(vec![(AWAITED, Cents::new(cents))])
    }

    #[test]
    fn the_oldest_claims_are_paid_from_what_has_come_and_no_younger_one_overtakes() {
        // 25 € of the awaited funder: 10 € for the claim of the 1st, too little for the one of the 2nd, which the small one waits behind.
        let dues = [due(3, 7, 3, 200), due(1, 8, 1, 2_000), due(2, 7, 2, 4_000)];
        assert_eq!(
            withheld(&dues, 100_000, Some(2_500)),
            [(2, waits(2_000)), (3, waits(100))]
        );
        assert_eq!(withheld(&dues, 100_000, Some(3_100)), []);
        assert_eq!(withheld(&dues, 100_000, None), []);
    }

    #[test]
    fn nothing_is_sent_that_the_bank_account_cannot_pay() {
        let dues = [due(1, 8, 1, 2_000), due(2, 7, 2, 4_000), due(3, 7, 3, 200)];
        assert_eq!(withheld(&dues, 6_200, None), []);
        assert_eq!(withheld(&dues, 6_199, None), [(3, HoldReason::Bank)]);
        assert_eq!(
            withheld(&dues, 2_500, None),
            [(2, HoldReason::Bank), (3, HoldReason::Bank)]
        );
        assert_eq!(withheld(&dues, -1, None).len(), 3);
    }

    #[test]
    fn what_a_structure_owes_back_pays_its_claims_before_the_bank_does() {
        let dues = [due(1, 7, 1, -1_500), due(2, 7, 2, 2_000), due(3, 8, 3, 300)];
        assert_eq!(withheld(&dues, 800, None), []);
        assert_eq!(withheld(&dues, 500, None), [(3, HoldReason::Bank)]);
    }
}
