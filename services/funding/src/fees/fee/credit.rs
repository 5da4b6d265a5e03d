//! Credit notes (avoirs): what is taken off an invoice, whole or by lines, never more than is still owed on it.
//!
//! Numbers are a sequence of their own without gap, `A-2026-00001`, drawn under the lock of invoices in the transaction that writes the
//! [document](super::paper). VAT follows the sum of what is
//! credited, so that credit notes of all of an invoice take off all of its VAT, whatever was rounded on the way.

use access::{Caller, audit};
use bounds::{Amount, AmountKind, ListKind, TextKind, Words};
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use database::{NamedLock, UseCaseError};
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgTransaction};
use standards::{Cents, calendar};
use utoipa::ToSchema;
use web::{Created, Problem};

use super::paper;
use super::view::read;
use crate::{support::ids::CreditNoteId, support::ids::FeeId, support::overflow};

bounds::list_kind! {
    /// What is taken off an invoice, line by line.
    pub struct CreditLines: [CreditLine; 0..=20];
}

/// A credit note to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCreditNote {
    /// Made by the caller.
    pub id: CreditNoteId,
    /// Why; it is written on the note.
    #[schema(value_type = Words, example = "Le lot a été annulé à la demande du commanditaire.")]
    pub reason: String,
    /// What is taken off; nothing for all that is not credited yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = CreditLines)]
    pub lines: Vec<CreditLine>,
}

/// A line of a credit note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreditLine {
    #[schema(value_type = Words, example = "Dix carnets livrés en double")]
    pub label: String,
    /// Before VAT.
    #[schema(value_type = Amount)]
    pub net: Cents,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CreditNote {
    pub id: CreditNoteId,
    /// Its number, in a sequence without gap.
    #[schema(example = "A-2026-00001")]
    pub number: String,
    /// Of which invoice.
    pub fee_id: FeeId,
    /// The invoice's number.
    #[schema(example = "F-2026-00001")]
    pub invoice: String,
    /// Its day (Europe/Paris).
    pub credited_on: NaiveDate,
    pub reason: String,
    /// What is taken off.
    pub lines: Vec<CreditLine>,
    /// Before VAT (HT).
    pub net: Cents,
    /// VAT (TVA).
    pub vat: Cents,
    /// With VAT (TTC).
    pub gross: Cents,
}

/// Why nothing was credited.
#[derive(Debug)]
pub enum CreditRejection {
    NoInvoice,
    Words,
    /// A line is not positive, or there are too many.
    Lines,
    /// Before VAT, earlier credit notes taken off.
    AboveInvoice {
        left: Cents,
    },
    /// With VAT, what is paid taken off.
    AboveOwed {
        owed: Cents,
    },
    /// What the law wants on the document and nobody said, in French.
    Lacks(Vec<String>),
}

impl database::Rejection for CreditRejection {}

impl From<CreditRejection> for Problem {
    fn from(rejection: CreditRejection) -> Self {
        match rejection {
            CreditRejection::NoInvoice => Self::not_found("Cette facture"),
            CreditRejection::Words => Self::refused("credit-words", "Un texte manque ou ne convient pas.").detail(format!(
                "Le motif (« reason ») et chaque ligne (« label ») se disent en au plus {} caractères, sans retour à la ligne.",
                Words::CHARS_MAX
            )),
            CreditRejection::Lines => {
                Self::refused("credit-lines", "Les lignes de l'avoir ne conviennent pas.").detail(format!(
                    "« lines » : donnez au plus {} lignes, chacune avec « net » {}, ou aucune pour tout le reste de la facture.",
                    CreditLines::ITEMS_MAX,
                    Amount::range()
                ))
            }
            CreditRejection::AboveInvoice { left } => {
                Self::refused("above-invoice", "L'avoir dépasse ce qui reste de la facture.")
                    .detail(format!("Il reste {} hors taxe, avoirs déduits.", left.to_french()))
                    .with("left", left)
            }
            CreditRejection::AboveOwed { owed } => Self::refused("above-owed", "L'avoir dépasse ce qui reste dû.")
                .detail(format!(
                    "Il reste dû {} TTC : le reste est déjà payé. Ce qui est payé ne s'annule pas par un avoir ici.",
                    owed.to_french()
                ))
                .with("owed", owed),
            CreditRejection::Lacks(what) => paper::incomplete(&what),
        }
    }
}

/// What an invoice says, and what is credited of it.
struct Invoice {
    number: String,
    vat_rate: Decimal,
    net: Cents,
    vat: Cents,
    credited_net: Cents,
    credited_vat: Cents,
    owed: Cents,
}

/// Credits an invoice, or finds that it was credited so before.
pub async fn credit(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    fee: FeeId,
    new: &NewCreditNote,
    at: DateTime<Utc>,
) -> Result<Created<CreditNote>, UseCaseError<CreditRejection>> {
    check(new)?;
    // Never while somebody writes down that what is credited was paid.
    NamedLock::Invoices.take(tx).await?;
    if let Some(known) = note(&mut *tx, new.id).await? {
        let same = known.fee_id == fee
            && known.reason == new.reason.trim()
            && (new.lines.is_empty() || known.lines == new.lines);
        return if same {
            Ok(Created::Existing(known))
        } else {
            Err(UseCaseError::IdReused)
        };
    }
    let invoice = invoice(tx, fee).await?.ok_or(CreditRejection::NoInvoice)?;
    let lines = invoice.lines(new)?;
    let (net, vat) = invoice.amounts(&lines)?;
    let credited = read(&mut *tx, fee).await?.ok_or(CreditRejection::NoInvoice)?;
    let facts = paper::facts(&mut *tx, credited, at).await?;
    let facts = facts.map_err(CreditRejection::Lacks)?;
    let day = calendar::paris_date(at);
    let (sequence, number) = next_number(tx, day).await?;
    let made = CreditNote {
        id: new.id,
        number,
        fee_id: fee,
        invoice: invoice.number,
        credited_on: day,
        reason: new.reason.trim().to_owned(),
        lines,
        net,
        vat,
        gross: net.checked_add(vat).ok_or_else(overflow)?,
    };
    let pdf = paper::credit_note(&facts, &made).map_err(UseCaseError::failed)?;
    insert(tx, &made, sequence, &pdf, at).await?;
    let issued = (fee, net, vat, paper::digest(&pdf));
    audit(tx, who, at, "fee.credit", Some(new.id.uuid()), issued).await?;
    Ok(Created::New(made))
}

/// The credit note as it was issued, as PDF.
pub async fn credit_note_pdf(connection: &mut PgConnection, id: CreditNoteId) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar!("select pdf from funding.credit_note where id = $1", id.uuid())
        .fetch_optional(connection)
        .await
}

fn check(new: &NewCreditNote) -> Result<(), CreditRejection> {
    if !Words::fits(&new.reason) || !new.lines.iter().all(|line| Words::fits(&line.label)) {
        return Err(CreditRejection::Words);
    }
    if !CreditLines::fits(new.lines.len()) || !new.lines.iter().all(|line| Amount::fits(line.net)) {
        return Err(CreditRejection::Lines);
    }
    Ok(())
}

impl Invoice {
    /// Those given, or one of all that is left.
    fn lines(&self, new: &NewCreditNote) -> Result<Vec<CreditLine>, CreditRejection> {
        if !new.lines.is_empty() {
            return Ok(new.lines.clone());
        }
        let left = self.left();
        if !left.is_positive() {
            return Err(CreditRejection::AboveInvoice { left });
        }
        let label = if self.credited_net.is_zero() {
            format!("Annulation de la facture {}", self.number)
        } else {
            format!("Annulation de ce qui reste de la facture {}", self.number)
        };
        Ok(vec![CreditLine { label, net: left }])
    }

    /// Before VAT.
    fn left(&self) -> Cents {
        self.net.checked_sub(self.credited_net).unwrap_or_default()
    }

    /// Net and VAT, if both may be taken off.
    fn amounts(&self, lines: &[CreditLine]) -> Result<(Cents, Cents), CreditRejection> {
        let above = || CreditRejection::AboveInvoice { left: self.left() };
        let net = Cents::try_sum(lines.iter().map(|line| line.net)).ok_or_else(above)?;
        if net > self.left() {
            return Err(above());
        }
        let credited = self.credited_net.checked_add(net).ok_or_else(above)?;
        let vat = self.vat_of(credited).and_then(|vat| vat.checked_sub(self.credited_vat));
        let vat = vat.ok_or_else(above)?;
        let gross = net.checked_add(vat).ok_or_else(above)?;
        if gross > self.owed {
            return Err(CreditRejection::AboveOwed { owed: self.owed });
        }
        Ok((net, vat))
    }

    /// On so much of the invoice, rounded half up; on all of it, its own.
    fn vat_of(&self, net: Cents) -> Option<Cents> {
        if net == self.net {
            return Some(self.vat);
        }
        let exact = Decimal::from(net.get()).checked_mul(self.vat_rate)?;
        let cents = exact.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
        cents.to_i64().map(Cents::new)
    }
}

async fn invoice(tx: &mut PgTransaction<'_>, fee: FeeId) -> Result<Option<Invoice>, sqlx::Error> {
    sqlx::query_as!(
        Invoice,
        r#"select number as "number!", vat_rate as "vat_rate!", net_cents as "net!: Cents",
               vat_cents as "vat!: Cents", credited_net_cents as "credited_net!: Cents", credited_vat_cents as "credited_vat!: Cents",
               owed_cents as "owed!: Cents"
           from funding.fee_state where id = $1"#,
        fee.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await
}

/// The year's next: `A-2026-00001`. Under the lock, and used in the same transaction or not at all.
async fn next_number(tx: &mut PgTransaction<'_>, day: NaiveDate) -> Result<(i32, String), sqlx::Error> {
    let sequence = sqlx::query_scalar!(
        r#"select coalesce(max(sequence), 0) + 1 as "next!" from funding.credit_note where year = $1"#,
        day.year()
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok((sequence, format!("A-{}-{sequence:05}", day.year())))
}

async fn insert(
    tx: &mut PgTransaction<'_>,
    note: &CreditNote,
    sequence: i32,
    pdf: &[u8],
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into funding.credit_note (id, fee_id, year, sequence, number, reason, net_cents, vat_cents, credited_on, at, pdf, sha256)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, sha256($11))",
        note.id.uuid(),
        note.fee_id.uuid(),
        note.credited_on.year(),
        sequence,
        note.number,
        note.reason,
        note.net.get(),
        note.vat.get(),
        note.credited_on,
        at,
        pdf,
    )
    .execute(&mut **tx)
    .await?;
    let labels: Vec<String> = note.lines.iter().map(|line| line.label.clone()).collect();
    let nets: Vec<i64> = note.lines.iter().map(|line| line.net.get()).collect();
    sqlx::query!(
        "insert into funding.credit_note_line (credit_note_id, line, label, net_cents)
         select $1, l.line, l.label, l.net from unnest($2::text[], $3::bigint[]) with ordinality as l (label, net, line)",
        note.id.uuid(),
        &labels,
        &nets,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The credit note of this id.
pub async fn note(connection: &mut PgConnection, id: CreditNoteId) -> Result<Option<CreditNote>, sqlx::Error> {
    Ok(rows(connection, Some(id), None).await?.pop())
}

/// Credit notes of an invoice, in order of number.
pub async fn notes(connection: &mut PgConnection, fee: FeeId) -> Result<Vec<CreditNote>, sqlx::Error> {
    rows(connection, None, Some(fee)).await
}

async fn rows(
    connection: &mut PgConnection,
    only: Option<CreditNoteId>,
    of: Option<FeeId>,
) -> Result<Vec<CreditNote>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select n.id as "id: CreditNoteId", n.number, n.fee_id as "fee_id: FeeId", f.number as invoice, n.credited_on, n.reason,
               n.net_cents as "net: Cents", n.vat_cents as "vat: Cents", l.labels as "labels!", l.nets as "nets!"
           from funding.credit_note n
           join funding.fee f on f.id = n.fee_id
           cross join lateral (
               select array_agg(o.label order by o.line) as labels, array_agg(o.net_cents order by o.line) as nets
               from funding.credit_note_line o where o.credit_note_id = n.id) l
           where ($1::uuid is null or n.id = $1) and ($2::uuid is null or n.fee_id = $2)
           order by n.year, n.sequence"#,
        only.map(CreditNoteId::uuid),
        of.map(FeeId::uuid),
    )
    .fetch_all(connection)
    .await?;
    let notes = rows.into_iter().map(|row| CreditNote {
        id: row.id,
        number: row.number,
        fee_id: row.fee_id,
        invoice: row.invoice,
        credited_on: row.credited_on,
        reason: row.reason,
        lines: row
            .labels
            .into_iter()
            .zip(row.nets)
            .map(|(label, net)| CreditLine {
                label,
                net: Cents::new(net),
            })
            .collect(),
        net: row.net,
        vat: row.vat,
        gross: row.net.checked_add(row.vat).unwrap_or(row.net),
    });
    Ok(notes.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invoice(net: i64, vat: i64) -> Invoice {
        Invoice {
            number: "F-2026-00001".to_owned(),
            vat_rate: Decimal::new(2, 1),
            net: Cents::new(net),
            vat: Cents::new(vat),
            credited_net: Cents::ZERO,
            credited_vat: Cents::ZERO,
            owed: Cents::new(net + vat),
        }
    }

    fn line(net: i64) -> CreditLine {
        CreditLine {
            label: "Trop compté".to_owned(),
            net: Cents::new(net),
        }
    }

    #[test]
    fn credit_notes_of_all_of_an_invoice_take_off_all_of_its_vat() {
        // Cent by cent: 20 % of one is none, of three is one.
        let mut invoice = invoice(333, 67);
        for _ in 0..333 {
            let (net, vat) = invoice.amounts(&[line(1)]).unwrap();
            assert!(vat.get() <= 1 && !vat.is_negative());
            invoice.credited_net = invoice.credited_net.checked_add(net).unwrap();
            invoice.credited_vat = invoice.credited_vat.checked_add(vat).unwrap();
            invoice.owed = invoice.owed.checked_sub(net).unwrap().checked_sub(vat).unwrap();
        }
        assert_eq!(
            (invoice.credited_net, invoice.credited_vat, invoice.owed),
            (Cents::new(333), Cents::new(67), Cents::ZERO)
        );
        assert!(matches!(
            invoice.amounts(&[line(1)]),
            Err(CreditRejection::AboveInvoice { left: Cents::ZERO })
        ));
    }

    #[test]
    fn never_more_than_is_owed() {
        let mut invoice = invoice(1000, 200);
        invoice.owed = Cents::new(600);
        assert_eq!(
            invoice.amounts(&[line(300), line(200)]).unwrap(),
            (Cents::new(500), Cents::new(100))
        );
        assert!(matches!(
            invoice.amounts(&[line(501)]),
            Err(CreditRejection::AboveOwed { owed }) if owed == Cents::new(600)
        ));
        assert!(matches!(
            invoice.amounts(&[line(1001)]),
            Err(CreditRejection::AboveInvoice { .. })
        ));
    }
}
