//! What a hold says to people.

use access::OrganisationId;
use chrono::NaiveDate;
use ledger::PartyId;
use serde::Serialize;
use sqlx::PgConnection;
use standards::Cents;
use utoipa::ToSchema;

use crate::payments::settlement::decide::{
    BANK_SHORT, DEDUCTIONS, EVIDENCE, MONEY_AWAITED, NO_BANK_DETAILS, RETURNED_BY_BANK,
};
use crate::support::ids::SettlementId;

/// A funder's money that a hold waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AwaitedMoney {
    pub funder_id: OrganisationId,
    pub funder: String,
    /// Its shares of the claims held.
    pub amount: Cents,
    /// The oldest of its mandates that was awaited.
    #[schema(example = "mandat 2026 12/345")]
    pub mandate: Option<String>,
    /// That mandate's date.
    pub issued_on: Option<NaiveDate>,
}

/// What to do about a hold, in French.
pub(crate) fn explanation(reason: &str, awaits: &[AwaitedMoney]) -> String {
    let told = match reason {
        NO_BANK_DETAILS => {
            "Aucun compte bancaire utilisable n'est connu. La somme reste due : elle sera payée au prochain \
             contre-paiement après réception du RIB."
        }
        RETURNED_BY_BANK => {
            "La banque a rejeté ou renvoyé le dernier virement à cause du compte ou de son titulaire, et le compte n'a pas \
             changé depuis. La somme reste due : demandez un nouveau RIB à la structure."
        }
        DEDUCTIONS => {
            "Le trop-versé à reprendre dépasse ou égale ce qui est dû. La somme sera payée quand les encaissements \
             dépasseront la reprise."
        }
        BANK_SHORT => {
            "Le compte du fonds n'a pas de quoi payer cette somme. Elle reste due : elle sera payée, les plus anciens \
             encaissements d'abord, au prochain contre-paiement après l'arrivée des fonds."
        }
        EVIDENCE => {
            "Rien ne prouve que les chèques de ces encaissements ont été présentés : leur preuve manque, ou n'est pas celle de ces \
             chèques. Ils ne sont pas payés. Prévenez l'opérateur, qui doit chercher qui les a écrits."
        }
        MONEY_AWAITED => return awaited(awaits),
        _ => "Somme retenue.",
    };
    told.to_owned()
}

fn awaited(awaits: &[AwaitedMoney]) -> String {
    let whose: Vec<String> = awaits
        .iter()
        .map(|one| {
            let mandate = match (&one.mandate, one.issued_on) {
                (Some(mandate), Some(day)) => format!(", {mandate} du {}", day.format("%d/%m/%Y")),
                _ => String::new(),
            };
            format!("« {} » ({}{mandate})", one.funder, one.amount.to_french())
        })
        .collect();
    format!(
        "L'argent n'est pas encore arrivé sur le compte du fonds, de la part de : {}. La somme reste due : elle sera payée, \
         les plus anciens encaissements d'abord, au prochain contre-paiement après son arrivée.",
        whose.join(" ; ")
    )
}

/// What the holds of these settlements wait for, each by its settlement and structure.
pub(crate) async fn awaited_by(
    connection: &mut PgConnection,
    settlements: &[uuid::Uuid],
) -> Result<Vec<(SettlementId, PartyId, AwaitedMoney)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select h.settlement_id as "settlement: SettlementId", h.structure_id as "structure: PartyId",
               h.funder_id as "funder_id: OrganisationId", f.name, h.cents as "amount: Cents",
               m.reference as "mandate?", m.issued_on as "issued_on?"
           from funding.hold_awaits h
           join funding.funder f on f.id = h.funder_id
           left join funding.mandate m on m.id = h.mandate_id
           where h.settlement_id = any($1)
           order by h.settlement_id, h.structure_id, f.name, h.funder_id"#,
        settlements,
    )
    .fetch_all(connection)
    .await?;
    let awaited = rows.into_iter().map(|row| {
        let money = AwaitedMoney {
            funder_id: row.funder_id,
            funder: row.name,
            amount: row.amount,
            mandate: row.mandate,
            issued_on: row.issued_on,
        };
        (row.settlement, row.structure, money)
    });
    Ok(awaited.collect())
}
