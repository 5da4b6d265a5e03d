use std::collections::HashMap;

use chrono::{DateTime, Utc};
use ledger::read::{LastClaim, VoucherState};
use ledger::{AccountNumber, BookId, Commitment};
use sqlx::PgConnection;
use standards::calendar::paris_date;

use super::fault::Fault;
use super::validated_claim::{ValidatedClaim, ValidatedVoucher};
use crate::ids::StructureId;

/// What the issuer and the books say of some vouchers, read under their locks.
pub(super) struct RefusalDiagnosis {
    /// Printed vouchers, with their block.
    blocks: HashMap<AccountNumber, Option<String>>,
    states: HashMap<AccountNumber, VoucherState>,
    claims: HashMap<AccountNumber, LastClaim>,
    /// What the vouchers' accounts were opened with.
    commitments: HashMap<AccountNumber, Commitment>,
}

impl RefusalDiagnosis {
    pub(super) async fn read(
        connection: &mut PgConnection,
        book: BookId,
        numbers: &[AccountNumber],
    ) -> Result<Self, sqlx::Error> {
        let states = ledger::read::voucher_states(&mut *connection, book, numbers).await?;
        let claims = ledger::read::last_claims(&mut *connection, book, numbers).await?;
        let commitments = ledger::read::commitments(&mut *connection, book, numbers).await?;
        let blocks = blocks(connection, book, numbers).await?;
        Ok(Self {
            blocks,
            states,
            claims,
            commitments,
        })
    }

    /// Every voucher of a refused claim that is to blame.
    pub(super) fn faults(&self, wanted: &ValidatedClaim) -> Vec<(AccountNumber, Fault)> {
        let fault = |voucher: &ValidatedVoucher| Some((voucher.number, self.fault(voucher, wanted.structure)?));
        wanted.vouchers.iter().filter_map(fault).collect()
    }

    fn fault(&self, voucher: &ValidatedVoucher, structure: StructureId) -> Option<Fault> {
        let number = &voucher.number;
        let Some(block) = self.blocks.get(number) else {
            return Some(Fault::Unknown);
        };
        if let Some(commitment) = self.commitments.get(number)
            && !commitment.is_to(voucher.presented.terms())
        {
            return Some(Fault::NotThisPaper);
        }
        // Spent comes first: what became of the voucher afterwards changes nothing for who asks.
        if let Some(claim) = self.claims.get(number) {
            return Some(used(claim, structure));
        }
        match (block.as_deref(), self.states.get(number)) {
            (Some("revoked"), _) => Some(Fault::Revoked),
            (Some(_), _) => Some(Fault::Expired),
            (None, None) => Some(Fault::NotActive),
            (None, Some(state)) if state.left.is_zero() => Some(Fault::Expired),
            (None, Some(_)) => None,
        }
    }
}

fn used(claim: &LastClaim, structure: StructureId) -> Fault {
    if claim.structure == structure.party() {
        Fault::UsedByYou(day(claim.at))
    } else {
        Fault::UsedElsewhere
    }
}

fn day(at: DateTime<Utc>) -> chrono::NaiveDate {
    paris_date(at)
}

/// The issuer's word on vouchers; what it never printed is missing.
pub(crate) async fn blocks(
    connection: &mut PgConnection,
    book: BookId,
    numbers: &[AccountNumber],
) -> Result<HashMap<AccountNumber, Option<String>>, sqlx::Error> {
    let numbers: Vec<i64> = numbers.iter().map(|number| number.get()).collect();
    let rows = sqlx::query!(
        r#"select number as "number!", blocked_reason from issuer.voucher_block where book_id = $1 and number = any($2)"#,
        book.uuid(),
        &numbers,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (AccountNumber::new(row.number), row.blocked_reason))
        .collect())
}
