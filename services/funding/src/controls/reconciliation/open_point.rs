//! What the rules ask for and nobody has done yet: nothing is wrong, and it is not to be forgotten.

use catalogue::ProgrammeId;
use chrono::NaiveDate;
use ledger::Account;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use standards::Cents;
use utoipa::ToSchema;

use crate::shares::true_up;

/// What kind of act is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OpenPointKind {
    /// A close, or a further one: what funders owe one another differs from what was settled.
    TrueUpDue,
    /// A programme whose statement can be contested no more still holds its funders' money.
    RefundDue,
    /// The bank took charges from the fund's account, and the operator has not paid them back.
    ChargesDue,
}

/// An act that is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenPoint {
    pub kind: OpenPointKind,
    /// Of which programme; none for what is the whole fund's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub programme_id: Option<ProgrammeId>,
    /// How much it moves.
    pub amount: Cents,
    /// The same in a French sentence.
    pub text: String,
}

/// Everything that is due on a day, closes first.
pub(super) async fn open_points(connection: &mut PgConnection, on: NaiveDate) -> Result<Vec<OpenPoint>, sqlx::Error> {
    let mut points = closes(&mut *connection).await?;
    points.extend(to_refund(&mut *connection, on).await?);
    points.extend(charges(connection).await?);
    Ok(points)
}

async fn closes(connection: &mut PgConnection) -> Result<Vec<OpenPoint>, sqlx::Error> {
    let mut points = Vec::new();
    for (programme_id, payments) in true_up::all_due(&mut *connection).await? {
        let parties: Vec<_> = payments.iter().flat_map(|payment| [payment.from, payment.to]).collect();
        let names = true_up::names(&mut *connection, &parties).await?;
        let name = |party| names.get(&party).cloned().unwrap_or_else(|| party.to_string());
        let owed: Vec<String> = payments
            .iter()
            .map(|payment| {
                let (from, to) = (name(payment.from), name(payment.to));
                format!("« {from} » doit {} à « {to} »", payment.cents.to_french())
            })
            .collect();
        let programme = programme_name(&mut *connection, programme_id).await?;
        points.push(OpenPoint {
            kind: OpenPointKind::TrueUpDue,
            programme_id: Some(programme_id),
            amount: Cents::try_sum(payments.iter().map(|payment| payment.cents)).unwrap_or_default(),
            text: format!(
                "Régularisation entre financeurs à faire, « {programme} » : {}.",
                owed.join(", ")
            ),
        });
    }
    Ok(points)
}

async fn charges(connection: &mut PgConnection) -> Result<Option<OpenPoint>, sqlx::Error> {
    let amount = ledger::read::balance(connection, Account::charges_owed()).await?;
    Ok(amount.is_positive().then(|| OpenPoint {
        kind: OpenPointKind::ChargesDue,
        programme_id: None,
        amount,
        text: format!(
            "Frais bancaires à la charge de l'opérateur : {} à rembourser au compte du fonds.",
            amount.to_french()
        ),
    }))
}

async fn programme_name(connection: &mut PgConnection, programme: ProgrammeId) -> Result<String, sqlx::Error> {
    sqlx::query_scalar!("select name from catalogue.programme where id = $1", programme.uuid())
        .fetch_one(connection)
        .await
}

async fn to_refund(connection: &mut PgConnection, on: NaiveDate) -> Result<Vec<OpenPoint>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select p.id as "programme: ProgrammeId", p.name, sum(a.cents)::bigint as "cents!: Cents"
           from funding.expiry_statement s
           join catalogue.programme p on p.id = s.programme_id
           join ledger.funder_balance a on a.book_id = s.programme_id and a.kind in ('available', 'refundable')
           where s.contest_until < $1
           group by p.id, p.name having sum(a.cents) > 0
           order by p.name, p.id"#,
        on,
    )
    .fetch_all(connection)
    .await?;
    let point = |programme_id, name: String, amount: Cents| OpenPoint {
        kind: OpenPointKind::RefundDue,
        programme_id: Some(programme_id),
        amount,
        text: format!(
            "Argent à rendre, « {name} » : {} restent aux financeurs après l'état contradictoire.",
            amount.to_french()
        ),
    };
    Ok(rows
        .into_iter()
        .map(|row| point(row.programme, row.name, row.cents))
        .collect())
}
