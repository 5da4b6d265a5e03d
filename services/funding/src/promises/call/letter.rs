//! A call for funds and its reminders as letters. They say what was called, and what was missing on the day of the reminder: what came
//! since changes no letter, so the same letter has the same bytes.

use access::OrganisationId;
use chrono::{DateTime, NaiveDate, Utc};
use database::UseCaseError;
use document::{Document, Meta, french_day};
use sqlx::PgConnection;
use standards::{Cents, calendar};
use web::Problem;

use super::{CallState, ReminderView, state};
use crate::fees::invoicing::{Seller, seller};
use crate::support::french::{grouped, siret};
use crate::{support::FundAccount, support::ids::CallId};

/// No such call, another funder's, or not reminded so.
#[derive(Debug)]
pub struct NoLetter;

impl database::Rejection for NoLetter {}

impl From<NoLetter> for Problem {
    fn from(NoLetter: NoLetter) -> Self {
        Self::not_found("Cette lettre")
    }
}

/// Which letter of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Letter {
    /// The call itself.
    Call,
    /// The reminder of so many days past the due day.
    Reminder(i32),
}

/// A letter, with the name of its file.
pub async fn letter(
    connection: &mut PgConnection,
    fund: &FundAccount,
    funder: Option<OrganisationId>,
    (id, which): (CallId, Letter),
    on: NaiveDate,
) -> Result<(String, Vec<u8>), UseCaseError<NoLetter>> {
    let call = state(&mut *connection, id, on)
        .await?
        .filter(|call| funder.is_none_or(|funder| call.funder_id == funder))
        .ok_or(NoLetter)?;
    let agreed = agreed(&mut *connection, &call).await?;
    let (pdf, name) = match which {
        Letter::Call => {
            let from = seller(connection, call.called_at).await?;
            let name = format!("appel-{}.pdf", call.reference);
            (called(&call, &agreed, fund, from.as_ref()), name)
        }
        Letter::Reminder(days) => {
            let index = call.reminders.iter().position(|reminder| reminder.days == days);
            let index = index.ok_or(NoLetter)?;
            let at = reminded_at(&mut *connection, id, days).await?;
            let from = seller(connection, at).await?;
            let name = format!("relance-{}-{days}.pdf", call.reference);
            (reminded(&call, index, &agreed, fund, from.as_ref()), name)
        }
    };
    Ok((name, pdf.render().map_err(UseCaseError::failed)?))
}

/// What was signed.
struct Agreed {
    siren: String,
    programme: String,
    amount: Cents,
    signed_on: NaiveDate,
    starts_on: NaiveDate,
    ends_on: NaiveDate,
}

async fn agreed(connection: &mut PgConnection, call: &CallState) -> Result<Agreed, sqlx::Error> {
    sqlx::query_as!(
        Agreed,
        r#"select f.siren, p.name as programme, c.cents as "amount: Cents", c.signed_on, c.starts_on, c.ends_on
           from funding.convention c
           join funding.funder f on f.id = c.funder_id
           join catalogue.programme p on p.id = c.programme_id
           where c.id = $1"#,
        call.convention_id.uuid(),
    )
    .fetch_one(connection)
    .await
}

async fn reminded_at(connection: &mut PgConnection, id: CallId, days: i32) -> Result<DateTime<Utc>, sqlx::Error> {
    sqlx::query_scalar!(
        "select at from funding.reminder where call_id = $1 and days = $2",
        id.uuid(),
        days
    )
    .fetch_one(connection)
    .await
}

fn meta(
    title: String,
    day: NaiveDate,
    call: &CallState,
    agreed: &Agreed,
    fund: &FundAccount,
    from: Option<&Seller>,
) -> Meta {
    let mut issuer = vec![fund.name.clone()];
    if let Some(from) = from {
        issuer.push(from.name.clone());
        issuer.extend(from.address.on_paper());
        issuer.push(siret(from.siret.as_str()));
        issuer.extend(from.contact.clone());
    }
    Meta::new(title, call.reference.clone(), day)
        .issuer(issuer)
        .recipient([call.funder.clone(), format!("SIREN {}", in_threes(&agreed.siren))])
}

/// `732 829 320`, in one piece.
fn in_threes(siren: &str) -> String {
    let digits: Vec<char> = siren.chars().collect();
    let groups: Vec<String> = digits.chunks(3).map(|group| group.iter().collect()).collect();
    groups.join("\u{A0}")
}

fn called(call: &CallState, agreed: &Agreed, fund: &FundAccount, from: Option<&Seller>) -> Document {
    let day = calendar::paris_date(call.called_at);
    Document::new(meta("Appel de fonds".to_owned(), day, call, agreed, fund, from))
        .paragraph(format!(
            "Vous financez le dispositif « {} » par la convention signée le {}. Le fonds vous appelle {}, à verser au plus tard le {}.",
            agreed.programme,
            french_day(agreed.signed_on),
            call.amount.to_french(),
            french_day(call.due_on),
        ))
        .facts(convention(agreed))
        .heading("Ce qui est appelé")
        .facts([
            ("Montant appelé", call.amount.to_french()),
            ("À verser au plus tard le", french_day(call.due_on)),
        ])
        .heading("Comment verser")
        .facts(transfer(call, fund))
        .list(advice())
}

fn reminded(call: &CallState, index: usize, agreed: &Agreed, fund: &FundAccount, from: Option<&Seller>) -> Document {
    let reminder = call.reminders.get(index).expect("the caller found it");
    let number = index + 1;
    let late = reminder.reminded_on.signed_duration_since(call.due_on).num_days();
    let title = format!("Relance n° {number} d'un appel de fonds");
    Document::new(meta(title, reminder.reminded_on, call, agreed, fund, from))
        .paragraph(format!(
            "Le {}, le fonds vous a appelé {} pour le dispositif « {} », à verser au plus tard le {}. Ce jour, {late} jour{} après \
             l'échéance, il manque {}.",
            french_day(calendar::paris_date(call.called_at)),
            call.amount.to_french(),
            agreed.programme,
            french_day(call.due_on),
            if late >= 2 { "s" } else { "" },
            reminder.missing.to_french(),
        ))
        .facts(convention(agreed))
        .heading("Ce qui manque")
        .facts(missing(call, reminder, late))
        .heading("Comment verser")
        .facts(transfer(call, fund))
        .list(advice())
        .paragraph("Si votre versement est parti depuis, cette lettre est sans objet.")
}

fn convention(agreed: &Agreed) -> Vec<(&'static str, String)> {
    vec![
        ("Dispositif", agreed.programme.clone()),
        (
            "Convention",
            format!(
                "signée le {}, pour {}, du {} au {}",
                french_day(agreed.signed_on),
                agreed.amount.to_french(),
                french_day(agreed.starts_on),
                french_day(agreed.ends_on)
            ),
        ),
    ]
}

fn missing(call: &CallState, reminder: &ReminderView, late: i64) -> Vec<(&'static str, String)> {
    let there = call.amount.checked_sub(reminder.missing).unwrap_or_default();
    let mut said = vec![("Montant appelé", call.amount.to_french())];
    if there.is_positive() {
        said.push(("Déjà reçu ou mandaté", there.to_french()));
    }
    said.extend([
        ("Reste à verser", reminder.missing.to_french()),
        ("Échéance", french_day(call.due_on)),
        ("Retard", format!("{late} jour{}", if late >= 2 { "s" } else { "" })),
    ]);
    said
}

fn transfer(call: &CallState, fund: &FundAccount) -> Vec<(&'static str, String)> {
    let mut said = vec![
        ("Titulaire du compte", fund.name.clone()),
        ("IBAN", grouped(&fund.iban)),
    ];
    said.extend(fund.bic.as_ref().map(|bic| ("BIC", bic.to_string())));
    said.push(("Référence à écrire", call.reference.clone()));
    said
}

fn advice() -> [&'static str; 3] {
    [
        "Écrivez la référence telle quelle dans le libellé du virement : votre versement est alors reconnu sans autre démarche.",
        "Vous pouvez verser en plusieurs fois, avec la même référence.",
        "Ce compte ne sert qu'au fonds. Si quelqu'un vous demande d'en changer, vérifiez-le auprès de l'opérateur par une autre voie.",
    ]
}

#[cfg(test)]
mod tests;
