use access::{Caller, Role, audit};
use axum::extract::State;
use ledger::PartyId;
use ledger::seal::{
    COSIGNER_NAME_CHARS_MAX, COSIGNERS_OF_ONE_MAX, CosignError, RegisterError, Retirement, add_cosignature, cosigner,
    cosigners, register_cosigner,
};
use sealed_log::CosignerKey;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use web::{Created, Json, Now, Path, Problem};

use crate::http::App;
use crate::http::log::checkpoints::no_checkpoint;
use crate::http::log::internal;
use crate::log::view::CosignerView;

/// Bytes of the longest line taken: a name and some hundred bytes of base64.
const LINE_BYTES_MAX: usize = 1024;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, register))
        .routes(routes!(cosign))
}

/// A key to be believed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewCosigner {
    /// Verifier key of type 4 (C2SP tlog-cosignature): `name+hash+base64`.
    vkey: String,
    /// Whose it is; without it, the caller's.
    organisation_id: Option<Uuid>,
}

/// A line to be put below a checkpoint.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewCosignature {
    /// The signature line, as `ccn cosign` writes it: an em dash, the key's name, base64.
    line: String,
}

/// A co-signature that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
struct CosignatureView {
    /// Leaves of the checkpoint.
    size: u64,
    /// Whose it is.
    cosigner: CosignerView,
}

fn unregistered(error: RegisterError) -> Problem {
    match error {
        RegisterError::Taken => {
            Problem::same_id_other_content().detail("Cette clé est celle d'une autre organisation.")
        }
        RegisterError::Retired(end) => retired(&end),
        RegisterError::Name => Problem::refused("not-a-key", "Le nom de cette clé est trop long.").detail(format!(
            "Au plus {COSIGNER_NAME_CHARS_MAX} caractères avant le premier « + » : il est écrit sous chaque point de contrôle."
        )),
        RegisterError::Many => Problem::refused("too-many-keys", "Votre organisation a déjà trop de clés de co-signature.")
            .detail(format!("{COSIGNERS_OF_ONE_MAX} au plus, clés retirées comprises.")),
        RegisterError::Database(error) => Problem::internal(&error),
    }
}

fn refused(error: CosignError, size: u64) -> Problem {
    match error {
        CosignError::NoCheckpoint => no_checkpoint(size),
        CosignError::NotSigned => Problem::refused(
            "not-cosigned",
            format!("Cette ligne n'est pas une signature du point de contrôle de {size} écritures par une clé enregistrée."),
        )
        .detail("Enregistrez d'abord votre clé (/funding/v1/cosigners), et signez le point de contrôle de cette taille avec « ccn cosign »."),
        CosignError::Retired(end) => retired(&end),
        CosignError::Form(_) => Problem::refused("not-a-line", "Ce n'est pas une ligne de signature.")
            .detail("Envoyez la ligne écrite par « ccn cosign », telle quelle."),
        CosignError::Database(error) => Problem::internal(&error),
    }
}

pub(super) fn retired(end: &Retirement) -> Problem {
    Problem::refused("cosigner-retired", "Cette clé de co-signature est retirée.")
        .detail(format!(
            "Elle l'est depuis le {} (« {} ») ; ce qu'elle a signé avant reste valable. Pour co-signer encore, enregistrez une nouvelle clé.",
            end.from.format("%d/%m/%Y à %H:%M:%S UTC"),
            end.reason
        ))
        .with("retired_from", end.from)
}

/// Whose keys are believed, and those that were.
#[utoipa::path(get, path = "/funding/v1/cosigners", tag = "log",
    responses((status = 200, body = Vec<CosignerView>)))]
async fn list(who: Caller, State(pool): State<PgPool>) -> Result<Json<Vec<CosignerView>>, Problem> {
    if !who.has(Role::Operator) && !who.has(Role::Auditor) && !who.has(Role::Funder) {
        return Err(Problem::forbidden(
            "Cette action est réservée aux rôles « opérateur », « auditeur » et « financeur ».",
        ));
    }
    let mut connection = pool.acquire().await.map_err(internal)?;
    let all = cosigners(&mut connection).await.map_err(internal)?;
    Ok(Json(all.into_iter().map(CosignerView::from).collect()))
}

/// Registers a key that co-signs: a funder or an auditor its own, the operator anybody's.
#[utoipa::path(post, path = "/funding/v1/cosigners", tag = "log", request_body = NewCosigner,
    responses((status = 201, body = CosignerView),
        (status = 200, description = "Registered before", body = CosignerView),
        (status = 409, description = "The key is another organisation's"),
        (status = 422, description = "`not-a-key`, `too-many-keys`, `cosigner-retired`")))]
async fn register(
    who: Caller,
    Now(at): Now,
    State(pool): State<PgPool>,
    Json(new): Json<NewCosigner>,
) -> Result<Created<CosignerView>, Problem> {
    let party = signer(&who)?;
    let own = who.organisation().uuid();
    let whose = new.organisation_id.unwrap_or(own);
    if party.is_some() && whose != own {
        return Err(Problem::forbidden(
            "Seul l'opérateur enregistre la clé d'une autre organisation.",
        ));
    }
    let key = key_of(&new.vkey)?;
    let whose = PartyId::from_uuid(whose);
    database::transaction(&pool, "register_cosigner", |tx| {
        let (who, key) = (who.clone(), key.clone());
        Box::pin(async move {
            let made = register_cosigner(tx, &key, whose, who.organisation().uuid(), at).await?;
            let known = cosigner(tx, &key).await?;
            let view = CosignerView::from(known.ok_or(sqlx::Error::RowNotFound)?);
            if !made {
                return Ok(Created::Existing(view));
            }
            audit(tx, &who, at, "cosigner.register", Some(whose.uuid()), &view.vkey).await?;
            Ok::<_, RegisterError>(Created::New(view))
        })
    })
    .await
    .map_err(unregistered)
}

/// Puts a co-signature below a checkpoint, or below the checkpoint of a close. It is served with it from then on.
#[utoipa::path(post, path = "/funding/v1/checkpoints/{size}/cosignatures", tag = "log", request_body = NewCosignature,
    params(("size" = u64, Path, description = "Leaves of the checkpoint")),
    responses((status = 201, body = CosignatureView),
        (status = 200, description = "Taken before", body = CosignatureView),
        (status = 422, description = "`not-a-line`, `not-cosigned`, `cosigner-retired`")))]
async fn cosign(
    who: Caller,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(size): Path<u64>,
    Json(new): Json<NewCosignature>,
) -> Result<Created<CosignatureView>, Problem> {
    let party = signer(&who)?;
    if new.line.len() > LINE_BYTES_MAX {
        return Err(refused(CosignError::Form(sealed_log::NoteError::Form), size));
    }
    database::transaction(&pool, "cosign", |tx| {
        let (who, line) = (who.clone(), new.line.clone());
        Box::pin(async move {
            let (cosigner, made) = add_cosignature(tx, size, &line, party, at).await?;
            let whose = cosigner.party.uuid();
            let view = CosignatureView {
                size,
                cosigner: cosigner.into(),
            };
            if !made {
                return Ok(Created::Existing(view));
            }
            audit(
                tx,
                &who,
                at,
                "checkpoint.cosign",
                Some(whose),
                (size, &view.cosigner.vkey),
            )
            .await?;
            Ok::<_, CosignError>(Created::New(view))
        })
    })
    .await
    .map_err(|error| refused(error, size))
}

pub(super) fn key_of(vkey: &str) -> Result<CosignerKey, Problem> {
    vkey.trim().parse().map_err(|_| {
        Problem::refused("not-a-key", "Ce n'est pas une clé de co-signature.").detail(
            "Envoyez la clé de vérification de type 4 (nom+empreinte+base64) qu'affiche « ccn cosign --show-key ».",
        )
    })
}

/// For whom the caller may speak: the operator for anybody, funders and auditors for themselves.
pub(super) fn signer(who: &Caller) -> Result<Option<PartyId>, Problem> {
    if who.has(Role::Operator) {
        Ok(None)
    } else if who.has(Role::Funder) || who.has(Role::Auditor) {
        Ok(Some(PartyId::from_uuid(who.organisation().uuid())))
    } else {
        Err(Problem::forbidden(
            "Cette action est réservée aux rôles « opérateur », « financeur » et « auditeur ».",
        ))
    }
}
