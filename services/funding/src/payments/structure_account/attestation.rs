//! What a public structure's régie asks for before it takes vouchers: who pays, what for, within how many days, and where its account
//! stands. It says what the system does, not what a lawyer would add.
//!
//! Signed (`PAdES`) where the process has the documents' key; else it is given all the same, and says that it is not.

use chrono::{DateTime, NaiveDate, Utc};
use database::UseCaseError;
use document::sign::{Signer, Signing, sign};
use document::{Column, Document, Meta, Table, french_day};
use ledger::PartyId;
use sqlx::PgPool;
use standards::{Cents, calendar};

use super::{NoAccount, StructureAccount};
use crate::payments::payment_rule;
use crate::payments::remittance::state_in_words;
use crate::support::{DocumentSigner, french};

/// Whether it may take vouchers.
struct Accreditation {
    accredited_on: Option<NaiveDate>,
    suspended: bool,
}

/// The attestation of an account that was read at `at`.
pub async fn attestation(
    pool: &PgPool,
    documents: &DocumentSigner,
    account: &StructureAccount,
    at: DateTime<Utc>,
) -> Result<Vec<u8>, UseCaseError<NoAccount>> {
    let standing = standing(pool, account.structure_id).await?;
    let mut connection = pool.acquire().await?;
    let delay_days = payment_rule::in_force(&mut connection).await?.delay_days;
    drop(connection);
    let signer = documents.signer.as_deref();
    let letter = written(&documents.fund, account, &standing, delay_days);
    let pdf = signature(letter, signer).render().map_err(UseCaseError::failed)?;
    let reason = "Attestation pour la régie";
    Ok(match signer {
        Some(signer) => sign(&pdf, signer, Signing { reason, at }).map_err(UseCaseError::failed)?,
        None => pdf,
    })
}

fn signature(letter: Document, signer: Option<&Signer>) -> Document {
    let said = match signer {
        Some(signer) => format!(
            "Ce document est signé électroniquement (certificat : {}) : un lecteur de PDF dit s'il a été modifié depuis.",
            signer.subject()
        ),
        None => "Ce document n'est pas signé électroniquement : pour vous assurer qu'il est authentique, demandez-le à l'opérateur du \
                 fonds en citant sa référence."
            .to_owned(),
    };
    letter.heading("Signature").paragraph(said)
}

async fn standing(pool: &PgPool, id: PartyId) -> Result<Accreditation, UseCaseError<NoAccount>> {
    let row = sqlx::query!(
        r#"select accredited_at as "accredited_at?", suspended as "suspended!" from redemption.standing where structure_id = $1"#,
        id.uuid()
    )
    .fetch_optional(pool)
    .await?
    .ok_or(NoAccount)?;
    Ok(Accreditation {
        accredited_on: row.accredited_at.map(calendar::paris_date),
        suspended: row.suspended,
    })
}

fn written(fund: &str, account: &StructureAccount, standing: &Accreditation, delay_days: i32) -> Document {
    let siret = account.siret.as_deref().map(french::siret);
    let recipient = [Some(account.name.clone()), siret].into_iter().flatten();
    let reference = format!("ATT-{}-{}", account.on.format("%Y%m%d"), short(account.structure_id));
    let meta = Meta::new("Attestation pour la régie", reference, account.on)
        .issuer([fund])
        .recipient(recipient);
    let letter = Document::new(meta)
        .paragraph(format!(
            "L'opérateur du fonds « {fund} » atteste ce qui suit, au {}, pour la structure « {} ».",
            french_day(account.on),
            account.name
        ))
        .heading("Qualité de la structure")
        .paragraph(quality(standing))
        .heading("Ce que le fonds s'engage à payer")
        .list([
            "Chaque chèque culture numérique est payé à sa valeur faciale, sans frais ni commission pour la structure.".to_owned(),
            "Un chèque n'a de valeur que si l'argent qui le paie est déjà dans le fonds, ou mandaté par un comptable public : cet \
             argent est réservé au chèque, sur un compte bancaire séparé de ceux de l'opérateur. La rémunération de l'opérateur n'y \
             passe pas, et les frais de la banque sont à sa charge."
                .to_owned(),
            format!(
                "Le délai maximal de paiement est de {delay_days} jours après la fin du mois de l'encaissement : c'est un engagement du \
                 fonds. Pour comparaison, l'État et les collectivités ont 30 jours pour payer leurs marchés (Code de la commande \
                 publique, art. R2192-10)."
            ),
            "Un virement par mois règle tous les encaissements du mois précédent ; un avis de virement les nomme un à un.".to_owned(),
        ])
        .heading("À quelles conditions")
        .list([
            "Le chèque est accepté au moment de l'encaissement : la réponse est un oui ou un non, avec son motif. Un oui n'est pas remis \
             en cause, sauf annulation de l'encaissement.",
            "La prestation figure au catalogue du dispositif et a été rendue au plus tard le jour de l'encaissement.",
            "La structure a donné un RIB au nom de son comptable ou de sa régie. Sans compte utilisable, la somme est retenue : elle \
             reste due.",
            "Un encaissement annulé après son paiement est repris sur le virement suivant du même dispositif, une seule fois.",
            "Le fonds ne demande et ne transmet aucune donnée nominative sur les personnes accompagnées.",
        ])
        .heading("Situation du compte")
        .facts(situation(account))
        .heading("Derniers virements");
    if account.payments.is_empty() {
        letter.paragraph("Aucun virement à ce jour.")
    } else {
        letter.table(payments(account))
    }
}

/// Eight letters of the id: enough beside the date.
fn short(id: PartyId) -> String {
    id.uuid().simple().to_string().chars().take(8).collect()
}

fn quality(standing: &Accreditation) -> String {
    match (standing.accredited_on, standing.suspended) {
        (Some(_), true) => {
            "La structure est labellisée, et sa labellisation est suspendue : elle ne peut pas encaisser de chèques \
                            jusqu'à la levée de la suspension. Ce qui lui est dû reste dû."
                .to_owned()
        }
        (Some(day), false) => format!(
            "La structure est labellisée depuis le {}. Elle peut encaisser des chèques culture numérique.",
            french_day(day)
        ),
        (None, _) => {
            "La structure n'est pas labellisée : elle ne peut pas encaisser de chèques culture numérique.".to_owned()
        }
    }
}

fn situation(account: &StructureAccount) -> Vec<(String, String)> {
    let mut facts = vec![
        ("Dû, pas encore viré".to_owned(), account.payable.to_french()),
        ("Virement en cours".to_owned(), account.in_transit.to_french()),
        ("Payé".to_owned(), account.paid.to_french()),
    ];
    if account.recoverable.is_positive() {
        facts.push(("À reprendre".to_owned(), account.recoverable.to_french()));
    }
    if let Some(held) = &account.held {
        let said = format!(
            "{} depuis le {}. {}",
            held.amount.to_french(),
            french_day(held.since),
            held.explanation
        );
        facts.push(("Retenu".to_owned(), said));
    }
    let next = format!(
        "encaissements jusqu'au {}, payés au plus tard le {}",
        french_day(account.next.month.last_day()),
        french_day(account.next.by)
    );
    facts.push(("Prochain virement".to_owned(), next));
    facts
}

fn payments(account: &StructureAccount) -> Table {
    let rows = account.payments.iter().map(|payment| {
        [
            payment.execute_on.format("%d/%m/%Y").to_string(),
            payment.end_to_end.clone(),
            state_in_words(&payment.state).to_owned(),
            payment.amount.to_french(),
        ]
    });
    let paid = account.payments.iter().filter(|payment| payment.state == "debited");
    let paid = Cents::try_sum(paid.map(|payment| payment.amount)).unwrap_or(account.paid);
    Table::new([
        Column::text("Exécution", 2),
        Column::text("Référence de bout en bout", 6).head(),
        Column::text("État", 4),
        Column::amount("Montant", 3),
    ])
    .rows(rows)
    .total(["Total payé".to_owned(), String::new(), String::new(), paid.to_french()])
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::payments::structure_account::{NextPayment, PaymentSummary};
    use crate::support::ids::PaymentId;

    #[test]
    fn two_years_of_payments_are_written() {
        let day: NaiveDate = "2026-04-03".parse().unwrap();
        let payment = |n: u128| PaymentSummary {
            id: PaymentId::from_uuid(Uuid::from_u128(n)),
            month: "2026-03".parse().unwrap(),
            amount: Cents::new(123_456_789_012),
            end_to_end: Uuid::from_u128((n << 64) | 0xabcd).simple().to_string(),
            execute_on: day,
            state: if n == 3 { "returned" } else { "debited" }.to_owned(),
        };
        let account = StructureAccount {
            structure_id: PartyId::from_uuid(Uuid::from_u128(1)),
            name: "Médiathèque intercommunale du Val-de-Saône-et-Bourgogne-du-Nord, antenne de l'Ouche".to_owned(),
            siret: Some("21210231300013".to_owned()),
            on: day,
            payable: Cents::new(123_456_789_012),
            in_transit: Cents::ZERO,
            paid: Cents::new(2_839_506_147_276),
            recoverable: Cents::new(1_000),
            programmes: Vec::new(),
            held: None,
            next: NextPayment {
                month: "2026-04".parse().unwrap(),
                from: day,
                by: day,
            },
            payments: (1..=24).map(payment).collect(),
        };
        let standing = Accreditation {
            accredited_on: Some(day),
            suspended: true,
        };
        let letter = written("Fonds de soutien pour l'inclusion numérique", &account, &standing, 30);
        let pdf = signature(letter, None).render().unwrap();
        if let Ok(folder) = std::env::var("CCN_KEEP_PDF") {
            std::fs::write(format!("{folder}/grande-attestation.pdf"), &pdf).unwrap();
        }
    }
}
