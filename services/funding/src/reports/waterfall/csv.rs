use csv::Writer;
use standards::Cents;
use standards::spreadsheet::cell;

use crate::reports::waterfall::{Waterfall, WaterfallRow};

/// The report's rows as CSV (RFC 4180, UTF-8, comma), with the columns and figures of the JSON; a name is never a formula.
pub fn csv(waterfall: &Waterfall) -> Result<Vec<u8>, csv::Error> {
    let mut writer = Writer::from_writer(Vec::new());
    let names = ["funder", "funder_id", "programme", "programme_id"];
    writer.write_record(names.iter().chain(WaterfallRow::COLUMNS))?;
    for row in &waterfall.rows {
        let programme_id = row.programme_id.map(|id| id.to_string());
        let who = [
            cell(&row.funder).into_owned(),
            row.funder_id.to_string(),
            cell(row.programme.as_deref().unwrap_or_default()).into_owned(),
            programme_id.unwrap_or_default(),
        ];
        writer.write_record(who.into_iter().chain(row.amounts().iter().map(Cents::to_string)))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}
