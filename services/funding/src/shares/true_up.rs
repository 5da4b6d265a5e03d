//! The true-up: shares that are limited by what is *used*, or by whom it reached, are settled between funders.
//!
//! Once the programme's end is declared and swept, [`shares::true_up()`] says who owes whom; what each owes goes from its money in
//! the programme (what is free, then what is owed back to it) to what the other is owed back.
//!
//! **A claim reversed after the true-up** changes what was used, and its value comes back in the shares from before the true-up. Then a
//! further true-up is [due](due::due): number 2, 3, … of the programme, of the difference alone. Until somebody makes it, it is an
//! open point of every reconciliation, and whoever would pay by it is given nothing back.
//!
//! **Why it cannot go wrong twice.** The free and the refundable money of every funder of every plan is locked before anything is
//! read: a reversal that gives a dead voucher's value back waits, and of two true-ups at once the second settles what the first left:
//! nothing. An id is used once.

mod due;
mod pay;
mod read;
mod used;
mod view;

use access::{Caller, OrganisationId, audit};
use catalogue::{Programme, ProgrammeId};
use chrono::{DateTime, Utc};
use database::UseCaseError;
use ledger::{Account, PartyId};
use serde::{Deserialize, Serialize};
use sqlx::PgTransaction;
use standards::Cents;
use utoipa::ToSchema;
use web::{Created, Problem};

use crate::support::booking::BookError;
use crate::support::ids::TrueUpId;

pub(crate) use due::{all_due, due};
pub use read::{TrueUps, read, read_all};
pub use used::Version;
pub(crate) use used::names;
pub use view::Computation;
pub(crate) use view::{Shown, render};

/// A true-up to be made.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTrueUp {
    /// Made by the caller.
    pub id: TrueUpId,
}

/// A true-up as it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TrueUp {
    /// The id under which it was made.
    pub id: TrueUpId,
    pub programme_id: ProgrammeId,
    /// From 1: a further one settles what changed since.
    pub number: i32,
    pub at: DateTime<Utc>,
    /// Step by step.
    #[serde(flatten)]
    pub computation: Computation,
}

/// What one funder lacks to pay what it owes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MissingShares {
    pub funder_id: OrganisationId,
    pub funder: Option<String>,
    /// What it owes the other funders.
    pub owed: Cents,
    /// What it has in the programme: free, or owed back to it.
    pub available: Cents,
    /// The difference.
    pub missing: Cents,
}

/// Why a programme was not closed.
#[derive(Debug)]
pub enum TrueUpRejection {
    /// Vouchers can still be used.
    NotEnded,
    NotSwept,
    /// Nothing changed since the true-up of this number.
    Settled(i32),
    /// Funders who owe have too little money in the programme.
    Short(Vec<MissingShares>),
}

impl database::Rejection for TrueUpRejection {}

impl From<TrueUpRejection> for Problem {
    fn from(rejection: TrueUpRejection) -> Self {
        match rejection {
            TrueUpRejection::NotEnded => Self::refused("programme-not-ended", "Ce dispositif n'est pas terminé.").detail(
                "Déclarez d'abord sa fin : tant que des chèques circulent, personne ne sait ce qui sera utilisé.",
            ),
            TrueUpRejection::NotSwept => Self::refused(
                "programme-not-swept",
                "Des chèques ou des réserves restent à reprendre.",
            )
            .detail("Relancez la fin du dispositif (elle reprend où elle s'est arrêtée), puis recommencez."),
            TrueUpRejection::Settled(number) => Self::refused("true-up-settled", "La régularisation entre financeurs de ce dispositif est déjà faite.").detail(
                format!(
                    "Rien n'a changé depuis la régularisation n° {number}. Une régularisation complémentaire est possible quand un encaissement est annulé après elle."
                ),
            ),
            TrueUpRejection::Short(lacking) => {
                let told: Vec<String> = lacking.iter().map(MissingShares::sentence).collect();
                Self::refused(
                    "true-up-short",
                    "Un financeur n'a pas assez d'argent dans ce dispositif.",
                )
                .detail(format!(
                    "{} Affectez un versement ou un crédit de ce financeur au dispositif, puis recommencez.",
                    told.join(" ")
                ))
                .with("shortfalls", lacking)
            }
        }
    }
}

impl MissingShares {
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

/// Trues up a programme, or settles what changed since its last true-up, or finds that this true-up was made before.
pub async fn true_up(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    programme: &Programme,
    new: NewTrueUp,
    at: DateTime<Utc>,
) -> Result<Created<TrueUp>, UseCaseError<TrueUpRejection>> {
    let versions = used::versions(tx, programme.id).await?;
    let accounts = accounts(programme.id, &versions);
    ledger::lock(tx, &accounts).await.map_err(BookError::from)?;
    let before = read(tx, programme.id).await?;
    let last = before.last().map(|last| last.number);
    if let Some(known) = before.into_iter().find(|known| known.id == new.id) {
        return Ok(Created::Existing(known));
    }
    match used::end(tx, programme.id).await? {
        used::ProgrammeEnd::Running => return Err(TrueUpRejection::NotEnded.into()),
        used::ProgrammeEnd::NotSwept => return Err(TrueUpRejection::NotSwept.into()),
        used::ProgrammeEnd::Swept => {}
    }
    let (computed, hidden) = due::compute(tx, programme.id, &versions).await?;
    if let Some(last) = last.filter(|_| computed.payments.is_empty()) {
        return Err(TrueUpRejection::Settled(last).into());
    }
    let names = names(tx, &computed.parts.iter().map(|part| part.funder).collect::<Vec<_>>()).await?;
    pay::pay(tx, programme.id, new.id, &computed, &names, at).await?;
    let computation = render(&Shown {
        computed: &computed,
        versions: versions.iter().map(|version| version.plan.version).collect(),
        hidden: &hidden,
        names: &names,
    });
    let made = TrueUp {
        id: new.id,
        programme_id: programme.id,
        number: last.unwrap_or(0) + 1,
        at,
        computation,
    };
    read::insert(tx, who, &made).await?;
    let owed = (made.number, made.computation.payments.len());
    audit(tx, who, at, "programme.true_up", Some(programme.id.uuid()), owed).await?;
    let made = read(tx, programme.id).await?.pop().ok_or(sqlx::Error::RowNotFound)?;
    Ok(Created::New(made))
}

fn accounts(programme: ProgrammeId, versions: &[Version]) -> Vec<Account> {
    let book = programme.book();
    let shares = versions.iter().flat_map(|version| &version.plan.shares);
    let funders = shares.map(|share| PartyId::from_uuid(share.funder_id.uuid()));
    funders
        .flat_map(|funder| [Account::available(book, funder), Account::refundable(book, funder)])
        .collect()
}
