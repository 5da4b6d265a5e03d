use standards::spreadsheet::cell;

use crate::controls::reconciliation::document::Document;

/// The invariants, the breaks and the open points as one table, for a spreadsheet.
pub fn csv(document: &Document) -> Result<Vec<u8>, ::csv::Error> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(["line", "name", "left", "right", "holds", "state", "age_days", "owner"])?;
    for invariant in &document.invariants {
        let holds = if invariant.holds { "yes" } else { "no" };
        let (left, right) = (invariant.left.to_string(), invariant.right.to_string());
        writer.write_record(["invariant", &cell(&invariant.name), &left, &right, holds, "", "", ""])?;
    }
    for one in &document.breaks {
        let name = format!("{} {}", one.kind, one.id);
        let (amount, age) = (one.amount.to_string(), one.age_days.to_string());
        let owner = cell(one.owner.as_deref().unwrap_or_default());
        writer.write_record(["break", &name, &amount, "", "", &one.state, &age, &owner])?;
    }
    for point in &document.open_points {
        writer.write_record(["open_point", &point.text, &point.amount.to_string(), "", "", "", "", ""])?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}
