//! A run as a person reads it.

use std::fmt::{self, Write};

use chrono_tz::Europe::Paris;
use data_encoding::HEXLOWER;

use crate::bank::breaks::AgedBreak;
use crate::controls::reconciliation::document::Document;
use crate::controls::reconciliation::store::Stored;

/// Characters of a rule across the page.
const WIDTH: usize = 100;

/// The run in French, in lines of text.
#[must_use]
pub fn text(stored: &Stored) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = write_all(&mut out, stored);
    out
}

fn write_all(out: &mut String, stored: &Stored) -> fmt::Result {
    let document = &stored.document;
    head(out, document)?;
    writeln!(out, "\nContrôles")?;
    for invariant in &document.invariants {
        let mark = if invariant.holds { "juste " } else { "FAUX  " };
        writeln!(out, "  {mark} {}", invariant.name)?;
        writeln!(
            out,
            "         {:>20}  {}  {:>20}",
            invariant.left.to_french(),
            // The two sides of what holds are equal, or the first is the smaller one.
            match (invariant.holds, invariant.left == invariant.right) {
                (true, true) => "=",
                (true, false) => "≤",
                (false, _) => "≠",
            },
            invariant.right.to_french()
        )?;
    }
    writeln!(out, "\nÉcarts qui ne sont pas fermés")?;
    if document.breaks.is_empty() {
        writeln!(out, "  aucun")?;
    }
    for one in &document.breaks {
        break_line(out, one, document.verdict.break_days_max)?;
    }
    if !document.open_points.is_empty() {
        writeln!(out, "\nPoints ouverts : rien n'est faux, quelqu'un doit agir")?;
    }
    for point in &document.open_points {
        writeln!(out, "  {}", point.text)?;
    }
    foot(out, stored)
}

fn head(out: &mut String, document: &Document) -> fmt::Result {
    let verdict = document.verdict;
    let at = document.at.with_timezone(&Paris).format("%d/%m/%Y à %H:%M:%S");
    writeln!(
        out,
        "Rapprochement n° {} ({}), le {at} (heure de Paris)",
        document.number,
        document.occasion.french()
    )?;
    writeln!(out, "{}", "─".repeat(WIDTH))?;
    if verdict.is_good() {
        writeln!(out, "TOUT EST JUSTE.")?;
    }
    if !verdict.all_hold {
        writeln!(
            out,
            "ATTENTION : {} contrôle(s) faux. Les livres et la banque ne disent pas la même chose.",
            verdict.failing
        )?;
    }
    if verdict.old_breaks > 0 {
        writeln!(
            out,
            "ATTENTION : {} écart(s) attendent depuis plus de {} jours.",
            verdict.old_breaks, verdict.break_days_max
        )?;
    }
    writeln!(
        out,
        "{} contrôles faits, {} écart(s) non fermés, {} relevé(s) chargés, {} écritures dont {} pas encore scellées.",
        document.invariants.len(),
        verdict.open_breaks,
        document.statements.loaded,
        document.ledger.transfers,
        document.ledger.unsealed
    )?;
    if document.tolerance.is_positive() {
        writeln!(
            out,
            "Tolérance : {} par virement, écrite en frais bancaires.",
            document.tolerance.to_french()
        )?;
    }
    if let Some(last) = &document.statements.last {
        writeln!(
            out,
            "Dernier relevé : n° {} « {} », du {} au {}, clôture {}.",
            last.position,
            last.identification,
            last.from_day.format("%d/%m/%Y"),
            last.to_day.format("%d/%m/%Y"),
            last.closing.to_french()
        )?;
    }
    Ok(())
}

fn break_line(out: &mut String, one: &AgedBreak, days_max: u32) -> fmt::Result {
    let kind = match one.kind.as_str() {
        "missing" => "manquant",
        "unexpected" => "inattendu",
        "amount_differs" => "montant différent",
        "duplicate" => "en double",
        "late" => "en retard",
        "returned" => "revenu",
        other => other,
    };
    let old = u32::try_from(one.age_days).is_ok_and(|days| days > days_max);
    writeln!(
        out,
        "  {} {:>5} j  {:>16}  {:<18} {:<9} {}  {}",
        if old { "!" } else { " " },
        one.age_days,
        one.amount.to_french(),
        kind,
        if one.state == "open" { "ouvert" } else { "expliqué" },
        one.id,
        one.owner.as_deref().unwrap_or("personne")
    )
}

fn foot(out: &mut String, stored: &Stored) -> fmt::Result {
    let document = &stored.document;
    writeln!(out, "\nRelevés nouveaux depuis le rapprochement précédent")?;
    if document.statements.new.is_empty() {
        writeln!(out, "  aucun")?;
    }
    for one in &document.statements.new {
        writeln!(
            out,
            "  n° {:<5} {} → {}  SHA-256 {}",
            one.position,
            one.opening.to_french(),
            one.closing.to_french(),
            one.sha256
        )?;
    }
    if let Some(checkpoint) = &document.ledger.checkpoint {
        writeln!(
            out,
            "\nJournal scellé : {} écritures, racine {}",
            checkpoint.size, checkpoint.root
        )?;
    }
    if let Some(previous) = &document.previous {
        writeln!(out, "Précédent : n° {}, SHA-256 {}", previous.number, previous.sha256)?;
    }
    writeln!(out, "Ce document : SHA-256 {}", HEXLOWER.encode(&stored.sha256))?;
    writeln!(out, "Signé par : {}", document.signer)
}
