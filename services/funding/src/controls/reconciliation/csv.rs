use standards::spreadsheet::cell;

use crate::controls::reconciliation::document::Document;

/// The identities, the breaks and the open points as one table, for a spreadsheet.
pub fn csv(document: &Document) -> Result<Vec<u8>, ::csv::Error> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(["line", "name", "left", "right", "holds", "state", "age_days", "owner"])?;
    for identity in &document.identities {
        let holds = if identity.holds { "yes" } else { "no" };
        let (left, right) = (identity.left.to_string(), identity.right.to_string());
        writer.write_record(["identity", &cell(&identity.name), &left, &right, holds, "", "", ""])?;
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
