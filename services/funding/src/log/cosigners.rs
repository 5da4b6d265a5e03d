//! Keys that co-sign checkpoints: registered, used, retired. A funder or an auditor has its own, the operator acts for anybody.

use access::{Cosigner, audit, audit_beside_log};
use bounds::{Reason, TextKind};
use chrono::{DateTime, Utc};
use database::UseCaseError;
use http::StatusCode;
use ledger::PartyId;
use ledger::seal::{
    COSIGNER_NAME_CHARS_MAX, COSIGNERS_OF_ONE_MAX, CosignError, RegisterError, RetireError, Retirement,
    add_cosignature, cosigner, register_cosigner, retire_cosigner,
};
use sealed_log::{CosignerKey, NoteError};
use serde::{Deserialize, Serialize};
use sqlx::PgTransaction;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Created, Problem};

use crate::log::view::CosignerView;

/// Bytes of the longest line taken: a name and some hundred bytes of base64.
const LINE_BYTES_MAX: usize = 1024;

/// A key to be believed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCosigner {
    /// Verifier key of type 4 (C2SP tlog-cosignature): `name+hash+base64`.
    pub vkey: String,
    /// Whose it is; without it, the caller's.
    pub organisation_id: Option<Uuid>,
}

/// A line to be put below a checkpoint.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCosignature {
    /// The signature line, as `ccn cosign` writes it: an em dash, the key's name, base64.
    pub line: String,
}

/// A co-signature that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct CosignatureView {
    /// Leaves of the checkpoint.
    pub size: u64,
    pub cosigner: CosignerView,
}

/// A key to be retired.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRetirement {
    /// Its verifier key, as it was registered: `name+hash+base64`.
    pub vkey: String,
    /// Why; it is kept, and shown beside the key. It names nobody.
    #[schema(value_type = Reason, example = "Clé perdue : remplacée.")]
    pub reason: String,
    /// From when on its lines are refused, not before now; without it, at once.
    pub from: Option<DateTime<Utc>>,
}

/// What is rejected of a registration.
#[derive(Debug)]
pub(crate) enum RegisterRejection {
    NotAKey,
    /// Only the operator registers the key of another organisation.
    AnotherOrganisation,
    Key(RegisterError),
}

/// What is rejected of a co-signature below the checkpoint of this size.
#[derive(Debug)]
pub(crate) struct CosignRejection(CosignError, u64);

/// What is rejected of a retirement.
#[derive(Debug)]
pub(crate) enum RetireRejection {
    NotAKey,
    Reason,
    Key(RetireError),
}

impl database::Rejection for RegisterRejection {}

impl From<RegisterRejection> for Problem {
    fn from(rejection: RegisterRejection) -> Self {
        match rejection {
            RegisterRejection::NotAKey => not_a_key(),
            RegisterRejection::AnotherOrganisation => {
                Self::forbidden("Seul l'opérateur enregistre la clé d'une autre organisation.")
            }
            RegisterRejection::Key(RegisterError::Taken) => {
                Self::same_id_other_content().detail("Cette clé est celle d'une autre organisation.")
            }
            RegisterRejection::Key(RegisterError::Retired(end)) => retired(&end),
            RegisterRejection::Key(RegisterError::Name) => {
                Self::refused("not-a-key", "Le nom de cette clé est trop long.").detail(format!(
                    "Au plus {COSIGNER_NAME_CHARS_MAX} caractères avant le premier « + » : il est écrit sous chaque point de contrôle."
                ))
            }
            RegisterRejection::Key(RegisterError::Many) => {
                Self::refused("too-many-keys", "Votre organisation a déjà trop de clés de co-signature.")
                    .detail(format!("{COSIGNERS_OF_ONE_MAX} au plus, clés retirées comprises."))
            }
            RegisterRejection::Key(RegisterError::Database(error)) => Self::internal(&error),
        }
    }
}

impl database::Rejection for CosignRejection {}

impl From<CosignRejection> for Problem {
    fn from(CosignRejection(error, size): CosignRejection) -> Self {
        match error {
            CosignError::NoCheckpoint => no_checkpoint(size),
            CosignError::NotSigned => Self::refused(
                "not-cosigned",
                format!("Cette ligne n'est pas une signature du point de contrôle de {size} écritures par une clé enregistrée."),
            )
            .detail("Enregistrez d'abord votre clé (/funding/v1/cosigners), et signez le point de contrôle de cette taille avec « ccn cosign »."),
            CosignError::Retired(end) => retired(&end),
            CosignError::Form(_) => Self::refused("not-a-line", "Ce n'est pas une ligne de signature.")
                .detail("Envoyez la ligne écrite par « ccn cosign », telle quelle."),
            CosignError::Database(error) => Self::internal(&error),
        }
    }
}

impl database::Rejection for RetireRejection {}

impl From<RetireRejection> for Problem {
    fn from(rejection: RetireRejection) -> Self {
        match rejection {
            RetireRejection::NotAKey => not_a_key(),
            RetireRejection::Reason => Self::refused("retirement-reason", "Dites pourquoi cette clé est retirée.")
                .detail(format!("« reason » : de 1 à {} caractères, sans nommer personne.", Reason::CHARS_MAX)),
            RetireRejection::Key(RetireError::Unknown) => Self::not_found("Cette clé de co-signature").detail(
                "Donnez la clé de vérification telle qu'elle a été enregistrée ; la liste est à /funding/v1/cosigners.",
            ),
            RetireRejection::Key(RetireError::Otherwise(said)) => Self::new(
                StatusCode::CONFLICT,
                "cosigner-retired-otherwise",
                "Cette clé est déjà retirée, pour un autre motif ou à un autre moment.",
            )
            .detail("Un retrait ne change plus. Rien n'a été modifié.")
            .with("retired_from", said.from)
            .with("retired_reason", said.reason),
            RetireRejection::Key(RetireError::Past) => {
                Self::refused("retired-in-the-past", "Une clé ne se retire pas pour le passé.").detail(
                    "Ce qu'elle a déjà signé reste valable. Retirez-la dès maintenant (sans « from ») ou pour plus tard, et dites dans le motif depuis quand il faut en douter.",
                )
            }
            RetireRejection::Key(RetireError::Database(error)) => Self::internal(&error),
        }
    }
}

fn not_a_key() -> Problem {
    Problem::refused("not-a-key", "Ce n'est pas une clé de co-signature.")
        .detail("Envoyez la clé de vérification de type 4 (nom+empreinte+base64) qu'affiche « ccn cosign --show-key ».")
}

fn retired(end: &Retirement) -> Problem {
    Problem::refused("cosigner-retired", "Cette clé de co-signature est retirée.")
        .detail(format!(
            "Elle l'est depuis le {} (« {} ») ; ce qu'elle a signé avant reste valable. Pour co-signer encore, enregistrez une nouvelle clé.",
            end.from.format("%d/%m/%Y à %H:%M:%S UTC"),
            end.reason
        ))
        .with("retired_from", end.from)
}

/// No checkpoint was signed when the log had this many leaves.
pub(crate) fn no_checkpoint(size: u64) -> Problem {
    Problem::not_found(&format!("Un point de contrôle de {size} écritures"))
        .detail("Donnez la taille écrite à la deuxième ligne d'un point de contrôle.")
}

/// Registers a key that co-signs: a funder or an auditor its own, the operator anybody's.
pub(crate) async fn register(
    tx: &mut PgTransaction<'_>,
    who: &Cosigner,
    new: &NewCosigner,
    at: DateTime<Utc>,
) -> Result<Created<CosignerView>, UseCaseError<RegisterRejection>> {
    let caller = who.organisation().uuid();
    let whose = new.organisation_id.unwrap_or(caller);
    if who.own().is_some() && whose != caller {
        return Err(RegisterRejection::AnotherOrganisation.into());
    }
    let key = key_of(&new.vkey).ok_or(RegisterRejection::NotAKey)?;
    let rejected = |error| match error {
        RegisterError::Database(error) => UseCaseError::Database(error),
        error => UseCaseError::Rejected(RegisterRejection::Key(error)),
    };
    let registered = register_cosigner(tx, &key, PartyId::from_uuid(whose), caller, at)
        .await
        .map_err(rejected)?;
    let known = cosigner(tx, &key).await?;
    let view = CosignerView::from(known.ok_or(sqlx::Error::RowNotFound)?);
    if !registered {
        return Ok(Created::Existing(view));
    }
    audit(tx, who, at, "cosigner.register", Some(whose), &view.vkey).await?;
    Ok(Created::New(view))
}

/// Puts a co-signature below the checkpoint of this size. It is served with it from then on.
pub(crate) async fn cosign(
    tx: &mut PgTransaction<'_>,
    who: &Cosigner,
    size: u64,
    new: &NewCosignature,
    at: DateTime<Utc>,
) -> Result<Created<CosignatureView>, UseCaseError<CosignRejection>> {
    let rejected = |error| match error {
        CosignError::Database(error) => UseCaseError::Database(error),
        error => UseCaseError::Rejected(CosignRejection(error, size)),
    };
    if new.line.len() > LINE_BYTES_MAX {
        return Err(rejected(CosignError::Form(NoteError::Form)));
    }
    let (cosigner, taken) = add_cosignature(tx, size, &new.line, party(who), at)
        .await
        .map_err(rejected)?;
    let whose = cosigner.party.uuid();
    let view = CosignatureView {
        size,
        cosigner: cosigner.into(),
    };
    if !taken {
        return Ok(Created::Existing(view));
    }
    let detail = (size, &view.cosigner.vkey);
    audit_beside_log(tx, who, at, "checkpoint.cosign", Some(whose), detail).await?;
    Ok(Created::New(view))
}

/// Retires a key that co-signs: a funder or an auditor its own, the operator anybody's.
pub(crate) async fn retire(
    tx: &mut PgTransaction<'_>,
    who: &Cosigner,
    new: &NewRetirement,
    at: DateTime<Utc>,
) -> Result<Created<CosignerView>, UseCaseError<RetireRejection>> {
    let key = key_of(&new.vkey).ok_or(RetireRejection::NotAKey)?;
    let reason = new.reason.trim();
    if !Reason::fits(reason) {
        return Err(RetireRejection::Reason.into());
    }
    let by = who.organisation().uuid();
    let retired = retire_cosigner(tx, &key, party(who), (new.from, reason), by, at).await;
    let (cosigner, retired) = retired.map_err(|error| match error {
        RetireError::Database(error) => UseCaseError::Database(error),
        error => UseCaseError::Rejected(RetireRejection::Key(error)),
    })?;
    let whose = cosigner.party.uuid();
    let view = CosignerView::from(cosigner);
    if !retired {
        return Ok(Created::Existing(view));
    }
    let detail = (&view.vkey, view.retired_from);
    audit(tx, who, at, "cosigner.retire", Some(whose), detail).await?;
    Ok(Created::New(view))
}

fn key_of(vkey: &str) -> Option<CosignerKey> {
    vkey.trim().parse().ok()
}

/// For whom the caller may speak: the operator for anybody.
fn party(who: &Cosigner) -> Option<PartyId> {
    who.own().map(|own| PartyId::from_uuid(own.uuid()))
}
