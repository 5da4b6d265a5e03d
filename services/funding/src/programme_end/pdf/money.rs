//! What each funder paid and is owed, over all batches.

use document::{Column, Document, Table};
use standards::Cents;

use super::super::content::{Content, FunderFact};
use super::super::figures::ProgrammeFigures;

const FIGURES_TITLES: [&str; 7] = [
    "Financé",
    "Encaissé",
    "dont payé",
    "Expiré",
    "Révoqué",
    "Annulé",
    "À rendre",
];

fn figures(figures: &ProgrammeFigures) -> [String; 7] {
    [
        figures.funded,
        figures.claimed,
        figures.paid,
        figures.expired,
        figures.revoked,
        figures.cancelled,
        figures.refundable,
    ]
    .map(Cents::to_french)
}

pub(super) fn owed_back(document: Document, content: &Content) -> Document {
    let columns = std::iter::once(Column::text("Financeur", 5).head())
        .chain(FIGURES_TITLES.map(|title| Column::amount(title, 3)));
    let row = |name: &str, of: &ProgrammeFigures| -> Vec<String> {
        std::iter::once(name.to_owned()).chain(figures(of)).collect()
    };
    let table = Table::new(columns)
        .caption("Ce que chaque financeur a payé, et ce qui lui est dû")
        .rows(content.funders.iter().map(|funder| row(&funder.name, &funder.figures)))
        .total(row("Ensemble", &content.total));
    let document = document
        .heading("Ce qui revient à chaque financeur")
        .paragraph(
            "Pour chacun : financé = encaissé + expiré + révoqué + annulé. Les parts sont celles que chacun a payées, chèque par \
             chèque, au centime près.",
        )
        .table(table);
    let others: Vec<String> = content.funders.iter().filter_map(otherwise).collect();
    if others.is_empty() {
        document
    } else {
        document.list(others)
    }
}

/// What moved otherwise than through batches.
fn otherwise(funder: &FunderFact) -> Option<String> {
    let mut parts = Vec::new();
    if !funder.trued_up.is_zero() {
        parts.push(format!(
            "{} reçus des autres financeurs par régularisation",
            funder.trued_up.to_french()
        ));
    }
    if !funder.refunded.is_zero() {
        parts.push(format!("{} déjà rendus", funder.refunded.to_french()));
    }
    let moved = !parts.is_empty();
    if moved {
        parts.push(format!("reste à rendre : {}", funder.to_refund.to_french()));
    }
    if !funder.available.is_zero() {
        parts.push(format!(
            "{} affectés au dispositif et jamais engagés, à rendre en plus",
            funder.available.to_french()
        ));
    }
    (!parts.is_empty()).then(|| format!("{} : {}.", funder.name, parts.join(" ; ")))
}

pub(super) fn unpaid(document: Document, content: &Content) -> Document {
    let unpaid = content.total.unpaid;
    let text = if unpaid.is_positive() {
        format!(
            "{} de chèques encaissés ne sont pas encore payés aux structures : leur contre-paiement suit son cours, et cette \
             somme n'est pas à rendre.",
            unpaid.to_french()
        )
    } else if unpaid.is_negative() {
        format!(
            "{} ont été payés à des structures pour des encaissements annulés depuis : ils seront repris sur leurs prochains \
             contre-paiements.",
            unpaid.checked_neg().unwrap_or_default().to_french()
        )
    } else {
        "Tous les chèques encaissés sont payés aux structures.".to_owned()
    };
    document.heading("Encaissé et pas encore payé").paragraph(text)
}
