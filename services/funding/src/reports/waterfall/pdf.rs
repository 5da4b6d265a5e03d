use std::collections::BTreeMap;

use chrono::NaiveDate;
use document::{Column, Document, DocumentError, Meta, Table};
use standards::Cents;

use crate::reports::waterfall::french::HEADINGS;
use crate::reports::waterfall::{Waterfall, WaterfallRow};

/// Funders side by side; more would be too narrow to read, and go into a further table.
const FUNDERS_BESIDE_MAX: usize = 5;

const STAGE_SHARE: u8 = 3;
const AMOUNT_SHARE: u8 = 3;

/// The report for people who print: a table for all programmes together, one a programme, each with a line a stage and a column a
/// funder, in the order of the money's way; then what each line counts. `of` says of when, `issuer` whose fund it is.
pub fn pdf(waterfall: &Waterfall, of: &str, day: NaiveDate, issuer: Option<&str>) -> Result<Vec<u8>, DocumentError> {
    let meta = Meta::new("Cascade des montants", of, day).issuer(issuer);
    let mut document = Document::new(meta).paragraph(
        "Chaque ligne est une étape de l'argent, de la promesse au remboursement ; chaque colonne, un financeur. \
             Les définitions sont à la fin.",
    );
    if waterfall.rows.is_empty() {
        return document.paragraph("Aucun montant ne répond à cette demande.").render();
    }
    let programmes = by_programme(&waterfall.rows);
    if programmes.len() > 1 {
        document = section(document, "Ensemble", &waterfall.totals.iter().collect::<Vec<_>>(), true);
    }
    for (_, rows) in programmes {
        let name = rows.first().and_then(|row| row.programme.as_deref());
        // Money without programme has two stages: it came, and it is free.
        document = section(
            document,
            name.unwrap_or("Argent non affecté à un dispositif"),
            &rows,
            name.is_some(),
        );
    }
    if let Some(said) = waterfall.of_the_operator() {
        document = document.heading("Ce qui manque au compte du fonds").paragraph(said);
    }
    let explained = HEADINGS
        .iter()
        .map(|heading| format!("{} : {}", heading.title, heading.counts));
    document.heading("Ce que compte chaque ligne").list(explained).render()
}

/// Where a programme stands in the report: by name; money without programme last.
type ColumnPlace<'r> = (bool, Option<&'r str>, Option<uuid::Uuid>);

/// The rows of each programme, in the report's order.
fn by_programme(rows: &[WaterfallRow]) -> BTreeMap<ColumnPlace<'_>, Vec<&WaterfallRow>> {
    let mut programmes: BTreeMap<ColumnPlace<'_>, Vec<&WaterfallRow>> = BTreeMap::new();
    for row in rows {
        let id = row.programme_id.map(ledger::BookId::uuid);
        programmes
            .entry((id.is_none(), row.programme.as_deref(), id))
            .or_default()
            .push(row);
    }
    programmes
}

fn section(document: Document, title: &str, rows: &[&WaterfallRow], all_stages: bool) -> Document {
    let mut document = document.heading(title);
    for rows in rows.chunks(FUNDERS_BESIDE_MAX) {
        document = document.table(table(rows, all_stages));
    }
    document
}

fn table(rows: &[&WaterfallRow], all_stages: bool) -> Table {
    let mut columns = vec![Column::text("Étape", STAGE_SHARE).head()];
    columns.extend(rows.iter().map(|row| Column::amount(row.funder.as_str(), AMOUNT_SHARE)));
    let together = rows.len() > 1;
    if together {
        columns.push(Column::amount("Ensemble", AMOUNT_SHARE));
    }
    let amounts: Vec<Vec<Cents>> = rows.iter().map(|row| row.amounts()).collect();
    let stages = HEADINGS.iter().enumerate().filter_map(|(stage, heading)| {
        let of_stage: Vec<Cents> = amounts.iter().filter_map(|row| row.get(stage).copied()).collect();
        if !all_stages && of_stage.iter().all(|cents| cents.is_zero()) {
            return None;
        }
        let sum = Cents::try_sum(of_stage.iter().copied());
        let mut cells = vec![heading.title.to_owned()];
        cells.extend(of_stage.into_iter().map(Cents::to_french));
        if together {
            cells.push(sum.map_or_else(|| "–".to_owned(), Cents::to_french));
        }
        Some(cells)
    });
    Table::new(columns).rows(stages)
}
