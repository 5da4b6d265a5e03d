//! The remittance advice (avis de virement): which claims a payment covers, by programme, and what it takes back. The same facts
//! as JSON, CSV and PDF, from the settlement lines: a payment is the sum of its lines.
//!
//! A claim is named by its id and what the structure itself said of it; never a voucher, never a person.

mod csv;
mod pdf;

use access::{Caller, Role};
use chrono::NaiveDate;
use database::UseCaseError;
use ledger::PartyId;
use serde::Serialize;
use sqlx::PgPool;
use standards::{Cents, Iban, Month, calendar};
use utoipa::ToSchema;
use uuid::Uuid;
use web::Problem;

use crate::support::ids::PaymentId;
use crate::support::overflow;

pub use csv::csv;
pub use pdf::pdf;

/// What a payment pays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Remittance {
    pub payment_id: PaymentId,
    /// The id on the bank statement of whoever is paid.
    pub end_to_end: String,
    pub structure_id: PartyId,
    pub structure: String,
    pub siret: Option<String>,
    /// The holder of its account.
    pub holder: String,
    /// The last four characters of its account.
    pub account_ends: String,
    /// Claims up to the end of this month.
    pub month: Month,
    /// When it was made.
    pub made_on: NaiveDate,
    /// When the bank shall pay.
    pub execute_on: NaiveDate,
    /// As in a settlement.
    #[schema(example = "debited")]
    pub state: String,
    pub claimed: Cents,
    /// Taken back for claims reversed after they were paid.
    pub deducted: Cents,
    /// The payment: claimed less deducted.
    pub amount: Cents,
    pub programmes: Vec<ProgrammePart>,
}

/// What a programme pays of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProgrammePart {
    pub programme_id: Uuid,
    pub programme: String,
    /// In order of time.
    pub lines: Vec<RemittanceLine>,
    pub claimed: Cents,
    pub deducted: Cents,
    /// The difference.
    pub total: Cents,
}

/// A claim that a payment pays, or takes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RemittanceLine {
    pub claim_id: Uuid,
    /// Day on which it was claimed, in Paris.
    pub claimed_on: NaiveDate,
    /// Day of the service.
    pub service_on: NaiveDate,
    /// What was given.
    pub service: String,
    /// How many vouchers.
    pub vouchers: i32,
    /// Day on which it was reversed, if it was.
    pub reversed_on: Option<NaiveDate>,
    /// Negative when it is taken back.
    pub amount: Cents,
}

/// No such payment to a structure, or another's, or not approved yet.
#[derive(Debug)]
pub struct NoRemittance;

impl database::Rejection for NoRemittance {}

impl From<NoRemittance> for Problem {
    fn from(NoRemittance: NoRemittance) -> Self {
        Self::not_found("Ce virement")
    }
}

/// The advice of a payment: for the operator, and for the structure that is paid once nobody has to approve it any more.
pub async fn read(pool: &PgPool, who: &Caller, id: PaymentId) -> Result<Remittance, UseCaseError<NoRemittance>> {
    let row = sqlx::query!(
        r#"select p.party_id as "structure_id: PartyId", p.end_to_end, p.holder, p.iban, p.cents as "cents: Cents", p.at,
               s.month, s.execute_on, t.state as "state!", coalesce(y.name, p.holder) as "structure!", y.siret as "siret?"
           from funding.payment p
           join funding.settlement s on s.id = p.settlement_id
           join funding.payment_state t on t.payment_id = p.id
           left join redemption.payee y on y.structure_id = p.party_id
           where p.id = $1"#,
        id.uuid(),
    )
    .fetch_optional(pool)
    .await?
    .ok_or(NoRemittance)?;
    let own = who.has(Role::Structure)
        && who.organisation().uuid() == row.structure_id.uuid()
        && !["proposed", "withdrawn"].contains(&row.state.as_str());
    if !who.has(Role::Operator) && !own {
        return Err(NoRemittance.into());
    }
    let programmes = programmes(pool, id).await?;
    let sum = |of: fn(&ProgrammePart) -> Cents| Cents::try_sum(programmes.iter().map(of)).ok_or_else(overflow);
    let (claimed, deducted) = (sum(|part| part.claimed)?, sum(|part| part.deducted)?);
    Ok(Remittance {
        payment_id: id,
        end_to_end: row.end_to_end,
        structure_id: row.structure_id,
        structure: row.structure,
        siret: row.siret,
        holder: row.holder,
        account_ends: last_four(&row.iban),
        month: Month::containing(row.month),
        made_on: calendar::paris_date(row.at),
        execute_on: row.execute_on,
        state: row.state,
        claimed,
        deducted,
        amount: row.cents,
        programmes,
    })
}

fn last_four(iban: &str) -> String {
    let electronic = iban
        .parse::<Iban>()
        .map_or_else(|_| iban.to_owned(), |iban| iban.electronic().to_owned());
    let skipped = electronic.chars().count().saturating_sub(4);
    electronic.chars().skip(skipped).collect()
}

async fn programmes(pool: &PgPool, id: PaymentId) -> Result<Vec<ProgrammePart>, UseCaseError<NoRemittance>> {
    let rows = sqlx::query!(
        r#"select l.book_id, coalesce(g.name, '') as "programme!", l.claim_id, l.cents as "cents: Cents", c.at as "at!",
               c.service_date as "service_on!", coalesce(v.label, c.service) as "service!", c.vouchers as "vouchers!",
               c.reversed_at as "reversed_at?"
           from funding.settlement_line l
           left join redemption.claim_status c on c.book_id = l.book_id and c.claim_id = l.claim_id
           left join catalogue.programme g on g.id = l.book_id
           left join catalogue.service v on v.code = c.service
           where l.payment_id = $1
           order by 2, l.book_id, c.at, l.claim_id"#,
        id.uuid(),
    )
    .fetch_all(pool)
    .await?;
    let mut parts: Vec<ProgrammePart> = Vec::new();
    for row in rows {
        if parts.last().is_none_or(|part| part.programme_id != row.book_id) {
            parts.push(ProgrammePart {
                programme_id: row.book_id,
                programme: row.programme,
                lines: Vec::new(),
                claimed: Cents::ZERO,
                deducted: Cents::ZERO,
                total: Cents::ZERO,
            });
        }
        let part = parts.last_mut().expect("pushed above");
        part.lines.push(RemittanceLine {
            claim_id: row.claim_id,
            claimed_on: calendar::paris_date(row.at),
            service_on: row.service_on,
            service: row.service,
            vouchers: row.vouchers,
            reversed_on: row.reversed_at.map(calendar::paris_date),
            amount: row.cents,
        });
    }
    for part in &mut parts {
        part.add_up().ok_or_else(overflow)?;
    }
    Ok(parts)
}

impl ProgrammePart {
    fn add_up(&mut self) -> Option<()> {
        let amounts = || self.lines.iter().map(|line| line.amount);
        let claimed = Cents::try_sum(amounts().filter(|amount| amount.is_positive()))?;
        let deducted = Cents::try_sum(amounts().filter(|amount| amount.is_negative()))?.checked_neg()?;
        (self.claimed, self.deducted, self.total) = (claimed, deducted, claimed.checked_sub(deducted)?);
        Some(())
    }
}

/// Where a payment stands, in French.
pub(crate) fn state_in_words(state: &str) -> &'static str {
    match state {
        "proposed" => "en attente de l'accord d'une seconde personne",
        "sent" => "transmis à la banque",
        "debited" => "payé",
        "returned" => "revenu : la banque l'a renvoyé, la somme est de nouveau due",
        "rejected" => "refusé par la banque, la somme est de nouveau due",
        "withdrawn" => "annulé avant son envoi, la somme est de nouveau due",
        _ => "inconnu",
    }
}
