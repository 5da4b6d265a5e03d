//! The statement on paper.

use catalogue::{ExpiryStep, UnusedValue};
use chrono::{DateTime, NaiveDate, Utc};
use document::{Column, Document, DocumentError, Meta, Table, french_day};
use rust_decimal::Decimal;
use serde_json::Value;
use standards::Cents;
use standards::calendar::{paris_date, paris_start_of_day};
use standards::cog::Territory;

use super::content::{BatchFact, Content, FunderFact, StepFact};
use super::figures::Figures;

/// The digests of the files that go with the PDF, in hexadecimal.
pub(super) struct Digests {
    pub data: String,
    pub csv: String,
}

/// Draws the statement; the same content gives the same bytes.
pub(super) fn draw(content: &Content, fund: &str, digests: &Digests) -> Result<Vec<u8>, DocumentError> {
    let document = Document::new(meta(content, fund));
    let document = summary(document, content);
    let document = owed_back(document, content);
    let document = unpaid(document, content);
    let document = contest(document, content);
    let document = by_batch(document, content);
    let document = steps(document, content);
    verify(document, digests).render()
}

fn meta(content: &Content, fund: &str) -> Meta {
    let id = content.programme.id.uuid().simple().to_string();
    let reference = format!(
        "EC-{}-{}",
        content.programme.printed_day.format("%Y"),
        id.get(..8).unwrap_or(&id)
    );
    Meta::new(
        "État contradictoire de fin de dispositif",
        reference,
        paris_date(content.issued_at),
    )
    .issuer([fund])
    .recipient([
        content.programme.sponsor.as_str(),
        "et les financeurs nommés ci-dessous",
    ])
    .landscape()
}

fn summary(document: Document, content: &Content) -> Document {
    let programme = &content.programme;
    let mut facts = vec![
        ("Dispositif".to_owned(), programme.name.clone()),
        ("Commanditaire".to_owned(), programme.sponsor.clone()),
        (
            "Date de validité imprimée".to_owned(),
            french_day(programme.printed_day),
        ),
        ("Dernier jour accepté".to_owned(), french_day(programme.last_day)),
        ("Territoire".to_owned(), territory(&programme.territory)),
    ];
    let counted = content.steps.iter().filter(|step| step.sums.is_some());
    if let Some(sums) = counted
        .max_by_key(|step| step.due_on)
        .and_then(|step| step.sums.as_ref())
    {
        facts.push(("Carnets".to_owned(), booklets(sums)));
    }
    if let Some(acceptance) = content.steps.iter().find(|step| step.step == ExpiryStep::Acceptance) {
        facts.push(("Décompte des carnets".to_owned(), accepted(acceptance)));
    }
    document
        .paragraph(
            "Ce dispositif est terminé. Cet état dit, financeur par financeur, ce que les chèques ont coûté et ce qui n'a pas \
             servi. Il est établi contradictoirement : le commanditaire et chaque financeur peuvent l'accepter ou le contester.",
        )
        .facts(facts)
}

fn booklets(sums: &Value) -> String {
    let count = |name: &str| sums[name]["booklets"].as_i64().unwrap_or_default();
    let started = count("started");
    format!(
        "{} émis, dont {} remis et {} jamais remis ; {started} entamé{}",
        count("issued"),
        count("handed_over"),
        count("never_handed_over"),
        plural(started)
    )
}

/// `100 000`, with the narrow no-break spaces of amounts.
fn grouped(count: i32) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202F}');
        }
        text.push(digit);
    }
    text
}

/// The plural begins at two.
const fn plural(count: i64) -> &'static str {
    if count >= 2 { "s" } else { "" }
}

fn accepted(step: &StepFact) -> String {
    let day = french_day(paris_date(step.done_at));
    match &step.by {
        Some(by) => format!("accepté par {by} le {day}"),
        None => format!(
            "accepté tacitement : le commanditaire n'a pas répondu le {} au soir",
            french_day(step.due_on)
        ),
    }
}

/// Who did what nobody asked for.
const CLOCK: &str = "le système";

const FIGURES_TITLES: [&str; 7] = [
    "Financé",
    "Encaissé",
    "dont payé",
    "Expiré",
    "Révoqué",
    "Annulé",
    "À rendre",
];

fn figures(figures: &Figures) -> [String; 7] {
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

fn owed_back(document: Document, content: &Content) -> Document {
    let columns = std::iter::once(Column::text("Financeur", 5).head())
        .chain(FIGURES_TITLES.map(|title| Column::amount(title, 3)));
    let row =
        |name: &str, of: &Figures| -> Vec<String> { std::iter::once(name.to_owned()).chain(figures(of)).collect() };
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
    if !funder.given_back.is_zero() {
        parts.push(format!("{} déjà rendus", funder.given_back.to_french()));
    }
    let moved = !parts.is_empty();
    if moved {
        parts.push(format!("reste à rendre : {}", funder.to_give_back.to_french()));
    }
    if !funder.available.is_zero() {
        parts.push(format!(
            "{} affectés au dispositif et jamais engagés, qui restent libres",
            funder.available.to_french()
        ));
    }
    (!parts.is_empty()).then(|| format!("{} : {}.", funder.name, parts.join(" ; ")))
}

fn unpaid(document: Document, content: &Content) -> Document {
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

fn contest(document: Document, content: &Content) -> Document {
    let window = &content.contest;
    let names = window.parties.iter().map(|party| match (party.sponsor, party.funder) {
        (true, true) => format!("{}, commanditaire et financeur", party.name),
        (true, false) => format!("{}, commanditaire", party.name),
        _ => format!("{}, financeur", party.name),
    });
    let chosen = if window.days.by_default {
        "délai par défaut"
    } else {
        "délai fixé par le commanditaire"
    };
    let unused = match content.unused_value.way {
        UnusedValue::Credit => "restera au crédit de chacun, pour sa prochaine commande",
        UnusedValue::Bank => "sera remboursée à chacun par virement",
    };
    let by = if content.unused_value.by_default {
        "par défaut"
    } else {
        "comme le commanditaire l'a prévu"
    };
    document
        .heading("Accepter ou contester")
        .paragraph(format!(
            "Cet état peut être contesté jusqu'au {} compris ({} jours, {chosen}), par :",
            french_day(window.until),
            window.days.days
        ))
        .list(names)
        .paragraph("Une contestation dit ce qui est faux et ce qui serait juste. Sans réponse dans ce délai, l'état est accepté.")
        .paragraph(format!(
            "Dans le même délai, chaque financeur choisit ce que devient la somme qui lui revient : un crédit ou un virement. \
             Sans choix de sa part, elle {unused} ({by})."
        ))
}

fn by_batch(document: Document, content: &Content) -> Document {
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
                grouped(batch.booklets),
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
    let total = Figures::sum(batch.funders.iter().map(|funder| &funder.figures));
    let brought = |of: &Figures| [of.ordered, of.funded, of.activated, of.handed_over];
    let columns = [Column::text("Financeur", 5).head(), Column::amount("Part", 2)]
        .into_iter()
        .chain(["Commandé", "Financé", "Activé", "Remis"].map(|title| Column::amount(title, 3)));
    let row = |name: &str, rate: Decimal, of: &Figures| -> Vec<String> {
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
    let became = |of: &Figures| [of.claimed, of.paid, of.expired, of.revoked, of.cancelled, of.refundable];
    let titles = ["Encaissé", "dont payé", "Expiré", "Révoqué", "Annulé", "À rendre"];
    let columns =
        std::iter::once(Column::text("Financeur", 5).head()).chain(titles.map(|title| Column::amount(title, 3)));
    let end = |name: &str, of: &Figures| -> Vec<String> {
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

/// `33,39 %`.
fn percent(rate: Decimal) -> String {
    let percent = (rate * Decimal::ONE_HUNDRED).normalize().to_string();
    format!("{}\u{A0}%", percent.replace('.', ","))
}

fn steps(document: Document, content: &Content) -> Document {
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

fn verify(document: Document, digests: &Digests) -> Document {
    document
        .heading("Vérifier")
        .paragraph(
            "Ce document est signé électroniquement : un lecteur de PDF dit s'il a été modifié. Les mêmes chiffres existent en \
             données, que la signature couvre par leurs empreintes :",
        )
        .facts([
            ("etat-contradictoire.json (SHA-256)", digests.data.as_str()),
            ("etat-contradictoire.csv (SHA-256)", digests.csv.as_str()),
        ])
}

/// `21` as people say it: « Côte-d'Or (21) ».
fn territory(code: &str) -> String {
    let known = code.parse::<Territory>().ok().and_then(|territory| territory.name());
    known.map_or_else(|| format!("code {code}"), |name| format!("{name} ({code})"))
}

#[cfg(test)]
mod tests;
