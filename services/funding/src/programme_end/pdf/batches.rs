//! Batch by batch: what each funder brought, and what became of it.

use document::{Column, Document, Table, french_day};
use rust_decimal::Decimal;
use standards::Cents;

use super::super::content::{BatchFact, Content};
use super::super::figures::ProgrammeFigures;
use super::plural;
use crate::support::french::{counted, percent};

pub(super) fn by_batch(document: Document, content: &Content) -> Document {
    let document = document.heading("Détail par lot");
    if content.batches.is_empty() {
        return document.paragraph("Aucun lot n'a été commandé.");
    }
    let mut document = document.paragraph(
        "Chaque lot garde le plan de financement sous lequel il a été commandé. Rien n'est compensé entre les lots.",
    );
    for (index, batch) in content.batches.iter().enumerate() {
        document = document
            .subheading(format!(
                "Lot {} commandé le {}",
                index + 1,
                french_day(batch.ordered_on)
            ))
            .facts(batch_facts(batch));
        for table in batch_tables(batch) {
            document = document.table(table);
        }
    }
    document
}

fn batch_facts(batch: &BatchFact) -> Vec<(String, String)> {
    let mut facts = vec![
        ("Identifiant".to_owned(), batch.id.to_string()),
        (
            "Contenu".to_owned(),
            format!(
                "{} carnet{} de {} chèques de {}",
                counted(batch.booklets),
                plural(batch.booklets.into()),
                batch.booklet_size,
                batch.face_value.to_french()
            ),
        ),
    ];
    if batch.cancelled {
        facts.push(("État".to_owned(), "annulé".to_owned()));
    }
    facts
}

/// What was brought, then what became of it: sums of millions of euros fit half the columns.
fn batch_tables(batch: &BatchFact) -> [Table; 2] {
    let total = ProgrammeFigures::sum(batch.funders.iter().map(|funder| &funder.figures));
    let brought = |of: &ProgrammeFigures| [of.ordered, of.funded, of.activated, of.handed_over];
    let columns = [Column::text("Financeur", 5).head(), Column::amount("Part", 2)]
        .into_iter()
        .chain(["Commandé", "Financé", "Activé", "Remis"].map(|title| Column::amount(title, 3)));
    let row = |name: &str, rate: Decimal, of: &ProgrammeFigures| -> Vec<String> {
        [name.to_owned(), percent(rate)]
            .into_iter()
            .chain(brought(of).map(Cents::to_french))
            .collect()
    };
    let mut first = Table::new(columns).caption("Ce que chacun a apporté").rows(
        batch
            .funders
            .iter()
            .map(|funder| row(&funder.name, funder.rate, &funder.figures)),
    );
    let became = |of: &ProgrammeFigures| [of.claimed, of.paid, of.expired, of.revoked, of.cancelled, of.refundable];
    let titles = ["Encaissé", "dont payé", "Expiré", "Révoqué", "Annulé", "À rendre"];
    let columns =
        std::iter::once(Column::text("Financeur", 5).head()).chain(titles.map(|title| Column::amount(title, 3)));
    let end = |name: &str, of: &ProgrammeFigures| -> Vec<String> {
        std::iter::once(name.to_owned())
            .chain(became(of).map(Cents::to_french))
            .collect()
    };
    let mut second = Table::new(columns)
        .caption("Ce que c'est devenu")
        .rows(batch.funders.iter().map(|funder| end(&funder.name, &funder.figures)));
    if let Some(total) = total {
        first = first.total(row("Ensemble", Decimal::ONE, &total));
        second = second.total(end("Ensemble", &total));
    }
    [first, second]
}
