//! What can be known of a claim without a lock: its size, service, date, signatures, and that it has one programme.

use std::collections::BTreeMap;

use catalogue::ProgrammeId;
use chrono::{DateTime, Days, NaiveDate, Utc};
use ledger::AccountNumber;
use standards::Cents;
use standards::calendar::paris_date;
use voucher::{Keyring, SERVER_GRACE_SECONDS, Verified, VerifyError};

use super::fault::{BadVoucher, Fault};
use super::keys::{CatalogueCache, KeyringCache};
use super::wanted::{Wanted, WantedVoucher};
use super::{CLAIM_VOUCHERS_MAX, ClaimError, NewClaim, ProgrammePart, SERVICE_AGE_DAYS_MAX};
use crate::StructureId;

/// A claim whose vouchers stand in the order of its tokens.
pub(super) struct Checked {
    pub wanted: Wanted,
    /// The account of each token, by position.
    pub numbers: Vec<AccountNumber>,
}

pub(super) async fn check(
    keys: &KeyringCache,
    catalogue: &CatalogueCache,
    structure: StructureId,
    new: &NewClaim,
    at: DateTime<Utc>,
) -> Result<Checked, ClaimError> {
    match new.tokens.len() {
        0 => return Err(ClaimError::NoVoucher),
        1..=CLAIM_VOUCHERS_MAX => {}
        given => return Err(ClaimError::TooManyVouchers(given)),
    }
    check_date(new.date, at)?;
    if !catalogue.has_service(&new.service).await? {
        return Err(ClaimError::UnknownService);
    }
    let verified = verify(keys, &new.tokens, at).await?;
    let mut vouchers: Vec<WantedVoucher> = verified.iter().map(wanted).collect();
    let numbers: Vec<AccountNumber> = vouchers.iter().map(|voucher| voucher.number).collect();
    check_twice(&numbers)?;
    let programme = one_programme(catalogue, &verified).await?;
    vouchers.sort_unstable_by_key(|voucher| voucher.number);
    let (service, date) = (new.service.clone(), new.date);
    let wanted = Wanted {
        programme,
        request: new.id,
        structure,
        service,
        date,
        vouchers,
        at,
    };
    Ok(Checked { wanted, numbers })
}

fn check_date(date: NaiveDate, at: DateTime<Utc>) -> Result<(), ClaimError> {
    let latest = paris_date(at);
    let earliest = latest
        .checked_sub_days(Days::new(SERVICE_AGE_DAYS_MAX))
        .unwrap_or(NaiveDate::MIN);
    if (earliest..=latest).contains(&date) {
        Ok(())
    } else {
        Err(ClaimError::DateOutOfRange { earliest, latest })
    }
}

/// All tokens are verified before any is refused, so that the mediator sorts the bad ones out at once.
async fn verify(keys: &KeyringCache, tokens: &[String], at: DateTime<Utc>) -> Result<Vec<Verified>, ClaimError> {
    let mut results = verify_all(&*keys.get().await?, tokens, at);
    if results
        .iter()
        .any(|result| matches!(result, Err(VerifyError::UnknownKey(_))))
    {
        results = verify_all(&*keys.get_for_unknown_key().await?, tokens, at);
    }
    let bad: Vec<BadVoucher> = results
        .iter()
        .enumerate()
        .filter_map(|(index, result)| {
            result
                .as_ref()
                .err()
                .map(|error| BadVoucher::new(index, Fault::of(*error)))
        })
        .collect();
    if bad.is_empty() {
        Ok(results.into_iter().flatten().collect())
    } else {
        Err(ClaimError::Vouchers(bad))
    }
}

fn verify_all(keyring: &Keyring, tokens: &[String], at: DateTime<Utc>) -> Vec<Result<Verified, VerifyError>> {
    tokens
        .iter()
        .map(|token| keyring.verify_with_grace(token, at.timestamp(), SERVER_GRACE_SECONDS))
        .collect()
}

fn wanted(verified: &Verified) -> WantedVoucher {
    let terms = verified.terms();
    WantedVoucher {
        number: AccountNumber::voucher(terms.series, terms.idx.get()),
        value: Cents::new(terms.cents.into()),
    }
}

fn check_twice(numbers: &[AccountNumber]) -> Result<(), ClaimError> {
    let mut first = BTreeMap::new();
    let mut twice = Vec::new();
    for (index, number) in numbers.iter().enumerate() {
        let seen = *first.entry(number).or_insert(index);
        if seen != index {
            twice.push((index, seen));
        }
    }
    if twice.is_empty() {
        Ok(())
    } else {
        Err(ClaimError::TwiceInOneClaim(twice))
    }
}

/// Rightly signed terms of a series that is nobody's, or of no value, were never issued: the key has leaked or errs.
async fn one_programme(catalogue: &CatalogueCache, vouchers: &[Verified]) -> Result<ProgrammeId, ClaimError> {
    let mut parts: BTreeMap<ProgrammeId, Vec<usize>> = BTreeMap::new();
    let mut unknown = Vec::new();
    for (index, voucher) in vouchers.iter().enumerate() {
        match catalogue.programme(voucher.terms().series).await? {
            Some(programme) if voucher.terms().cents > 0 => parts.entry(programme).or_default().push(index),
            _ => unknown.push(BadVoucher::new(index, Fault::Unknown)),
        }
    }
    if !unknown.is_empty() {
        return Err(ClaimError::Vouchers(unknown));
    }
    let mut parts: Vec<ProgrammePart> = parts
        .into_iter()
        .map(|(programme_id, indexes)| ProgrammePart { programme_id, indexes })
        .collect();
    match (parts.pop(), parts.is_empty()) {
        (Some(part), true) => Ok(part.programme_id),
        (last, _) => {
            parts.extend(last);
            Err(ClaimError::MixedProgrammes(parts))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_claimed_within_31_days_of_paris() {
        let at = "2026-03-31T22:30:00Z".parse().unwrap(); // 1 April, 0:30 in Paris
        let date = |text: &str| text.parse().unwrap();
        assert!(check_date(date("2026-04-01"), at).is_ok());
        assert!(check_date(date("2026-03-01"), at).is_ok());
        assert!(check_date(date("2026-02-28"), at).is_err());
        assert!(check_date(date("2026-04-02"), at).is_err());
    }

    #[test]
    fn a_voucher_scanned_twice_is_told_with_both_positions() {
        let number = |idx| AccountNumber::voucher(1, idx);
        assert!(check_twice(&[number(1), number(2)]).is_ok());
        let Err(ClaimError::TwiceInOneClaim(pairs)) = check_twice(&[number(1), number(2), number(1)]) else {
            panic!("refused")
        };
        assert_eq!(pairs, [(2, 0)]);
    }
}
