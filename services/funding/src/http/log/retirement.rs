//! A co-signer's key that ends: lost, stolen, or replaced.

use access::{Caller, audit};
use axum::extract::State;
use chrono::{DateTime, Utc};
use http::StatusCode;
use ledger::seal::{RetireError, retire_cosigner};
use serde::Deserialize;
use sqlx::PgPool;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Created, Json, Now, Problem};

use crate::http::App;
use crate::http::log::cosigners::{key_of, signer};
use crate::log::view::CosignerView;

/// Characters of the longest reason.
const REASON_CHARS_MAX: usize = 500;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(retire))
}

/// A key to be retired.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRetirement {
    /// Its verifier key, as it was registered: `name+hash+base64`.
    vkey: String,
    /// Why; it is kept, and shown beside the key. It names nobody.
    #[schema(example = "Clé perdue : remplacée.")]
    reason: String,
    /// From when on its lines are refused, not before now; without it, at once.
    from: Option<DateTime<Utc>>,
}

fn refused(error: RetireError) -> Problem {
    match error {
        RetireError::Unknown => Problem::not_found("Cette clé de co-signature")
            .detail("Donnez la clé de vérification telle qu'elle a été enregistrée ; la liste est à /funding/v1/cosigners."),
        RetireError::Otherwise(said) => Problem::new(
            StatusCode::CONFLICT,
            "cosigner-retired-otherwise",
            "Cette clé est déjà retirée, pour un autre motif ou à un autre moment.",
        )
        .detail("Un retrait ne change plus. Rien n'a été modifié.")
        .with("retired_from", said.from)
        .with("retired_reason", said.reason),
        RetireError::Past => Problem::refused("retired-in-the-past", "Une clé ne se retire pas pour le passé.").detail(
            "Ce qu'elle a déjà signé reste valable. Retirez-la dès maintenant (sans « from ») ou pour plus tard, et dites dans le motif depuis quand il faut en douter.",
        ),
        RetireError::Database(error) => Problem::internal(&error),
    }
}

/// Retires a key that co-signs: a funder or an auditor its own, the operator anybody's. From then on its lines are refused; what it signed
/// before stays good, and shown. There is no way back: who co-signs again registers another key.
#[utoipa::path(post, path = "/funding/v1/cosigners/retirements", tag = "log", request_body = NewRetirement,
    responses((status = 201, body = CosignerView),
        (status = 200, description = "Retired before, for the same reason", body = CosignerView),
        (status = 409, description = "`cosigner-retired-otherwise`"),
        (status = 422, description = "`not-a-key`, `retirement-reason`, `retired-in-the-past`")))]
async fn retire(
    who: Caller,
    Now(at): Now,
    State(pool): State<PgPool>,
    Json(new): Json<NewRetirement>,
) -> Result<Created<CosignerView>, Problem> {
    let party = signer(&who)?;
    let key = key_of(&new.vkey)?;
    let reason = new.reason.trim().to_owned();
    if reason.is_empty() || reason.chars().count() > REASON_CHARS_MAX {
        return Err(
            Problem::refused("retirement-reason", "Dites pourquoi cette clé est retirée.").detail(format!(
                "Le motif a 1 à {REASON_CHARS_MAX} caractères, et ne nomme personne."
            )),
        );
    }
    database::transaction(&pool, "retire_cosigner", |tx| {
        let (who, key, reason) = (who.clone(), key.clone(), reason.clone());
        Box::pin(async move {
            let by = who.organisation().uuid();
            let (cosigner, made) = retire_cosigner(tx, &key, party, (new.from, &reason), by, at).await?;
            let whose = cosigner.party.uuid();
            let view = CosignerView::from(cosigner);
            if !made {
                return Ok(Created::Existing(view));
            }
            audit(
                tx,
                &who,
                at,
                "cosigner.retire",
                Some(whose),
                (&view.vkey, view.retired_from),
            )
            .await?;
            Ok::<_, RetireError>(Created::New(view))
        })
    })
    .await
    .map_err(refused)
}
