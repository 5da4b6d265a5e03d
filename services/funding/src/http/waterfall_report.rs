use std::sync::Arc;

use access::ReportReader;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use http::HeaderMap;
use http::header::ACCEPT;
use ledger::{BookId, PartyId};
use serde::Deserialize;
use sqlx::PgPool;
use standards::{Territory, calendar};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{CsvFor, Json, Now, Problem, Query, download};

use crate::http::App;
use crate::reports::waterfall::{self, Waterfall, WaterfallFilter};
use crate::support::FundAccount;

const CSV: &str = "text/csv; charset=utf-8";
const PDF: &str = "application/pdf";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(waterfall_report))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Form {
    Json,
    Csv,
    Xlsx,
    Pdf,
}

/// [`WaterfallFilter`], and the form. Written out, because flattened parameters cannot refuse unknown ones.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WaterfallQuery {
    /// Only this funder's rows.
    #[param(value_type = Option<uuid::Uuid>)]
    funder_id: Option<PartyId>,
    /// Only this programme's rows.
    #[param(value_type = Option<uuid::Uuid>)]
    programme_id: Option<BookId>,
    /// Only programmes of this territory, or of one that lies in it.
    #[param(value_type = Option<String>, example = "R27")]
    territory: Option<Territory>,
    /// What happened from this day on (Paris); without it, from the beginning.
    from: Option<NaiveDate>,
    /// What happened up to this day (Paris), and how things stood at its end; without it, up to now.
    to: Option<NaiveDate>,
    /// The form; without it, as the header `Accept` says, or JSON.
    #[param(inline)]
    format: Option<Form>,
}

/// The waterfall as JSON, CSV, a workbook or a PDF, as `format` or the header `Accept` says.
#[utoipa::path(get, path = "/funding/v1/reports/waterfall", tag = "funding", params(WaterfallQuery, CsvFor),
    responses((status = 200, content((Waterfall = "application/json"), (String = "text/csv"), (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (String = "application/pdf")))))]
async fn waterfall_report(
    who: ReportReader,
    Now(at): Now,
    State(pool): State<PgPool>,
    State(fund): State<Arc<FundAccount>>,
    Query(report): Query<WaterfallQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = WaterfallFilter {
        funder_id: report.funder_id,
        programme_id: report.programme_id,
        territory: report.territory,
        from: report.from,
        to: report.to,
    };
    let gathered = waterfall::waterfall(&pool, &who, asked).await?;
    let today = calendar::paris_date(at);
    Ok(match report.format.unwrap_or_else(|| accepted(&headers)) {
        Form::Json => Json(gathered).into_response(),
        Form::Csv => {
            let bytes = waterfall::csv(&gathered).map_err(|error| Problem::internal(&error))?;
            download(bytes, CSV, "cascade.csv")
        }
        Form::Xlsx => {
            let bytes =
                waterfall::xlsx(&gathered, &asked.days(today), today).map_err(|error| Problem::internal(&error))?;
            download(bytes, XLSX, "cascade.xlsx")
        }
        Form::Pdf => {
            let bytes = waterfall::pdf(&gathered, &asked.days(today), today, Some(&fund.name));
            download(bytes.map_err(|error| Problem::internal(&error))?, PDF, "cascade.pdf")
        }
    })
}

/// The first form that the client names.
fn accepted(headers: &HeaderMap) -> Form {
    let named = headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let form = |range: &str| match range.split(';').next().unwrap_or_default().trim() {
        "application/json" => Some(Form::Json),
        "text/csv" => Some(Form::Csv),
        XLSX => Some(Form::Xlsx),
        PDF => Some(Form::Pdf),
        _ => None,
    };
    named.split(',').find_map(form).unwrap_or(Form::Json)
}
