use csv::Writer;
use standards::Cents;
use standards::spreadsheet::cell;

use super::content::Content;
use super::figures::ProgrammeFigures;

/// The statement's sums as CSV (RFC 4180, UTF-8, comma): a row a batch and funder, then a row a funder over all batches (no batch).
pub(super) fn csv(content: &Content) -> Result<Vec<u8>, csv::Error> {
    let mut writer = Writer::from_writer(Vec::new());
    let before = ["programme_id", "batch_id", "funder_id", "funder", "rate"];
    let after = ["trued_up", "refunded", "to_refund", "available"];
    writer.write_record(before.iter().chain(ProgrammeFigures::NAMES).chain(&after))?;
    let programme = content.programme.id.to_string();
    let amounts =
        |figures: &ProgrammeFigures| -> Vec<String> { figures.amounts().iter().map(Cents::to_string).collect() };
    for batch in &content.batches {
        for funder in &batch.funders {
            let who = [
                programme.clone(),
                batch.id.to_string(),
                funder.id.to_string(),
                cell(&funder.name).into_owned(),
                funder.rate.to_string(),
            ];
            let rest = after.map(|_| String::new());
            writer.write_record(who.into_iter().chain(amounts(&funder.figures)).chain(rest))?;
        }
    }
    for funder in &content.funders {
        let who = [
            programme.clone(),
            String::new(),
            funder.id.to_string(),
            cell(&funder.name).into_owned(),
            String::new(),
        ];
        let rest = [funder.trued_up, funder.refunded, funder.to_refund, funder.available];
        let rest = rest.map(|cents| cents.to_string());
        writer.write_record(who.into_iter().chain(amounts(&funder.figures)).chain(rest))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}
