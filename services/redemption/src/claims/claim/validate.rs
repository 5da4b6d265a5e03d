//! What can be known of a claim without a lock: its size, service, date, signatures, and that it has one programme.

use std::collections::BTreeMap;

use catalogue::ProgrammeId;
use chrono::{DateTime, Days, NaiveDate, Utc};
use ledger::AccountNumber;
use sqlx::PgPool;
use standards::Cents;
use standards::calendar::paris_date;
use voucher::{CLOCK_SKEW_SECONDS, EvidenceKeys, Keyring, VerifyError};

use super::caches::{CatalogueCache, KeyringCache};
use super::codes;
use super::fault::{BadVoucher, Fault};
use super::presented::Presented;
use super::validated_claim::{ValidatedClaim, ValidatedVoucher};
use super::{CLAIM_VOUCHERS_MAX, ClaimError, ClaimRejection, Claimant, NewClaim, ProgrammePart, SERVICE_AGE_DAYS_MAX};
use crate::claims::secrets::ClaimSecrets;
use crate::ids::ClaimId;

/// What a claim is checked against.
pub(super) struct ClaimContext<'d> {
    pub pool: &'d PgPool,
    pub keys: &'d KeyringCache,
    pub catalogue: &'d CatalogueCache,
    pub secrets: &'d ClaimSecrets,
}

/// What becomes of a claim that we can read and whose signatures are ours.
pub(super) enum Validation {
    /// It may be booked.
    Bookable(ValidatedClaim),
    /// It comes too late, or circumstances have changed: only a claim that was booked before is answered with its receipt.
    OnlyIfBooked(ValidatedClaim, ClaimRejection),
}

/// What can never be right is an error. What time or circumstances may bring (the date, the service, the last day, the
/// key's standing) is found too, but must not hide from a retry that its claim was booked.
pub(super) async fn validate(
    context: ClaimContext<'_>,
    who: Claimant,
    new: &NewClaim,
    at: DateTime<Utc>,
) -> Result<Validation, ClaimError> {
    match new.tokens.len().saturating_add(new.short_codes.len()) {
        0 => return Err(ClaimRejection::NoVoucher.into()),
        1..=CLAIM_VOUCHERS_MAX => {}
        given => return Err(ClaimRejection::TooManyVouchers(given).into()),
    }
    let status_list_at = status_list_at(new, at)?;
    let catalogue = context.catalogue;
    let signed = presented(&context, who, new, at).await?;
    check_twice(signed.iter().map(number))?;
    let programme = one_programme(catalogue, &signed).await?;
    let mut vouchers = sealed(
        &context.secrets.evidence,
        ClaimId::of(programme, new.id),
        programme,
        &signed,
    )?;
    vouchers.sort_unstable_by_key(|voucher| voucher.number);
    let (service, date) = (new.service.clone(), new.date);
    let claim = ValidatedClaim {
        programme,
        request: new.id,
        structure: who.structure,
        service,
        date,
        vouchers,
        status_list_at,
        at,
    };
    Ok(match refusal(catalogue, new, &signed, at).await? {
        None => Validation::Bookable(claim),
        Some(refusal) => Validation::OnlyIfBooked(claim, refusal),
    })
}

/// Why the claim, were it new, would be refused at this moment.
async fn refusal(
    catalogue: &CatalogueCache,
    new: &NewClaim,
    signed: &[Presented],
    at: DateTime<Utc>,
) -> Result<Option<ClaimRejection>, sqlx::Error> {
    if let Err(rejection) = check_date(new.date, at) {
        return Ok(Some(rejection));
    }
    if !catalogue.has_service(&new.service).await? {
        return Ok(Some(ClaimRejection::UnknownService));
    }
    let late = bad(signed.iter().map(|presented| presented.refused().map(Fault::of)));
    Ok((!late.is_empty()).then_some(ClaimRejection::Vouchers(late)))
}

/// Whole seconds, as in the list.
fn status_list_at(new: &NewClaim, at: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, ClaimRejection> {
    let Some(given) = new.status_list_at else {
        return Ok(None);
    };
    if given.timestamp() > at.timestamp().saturating_add(CLOCK_SKEW_SECONDS) {
        return Err(ClaimRejection::StatusListFromFuture);
    }
    Ok(DateTime::from_timestamp(given.timestamp(), 0))
}

fn check_date(date: NaiveDate, at: DateTime<Utc>) -> Result<(), ClaimRejection> {
    let latest = paris_date(at);
    let earliest = latest
        .checked_sub_days(Days::new(SERVICE_AGE_DAYS_MAX))
        .unwrap_or(NaiveDate::MIN);
    if (earliest..=latest).contains(&date) {
        Ok(())
    } else {
        Err(ClaimRejection::DateOutOfRange { earliest, latest })
    }
}

/// All tokens and codes are read before any is refused, so that the mediator sorts the bad ones out at once; codes are looked for
/// only when nothing is wrong so far.
async fn presented(
    context: &ClaimContext<'_>,
    who: Claimant,
    new: &NewClaim,
    at: DateTime<Utc>,
) -> Result<Vec<Presented>, ClaimError> {
    let mut keyring = context.keys.get().await?;
    let mut scanned = read_all(&keyring, new, at);
    let unknown_key = |result: &Result<Presented, VerifyError>| matches!(result, Err(VerifyError::UnknownKey(_)));
    if scanned.iter().any(unknown_key) {
        keyring = context.keys.get_for_unknown_key().await?;
        scanned = read_all(&keyring, new, at);
    }
    let typed: Vec<_> = new.short_codes.iter().map(|typed| codes::read(typed)).collect();
    if scanned.iter().any(Result::is_err) || typed.iter().any(Result::is_err) {
        let scanned = scanned.iter().map(|result| match result {
            Ok(presented) => presented.refused().map(Fault::of),
            Err(error) => Some(Fault::of(*error)),
        });
        let faults = scanned.chain(typed.iter().map(|result| result.as_ref().err().copied()));
        return Err(ClaimRejection::Vouchers(bad(faults)).into());
    }
    let mut presented: Vec<Presented> = scanned.into_iter().flatten().collect();
    let typed: Vec<_> = typed.into_iter().flatten().collect();
    if typed.is_empty() {
        return Ok(presented);
    }
    let known = codes::look_up(context.pool, &context.secrets.codes, who, &typed, at).await?;
    if known.iter().any(Option::is_none) {
        let scanned = presented.iter().map(|scanned| scanned.refused().map(Fault::of));
        let unknown = known.iter().map(|known| known.is_none().then_some(Fault::CodeUnknown));
        return Err(ClaimRejection::Vouchers(bad(scanned.chain(unknown))).into());
    }
    let typed = known.into_iter().flatten();
    presented.extend(typed.map(|known| Presented::typed(&keyring, known, new.date, at.timestamp())));
    Ok(presented)
}

fn read_all(keyring: &Keyring, new: &NewClaim, at: DateTime<Utc>) -> Vec<Result<Presented, VerifyError>> {
    let read = |token: &String| Presented::scanned(keyring, token, new.date, at.timestamp());
    new.tokens.iter().map(read).collect()
}

/// Those among the vouchers, in their order, that are refused.
fn bad(faults: impl Iterator<Item = Option<Fault>>) -> Vec<BadVoucher> {
    faults
        .enumerate()
        .filter_map(|(index, fault)| Some(BadVoucher::new(index, fault?)))
        .collect()
}

fn number(signed: &Presented) -> AccountNumber {
    let terms = signed.terms();
    AccountNumber::voucher(terms.series, terms.idx.get())
}

/// Each with what was shown of it, as the claim will keep it.
fn sealed(
    keys: &EvidenceKeys,
    claim: ClaimId,
    programme: ProgrammeId,
    signed: &[Presented],
) -> Result<Vec<ValidatedVoucher>, ClaimError> {
    let mut nonces = vec![[0; voucher::SEAL_NONCE_BYTES]; signed.len()];
    getrandom::fill(nonces.as_flattened_mut()).map_err(ClaimError::failed)?;
    let voucher = |((position, signed), nonce): ((usize, &Presented), _)| {
        let (number, presented) = (number(signed), signed.evidence());
        let place = ledger::evidence_place(programme.book(), claim.uuid(), number);
        ValidatedVoucher {
            position,
            number,
            value: Cents::new(signed.terms().cents.into()),
            sealed: keys.seal(nonce, &place, presented.bytes()),
            presented,
        }
    };
    Ok(signed.iter().enumerate().zip(nonces).map(voucher).collect())
}

/// `numbers` are the vouchers' accounts in the order of their positions.
fn check_twice(numbers: impl IntoIterator<Item = AccountNumber>) -> Result<(), ClaimRejection> {
    let mut first = BTreeMap::new();
    let mut twice = Vec::new();
    for (index, number) in numbers.into_iter().enumerate() {
        let seen = *first.entry(number).or_insert(index);
        if seen != index {
            twice.push((index, seen));
        }
    }
    if twice.is_empty() {
        Ok(())
    } else {
        Err(ClaimRejection::TwiceInOneClaim(twice))
    }
}

/// Rightly signed terms of a series that is nobody's, or of no value, were never issued: the key has leaked or errs.
async fn one_programme(catalogue: &CatalogueCache, vouchers: &[Presented]) -> Result<ProgrammeId, ClaimError> {
    let mut parts: BTreeMap<ProgrammeId, Vec<usize>> = BTreeMap::new();
    let mut unknown = Vec::new();
    for (index, voucher) in vouchers.iter().enumerate() {
        match catalogue.programme(voucher.terms().series).await? {
            Some(programme) if voucher.terms().cents > 0 => parts.entry(programme).or_default().push(index),
            _ => unknown.push(BadVoucher::new(index, Fault::Unknown)),
        }
    }
    if !unknown.is_empty() {
        return Err(ClaimRejection::Vouchers(unknown).into());
    }
    let mut parts: Vec<ProgrammePart> = parts
        .into_iter()
        .map(|(programme_id, indexes)| ProgrammePart { programme_id, indexes })
        .collect();
    match (parts.pop(), parts.is_empty()) {
        (Some(part), true) => Ok(part.programme_id),
        (last, _) => {
            parts.extend(last);
            Err(ClaimRejection::MixedProgrammes(parts).into())
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
        assert!(check_twice([number(1), number(2)]).is_ok());
        let Err(ClaimRejection::TwiceInOneClaim(pairs)) = check_twice([number(1), number(2), number(1)]) else {
            panic!("refused")
        };
        assert_eq!(pairs, [(2, 0)]);
    }
}
