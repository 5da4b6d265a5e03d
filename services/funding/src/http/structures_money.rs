use std::sync::Arc;

use access::{Caller, OperatorOrAuditor};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use ledger::PartyId;
use serde::Deserialize;
use sqlx::PgPool;
use standards::calendar;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{CsvFor, Json, Now, Path, Problem, Query, download};

use crate::http::App;
use crate::payments::holds::{self, Holds};
use crate::payments::remittance::{self, Remittance};
use crate::payments::structure_account::{self, StructureAccount};
use crate::support::ids::PaymentId;
use crate::support::{DocumentSigner, FundAccount};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get_remittance))
        .routes(routes!(get_holds))
        .routes(routes!(get_structure_account))
        .routes(routes!(get_attestation))
}

/// How a report is query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Csv,
    Pdf,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct FormatQuery {
    /// `json` (the default), `csv` or `pdf`; stronger than the header `Accept`.
    format: Option<String>,
}

impl FormatQuery {
    fn format(&self, headers: &HeaderMap, offered: &[Format]) -> Result<Format, Problem> {
        let accept = headers
            .get(header::ACCEPT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("");
        let format = match self.format.as_deref() {
            Some("json") => Some(Format::Json),
            Some("csv") => Some(Format::Csv),
            Some("pdf") => Some(Format::Pdf),
            Some(_) => None,
            None if accept.contains("application/pdf") => Some(Format::Pdf),
            None if accept.contains("text/csv") => Some(Format::Csv),
            None => Some(Format::Json),
        };
        format.filter(|format| offered.contains(format)).ok_or_else(|| {
            let words = offered.iter().map(|format| match format {
                Format::Json => "« json »",
                Format::Csv => "« csv »",
                Format::Pdf => "« pdf »",
            });
            Problem::bad_request(format!(
                "Ce format n'existe pas ici : donnez dans « format » {}.",
                words.collect::<Vec<_>>().join(" ou ")
            ))
        })
    }
}

/// The remittance advice of a payment: for the structure that is paid, and for the operator. As JSON, CSV or PDF, by `format` or
/// `Accept`.
#[utoipa::path(get, path = "/funding/v1/payments/{id}/remittance", tag = "funding",
    params(("id" = uuid::Uuid, Path, description = "The payment; its end-to-end id is the same id without dashes"), FormatQuery, CsvFor),
    responses((status = 200, content((Remittance = "application/json"), (String = "text/csv"), (String = "application/pdf")))))]
async fn get_remittance(
    who: Caller,
    headers: HeaderMap,
    State(pool): State<PgPool>,
    State(fund): State<Arc<FundAccount>>,
    Path(id): Path<PaymentId>,
    Query(query): Query<FormatQuery>,
) -> Result<Response, Problem> {
    let format = query.format(&headers, &[Format::Json, Format::Csv, Format::Pdf])?;
    let remittance = remittance::read(&pool, &who, id).await?;
    let name = format!("avis-{}", remittance.end_to_end);
    Ok(match format {
        Format::Json => Json(remittance).into_response(),
        Format::Csv => {
            let bytes = remittance::csv(&remittance).map_err(|error| Problem::internal(&error))?;
            download(bytes, "text/csv; charset=utf-8", &format!("{name}.csv"))
        }
        Format::Pdf => {
            // Thousands of lines take a while to set.
            let written = tokio::task::spawn_blocking(move || remittance::pdf(&remittance, &fund)).await;
            let bytes = written
                .map_err(|error| Problem::internal(&error))?
                .map_err(|error| Problem::internal(&error))?;
            download(bytes, "application/pdf", &format!("{name}.pdf"))
        }
    })
}

/// Who is owed money and is not paid it, why, and since when; by age of 0–30, 31–60, 61–90 and more than 90 days. JSON or CSV.
#[utoipa::path(get, path = "/funding/v1/holds", tag = "funding", params(FormatQuery, CsvFor),
    responses((status = 200, content((Holds = "application/json"), (String = "text/csv")))))]
async fn get_holds(
    _: OperatorOrAuditor,
    Now(at): Now,
    headers: HeaderMap,
    State(pool): State<PgPool>,
    Query(query): Query<FormatQuery>,
) -> Result<Response, Problem> {
    let format = query.format(&headers, &[Format::Json, Format::Csv])?;
    let internal = |error: sqlx::Error| Problem::internal(&error);
    let mut connection = pool.acquire().await.map_err(internal)?;
    let holds = holds::holds(&mut connection, None, calendar::paris_date(at))
        .await
        .map_err(internal)?;
    if format == Format::Json {
        return Ok(Json(holds).into_response());
    }
    let bytes = holds::csv(&holds).map_err(|error| Problem::internal(&error))?;
    Ok(download(bytes, "text/csv; charset=utf-8", "sommes-retenues.csv"))
}

/// A structure's money: owed, under way, paid, to be deducted, held and why, and when the next payment comes. For the structure
/// itself, and for the operator.
#[utoipa::path(get, path = "/funding/v1/structures/{structure}/account", tag = "funding",
    params(("structure" = uuid::Uuid, Path, description = "The structure")),
    responses((status = 200, body = StructureAccount)))]
async fn get_structure_account(
    who: Caller,
    Now(at): Now,
    State(pool): State<PgPool>,
    Path(structure): Path<PartyId>,
) -> Result<Json<StructureAccount>, Problem> {
    let account = structure_account::read(&pool, &who, structure, calendar::paris_date(at)).await?;
    Ok(Json(account))
}

/// What a public structure's régie asks for (PDF): who pays, on what conditions, within how many days, and where its account stands;
/// signed (`PAdES`) where the process has the documents' key. For the structure itself, and for the operator.
#[utoipa::path(get, path = "/funding/v1/structures/{structure}/attestation", tag = "funding",
    params(("structure" = uuid::Uuid, Path, description = "The structure")),
    responses((status = 200, body = String, content_type = "application/pdf")))]
async fn get_attestation(
    who: Caller,
    Now(at): Now,
    State(pool): State<PgPool>,
    State(documents): State<DocumentSigner>,
    Path(structure): Path<PartyId>,
) -> Result<Response, Problem> {
    let on = calendar::paris_date(at);
    let account = structure_account::read(&pool, &who, structure, on).await?;
    let bytes = structure_account::attestation(&pool, &documents, &account, at).await?;
    Ok(download(bytes, "application/pdf", &format!("attestation-{on}.pdf")))
}
