use csv::Writer;
use standards::calendar::paris_date;
use standards::spreadsheet::cell;

use crate::reports::evidence::claims::Claim;
use crate::reports::evidence::write::BundleWriteError;
use crate::support::ids::PaymentId;

/// The columns of `encaissements.csv`, which people read.
pub(super) const COLUMNS: [&str; 10] = [
    "encaissement",
    "dispositif",
    "jour",
    "date_du_service",
    "service",
    "cheques",
    "montant",
    "annule_le",
    "virement",
    "preuve",
];

/// What is known beside the claim.
pub(super) struct ClaimContext<'b> {
    pub programme: &'b str,
    pub vouchers: &'b [String],
    pub payment: Option<(PaymentId, bool)>,
    pub proof: &'b str,
}

/// A claim's line.
pub(super) fn line(claim: &Claim, context: &ClaimContext<'_>) -> Result<Vec<u8>, BundleWriteError> {
    let payment = match context.payment {
        None => String::new(),
        Some((id, true)) => format!("{id} (débité)"),
        Some((id, false)) => format!("{id} (envoyé)"),
    };
    let reversed = claim.reversed_at.map(|at| paris_date(at).to_string());
    record(&[
        &claim.id.to_string(),
        &cell(context.programme),
        &paris_date(claim.at).to_string(),
        &claim.service_date.to_string(),
        &cell(&claim.service),
        &context.vouchers.join(" "),
        &claim.cents.to_string(),
        reversed.as_deref().unwrap_or_default(),
        &payment,
        context.proof,
    ])
}

/// A line of any texts.
pub(super) fn record(texts: &[&str]) -> Result<Vec<u8>, BundleWriteError> {
    let mut writer = Writer::from_writer(Vec::new());
    writer.write_record(texts)?;
    Ok(writer
        .into_inner()
        .map_err(|error| csv::Error::from(error.into_error()))?)
}
