//! The receipt of a claim (reçu d'encaissement) as a régie files it: the day, the programme, how many vouchers of which value, the
//! service, who cashed them. No voucher is named, and nobody.

use std::collections::BTreeMap;

use document::{Column, Document, DocumentError, Meta, Table, french_day};
use sqlx::PgPool;
use standards::{Cents, calendar};

use crate::claims::read_claims::Receipt;

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    #[error("amounts add up to more than 64 bits")]
    Overflow,
    #[error("not written")]
    Document(#[from] DocumentError),
    #[error("database")]
    Database(#[from] sqlx::Error),
}

/// What the receipt says beside the claim.
struct Names {
    sponsor: Option<String>,
    programme: String,
    structure: String,
    siret: Option<String>,
    service: String,
}

/// The receipt as a PDF.
pub async fn receipt_pdf(pool: &PgPool, receipt: &Receipt) -> Result<Vec<u8>, ReceiptError> {
    let names = sqlx::query_as!(
        Names,
        r#"select o.name as "sponsor?", p.name as "programme!", s.name as "structure!", s.siret,
               coalesce((select label from catalogue.service v where v.code = $3), $3) as "service!"
           from catalogue.programme p
           join redemption.structure s on s.id = $2
           left join access.organisation o on o.id = p.sponsor_id
           where p.id = $1"#,
        receipt.programme_id.uuid(),
        receipt.structure_id.uuid(),
        receipt.service,
    )
    .fetch_one(pool)
    .await?;
    Ok(written(receipt, names)?.render()?)
}

fn written(receipt: &Receipt, names: Names) -> Result<Document, ReceiptError> {
    let claimed_on = calendar::paris_date(receipt.at);
    let siret = names.siret.map(|siret| format!("SIRET {siret}"));
    let meta = Meta::new("Reçu d'encaissement", receipt.claim_id.to_string(), claimed_on)
        .issuer(
            [names.sponsor, Some(format!("Dispositif « {} »", names.programme))]
                .into_iter()
                .flatten(),
        )
        .recipient([Some(names.structure), siret].into_iter().flatten());
    let state = receipt.reversed_at.map_or_else(
        || "accepté".to_owned(),
        |at| {
            format!(
                "annulé le {} : rien n'est dû pour cet encaissement",
                french_day(calendar::paris_date(at))
            )
        },
    );
    let payment = if receipt.reversed_at.is_some() {
        "Cet encaissement est annulé. S'il avait déjà été payé, sa valeur est reprise, une seule fois, sur un virement suivant."
    } else {
        "Le fonds règle cette somme par virement, avec les autres encaissements du mois. L'avis de virement porte le numéro de cet \
         encaissement, qui est la référence de ce reçu."
    };
    Ok(Document::new(meta)
        .paragraph("La structure ci-dessus a encaissé des chèques culture numérique pour une prestation rendue.")
        .facts([
            ("Encaissé le", french_day(claimed_on)),
            ("Prestation", names.service),
            ("Rendue le", french_day(receipt.date)),
            ("Nombre de chèques", receipt.vouchers.len().to_string()),
            ("Somme", receipt.total.to_french()),
            ("État", state),
        ])
        .heading("Chèques encaissés")
        .table(table(receipt)?)
        .heading("Paiement")
        .paragraph(payment)
        .paragraph(
            "Ce reçu ne nomme ni les chèques ni la personne accompagnée : la structure n'a pas à connaître son identité pour être payée.",
        ))
}

fn table(receipt: &Receipt) -> Result<Table, ReceiptError> {
    let mut by_value: BTreeMap<Cents, i64> = BTreeMap::new();
    for voucher in &receipt.vouchers {
        *by_value.entry(voucher.value).or_default() += 1;
    }
    let mut rows = Vec::new();
    for (value, count) in by_value {
        let sum = value.checked_mul(count).ok_or(ReceiptError::Overflow)?;
        rows.push([value.to_french(), count.to_string(), sum.to_french()]);
    }
    let columns = [
        Column::amount("Valeur faciale", 3).head(),
        Column::amount("Nombre", 2),
        Column::amount("Somme", 3),
    ];
    Ok(Table::new(columns).rows(rows).total([
        "Total".to_owned(),
        receipt.vouchers.len().to_string(),
        receipt.total.to_french(),
    ]))
}
