//! What can be known of a claim without a lock: its size, service, date, signatures, and that it has one programme.

use std::collections::BTreeMap;

use catalogue::ProgrammeId;
use chrono::{DateTime, Days, NaiveDate, Utc};
use ledger::AccountNumber;
use standards::Cents;
use standards::calendar::paris_date;
use voucher::{Keyring, SERVER_GRACE_SECONDS, Terms, Token, Verified, VerifyError};

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

/// What the desk does with a claim that we can read and whose signatures are ours.
pub(super) enum Check {
    /// It may be decided.
    Decide(Checked),
    /// It comes too late, or circumstances have changed: only a claim that was booked before is answered with its receipt.
    OnlyIfBooked(Wanted, ClaimError),
}

/// What can never be right is an error. What time or circumstances may bring (the date, the service, the last day, the
/// key's standing) is found too, but must not hide from a retry that its claim was booked.
pub(super) async fn check(
    keys: &KeyringCache,
    catalogue: &CatalogueCache,
    structure: StructureId,
    new: &NewClaim,
    at: DateTime<Utc>,
) -> Result<Check, ClaimError> {
    match new.tokens.len() {
        0 => return Err(ClaimError::NoVoucher),
        1..=CLAIM_VOUCHERS_MAX => {}
        given => return Err(ClaimError::TooManyVouchers(given)),
    }
    let signed = signed(keys, &new.tokens, at).await?;
    let mut vouchers: Vec<WantedVoucher> = signed.iter().map(wanted).collect();
    let numbers: Vec<AccountNumber> = vouchers.iter().map(|voucher| voucher.number).collect();
    check_twice(&numbers)?;
    let programme = one_programme(catalogue, &signed).await?;
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
    Ok(match refusal(catalogue, new, &signed, at).await? {
        None => Check::Decide(Checked { wanted, numbers }),
        Some(refusal) => Check::OnlyIfBooked(wanted, refusal),
    })
}

/// Why the claim, were it new, would be refused at this moment.
async fn refusal(
    catalogue: &CatalogueCache,
    new: &NewClaim,
    signed: &[Signed],
    at: DateTime<Utc>,
) -> Result<Option<ClaimError>, sqlx::Error> {
    if let Err(error) = check_date(new.date, at) {
        return Ok(Some(error));
    }
    if !catalogue.has_service(&new.service).await? {
        return Ok(Some(ClaimError::UnknownService));
    }
    let late = bad(signed.iter().map(Signed::refused));
    Ok((!late.is_empty()).then_some(ClaimError::Vouchers(late)))
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

/// A voucher that one of our keys has signed.
enum Signed {
    /// To be accepted now.
    Accepted(Verified),
    /// Not, or no longer.
    Refused(Terms, VerifyError),
}

impl Signed {
    fn read(keyring: &Keyring, token: &str, at: DateTime<Utc>) -> Result<Self, VerifyError> {
        match keyring.verify_with_grace(token, at.timestamp(), SERVER_GRACE_SECONDS) {
            Ok(verified) => Ok(Self::Accepted(verified)),
            Err(error) if is_ours(error) => {
                // The key ring has just proven these terms: it looks at the signature before anything else.
                let token = Token::from_text(token, keyring.host())?;
                Ok(Self::Refused(*token.unverified_terms(), error))
            }
            Err(error) => Err(error),
        }
    }

    const fn terms(&self) -> &Terms {
        match self {
            Self::Accepted(verified) => verified.terms(),
            Self::Refused(terms, _) => terms,
        }
    }

    const fn refused(&self) -> Option<VerifyError> {
        match self {
            Self::Accepted(_) => None,
            Self::Refused(_, error) => Some(*error),
        }
    }
}

/// Whether what was refused bears our signature all the same.
const fn is_ours(error: VerifyError) -> bool {
    match error {
        VerifyError::Text(_) | VerifyError::UnknownKey(_) | VerifyError::Forged => false,
        VerifyError::KeyWithdrawn
        | VerifyError::WrongPurpose
        | VerifyError::OutOfBounds
        | VerifyError::KeyNotYetValid
        | VerifyError::KeyExpired
        | VerifyError::Expired { .. } => true,
    }
}

/// All tokens are verified before any is refused, so that the mediator sorts the bad ones out at once.
async fn signed(keys: &KeyringCache, tokens: &[String], at: DateTime<Utc>) -> Result<Vec<Signed>, ClaimError> {
    let mut results = read_all(&*keys.get().await?, tokens, at);
    if results
        .iter()
        .any(|result| matches!(result, Err(VerifyError::UnknownKey(_))))
    {
        results = read_all(&*keys.get_for_unknown_key().await?, tokens, at);
    }
    if results.iter().any(Result::is_err) {
        let faults = results
            .iter()
            .map(|result| result.as_ref().map_or_else(|error| Some(*error), Signed::refused));
        return Err(ClaimError::Vouchers(bad(faults)));
    }
    Ok(results.into_iter().flatten().collect())
}

fn read_all(keyring: &Keyring, tokens: &[String], at: DateTime<Utc>) -> Vec<Result<Signed, VerifyError>> {
    tokens.iter().map(|token| Signed::read(keyring, token, at)).collect()
}

/// Those among the tokens, in their order, that are refused.
fn bad(refused: impl Iterator<Item = Option<VerifyError>>) -> Vec<BadVoucher> {
    refused
        .enumerate()
        .filter_map(|(index, error)| Some(BadVoucher::new(index, Fault::of(error?))))
        .collect()
}

fn wanted(signed: &Signed) -> WantedVoucher {
    let terms = signed.terms();
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
async fn one_programme(catalogue: &CatalogueCache, vouchers: &[Signed]) -> Result<ProgrammeId, ClaimError> {
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
