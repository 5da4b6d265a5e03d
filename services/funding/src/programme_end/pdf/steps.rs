//! What was done, when and by whom.

use catalogue::ExpiryStep;
use chrono::{DateTime, NaiveDate, Utc};
use document::{Column, Document, Table};
use standards::calendar::{paris_date, paris_start_of_day};

use super::super::content::Content;

/// Who did what nobody asked for.
const CLOCK: &str = "le système";

pub(super) fn steps(document: Document, content: &Content) -> Document {
    let columns = [
        Column::text("Étape", 6).head(),
        Column::text("Prévue le", 3),
        Column::text("Faite le", 3),
        Column::text("Par", 4),
        Column::text("Remarque", 3),
    ];
    let day = |day: NaiveDate| day.format("%d/%m/%Y").to_string();
    let at = |at: DateTime<Utc>| day(paris_date(at));
    let remark = |late: bool| if late { "en retard" } else { "" };
    let row = |step: ExpiryStep, due_on: NaiveDate, done_at: DateTime<Utc>, by: &str, late: bool| {
        let cells = [
            step.french().to_owned(),
            day(due_on),
            at(done_at),
            by.to_owned(),
            remark(late).to_owned(),
        ];
        (step, cells)
    };
    let mut rows: Vec<(ExpiryStep, [String; 5])> = content
        .steps
        .iter()
        .map(|step| {
            row(
                step.step,
                step.due_on,
                step.done_at,
                step.by.as_deref().unwrap_or(CLOCK),
                step.late,
            )
        })
        .collect();
    let refused_on = content.programme.last_day.succ_opt().unwrap_or(NaiveDate::MAX);
    rows.push(row(
        ExpiryStep::Refusal,
        refused_on,
        paris_start_of_day(refused_on),
        "la date des chèques",
        false,
    ));
    rows.push(row(
        ExpiryStep::Statement,
        content.due_on,
        content.issued_at,
        CLOCK,
        content.late,
    ));
    rows.sort_by_key(|(step, _)| *step);
    let rows = rows.into_iter().map(|(_, cells)| cells);
    document.heading("Déroulé").table(Table::new(columns).rows(rows))
}
