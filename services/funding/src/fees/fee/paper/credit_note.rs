//! The credit note: it names the invoice that it changes, as CGI, art. 272 and 289, I-5 want, and bears the same mentions.

use document::{Column, Document, Meta, Table, french_day};
use rust_decimal::Decimal;
use standards::Cents;

use super::cii::{Data, DocumentKind};
use super::{InvoiceFacts, mentions};
use crate::fees::fee::credit::{CreditLine, CreditNote};
use crate::support::french::percent;

pub(super) fn written(facts: &InvoiceFacts, note: &CreditNote, earlier: Cents) -> Document {
    let fee = &facts.fee;
    let rate = fee.lines.first().map_or(Decimal::ZERO, |line| line.vat_rate);
    let meta = Meta::new("Avoir", note.number.clone(), note.credited_on)
        .issuer(mentions::from(&facts.seller))
        .recipient(mentions::to(&facts.buyer))
        .factur_x(data(facts, note, rate).xml());
    let mut said = vec![
        ("Numéro d'avoir", note.number.clone()),
        ("Date d'émission", french_day(note.credited_on)),
        (
            "Facture d'origine",
            format!("{} du {}", fee.number, french_day(fee.invoiced_on)),
        ),
        ("Date de la prestation", french_day(facts.batch.funded_on)),
        ("Catégorie de l'opération", "prestation de services".to_owned()),
        ("Dispositif", facts.programme.clone()),
        ("Motif", note.reason.clone()),
    ];
    said.extend(mentions::order(facts));
    let letter = Document::new(meta)
        .facts(said)
        .table(lines(&note.lines, rate))
        .table(mentions::totals(
            rate,
            (note.net, note.vat, note.gross),
            "Total de l'avoir, toutes taxes comprises",
        ));
    let letter = match mentions::tax(&facts.seller, rate) {
        Some(text) => letter.paragraph(text),
        None => letter,
    };
    letter
        .heading("Ce qui reste de la facture")
        .table(left(fee.gross, earlier, note.gross))
        .paragraph("Cet avoir se déduit de la facture : il n'y a rien à payer pour lui.")
}

fn data<'a>(facts: &'a InvoiceFacts, note: &'a CreditNote, rate: Decimal) -> Data<'a> {
    Data {
        facts,
        number: &note.number,
        made_on: note.credited_on,
        lines: note.lines.iter().map(|line| (line.label.clone(), line.net)).collect(),
        rate,
        net: note.net,
        vat: note.vat,
        gross: note.gross,
        kind: DocumentKind::CreditNote {
            invoice: &note.invoice,
            of: facts.fee.invoiced_on,
        },
    }
}

fn lines(lines: &[CreditLine], rate: Decimal) -> Table {
    let row = |line: &CreditLine| [line.label.clone(), percent(rate), line.net.to_french()];
    Table::new([
        Column::text("Désignation", 8).head(),
        Column::amount("TVA", 2),
        Column::amount("Montant HT", 3),
    ])
    .rows(lines.iter().map(row))
}

fn left(invoiced: Cents, earlier: Cents, now: Cents) -> Table {
    let left = invoiced.checked_sub(earlier).and_then(|rest| rest.checked_sub(now));
    let off = |cents: Cents| format!("\u{2212}\u{A0}{}", cents.to_french());
    let mut rows = vec![["Facturé".to_owned(), invoiced.to_french()]];
    if earlier.is_positive() {
        rows.push(["Avoirs antérieurs".to_owned(), off(earlier)]);
    }
    rows.push(["Cet avoir".to_owned(), off(now)]);
    Table::new([
        Column::text("Toutes taxes comprises", 3).head(),
        Column::amount("Montant", 1),
    ])
    .rows(rows)
    .total(["Reste facturé".to_owned(), left.unwrap_or_default().to_french()])
}
