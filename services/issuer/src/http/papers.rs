use access::{OrganisationId, Sponsor};
use axum::extract::State;
use axum::response::Response;
use catalogue::ProgrammeId;
use http::{HeaderMap, StatusCode, header};
use serde::Serialize;
use sqlx::PgPool;
use utoipa::ToSchema;
use voucher::Host;
use web::{Bytes, Json, Now, Path, Problem, download};

use super::{internal, own_programme};
use crate::paper::logos::{self, Logo, LogoFormat, LogoInk};
use crate::paper::settings::{self, Contact};

/// What a programme's paper says.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PaperView {
    /// Where people ask.
    contact: Contact,
    /// The organisations named on the cover, the sponsor first.
    partners: Vec<PartnerView>,
}

/// An organisation named on the cover.
#[derive(Debug, Serialize, ToSchema)]
struct PartnerView {
    /// Its name, also the text of its logo.
    name: String,
    /// Whether its logo is printed.
    has_logo: bool,
}

/// A logo as it is kept.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LogoView {
    /// Pixels.
    width: u16,
    /// Pixels.
    height: u16,
}

/// What the paper of a programme says: contact, partners. Proofs show it as it is printed.
#[utoipa::path(get, path = "/issuer/v1/programmes/{programme}/paper", tag = "issuer",
    params(("programme" = uuid::Uuid, Path, description = "The programme")),
    responses((status = 200, body = PaperView)))]
pub(super) async fn get(
    who: Sponsor,
    State(pool): State<PgPool>,
    State(host): State<Host>,
    Path(id): Path<ProgrammeId>,
) -> Result<Json<PaperView>, Problem> {
    let programme = own_programme(&pool, &who, id).await?;
    let read = database::transaction(&pool, "paper", |tx| {
        let (programme, host) = (programme.clone(), host.clone());
        Box::pin(async move {
            let plan = catalogue::current_plan(tx, programme.id).await?.map(|plan| plan.id);
            settings::settings(tx, &programme, plan, LogoInk::default(), &host).await
        })
    });
    let settings = read.await.map_err(internal)?;
    let partners = settings.partners.into_iter().map(|partner| PartnerView {
        name: partner.name,
        has_logo: partner.logo.is_some(),
    });
    Ok(Json(PaperView {
        contact: settings.contact,
        partners: partners.collect(),
    }))
}

/// Says where people ask; printed on the cover. A proof approved before must be approved again.
#[utoipa::path(put, path = "/issuer/v1/programmes/{programme}/paper", tag = "issuer", request_body = Contact,
    params(("programme" = uuid::Uuid, Path, description = "The programme")),
    responses((status = 200, body = Contact)))]
pub(super) async fn put(
    who: Sponsor,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(id): Path<ProgrammeId>,
    Json(contact): Json<Contact>,
) -> Result<Json<Contact>, Problem> {
    let programme = own_programme(&pool, &who, id).await?;
    let contact = contact.checked()?;
    database::transaction(&pool, "put_paper", |tx| {
        let (who, contact) = (who.clone(), contact.clone());
        Box::pin(async move { settings::put(tx, &who, programme.id, &contact, at).await })
    })
    .await
    .map_err(internal)?;
    Ok(Json(contact))
}

/// Gives the logo of the sponsor or of a funder: a PNG or an SVG, checked by its content, drawn anew at the size of print.
#[utoipa::path(put, path = "/issuer/v1/programmes/{programme}/logos/{organisation}", tag = "issuer",
    params(("programme" = uuid::Uuid, Path, description = "The programme"), ("organisation" = uuid::Uuid, Path, description = "The sponsor or a funder")),
    request_body(content((Vec<u8> = "image/png"), (String = "image/svg+xml"))),
    responses((status = 200, body = LogoView), (status = 415, description = "Neither PNG nor SVG is announced")))]
pub(super) async fn put_logo(
    who: Sponsor,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path((id, organisation)): Path<(ProgrammeId, OrganisationId)>,
    headers: HeaderMap,
    Bytes(file): Bytes,
) -> Result<Json<LogoView>, Problem> {
    let programme = own_programme(&pool, &who, id).await?;
    let announced = announced(&headers)?;
    let drawn = tokio::task::spawn_blocking(move || Logo::read(announced, &file)).await;
    let logo = drawn.map_err(|error| Problem::internal(&error))??;
    let view = LogoView {
        width: logo.width,
        height: logo.height,
    };
    database::transaction(&pool, "put_logo", |tx| {
        let (who, programme, logo) = (who.clone(), programme.clone(), logo.clone());
        Box::pin(async move { logos::put(tx, &who, &programme, organisation, &logo, at).await })
    })
    .await?;
    Ok(Json(view))
}

fn announced(headers: &HeaderMap) -> Result<LogoFormat, Problem> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    media_type.and_then(LogoFormat::of_media_type).ok_or_else(|| {
        Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            "Un logo est un PNG ou un SVG.",
        )
        .detail("Ajoutez l'en-tête « Content-Type: image/png » ou « Content-Type: image/svg+xml ».")
    })
}

/// The logo of an organisation, as it is printed.
#[utoipa::path(get, path = "/issuer/v1/programmes/{programme}/logos/{organisation}", tag = "issuer",
    params(("programme" = uuid::Uuid, Path, description = "The programme"), ("organisation" = uuid::Uuid, Path, description = "The sponsor or a funder")),
    responses((status = 200, description = "PNG", content_type = "image/png")))]
pub(super) async fn get_logo(
    who: Sponsor,
    State(pool): State<PgPool>,
    Path((id, organisation)): Path<(ProgrammeId, OrganisationId)>,
) -> Result<Response, Problem> {
    let programme = own_programme(&pool, &who, id).await?;
    let logo = logos::find(&pool, programme.id, organisation).await.map_err(internal)?;
    let logo = logo.ok_or_else(|| Problem::not_found("Ce logo"))?;
    Ok(download(logo.png, "image/png", "logo.png"))
}

/// Prints no logo of this organisation any more; its name stays.
#[utoipa::path(delete, path = "/issuer/v1/programmes/{programme}/logos/{organisation}", tag = "issuer",
    params(("programme" = uuid::Uuid, Path, description = "The programme"), ("organisation" = uuid::Uuid, Path, description = "The sponsor or a funder")),
    responses((status = 204, description = "There is none any more")))]
pub(super) async fn delete_logo(
    who: Sponsor,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path((id, organisation)): Path<(ProgrammeId, OrganisationId)>,
) -> Result<StatusCode, Problem> {
    let programme = own_programme(&pool, &who, id).await?;
    database::transaction(&pool, "delete_logo", |tx| {
        let who = who.clone();
        Box::pin(async move { logos::delete(tx, &who, programme.id, organisation, at).await })
    })
    .await
    .map_err(internal)?;
    Ok(StatusCode::NO_CONTENT)
}
