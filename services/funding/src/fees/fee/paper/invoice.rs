//! The invoice: CGI, annexe II, art. 242 nonies A; Code de commerce, art. L441-9.

use chrono::{Days, NaiveDate};
use document::{Column, Document, Meta, Table, french_day};
use rust_decimal::Decimal;

use super::cii::{Data, DocumentKind};
use super::{BatchFacts, InvoiceFacts, mentions};
use crate::fees::fee::view::FeeLine;
use crate::support::french::{counted, grouped, percent};

pub(super) fn written(facts: &InvoiceFacts) -> Document {
    let fee = &facts.fee;
    let rate = fee.lines.first().map_or(Decimal::ZERO, |line| line.vat_rate);
    let meta = Meta::new("Facture", fee.number.clone(), fee.invoiced_on)
        .issuer(mentions::from(&facts.seller))
        .recipient(mentions::to(&facts.buyer))
        .factur_x(data(facts, rate).xml());
    let letter = Document::new(meta)
        .facts(dates(facts))
        .table(lines(facts))
        .table(mentions::totals(
            rate,
            (fee.net, fee.vat, fee.gross),
            "Total à payer, toutes taxes comprises",
        ));
    let letter = match mentions::tax(&facts.seller, rate) {
        Some(text) => letter.paragraph(text),
        None => letter,
    };
    letter
        .heading("Comment payer")
        .facts(transfer(facts))
        .list([mentions::NO_DISCOUNT, mentions::penalties(&facts.buyer)])
}

fn data(facts: &InvoiceFacts, rate: Decimal) -> Data<'_> {
    let fee = &facts.fee;
    Data {
        facts,
        number: &fee.number,
        made_on: fee.invoiced_on,
        lines: fee
            .lines
            .iter()
            .map(|line| (label(line, &facts.batch), line.net))
            .collect(),
        rate,
        net: fee.net,
        vat: fee.vat,
        gross: fee.gross,
        kind: DocumentKind::Invoice {
            due: due(facts),
            iban: &facts.seller.iban,
        },
    }
}

/// The last day, counted from the invoice's.
fn due(facts: &InvoiceFacts) -> NaiveDate {
    let days = Days::new(u64::try_from(facts.seller.payment_days).unwrap_or_default());
    let made = facts.fee.invoiced_on;
    made.checked_add_days(days).unwrap_or(made)
}

fn dates(facts: &InvoiceFacts) -> Vec<(&'static str, String)> {
    let fee = &facts.fee;
    let mut said = vec![
        ("Numéro de facture", fee.number.clone()),
        ("Date d'émission", french_day(fee.invoiced_on)),
        ("Date de la prestation", french_day(facts.batch.funded_on)),
        ("À payer au plus tard le", french_day(due(facts))),
        ("Catégorie de l'opération", "prestation de services".to_owned()),
        ("Dispositif", facts.programme.clone()),
        ("Lot", fee.batch_id.to_string()),
    ];
    said.extend(mentions::order(facts));
    said
}

fn lines(facts: &InvoiceFacts) -> Table {
    let row = |line: &FeeLine| {
        [
            label(line, &facts.batch),
            "1".to_owned(),
            line.net.to_french(),
            percent(line.vat_rate),
            line.net.to_french(),
        ]
    };
    Table::new([
        Column::text("Désignation", 8).head(),
        Column::amount("Quantité", 2),
        Column::amount("Prix unitaire HT", 3),
        Column::amount("TVA", 2),
        Column::amount("Montant HT", 3),
    ])
    .rows(facts.fee.lines.iter().map(row))
}

fn label(line: &FeeLine, batch: &BatchFacts) -> String {
    format!(
        "Gestion d'un lot de {} carnet{} de {} chèques de {}, financé le {} : {} de sa valeur faciale, {}",
        counted(batch.booklets),
        if batch.booklets >= 2 { "s" } else { "" },
        batch.booklet_size,
        batch.face_value.to_french(),
        french_day(batch.funded_on),
        percent(line.rate),
        line.base.to_french(),
    )
}

/// To the operator's own account, which is never the fund's.
fn transfer(facts: &InvoiceFacts) -> Vec<(&'static str, String)> {
    let seller = &facts.seller;
    let mut said = vec![("Par virement à", seller.name.clone()), ("IBAN", grouped(&seller.iban))];
    said.extend(seller.bic.as_ref().map(|bic| ("BIC", bic.to_string())));
    said.push(("Référence à écrire", facts.fee.number.clone()));
    said
}
