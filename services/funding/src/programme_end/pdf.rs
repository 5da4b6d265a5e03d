//! The statement on paper.

mod batches;
mod money;
mod steps;

use catalogue::{ExpiryStep, UnusedValue};
use document::{Document, DocumentError, Meta, french_day};
use serde_json::Value;
use standards::calendar::paris_date;
use standards::cog::Territory;

use super::content::{Content, StepFact};

/// The digests of the files that go with the PDF, in hexadecimal.
pub(super) struct Digests {
    pub data: String,
    pub csv: String,
}

/// Draws the statement; the same content gives the same bytes.
pub(super) fn draw(content: &Content, fund: &str, digests: &Digests) -> Result<Vec<u8>, DocumentError> {
    let document = Document::new(meta(content, fund));
    let document = summary(document, content);
    let document = money::owed_back(document, content);
    let document = money::unpaid(document, content);
    let document = contest(document, content);
    let document = batches::by_batch(document, content);
    let document = steps::steps(document, content);
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
    let unused = match content.unused_value.method {
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
    let known = code.parse::<Territory>().ok().and_then(Territory::name);
    known.map_or_else(|| format!("code {code}"), |name| format!("{name} ({code})"))
}

#[cfg(test)]
mod tests;
