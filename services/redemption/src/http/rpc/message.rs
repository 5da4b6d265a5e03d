//! Messages of `ccn.redemption.v1` from and to the use case's own types.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use proto::redemption::v1;
use web::Problem;

use crate::claims::claim::NewClaim;
use crate::claims::read_claims::Receipt;

/// The claim that a message asks for, or what in it cannot be read.
pub(super) fn new_claim(message: v1::ClaimRequest) -> Result<NewClaim, Problem> {
    let v1::ClaimRequest {
        id,
        tokens,
        service,
        date,
        short_codes,
        status_list_at,
    } = message;
    let id = id
        .parse()
        .map_err(|_| Problem::bad_request("« id » n'est pas un UUID."))?;
    let date: NaiveDate = date
        .parse()
        .map_err(|_| Problem::bad_request("« date » n'est pas une date : écrivez AAAA-MM-JJ."))?;
    let status_list_at = status_list_at.map(|at| at.parse()).transpose().map_err(|_| {
        Problem::bad_request("« status_list_at » n'est pas un instant : écrivez AAAA-MM-JJThh:mm:ssZ (RFC 3339).")
    })?;
    Ok(NewClaim {
        id,
        tokens,
        short_codes,
        service,
        date,
        status_list_at,
    })
}

/// The receipt, written as in REST.
pub(super) fn receipt(receipt: Receipt) -> v1::Receipt {
    let vouchers = receipt.vouchers.into_iter().map(|voucher| v1::ClaimedVoucher {
        series: voucher.series.into(),
        idx: voucher.idx,
        value: voucher.value.to_string(),
    });
    v1::Receipt {
        id: receipt.id.to_string(),
        claim_id: receipt.claim_id.to_string(),
        programme_id: receipt.programme_id.to_string(),
        structure_id: receipt.structure_id.to_string(),
        service: receipt.service,
        date: receipt.date.to_string(),
        total: receipt.total.to_string(),
        vouchers: vouchers.collect(),
        at: instant(receipt.at),
        status_list_at: receipt.status_list_at.map(instant),
        reversed_at: receipt.reversed_at.map(instant),
    }
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
