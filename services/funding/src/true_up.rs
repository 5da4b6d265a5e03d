//! The close: shares that are limited by what is *used*, or by whom it reached, are settled between funders.
//!
//! Once the programme's end is declared and swept, [`ledger::true_up()`] says who owes whom; what each owes goes from its free
//! money in the programme to what the other is owed back (available → refundable). One close a programme.
//!
//! **Why it cannot go wrong twice.** The free and the refundable money of every funder of every plan is locked before anything is
//! read: a reversal that gives a dead voucher's value back waits, and a second close finds the first.

mod used;
mod view;

use std::collections::BTreeMap;

use access::{Caller, OrganisationId, audit};
use catalogue::{Programme, ProgrammeId};
use chrono::{DateTime, Utc};
use ledger::{Account, EventKind, PartyId, TransferKind};
use serde::{Deserialize, Serialize};
use sqlx::PgTransaction;
use standards::Cents;
use utoipa::ToSchema;
use web::{Made, Problem};

use crate::TrueUpId;
use crate::booking::{BookError, Event, book};

pub use used::Version;
pub(crate) use used::names;
pub use view::{Computation, read};
pub(crate) use view::{Shown, render};

/// A close to be made.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTrueUp {
    /// Made by the caller.
    pub id: TrueUpId,
}

/// A close as it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TrueUp {
    /// The id under which it was made.
    pub id: TrueUpId,
    /// Of what.
    pub programme_id: ProgrammeId,
    /// When.
    pub at: DateTime<Utc>,
    /// Step by step.
    #[serde(flatten)]
    pub computation: Computation,
}

/// What one funder lacks to pay what it owes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Lacking {
    /// Who.
    pub funder_id: OrganisationId,
    /// Its name.
    pub funder: Option<String>,
    /// What it owes the other funders.
    pub owed: Cents,
    /// What it has free in the programme.
    pub available: Cents,
    /// The difference.
    pub missing: Cents,
}

/// Why a programme was not closed.
#[derive(Debug, thiserror::Error)]
pub enum TrueUpError {
    /// Vouchers can still be used.
    #[error("the programme's end is not declared")]
    NotEnded,
    /// Its end is declared, and not all of it is swept.
    #[error("the programme is not swept")]
    NotSwept,
    /// Funders who owe have too little free money.
    #[error("{} funders are short", .0.len())]
    Short(Vec<Lacking>),
    /// The programme was closed under another id.
    #[error("closed under another id")]
    SameIdOtherContent,
    /// The books refuse it.
    #[error("not booked")]
    Book(#[from] BookError),
    /// PostgreSQL.
    #[error("database")]
    Database(#[from] sqlx::Error),
}

impl From<TrueUpError> for Problem {
    fn from(error: TrueUpError) -> Self {
        match error {
            TrueUpError::NotEnded => Self::refused("programme-not-ended", "Ce dispositif n'est pas terminé.").detail(
                "Déclarez d'abord sa fin : tant que des chèques circulent, personne ne sait ce qui sera utilisé.",
            ),
            TrueUpError::NotSwept => Self::refused(
                "programme-not-swept",
                "Des chèques ou des réserves restent à reprendre.",
            )
            .detail("Relancez la fin du dispositif (elle reprend où elle s'est arrêtée), puis recommencez."),
            TrueUpError::Short(lacking) => {
                let told: Vec<String> = lacking.iter().map(Lacking::sentence).collect();
                Self::refused(
                    "true-up-short",
                    "Un financeur n'a pas assez d'argent libre dans ce dispositif.",
                )
                .detail(format!(
                    "{} Affectez un versement ou un avoir de ce financeur au dispositif, puis recommencez.",
                    told.join(" ")
                ))
                .with("shortfalls", lacking)
            }
            TrueUpError::SameIdOtherContent => Self::same_id_other_content(),
            TrueUpError::Book(error) => Self::internal(&error),
            TrueUpError::Database(error) => Self::internal(&error),
        }
    }
}

impl Lacking {
    fn sentence(&self) -> String {
        let funder = self.funder.clone().unwrap_or_else(|| self.funder_id.to_string());
        format!(
            "{funder} : doit {}, disponible {}, il manque {}.",
            self.owed.to_french(),
            self.available.to_french(),
            self.missing.to_french()
        )
    }
}

/// Closes a programme, or finds that it was closed before.
pub async fn true_up(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    programme: &Programme,
    new: NewTrueUp,
    at: DateTime<Utc>,
) -> Result<Made<TrueUp>, TrueUpError> {
    let versions = used::versions(tx, programme.id).await?;
    let accounts = accounts(programme.id, &versions);
    ledger::lock(tx, &accounts).await.map_err(BookError::from)?;
    if let Some(known) = read(tx, programme.id).await? {
        return if known.id == new.id {
            Ok(Made::Before(known))
        } else {
            Err(TrueUpError::SameIdOtherContent)
        };
    }
    used::check_ended(tx, programme.id).await?;
    let used = used::used(tx, programme.id, &versions).await?;
    let agreed: Vec<_> = versions.iter().map(|version| version.plan.agreement()).collect();
    let computed = ledger::true_up(&agreed.into_iter().zip(used.batches).collect::<Vec<_>>());
    let names = names(tx, &computed.parts.iter().map(|part| part.funder).collect::<Vec<_>>()).await?;
    pay(tx, programme.id, new.id, &computed, &names, at).await?;
    let shown = Shown {
        computed: &computed,
        versions: versions.iter().map(|version| version.plan.version).collect(),
        hidden: &used.hidden,
        names: &names,
    };
    let computation = render(&shown);
    view::insert(tx, who, programme.id, new.id, &computation, at).await?;
    let owed = computation.payments.len();
    audit(tx, who, at, "programme.true_up", Some(programme.id.uuid()), owed).await?;
    let made = read(tx, programme.id).await?.ok_or(sqlx::Error::RowNotFound)?;
    Ok(Made::Now(made))
}

fn accounts(programme: ProgrammeId, versions: &[Version]) -> Vec<Account> {
    let book = programme.book();
    let shares = versions.iter().flat_map(|version| &version.plan.shares);
    let funders = shares.map(|share| PartyId::from_uuid(share.funder_id.uuid()));
    funders
        .flat_map(|funder| [Account::available(book, funder), Account::refundable(book, funder)])
        .collect()
}

async fn pay(
    tx: &mut PgTransaction<'_>,
    programme: ProgrammeId,
    id: TrueUpId,
    computed: &ledger::TrueUp,
    names: &BTreeMap<PartyId, String>,
    at: DateTime<Utc>,
) -> Result<(), TrueUpError> {
    if computed.payments.is_empty() {
        return Ok(());
    }
    let lacking = lacking(tx, programme, computed, names).await?;
    if !lacking.is_empty() {
        return Err(TrueUpError::Short(lacking));
    }
    let book_id = programme.book();
    let mut event = Event::new(EventKind::TrueUp, programme.uuid()).reference(format!("clôture {id}"));
    for payment in &computed.payments {
        let (from, to) = (
            Account::available(book_id, payment.from),
            Account::refundable(book_id, payment.to),
        );
        event = event
            .leg(TransferKind::TrueUp, from, to, payment.cents)
            .map_err(BookError::from)?;
    }
    Ok(book(tx, event, at).await?)
}

async fn lacking(
    tx: &mut PgTransaction<'_>,
    programme: ProgrammeId,
    computed: &ledger::TrueUp,
    names: &BTreeMap<PartyId, String>,
) -> Result<Vec<Lacking>, sqlx::Error> {
    let mut owed: BTreeMap<PartyId, Cents> = BTreeMap::new();
    for payment in &computed.payments {
        let sum = owed.entry(payment.from).or_default();
        *sum = sum
            .checked_add(payment.cents)
            .ok_or_else(|| sqlx::Error::Decode("more than 64 bits".into()))?;
    }
    let accounts: Vec<Account> = owed
        .keys()
        .map(|&funder| Account::available(programme.book(), funder))
        .collect();
    let held = ledger::balances(tx, &accounts).await?;
    let short = owed.into_iter().zip(held).filter_map(|((funder, owed), available)| {
        let missing = owed.checked_sub(available).filter(|missing| missing.is_positive())?;
        Some(Lacking {
            funder_id: OrganisationId::from_uuid(funder.uuid()),
            funder: names.get(&funder).cloned(),
            owed,
            available,
            missing,
        })
    });
    Ok(short.collect())
}
