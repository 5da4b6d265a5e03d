//! The proof (*bon à tirer*): the real layout with the real settings, and nothing in it that could be spent.
//!
//! **The invariant.** A proof is of one state of the settings, known by its digest ([`Settings::digest`]). A printer's file is
//! made only while a proof of the same digest is approved; whoever changes a logo, the contact, the format, a name or the plan
//! asks for a new approval without knowing it.
//!
//! **Its QR codes** are of the size of real ones and read as well, but carry no signature and name a key that cannot exist: every
//! verifier refuses them, and their identifier spells SPECIMEN.

use access::{Caller, audit};
use catalogue::{PlanId, Programme};
use chrono::{DateTime, Utc};
use database::{Rejection, UseCaseError};
use ledger::BatchId;
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgTransaction};
use utoipa::ToSchema;
use voucher::{Host, Idx, Kid, LastDay, Qr, QrLevel, Terms, ToBeSigned, Token, VoucherId};
use web::{Created, Problem};

use crate::paper::booklets::booklet_pages;
use crate::paper::in_vain::{self, Acceptable, Accepted, InVain};
use crate::paper::logos::LogoInk;
use crate::paper::print::PrintRejection;
use crate::paper::settings::{self, Settings};
use crate::{
    ProofId, batches::batch, paper::booklets::Paper, paper::booklets::PaperFormat, paper::booklets::PaperVoucher,
};

/// A proof to be made.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProof {
    /// Made by the caller.
    pub id: ProofId,
    #[serde(default)]
    pub format: PaperFormat,
    /// In grey or in colour.
    #[serde(default)]
    pub logos: LogoInk,
    /// The batch whose funders it names; those of the newest plan when absent.
    pub batch_id: Option<BatchId>,
    /// What would be printed in vain, and is wanted all the same.
    #[serde(default)]
    #[schema(value_type = Vec<Acceptable>)]
    pub accept: Accepted,
}

/// A proof as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Proof {
    pub id: ProofId,
    pub format: PaperFormat,
    /// The batch whose funders it names.
    pub batch_id: Option<BatchId>,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// When the sponsor approved it.
    pub approved_at: Option<DateTime<Utc>>,
    /// Whether the settings are still those that it shows.
    pub current: bool,
}

#[derive(Debug)]
pub enum ProofRejection {
    NoBatch,
    NoProof,
    /// The settings have changed since it was made.
    Outdated,
    InVain(InVain),
    /// What no print may be like.
    Print(PrintRejection),
}

impl Rejection for ProofRejection {}

type ProofError = UseCaseError<ProofRejection>;

impl From<ProofRejection> for Problem {
    fn from(rejection: ProofRejection) -> Self {
        match rejection {
            ProofRejection::InVain(reason) => reason.into(),
            ProofRejection::Print(rejection) => rejection.into(),
            ProofRejection::NoBatch => Self::not_found("Ce lot"),
            ProofRejection::NoProof => Self::not_found("Ce bon à tirer"),
            ProofRejection::Outdated => Self::refused("proof-outdated", "Ce bon à tirer n'est plus à jour.").detail(
                "Un logo, un texte, un nom ou le plan de financement a changé depuis : faites un nouveau bon à tirer et relisez-le.",
            ),
        }
    }
}

/// Records a proof of the settings as they are now.
pub async fn make(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    programme: &Programme,
    new: &NewProof,
    host: &Host,
    at: DateTime<Utc>,
) -> Result<Created<Proof>, ProofError> {
    if let Some(reason) = in_vain::reason(tx, programme, host, new.accept, at).await? {
        return Err(ProofRejection::InVain(reason).into());
    }
    let plan = plan(tx, programme, new.batch_id).await?;
    let settings = settings::settings(tx, programme, plan, new.logos, host).await?;
    check_cover(programme, new.format, &settings).map_err(ProofRejection::Print)?;
    let digest = settings.digest(programme, new.format);
    let inserted = sqlx::query!(
        "insert into issuer.proof (book_id, id, batch_id, format, settings_sha256, made_at) values ($1, $2, $3, $4, $5, $6)
         on conflict (book_id, id) do nothing",
        programme.id.uuid(),
        new.id.uuid(),
        new.batch_id.map(BatchId::uuid),
        new.format.word(),
        &digest,
        at,
    )
    .execute(&mut **tx)
    .await?
    .rows_affected()
        == 1;
    let (proof, shown) = find_shown(tx, programme, new.id, host).await?;
    let other_ink = shown.is_some_and(|shown| shown.digest(programme, proof.format) != digest);
    if (proof.format, proof.batch_id) != (new.format, new.batch_id) || other_ink {
        return Err(ProofError::IdReused);
    }
    if !inserted {
        return Ok(Created::Existing(proof));
    }
    audit(tx, who, at, "proof.make", Some(new.id.uuid()), new.format).await?;
    Ok(Created::New(proof))
}

/// Approves a proof, while it is up to date.
pub async fn approve(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    programme: &Programme,
    id: ProofId,
    host: &Host,
    at: DateTime<Utc>,
) -> Result<Created<Proof>, ProofError> {
    let proof = find(tx, programme, id, host).await?;
    if !proof.current {
        return Err(ProofRejection::Outdated.into());
    }
    let approved = sqlx::query!(
        "update issuer.proof set approved_at = $3 where book_id = $1 and id = $2 and approved_at is null",
        programme.id.uuid(),
        id.uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    let proof = find(tx, programme, id, host).await?;
    if approved.rows_affected() == 0 {
        return Ok(Created::Existing(proof));
    }
    audit(tx, who, at, "proof.approve", Some(id.uuid()), ()).await?;
    Ok(Created::New(proof))
}

pub(crate) async fn find(
    tx: &mut PgTransaction<'_>,
    programme: &Programme,
    id: ProofId,
    host: &Host,
) -> Result<Proof, ProofError> {
    Ok(find_shown(tx, programme, id, host).await?.0)
}

/// A proof with the settings that it shows, while they are current.
async fn find_shown(
    tx: &mut PgTransaction<'_>,
    programme: &Programme,
    id: ProofId,
    host: &Host,
) -> Result<(Proof, Option<Settings>), ProofError> {
    let row = sqlx::query!(
        r#"select batch_id as "batch_id: BatchId", format, settings_sha256, made_at, approved_at from issuer.proof
           where book_id = $1 and id = $2"#,
        programme.id.uuid(),
        id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or(ProofRejection::NoProof)?;
    let format = PaperFormat::of_word(&row.format);
    let plan = plan(tx, programme, row.batch_id).await?;
    let shown = settings::of_digest(tx, programme, plan, format, &row.settings_sha256, host).await?;
    let proof = Proof {
        id,
        format,
        batch_id: row.batch_id,
        made_at: row.made_at,
        approved_at: row.approved_at,
        current: shown.is_some(),
    };
    Ok((proof, shown))
}

/// Whether a proof of these settings was approved.
pub(crate) async fn is_approved(
    db: &mut PgConnection,
    programme: &Programme,
    digest: &[u8; 32],
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from issuer.proof
               where book_id = $1 and settings_sha256 = $2 and approved_at is not null) as "approved!""#,
        programme.id.uuid(),
        digest,
    )
    .fetch_one(db)
    .await
}

/// Whose funders are named.
async fn plan(
    tx: &mut PgTransaction<'_>,
    programme: &Programme,
    batch: Option<BatchId>,
) -> Result<Option<PlanId>, ProofError> {
    Ok(match batch {
        Some(id) => {
            let batch = batch::find(&mut **tx, programme.id, id).await?;
            Some(batch.ok_or(ProofRejection::NoBatch)?.plan)
        }
        None => catalogue::current_plan(tx, programme.id).await?.map(|plan| plan.id),
    })
}

/// What a proof shows while it is up to date: one booklet, of specimens.
pub(crate) async fn paper(
    tx: &mut PgTransaction<'_>,
    programme: &Programme,
    id: ProofId,
    host: &Host,
) -> Result<Paper, ProofError> {
    let (proof, settings) = find_shown(tx, programme, id, host).await?;
    let settings = settings.ok_or(ProofRejection::Outdated)?;
    let vouchers = (1..=programme.booklet_size).map(|serial| specimen(serial, host));
    Ok(specimen_paper(
        programme,
        proof.format,
        &settings,
        vec![(1, vouchers.collect())],
    ))
}

fn specimen_paper(
    programme: &Programme,
    format: PaperFormat,
    settings: &Settings,
    booklets: Vec<(u32, Vec<PaperVoucher>)>,
) -> Paper {
    Paper {
        programme: programme.name.clone(),
        face_value: programme.face_value,
        printed_day: programme.printed_day,
        format,
        contact: settings.contact.clone(),
        partners: settings.partners.clone(),
        logos: settings.logos,
        host: settings.host.clone(),
        series: SPECIMEN_SERIES,
        specimen: true,
        booklets,
    }
}

/// Whether a cover of these settings helps its reader, and holds all names.
pub(crate) fn check_cover(
    programme: &Programme,
    format: PaperFormat,
    settings: &Settings,
) -> Result<(), PrintRejection> {
    if !settings.contact.reaches_somebody() {
        return Err(PrintRejection::NoContact);
    }
    let paper = specimen_paper(programme, format, settings, Vec::new());
    booklet_pages(&paper, programme.booklet_size.into()).map(drop)
}

/// Series are numbered from 1.
const SPECIMEN_SERIES: u16 = 0;

/// A voucher of which nothing can be spent, as it is drawn on a proof.
#[must_use]
pub fn specimen(serial: u16, host: &Host) -> PaperVoucher {
    let token = specimen_token(serial);
    PaperVoucher {
        serial: serial.into(),
        short_code: token.unverified_terms().id.short_code(),
        qr: Qr::new(&token, host, QrLevel::Quartile),
    }
}

/// A key that does not exist, no value, no signature.
#[must_use]
pub fn specimen_token(serial: u16) -> Token {
    let terms = Terms {
        series: SPECIMEN_SERIES,
        idx: Idx::new(serial.into()).expect("16 bits fit 24"),
        cents: 0,
        day: LastDay::new(0),
        id: VoucherId::new(*b"SPECIMEN"),
    };
    ToBeSigned::new(Kid::new([0; 4]), terms).attach([0; 64])
}
