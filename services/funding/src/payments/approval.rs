//! Four eyes: a payment order above the amount in force is proposed by one person and approved by another before its payment file
//! can be had. Rejected, its payments never leave: nothing is lost.
//!
//! | | books | the file |
//! |---|---|---|
//! | proposed | in transit, as any payment order | refused |
//! | approved, by another key | nothing | given |
//! | rejected, with a reason | a settlement: in transit → payable; a refund: in transit → deposited, the funder's free money | refused for ever |
//!
//! A person is an API key: one device, one machine. A key made after the proposal does not approve it, else whoever
//! may make keys would approve alone. Refunds to one funder within thirty days that nobody looked at count together, so a large sum does not
//! pass in small ones. The primary key of the decision makes one of two who decide at once the second.

use access::audit;
use bounds::{Reason, TextKind};
use chrono::{DateTime, NaiveDate, Utc};
use database::{NamedLock, UseCaseError};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgTransaction};
use standards::{Cents, calendar};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Created, Problem};

use crate::payments::payment_order::PaymentOrder;
use crate::payments::rejected_payments::reverse_unsent_payments;
use crate::support::booking::{BookError, book_all};
use crate::{bank::breaks, bank::payment_answer, payments::payment_rule};

/// Whether a second person has looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Approval {
    /// `not_needed`, `waiting`, `approved` or `rejected`.
    #[schema(example = "waiting")]
    pub state: String,
    /// The amount above which somebody is asked, when it was made.
    pub above: Option<Cents>,
    /// When it was decided.
    pub decided_at: Option<DateTime<Utc>>,
    /// Why it was rejected.
    pub reason: Option<String>,
}

/// Why a payment order is rejected.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRejection {
    #[schema(value_type = Reason)]
    pub reason: String,
}

/// What is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The file may be sent.
    Approved,
    /// It may not, for this reason.
    Rejected(String),
}

impl Decision {
    const fn word(&self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected(_) => "rejected",
        }
    }

    fn reason(&self) -> Option<&str> {
        match self {
            Self::Approved => None,
            Self::Rejected(reason) => Some(reason),
        }
    }
}

/// Why it was not decided.
#[derive(Debug)]
pub enum DecideRejection {
    Unknown(PaymentOrder),
    /// It is below the amount.
    NotNeeded(PaymentOrder),
    /// Who proposed does not approve.
    SamePerson(PaymentOrder),
    /// A key made after the proposal does not approve it.
    NewKey(PaymentOrder),
    /// With its state.
    Decided(PaymentOrder, String),
    /// None, or an endless one.
    Reason(PaymentOrder),
    /// The bank cannot pay yesterday.
    TooLate(PaymentOrder),
}

impl database::Rejection for DecideRejection {}

impl From<DecideRejection> for Problem {
    fn from(rejection: DecideRejection) -> Self {
        match rejection {
            DecideRejection::Unknown(PaymentOrder::Settlement(_)) => Self::not_found("Ce contre-paiement"),
            DecideRejection::Unknown(PaymentOrder::Refund(_)) => Self::not_found("Ce remboursement"),
            DecideRejection::NotNeeded(order) => {
                Self::refused("approval-not-needed", "Personne n'a d'accord à donner ici.").detail(format!(
                    "Rien ne sort du compte par {}, ou son total ne dépasse pas le seuil d'approbation : s'il paie quelqu'un, son fichier de \
                     virements est disponible.",
                    order.french()
                ))
            }
            DecideRejection::SamePerson(order) => payment_rule::same_person(&format!("Vous avez proposé {}.", order.french())),
            DecideRejection::NewKey(order) => payment_rule::same_person(&format!(
                "Votre clé d'accès a été créée après la proposition de {}.",
                order.french()
            )),
            DecideRejection::Decided(order, state) => {
                let title = format!("Une décision a déjà été prise pour {}.", order.french());
                Self::new(http::StatusCode::CONFLICT, "payment-order-decided", title).detail(if state == "approved" {
                    "L'accord est donné. Si le fichier est déjà à la banque, seule la banque peut encore refuser les virements."
                        .to_owned()
                } else {
                    format!("C'est un rejet. {}", order.after_rejection())
                })
            }
            DecideRejection::Reason(order) => {
                Self::refused("rejection-reason", format!("Dites pourquoi {} est rejeté.", order.french()))
                    .detail(format!("Donnez « reason » en {} caractères au plus.", Reason::CHARS_MAX))
            }
            DecideRejection::TooLate(order) => Self::refused("execute-on-past", "La date d'exécution est passée.").detail(format!(
                "Rejetez {}. {}",
                order.french(),
                order.after_rejection()
            )),
        }
    }
}

/// Asks a second person if the total, with what went the same way lately and nobody was asked for, is above the amount in force.
pub(crate) async fn propose(
    tx: &mut PgTransaction<'_>,
    who: &access::Caller,
    order: PaymentOrder,
    total: Cents,
    unasked: Cents,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let rules = payment_rule::in_force(tx).await?;
    let counted = total.checked_add(unasked).unwrap_or(Cents::new(i64::MAX));
    let Some(above) = rules.approval_above.filter(|above| counted > *above) else {
        return Ok(());
    };
    sqlx::query!(
        "insert into funding.payment_proposal (order_id, settlement_id, refund_id, proposed_by, above_cents, cents, at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        order.uuid(),
        order.settlement(),
        order.refund(),
        who.key(),
        above.get(),
        counted.get(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn approval(connection: &mut PgConnection, order: PaymentOrder) -> Result<Approval, sqlx::Error> {
    let row = sqlx::query!(
        r#"select p.above_cents as "above!: Cents", d.decision as "decision?", d.at as "decided_at?", d.reason as "reason?"
           from funding.payment_proposal p
           left join funding.payment_decision d on d.order_id = p.order_id
           where p.order_id = $1 and p.settlement_id is not distinct from $2"#,
        order.uuid(),
        order.settlement(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(match row {
        None => Approval {
            state: "not_needed".to_owned(),
            above: None,
            decided_at: None,
            reason: None,
        },
        Some(row) => Approval {
            state: row.decision.unwrap_or_else(|| "waiting".to_owned()),
            above: Some(row.above),
            decided_at: row.decided_at,
            reason: row.reason,
        },
    })
}

/// Approves or rejects an order that exists, or finds that the same key decided the same before.
pub(crate) async fn approve_or_reject(
    tx: &mut PgTransaction<'_>,
    who: &access::Caller,
    order: PaymentOrder,
    decision: &Decision,
    at: DateTime<Utc>,
) -> Result<Created<()>, UseCaseError<DecideRejection>> {
    if let Decision::Rejected(reason) = decision
        && !Reason::fits(reason)
    {
        return Err(DecideRejection::Reason(order).into());
    }
    let execute_on = execute_on(tx, order).await?.ok_or(DecideRejection::Unknown(order))?;
    let state = approval(tx, order).await?.state;
    let Some(proposal) = sqlx::query!(
        "select p.proposed_by, k.created_at > p.at as \"new_key!\"
         from funding.payment_proposal p, access.api_key k where p.order_id = $1 and k.id = $2",
        order.uuid(),
        who.key(),
    )
    .fetch_optional(&mut **tx)
    .await?
    .filter(|_| state != "not_needed") else {
        return Err(DecideRejection::NotNeeded(order).into());
    };
    let approves = *decision == Decision::Approved;
    if approves && state == "waiting" && execute_on < calendar::paris_date(at) {
        return Err(DecideRejection::TooLate(order).into());
    }
    if approves && proposal.proposed_by == who.key() {
        return Err(DecideRejection::SamePerson(order).into());
    }
    if approves && proposal.new_key {
        return Err(DecideRejection::NewKey(order).into());
    }
    if !insert(tx, who, order, decision, proposal.proposed_by, at).await? {
        let same = sqlx::query_scalar!(
            r#"select by_key = $2 and decision = $3 and reason is not distinct from $4 as "same!"
               from funding.payment_decision where order_id = $1"#,
            order.uuid(),
            who.key(),
            decision.word(),
            decision.reason(),
        )
        .fetch_one(&mut **tx)
        .await?;
        return if same {
            Ok(Created::Existing(()))
        } else {
            Err(DecideRejection::Decided(order, approval(tx, order).await?.state).into())
        };
    }
    if !approves {
        take_back(tx, who, order, at).await?;
    }
    let keys = (proposal.proposed_by, who.key());
    audit(tx, who, at, order.action(approves), Some(order.uuid()), keys).await?;
    tracing::info!(decision = decision.word(), "payment order decided");
    Ok(Created::New(()))
}

async fn execute_on(tx: &mut PgTransaction<'_>, order: PaymentOrder) -> Result<Option<NaiveDate>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select execute_on as "execute_on!" from funding.settlement where id = $1
           union all
           select execute_on from funding.refund where id = $2"#,
        order.settlement(),
        order.refund(),
    )
    .fetch_optional(&mut **tx)
    .await
}

async fn insert(
    tx: &mut PgTransaction<'_>,
    who: &access::Caller,
    order: PaymentOrder,
    decision: &Decision,
    proposed_by: Uuid,
    at: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query!(
        "insert into funding.payment_decision (order_id, proposed_by, decision, reason, by_key, at)
         values ($1, $2, $3, $4, $5, $6) on conflict (order_id) do nothing",
        order.uuid(),
        proposed_by,
        decision.word(),
        decision.reason(),
        who.key(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Every payment of it goes back. The statements' lock: a statement or a report may name them at the same time.
async fn take_back(
    tx: &mut PgTransaction<'_>,
    who: &access::Caller,
    order: PaymentOrder,
    at: DateTime<Utc>,
) -> Result<(), BookError> {
    NamedLock::Statements.take(tx).await?;
    payment_answer::reject_order(tx, order.settlement(), order.refund(), at).await?;
    let postings = reverse_unsent_payments(tx, order).await?;
    book_all(tx, postings, at).await?;
    breaks::resolve_due_breaks(tx, who, at).await?;
    Ok(())
}
