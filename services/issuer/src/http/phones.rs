use access::Sponsor;
use axum::extract::State;
use axum::response::Response;
use catalogue::ProgrammeId;
use http::{HeaderValue, header};
use ledger::BatchId;
use sqlx::PgPool;
use voucher::{Qr, QrLevel};
use web::{Now, Path, Problem, download};

use super::own_programme;
use super::prints::in_background;
use crate::paper::phone::PhoneVoucher;
use crate::paper::print::{self, Press};

/// One voucher as an image, for e-mail or a phone: `12.png` or `12.svg`. Leaves a trace.
#[utoipa::path(get, path = "/issuer/v1/programmes/{programme}/batches/{batch}/vouchers/{image}", tag = "issuer",
    params(("programme" = uuid::Uuid, Path, description = "The programme"), ("batch" = uuid::Uuid, Path, description = "The batch"),
        ("image" = String, Path, description = "The serial number, then `.png` or `.svg`", example = "12.png")),
    responses((status = 200, description = "PNG", content_type = "image/png"),
        (status = 422, description = "`not-minted`, `batch-cancelled`, `print-range`, `key-not-loaded`")))]
pub(super) async fn voucher_image(
    who: Sponsor,
    Now(at): Now,
    State(pool): State<PgPool>,
    State(press): State<Press>,
    Path((id, batch, image)): Path<(ProgrammeId, BatchId, String)>,
) -> Result<Response, Problem> {
    let programme = own_programme(&pool, &who, id).await?;
    let asked = image
        .rsplit_once('.')
        .and_then(|(serial, kind)| Some((serial.parse::<u32>().ok()?, kind)));
    let (serial, png) = match asked {
        Some((serial, "png")) => (serial, true),
        Some((serial, "svg")) => (serial, false),
        _ => return Err(Problem::not_found("Cette image").detail("Demandez par exemple « 12.png » ou « 12.svg ».")),
    };
    let to_print = database::transaction(&pool, "voucher_image", |tx| {
        let (who, programme, press) = (who.clone(), programme.clone(), press.clone());
        Box::pin(async move { print::prepare_one(tx, &who, &programme, batch, serial, &press, at).await })
    })
    .await?;
    let bytes = in_background(move || {
        let signed = to_print
            .signed(&press.keys)
            .next()
            .ok_or(print::PrintRejection::NotMinted)??;
        let voucher = PhoneVoucher {
            programme: &programme.name,
            face_value: to_print.batch.face_value,
            printed_day: programme.printed_day,
            serial,
            short_code: signed.id.short_code(),
            qr: Qr::new(&signed.token, &press.host, QrLevel::Medium),
        };
        if png {
            voucher.png()
        } else {
            Ok(voucher.svg().into_bytes())
        }
    })
    .await?;
    let mut response = if png {
        download(bytes, "image/png", "cheque.png")
    } else {
        download(bytes, "image/svg+xml", "cheque.svg")
    };
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
