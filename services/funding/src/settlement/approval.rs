//! Four eyes: a settlement above the amount in force is proposed by one person and approved by another before its payment file
//! can be had. Rejected, its payments go back to what they paid, as those that the bank rejects: nothing is lost.
//!
//! | | books | the file |
//! |---|---|---|
//! | proposed | payable → in transit, as any settlement | refused |
//! | approved, by another key | nothing | given |
//! | rejected, with a reason | in transit → payable | refused for ever; the next settlement takes the claims |
//!
//! A person is an API key: one device, one machine. A key made after the proposal does not approve it, else whoever
//! may make keys would approve alone. The primary key of the decision makes one of two who decide at once the second.

use access::audit;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgTransaction};
use standards::{Cents, calendar};
use utoipa::ToSchema;
use web::{Made, Problem};

use super::{SettlementView, read};
use crate::booking::{BookError, book_all};
use crate::payment_report::back_to_payable;
use crate::statement::STATEMENT_LOCK;
use crate::{SettlementId, breaks, payment_rule};

/// Characters of a reason.
const REASON_CHARS_MAX: usize = 500;

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

/// Why a settlement is rejected.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRejection {
    /// In words.
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
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// No such settlement.
    #[error("nothing of this id")]
    Unknown,
    /// It is below the amount.
    #[error("nobody is asked")]
    NotNeeded,
    /// Who proposed does not approve.
    #[error("the same key")]
    SamePerson,
    /// A key made after the proposal does not approve it.
    #[error("a key made after the proposal")]
    NewKey,
    /// Somebody decided.
    #[error("decided")]
    Decided(String),
    /// No reason, or an endless one.
    #[error("the reason")]
    Reason,
    /// The bank cannot pay yesterday.
    #[error("the day of execution is past")]
    TooLate,
    /// The books refuse.
    #[error("not booked")]
    Book(#[from] BookError),
    /// PostgreSQL.
    #[error("database")]
    Database(#[from] sqlx::Error),
}

impl From<DecideError> for Problem {
    fn from(error: DecideError) -> Self {
        match error {
            DecideError::Unknown => Self::not_found("Ce contre-paiement"),
            DecideError::NotNeeded => Self::refused("approval-not-needed", "Ce contre-paiement n'attend l'accord de personne.")
                .detail("Son total ne dépasse pas le seuil d'approbation. Son fichier de virements, s'il paie quelqu'un, est disponible."),
            DecideError::SamePerson => payment_rule::same_person("Vous avez proposé ce contre-paiement."),
            DecideError::NewKey => payment_rule::same_person(
                "Votre clé d'accès a été créée après la proposition de ce contre-paiement.",
            ),
            DecideError::Decided(state) => Self::new(
                http::StatusCode::CONFLICT,
                "settlement-decided",
                "Ce contre-paiement a déjà reçu une décision.",
            )
            .detail(if state == "approved" {
                "Il est approuvé. S'il est déjà à la banque, seule la banque peut encore refuser ses virements."
            } else {
                "Il est rejeté. Faites un nouveau contre-paiement du même mois : il reprend les mêmes encaissements."
            }),
            DecideError::Reason => Self::refused("rejection-reason", "Dites pourquoi ce contre-paiement est rejeté.")
                .detail(format!("Donnez « reason » en {REASON_CHARS_MAX} caractères au plus.")),
            DecideError::TooLate => Self::refused("execute-on-past", "La date d'exécution est passée.")
                .detail("Rejetez ce contre-paiement et faites-en un nouveau avec une date à venir : il reprend les mêmes encaissements."),
            error => Self::internal(&error),
        }
    }
}

/// Asks a second person if the total is above the amount in force.
pub(super) async fn propose(
    tx: &mut PgTransaction<'_>,
    who: &access::Caller,
    settlement: SettlementId,
    total: Cents,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let rules = payment_rule::in_force(tx).await?;
    let Some(above) = rules.approval_above.filter(|above| total > *above) else {
        return Ok(());
    };
    sqlx::query!(
        "insert into funding.settlement_proposal (settlement_id, proposed_by, above_cents, cents, at) values ($1, $2, $3, $4, $5)",
        settlement.uuid(),
        who.key(),
        above.get(),
        total.get(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// How it stands.
pub(crate) async fn approval(connection: &mut PgConnection, id: SettlementId) -> Result<Approval, sqlx::Error> {
    let row = sqlx::query!(
        r#"select p.above_cents as "above: Cents", d.decision as "decision?", d.at as "decided_at?", d.reason as "reason?"
           from funding.settlement_proposal p
           left join funding.settlement_decision d on d.settlement_id = p.settlement_id
           where p.settlement_id = $1"#,
        id.uuid(),
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

/// Approves or rejects a settlement, or finds that the same key decided the same before.
pub async fn decide(
    tx: &mut PgTransaction<'_>,
    who: &access::Caller,
    id: SettlementId,
    decision: Decision,
    at: DateTime<Utc>,
) -> Result<Made<SettlementView>, DecideError> {
    if let Decision::Rejected(reason) = &decision
        && (reason.trim().is_empty() || reason.chars().count() > REASON_CHARS_MAX)
    {
        return Err(DecideError::Reason);
    }
    let known = read(tx, id).await?.ok_or(DecideError::Unknown)?;
    let Some(proposal) = sqlx::query!(
        "select p.proposed_by, k.created_at > p.at as \"new_key!\"
         from funding.settlement_proposal p, access.api_key k where p.settlement_id = $1 and k.id = $2",
        id.uuid(),
        who.key(),
    )
    .fetch_optional(&mut **tx)
    .await?
    else {
        return Err(DecideError::NotNeeded);
    };
    let approves = decision == Decision::Approved;
    if approves && known.approval.state == "waiting" && known.execute_on < calendar::paris_date(at) {
        return Err(DecideError::TooLate);
    }
    if approves && proposal.proposed_by == who.key() {
        return Err(DecideError::SamePerson);
    }
    if approves && proposal.new_key {
        return Err(DecideError::NewKey);
    }
    if !insert(tx, who, id, &decision, proposal.proposed_by, at).await? {
        let same = sqlx::query_scalar!(
            r#"select by_key = $2 and decision = $3 and reason is not distinct from $4 as "same!"
               from funding.settlement_decision where settlement_id = $1"#,
            id.uuid(),
            who.key(),
            decision.word(),
            decision.reason(),
        )
        .fetch_one(&mut **tx)
        .await?;
        let known = read(tx, id).await?.ok_or(DecideError::Unknown)?;
        return if same {
            Ok(Made::Before(known))
        } else {
            Err(DecideError::Decided(known.approval.state))
        };
    }
    let action = if approves {
        "settlement.approve"
    } else {
        take_back(tx, who, id, at).await?;
        "settlement.reject"
    };
    audit(tx, who, at, action, Some(id.uuid()), (proposal.proposed_by, who.key())).await?;
    tracing::info!(decision = decision.word(), "settlement decided");
    Ok(Made::Now(read(tx, id).await?.ok_or(DecideError::Unknown)?))
}

async fn insert(
    tx: &mut PgTransaction<'_>,
    who: &access::Caller,
    id: SettlementId,
    decision: &Decision,
    proposed_by: uuid::Uuid,
    at: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query!(
        "insert into funding.settlement_decision (settlement_id, proposed_by, decision, reason, by_key, at)
         values ($1, $2, $3, $4, $5, $6) on conflict (settlement_id) do nothing",
        id.uuid(),
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
    id: SettlementId,
    at: DateTime<Utc>,
) -> Result<(), DecideError> {
    sqlx::query!("select pg_advisory_xact_lock($1)", STATEMENT_LOCK)
        .execute(&mut **tx)
        .await?;
    sqlx::query!(
        "insert into funding.payment_answer (payment_id, answer, decided_settlement_id, at)
         select id, 'rejected', $1, $2 from funding.payment where settlement_id = $1",
        id.uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    let postings = back_to_payable(tx, id).await?;
    book_all(tx, postings, at).await?;
    breaks::settle_expected(tx, who, at).await?;
    Ok(())
}
