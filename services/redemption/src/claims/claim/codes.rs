//! Typed codes: for a voucher whose QR code no camera reads.
//!
//! A code is 64 random bits and two check symbols. Its check symbols are looked at first, on nobody's account: a slip of the
//! finger costs nothing. A code without a slip is looked for, and one that leads nowhere counts ([`limits`](super::code_limits)).
//!
//! Nobody finds a code in a copy of the database: what it holds is a digest under a key that is in none ([`CodeKeys`]).
//!
//! **A code that nobody has and a voucher without value are told apart by nothing**: one statement looks for both, and both get the
//! same fault. Whoever guesses learns only of vouchers that could be spent, and of those it takes years to find one.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use ledger::AccountNumber;
use sqlx::{PgPool, PgTransaction};
use voucher::{CodeKeys, CoverCode, Idx, Kid, LastDay, ShortCode, ShortCodeError, Terms};

use super::code_limits::{attempt, sweep, wrong};
use super::fault::Fault;
use super::{ClaimError, Claimant};

/// A voucher that the issuer printed with a code, and that was given its value. Only [`look_up`] makes one.
#[derive(Clone)]
pub(super) struct VoucherOfCode {
    terms: Terms,
    kid: Kid,
}

impl VoucherOfCode {
    pub(super) const fn terms(&self) -> &Terms {
        &self.terms
    }

    pub(super) const fn kid(&self) -> Kid {
        self.kid
    }
}

/// Reads what was typed; `?` stands for a symbol that cannot be read, two at most.
pub(super) fn read(typed: &str) -> Result<ShortCode, Fault> {
    if CoverCode::read(typed).is_ok() {
        return Err(Fault::Cover);
    }
    ShortCode::restore(typed).map_err(|error| Fault::Mistyped {
        error,
        group: if error == ShortCodeError::Check {
            suspect_group(typed)
        } else {
            None
        },
    })
}

/// The vouchers of these codes, in their order, found by their digests under any of our keys; nothing for a code that nobody has, or whose voucher was never given a value.
pub(super) async fn look_up(
    pool: &PgPool,
    keys: &Arc<CodeKeys>,
    who: Claimant,
    codes: &[ShortCode],
    at: DateTime<Utc>,
) -> Result<Vec<Option<VoucherOfCode>>, ClaimError> {
    let found = database::transaction(pool, "look_up_codes", |tx| {
        let (codes, keys) = (codes.to_vec(), Arc::clone(keys));
        Box::pin(async move {
            attempt(tx, who, codes.len(), at).await?;
            let found = find(tx, &keys, &codes).await?;
            wrong(tx, who, found.iter().filter(|known| known.is_none()).count()).await?;
            Ok::<_, ClaimError>(found)
        })
    })
    .await?;
    sweep(pool, at).await?;
    Ok(found)
}

async fn find(
    tx: &mut PgTransaction<'_>,
    keys: &CodeKeys,
    codes: &[ShortCode],
) -> Result<Vec<Option<VoucherOfCode>>, sqlx::Error> {
    // The database is asked with keyed digests: what it logs spends nothing.
    let digests: Vec<Vec<Vec<u8>>> = codes
        .iter()
        .map(|code| keys.digests(code.id()).map(|digest| digest.to_vec()).collect())
        .collect();
    let rows = sqlx::query!(
        r#"select c.code_digest as "digest!", c.number as "number!: AccountNumber", c.face_value_cents as "cents!",
               c.last_day as "last_day!", c.kid as "kid!", a.number is not null as "was_active!"
           from issuer.vouchers_of_codes($1) c
           left join ledger.voucher a on a.book_id = c.book_id and a.number = c.number"#,
        &digests.concat(),
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut found = HashMap::new();
    for row in rows {
        if row.was_active {
            found.insert(row.digest, (row.number, row.cents, row.last_day, row.kid));
        }
    }
    let known = |(code, digests): (&ShortCode, &Vec<Vec<u8>>)| {
        let Some((number, cents, last_day, kid)) = digests.iter().find_map(|digest| found.get(digest)) else {
            return Ok(None);
        };
        known(*code, *number, *cents, *last_day, kid)
            .map(Some)
            .ok_or_else(|| sqlx::Error::Decode(format!("voucher {number} does not fit a token").into()))
    };
    codes.iter().zip(&digests).map(known).collect()
}

fn known(code: ShortCode, number: AccountNumber, cents: i64, last_day: NaiveDate, kid: &[u8]) -> Option<VoucherOfCode> {
    let (series, idx) = number.as_voucher()?;
    let terms = Terms {
        series,
        idx: Idx::new(idx)?,
        cents: cents.try_into().ok()?,
        day: LastDay::from_date(last_day)?,
        id: code.id(),
    };
    let kid = Kid::new(kid.try_into().ok()?);
    Some(VoucherOfCode { terms, kid })
}

/// The group of five, from 1, in which one symbol changed, or two neighbours swapped, would make the code right; nothing when that
/// could be in several.
fn suspect_group(typed: &str) -> Option<u8> {
    const GROUP_SYMBOLS: usize = 5;
    let symbols = voucher::typed_signs(typed);
    if symbols.contains(&'?') {
        return None;
    }
    let right = |symbols: &[char]| ShortCode::restore(&symbols.iter().collect::<String>()).is_ok();
    let mut groups = Vec::new();
    for place in 0..symbols.len() {
        let mut changed = symbols.clone();
        changed[place] = '?';
        let mut swapped = symbols.clone();
        let neighbour = place + 1;
        let swap = neighbour < symbols.len() && neighbour % GROUP_SYMBOLS != 0;
        if swap {
            swapped.swap(place, neighbour);
        }
        if right(&changed) || swap && right(&swapped) {
            groups.push(place / GROUP_SYMBOLS + 1);
        }
    }
    groups.dedup();
    match groups[..] {
        [group] => u8::try_from(group).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use voucher::VoucherId;

    use super::*;

    #[test]
    fn the_group_of_a_single_slip_is_named_or_nothing_is() {
        let code = ShortCode::new(VoucherId::new([0x7a, 1, 0xc3, 9, 0x55, 0xee, 0x20, 4])).to_string();
        let symbols: Vec<char> = code.chars().filter(|sign| *sign != '-').collect();
        let mut named = 0;
        for place in 0..symbols.len() {
            let mut slip = symbols.clone();
            slip[place] = if slip[place] == 'X' { 'Y' } else { 'X' };
            let Err(Fault::Mistyped { error, group }) = read(&slip.iter().collect::<String>()) else {
                panic!("a slip is seen")
            };
            assert_eq!(error, ShortCodeError::Check);
            if let Some(group) = group {
                assert_eq!(usize::from(group), place / 5 + 1);
                named += 1;
            }
        }
        assert!(named > 5, "{named} of 15");
        assert!(read(&code.to_lowercase()).is_ok());
        assert_eq!(read("couv-1-42-20").err(), Some(Fault::Cover));
    }

    #[test]
    fn symbols_that_cannot_be_read_are_found_again() {
        let code = ShortCode::new(VoucherId::new([9; 8]));
        let mut typed = code.to_string();
        typed.replace_range(3..4, "?");
        typed.replace_range(13..14, "?");
        assert_eq!(read(&typed).ok(), Some(code));
        typed.replace_range(7..8, "?");
        let Err(Fault::Mistyped { error, group: None }) = read(&typed) else {
            panic!("three are too many")
        };
        assert_eq!(error, ShortCodeError::Illegible);
    }
}
