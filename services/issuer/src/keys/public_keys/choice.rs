//! Which key new vouchers are minted for.

use catalogue::{KEY_KEPT_HOURS, PublishedKey};
use chrono::{DateTime, TimeDelta, Utc};
use database::Rejection;
use voucher::{Kid, LastDay, Purpose};
use web::Problem;

use crate::keys::signers::Signers;

/// What is to be minted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VouchersToMint {
    pub series: u16,
    pub cents: u16,
    pub last_day: LastDay,
}

/// Why there is no key to mint for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoKey {
    /// No voucher key is published that still lasts.
    NonePublished,
    /// The only ones were announced and are not to be used yet.
    NotYet(DateTime<Utc>),
    /// The bounds of each exclude these vouchers, or it ends before they do.
    OutOfBounds,
}

impl Rejection for NoKey {}

impl From<NoKey> for Problem {
    fn from(none: NoKey) -> Self {
        let detail = match none {
            NoKey::NonePublished => "Aucune clé de chèques n'est publiée, en vigueur et non retirée. L'opérateur en crée une avec « ccn keys rotate ».".to_owned(),
            NoKey::NotYet(from) => format!(
                "La seule clé de chèques est annoncée et sert à partir du {}. Réessayez alors.",
                from.format("%d/%m/%Y à %H:%M UTC")
            ),
            NoKey::OutOfBounds => "Aucune clé publiée n'a le droit de signer ces chèques : la valeur, la série ou le dernier jour dépasse ses limites. L'opérateur publie une clé plus large avec « ccn keys rotate ».".to_owned(),
        };
        Self::refused("no-signing-key", "Ces chèques ne peuvent pas être émis.").detail(detail)
    }
}

/// The newest voucher key whose time has come and whose bounds admit what is wanted, with the time in which late claims come: of those that
/// are loaded here, if any is, so that what is minted can be printed; else of all that are published, since minting signs nothing.
pub(crate) fn choose(
    published: &[PublishedKey],
    loaded: &Signers,
    wanted: VouchersToMint,
    at: DateTime<Utc>,
) -> Result<Kid, NoKey> {
    let usable = |one: &&PublishedKey| {
        let policy = one.key.policy();
        policy.purpose == Purpose::Voucher && !policy.withdrawn && at < one.valid_until
    };
    let mut usable: Vec<&PublishedKey> = published.iter().filter(usable).collect();
    let here = |one: &&PublishedKey| loaded.holds(&one.key.to_bytes());
    if usable.iter().any(here) {
        usable.retain(here);
    }
    let first = usable
        .iter()
        .map(|one| one.valid_from)
        .min()
        .ok_or(NoKey::NonePublished)?;
    if at < first {
        return Err(NoKey::NotYet(first));
    }
    let admits = |one: &&PublishedKey| {
        let bounds = &one.key.policy().bounds;
        let kept = DateTime::from_timestamp(wanted.last_day.exp_unix_seconds(), 0)
            .is_some_and(|exp| exp + TimeDelta::hours(KEY_KEPT_HOURS) <= one.valid_until);
        bounds.series.contains(&wanted.series)
            && wanted.cents <= bounds.max_cents
            && wanted.last_day <= bounds.latest_day
            && kept
    };
    usable
        .into_iter()
        .filter(|one| one.valid_from <= at)
        .filter(admits)
        .max_by_key(|one| (one.valid_from, one.published_at, one.key.kid()))
        .map(|one| one.key.kid())
        .ok_or(NoKey::OutOfBounds)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use voucher::{Bounds, KeyPolicy, PublicKey, Signer, SigningKey};

    use super::*;

    fn day(n: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_780_000_000 + n * 86_400, 0).unwrap()
    }

    fn signer(seed: u8) -> Arc<dyn Signer> {
        Arc::new(SigningKey::from_seed(&[seed; 32].into()))
    }

    fn published(seed: u8, from: i64, until: i64, edit: impl FnOnce(&mut KeyPolicy)) -> PublishedKey {
        let mut policy = KeyPolicy::unbounded(Purpose::Voucher);
        edit(&mut policy);
        PublishedKey {
            key: PublicKey::new(&signer(seed).public_bytes(), policy).unwrap(),
            published_at: day(from - 7),
            valid_from: day(from),
            valid_until: day(until),
            withdrawn: None,
        }
    }

    fn wanted() -> VouchersToMint {
        let in_a_month = day(30).date_naive();
        VouchersToMint {
            series: 5,
            cents: 1000,
            last_day: LastDay::from_date(in_a_month).unwrap(),
        }
    }

    fn kid(seed: u8) -> Kid {
        signer(seed).kid()
    }

    fn both() -> Signers {
        Signers::new(signer(1), [signer(2)])
    }

    #[test]
    fn the_newest_key_whose_time_has_come_is_chosen() {
        let keys = [published(1, -90, 300, |_| ()), published(2, 10, 300, |_| ())];
        assert_eq!(choose(&keys, &both(), wanted(), day(0)), Ok(kid(1)));
        assert_eq!(choose(&keys, &both(), wanted(), day(10)), Ok(kid(2)));
        assert_eq!(
            choose(&keys, &Signers::new(signer(1), []), wanted(), day(10)),
            Ok(kid(1))
        );
        assert_eq!(
            choose(&keys, &Signers::new(signer(2), []), wanted(), day(0)),
            Err(NoKey::NotYet(day(10)))
        );
    }

    #[test]
    fn a_withdrawn_or_ended_key_is_never_chosen() {
        let withdrawn = published(1, -90, 300, |policy| policy.withdrawn = true);
        assert_eq!(
            choose(&[withdrawn], &both(), wanted(), day(0)),
            Err(NoKey::NonePublished)
        );
        let ended = published(1, -90, -1, |_| ());
        assert_eq!(choose(&[ended], &both(), wanted(), day(0)), Err(NoKey::NonePublished));
        let status = published(1, -90, 300, |policy| policy.purpose = Purpose::Status);
        assert_eq!(choose(&[status], &both(), wanted(), day(0)), Err(NoKey::NonePublished));
    }

    #[test]
    fn minting_needs_no_private_key_and_prefers_what_can_be_printed_here() {
        let keys = [published(1, -90, 300, |_| ()), published(3, -1, 300, |_| ())];
        assert_eq!(choose(&keys, &Signers::default(), wanted(), day(0)), Ok(kid(3)));
        assert_eq!(choose(&keys, &both(), wanted(), day(0)), Ok(kid(1)));
    }

    #[test]
    fn a_newer_key_too_narrow_leaves_the_older_one_in_use() {
        let too_cheap = |policy: &mut KeyPolicy| policy.bounds.max_cents = 999;
        let other_series = |policy: &mut KeyPolicy| {
            policy.bounds = Bounds {
                series: 6..=9,
                ..Bounds::NONE
            }
        };
        let too_early =
            |policy: &mut KeyPolicy| policy.bounds.latest_day = LastDay::from_date(day(29).date_naive()).unwrap();
        let wide = published(1, -90, 300, |_| ());
        for narrow in [
            published(2, -1, 300, too_cheap),
            published(2, -1, 300, other_series),
            published(2, -1, 300, too_early),
        ] {
            assert_eq!(
                choose(&[wide.clone(), narrow.clone()], &both(), wanted(), day(0)),
                Ok(kid(1))
            );
            assert_eq!(choose(&[narrow], &both(), wanted(), day(0)), Err(NoKey::OutOfBounds));
        }
    }

    #[test]
    fn a_key_lasts_until_the_late_claims_of_what_it_signs() {
        let short = published(1, -90, 34, |_| ());
        assert_eq!(choose(&[short], &both(), wanted(), day(0)), Err(NoKey::OutOfBounds));
        let long = published(1, -90, 36, |_| ());
        assert_eq!(choose(&[long], &both(), wanted(), day(0)), Ok(kid(1)));
    }
}
