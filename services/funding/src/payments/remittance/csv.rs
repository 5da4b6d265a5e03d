use standards::spreadsheet::cell;

use super::{ProgrammePart, Remittance};

/// One row a claim, then a row of totals a programme and one for the payment: `kind` says which.
pub fn csv(remittance: &Remittance) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "kind",
        "end_to_end",
        "programme",
        "programme_id",
        "claim_id",
        "claimed_on",
        "service_on",
        "service",
        "vouchers",
        "reversed_on",
        "amount",
    ])?;
    for part in &remittance.programmes {
        for line in &part.lines {
            let kind = if line.amount.is_negative() {
                "deduction"
            } else {
                "claim"
            };
            writer.write_record([
                kind,
                &remittance.end_to_end,
                &cell(&part.programme),
                &part.programme_id.to_string(),
                &line.claim_id.to_string(),
                &line.claimed_on.to_string(),
                &line.service_on.to_string(),
                &cell(&line.service),
                &line.vouchers.to_string(),
                &line.reversed_on.map(|day| day.to_string()).unwrap_or_default(),
                &line.amount.to_string(),
            ])?;
        }
        writer.write_record(total(remittance, Some(part)))?;
    }
    writer.write_record(total(remittance, None))?;
    writer.into_inner().map_err(|error| error.into_error().into())
}

fn total(remittance: &Remittance, part: Option<&ProgrammePart>) -> [String; 11] {
    let kind = if part.is_some() {
        "programme_total"
    } else {
        "payment_total"
    };
    let mut row = [const { String::new() }; 11];
    kind.clone_into(&mut row[0]);
    row[1].clone_from(&remittance.end_to_end);
    if let Some(part) = part {
        row[2] = cell(&part.programme).into_owned();
        row[3] = part.programme_id.to_string();
    }
    row[10] = part.map_or(remittance.amount, |part| part.total).to_string();
    row
}
