//! The life of keys: published, chosen for a mint, withdrawn.
//!
//! ```text
//! made ──publish──► announced ──valid_from──► active ──valid_until──► ended
//!                       └───────────────withdraw──────► withdrawn: nothing it signed is accepted any more
//! ```
//!
//! **Overlap.** Several voucher keys are active at once. New vouchers are minted for the newest loaded one whose bounds admit the
//! batch; what older ones signed stays good until their own end, so a rotation reprints nothing.
//!
//! **Notice.** A key is published [`KEY_NOTICE_DAYS`] days before its first use: a phone without network keeps its key set for as long.
//! Only somebody who says so publishes at shorter notice: the very first key, or the one that replaces a stolen one.
//!
//! **Possession.** A public half is published only with a signature by its private half over a text that no other document looks like,
//! so nobody publishes a key that is not theirs, and nobody publishes one that was mistyped.

pub(crate) mod choice;
mod delegate;

pub(crate) use delegate::delegate;
pub use delegate::{DelegateRejection, publish_first_delegation};

use access::{Caller, audit};
use catalogue::{
    KEY_KEPT_HOURS, KEY_NOTICE_DAYS, KeyRejection, NewKey, PublishedKey, WithdrawKeyRejection, Withdrawal, publish_key,
};
use chrono::{DateTime, Days, SubsecRound, TimeDelta, Utc};
use database::{NamedLock, Rejection, UseCaseError};
use serde_json::json;
use sqlx::{PgPool, PgTransaction};
use voucher::{Kid, LastDay, PublicKey, Purpose, Signer};
use web::{Created, Problem};

/// The longest window of a key, in days.
pub const KEY_DAYS_MAX: i64 = 10 * 366;

#[derive(Debug)]
pub enum PublishKeyRejection {
    Key(KeyRejection),
    NoProofOfPossession,
    /// It would be used before everybody knows it: the earliest time.
    Notice(DateTime<Utc>),
    /// Empty, past, or longer than [`KEY_DAYS_MAX`].
    Window,
    /// Vouchers would outlive their key: their latest last day.
    EndsEarly(LastDay),
}

impl Rejection for PublishKeyRejection {}

impl From<PublishKeyRejection> for Problem {
    fn from(rejection: PublishKeyRejection) -> Self {
        let refused = |kind| Self::refused(kind, "Cette clé n'est pas publiée.");
        match rejection {
            PublishKeyRejection::Key(KeyRejection::Weak(weak)) => refused("key-weak").detail(weak.to_string()),
            PublishKeyRejection::Key(KeyRejection::Root) => {
                refused("key-root").detail("Une clé racine ne se publie pas : les vérificateurs la connaissent d'avance.")
            }
            PublishKeyRejection::Key(KeyRejection::OtherPolicy) => Self::same_id_other_content()
                .detail("Cette clé est déjà publiée avec un autre usage, d'autres dates ou d'autres limites, qui ne changent plus. Créez une autre clé."),
            PublishKeyRejection::Key(KeyRejection::KidTaken) => refused("kid-taken")
                .detail("Une autre clé a le même identifiant court. Créez-en une nouvelle : cela n'arrive qu'une fois sur quatre milliards."),
            PublishKeyRejection::NoProofOfPossession => refused("key-possession")
                .detail("La preuve de possession ne convient pas : elle se fait avec la clé privée elle-même, par « ccn keys publish »."),
            PublishKeyRejection::Notice(earliest) => refused("key-notice").detail(format!(
                "Une clé s'annonce {KEY_NOTICE_DAYS} jours avant de servir, pas avant le {} donc. En urgence, demandez-le expressément (short_notice).",
                earliest.format("%d/%m/%Y à %H:%M UTC")
            )),
            PublishKeyRejection::Window => refused("key-window").detail(format!(
                "La clé doit commencer avant de finir, finir dans l'avenir, et durer {KEY_DAYS_MAX} jours au plus."
            )),
            PublishKeyRejection::EndsEarly(day) => refused("key-ends-early").detail(format!(
                "Une clé reste publiée {KEY_KEPT_HOURS} heures après le dernier jour de ses chèques : avec cette fin, le dernier jour ne peut pas dépasser le {day}."
            )),
        }
    }
}

/// What the holder of a key signs to show that it holds it. No COSE or JOSE signature is over a text that begins so.
#[must_use]
pub fn possession_challenge(public: &[u8; 32], purpose: Purpose) -> Vec<u8> {
    let hex = data_encoding::HEXLOWER.encode(public);
    format!("ccn key possession, version 1\n{}\n{hex}\n", word(purpose)).into_bytes()
}

/// The word of a purpose on the wire.
#[must_use]
pub const fn word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Voucher => "voucher",
        Purpose::Status => "status",
        Purpose::KeySet => "key_set",
        Purpose::Root => "root",
    }
}

/// The latest last day of vouchers whose key ends at `valid_until`: claims may come in [`KEY_KEPT_HOURS`] later.
#[must_use]
pub fn latest_day(valid_until: DateTime<Utc>) -> Option<LastDay> {
    let last = (valid_until - TimeDelta::hours(KEY_KEPT_HOURS)).date_naive();
    LastDay::from_date(last.checked_sub_days(Days::new(1))?)
}

/// Publishes a key on the word of its holder, and leaves the trace.
pub(crate) async fn publish(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    new: &NewKey,
    proof: &[u8; 64],
    short_notice: bool,
    at: DateTime<Utc>,
) -> Result<Created<PublishedKey>, UseCaseError<PublishKeyRejection>> {
    let new = NewKey {
        valid_from: new.valid_from.trunc_subsecs(0),
        valid_until: new.valid_until.trunc_subsecs(0),
        ..new.clone()
    };
    let policy = voucher::KeyPolicy::unbounded(new.purpose);
    let key = PublicKey::new(&new.public, policy).map_err(|weak| PublishKeyRejection::Key(KeyRejection::Weak(weak)))?;
    if !key.verifies(&possession_challenge(&new.public, new.purpose), proof) {
        return Err(PublishKeyRejection::NoProofOfPossession.into());
    }
    let known = catalogue::published_key(&mut **tx, key.kid()).await?;
    if known.is_none_or(|known| known.key.to_bytes() != new.public) {
        // What was published in its time is not judged again.
        check_window(&new, short_notice, at)?;
    }
    let made = publish_key(tx, &new, at)
        .await
        .map_err(|error| error.map_rejection(PublishKeyRejection::Key))?;
    if let Created::New(published) = &made {
        let detail = json!({
            "kid": published.key.kid().to_string(), "purpose": word(new.purpose), "valid_from": new.valid_from,
            "valid_until": new.valid_until, "short_notice": short_notice,
        });
        audit(tx, who, at, "key.publish", None, detail).await?;
    }
    Ok(made)
}

fn check_window(new: &NewKey, short_notice: bool, at: DateTime<Utc>) -> Result<(), PublishKeyRejection> {
    let lasts = new.valid_until - new.valid_from;
    if lasts <= TimeDelta::zero() || lasts > TimeDelta::days(KEY_DAYS_MAX) || new.valid_until <= at {
        return Err(PublishKeyRejection::Window);
    }
    let earliest = at + TimeDelta::days(KEY_NOTICE_DAYS);
    if new.valid_from < earliest.trunc_subsecs(0) && !short_notice {
        return Err(PublishKeyRejection::Notice(earliest));
    }
    if new.purpose == Purpose::Voucher {
        let latest = latest_day(new.valid_until).ok_or(PublishKeyRejection::Window)?;
        if new.bounds.latest_day > latest {
            return Err(PublishKeyRejection::EndsEarly(latest));
        }
    }
    Ok(())
}

/// Publishes the key that a new system starts with: without notice, since nobody knows an older one. When there is a key of
/// this purpose already, nothing happens: the next ones are announced in time. Tells whether this one is published.
pub async fn publish_first_key(
    pool: &PgPool,
    signer: &dyn Signer,
    purpose: Purpose,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<bool, UseCaseError<KeyRejection>> {
    let mut tx = pool.begin().await?;
    // Two processes may start at once.
    NamedLock::FirstKeys.take(&mut tx).await?;
    let published = catalogue::published_keys(&mut *tx).await?;
    let public = signer.public_bytes();
    let mut done = published.iter().any(|known| known.key.to_bytes() == public);
    let others = published.iter().any(|known| known.key.policy().purpose == purpose);
    if !done && !others {
        publish_key(&mut tx, &NewKey::unbounded(public, purpose, from, until), from).await?;
        done = true;
    }
    tx.commit().await?;
    Ok(done)
}

/// Withdraws a key and leaves the trace: nothing that it ever signed is accepted any more.
pub(crate) async fn withdraw(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    kid: Kid,
    act: &Withdrawal,
    at: DateTime<Utc>,
) -> Result<Created<PublishedKey>, UseCaseError<WithdrawKeyRejection>> {
    let made = catalogue::withdraw_key(tx, kid, act, at).await?;
    if let Created::New(_) = made {
        let detail = json!({"kid": kid.to_string(), "reason": act.reason.trim()});
        audit(tx, who, at, "key.withdraw", Some(act.id.uuid()), detail).await?;
    }
    Ok(made)
}
