//! What the operator decided about payments: above which amount a second person looks, and within how many days a structure is
//! paid. Each change is a row; the last one in force counts. Without any, nobody is asked and the delay is
//! [`DELAY_DAYS`].
//!
//! A change that lets more pass (a higher amount or none, claims paid before their money) waits until another key confirms it: else one person
//! would lift the rule, pay, and put it back.

use access::audit;
use bounds::{AmountKind, NumberKind};
use chrono::{DateTime, Utc};
use database::{NamedLock, UseCaseError};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgTransaction};
use standards::Cents;
use utoipa::ToSchema;
use web::Problem;

/// What public bodies have to pay their contracts (Code de la commande publique, art. R2192-10, which took over the décret n° 2013-269):
/// structures may count on no less.
pub const DELAY_DAYS: i32 = 30;
bounds::amount_kind! {
    /// The amount above which a second person looks.
    pub struct ApprovalThreshold: 0..=standards::pain001::AMOUNT_MAX.get();
}

bounds::number_kind! {
    /// Days within which a structure is paid.
    pub struct PaymentDelay: 1..=365;
}
/// The rules on payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentRules {
    /// A settlement or a refund above it is approved by a second person; `null`: never, `"0.00"`: always.
    #[schema(value_type = Option<ApprovalThreshold>)]
    pub approval_above: Option<Cents>,
    /// A structure is paid at most so many days after the end of the month of its claim.
    #[schema(value_type = PaymentDelay, example = 30)]
    pub delay_days: i32,
    /// Whether a claim is paid while the money of a funder of it is awaited on a mandate: from what the others paid. `false`: it is held.
    #[serde(default)]
    pub may_advance: bool,
}

impl Default for PaymentRules {
    fn default() -> Self {
        Self {
            approval_above: None,
            delay_days: DELAY_DAYS,
            may_advance: false,
        }
    }
}

impl PaymentRules {
    /// Whether `self` lets pass what `other` has looked at twice, or holds.
    fn is_looser_than(self, other: Self) -> bool {
        (self.may_advance && !other.may_advance) || self.asks_less_than(other)
    }

    fn asks_less_than(self, other: Self) -> bool {
        match (self.approval_above, other.approval_above) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(mine), Some(theirs)) => mine > theirs,
        }
    }
}

/// The rules in force, and a change that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PaymentRulesView {
    /// What counts now.
    pub in_force: PaymentRules,
    /// What another person has to confirm.
    pub waiting: Option<WaitingRules>,
}

/// A change that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WaitingRules {
    /// Names it when it is confirmed.
    pub number: i32,
    /// What would count.
    pub rules: PaymentRules,
    pub since: DateTime<Utc>,
}

/// Why the rules did not change.
#[derive(Debug)]
pub enum RuleRejection {
    /// Below zero.
    Amount,
    /// Days.
    Delay(i32),
    /// Of this number.
    NothingWaits,
    /// Who changed them does not confirm.
    SamePerson,
    /// The key is younger than the change.
    NewKey,
}

impl database::Rejection for RuleRejection {}

impl From<RuleRejection> for Problem {
    fn from(rejection: RuleRejection) -> Self {
        match rejection {
            RuleRejection::Amount => Self::refused("payment-rules", "Le seuil d'approbation est négatif.")
                .detail("Donnez dans « approval_above » un montant, « 0.00 » pour toujours demander, ou null pour ne jamais demander."),
            RuleRejection::Delay(days) => Self::refused("payment-rules", "Le délai de paiement ne convient pas.")
                .detail(format!("« delay_days » vaut {days} ; donnez de 1 à {} jours.", PaymentDelay::MAX)),
            RuleRejection::NothingWaits => Self::not_found("Ce changement à confirmer"),
            RuleRejection::SamePerson => same_person("Vous avez demandé ce changement : il laisse passer plus de paiements."),
            RuleRejection::NewKey => same_person("Votre clé d'accès a été créée après la demande de ce changement."),
        }
    }
}

/// Nobody looks twice alone.
pub(crate) fn same_person(why: &str) -> Problem {
    Problem::new(
        http::StatusCode::FORBIDDEN,
        "same-person",
        "Une autre personne doit donner son accord.",
    )
    .detail(format!(
        "{why} Demandez à un ou une collègue de le confirmer avec sa propre clé d'accès."
    ))
}

/// The rules that count now.
pub async fn in_force(connection: &mut PgConnection) -> Result<PaymentRules, sqlx::Error> {
    let row = sqlx::query_as!(
        PaymentRules,
        r#"select r.approval_above_cents as "approval_above: Cents", r.delay_days, r.may_advance
           from funding.payment_rule r
           where not r.needs_confirmation
               or exists (select from funding.payment_rule_confirmation c where c.number = r.number)
           order by r.number desc limit 1"#
    );
    Ok(row.fetch_optional(connection).await?.unwrap_or_default())
}

/// The rules, with a change that waits: the last one, unless something came after it.
pub async fn view(connection: &mut PgConnection) -> Result<PaymentRulesView, sqlx::Error> {
    let waiting = sqlx::query!(
        r#"select r.number, r.approval_above_cents as "above: Cents", r.delay_days, r.may_advance, r.set_at
           from funding.payment_rule r
           where r.number = (select max(number) from funding.payment_rule) and r.needs_confirmation
               and not exists (select from funding.payment_rule_confirmation c where c.number = r.number)"#
    )
    .fetch_optional(&mut *connection)
    .await?;
    Ok(PaymentRulesView {
        in_force: in_force(connection).await?,
        waiting: waiting.map(|row| WaitingRules {
            number: row.number,
            rules: PaymentRules {
                approval_above: row.above,
                delay_days: row.delay_days,
                may_advance: row.may_advance,
            },
            since: row.set_at,
        }),
    })
}

/// Changes the rules; what is the rule already changes nothing.
pub async fn set(
    tx: &mut PgTransaction<'_>,
    who: &access::Caller,
    new: PaymentRules,
    at: DateTime<Utc>,
) -> Result<PaymentRulesView, UseCaseError<RuleRejection>> {
    if new.approval_above.is_some_and(|above| !ApprovalThreshold::fits(above)) {
        return Err(RuleRejection::Amount.into());
    }
    if !PaymentDelay::fits(new.delay_days) {
        return Err(RuleRejection::Delay(new.delay_days).into());
    }
    NamedLock::PaymentRules.take(tx).await?;
    let before = view(tx).await?;
    let asked = before.waiting.as_ref().map_or(before.in_force, |waiting| waiting.rules);
    if asked == new {
        return Ok(before);
    }
    sqlx::query!(
        "insert into funding.payment_rule (number, approval_above_cents, delay_days, may_advance, set_by, set_at, needs_confirmation)
         select coalesce(max(number), 0) + 1, $1, $2, $6, $3, $4, $5 from funding.payment_rule",
        new.approval_above.map(Cents::get),
        new.delay_days,
        who.key(),
        at,
        new.is_looser_than(before.in_force),
        new.may_advance,
    )
    .execute(&mut **tx)
    .await?;
    audit(tx, who, at, "payment_rules.set", None, new).await?;
    Ok(view(tx).await?)
}

/// Confirms the change that waits.
pub async fn confirm(
    tx: &mut PgTransaction<'_>,
    who: &access::Caller,
    number: i32,
    at: DateTime<Utc>,
) -> Result<PaymentRulesView, UseCaseError<RuleRejection>> {
    NamedLock::PaymentRules.take(tx).await?;
    let now = view(tx).await?;
    let Some(waiting) = now.waiting.as_ref().filter(|waiting| waiting.number == number) else {
        return Err(RuleRejection::NothingWaits.into());
    };
    // Else whoever may make keys would confirm alone.
    let new_key = sqlx::query_scalar!(
        r#"select created_at > $2 as "new!" from access.api_key where id = $1"#,
        who.key(),
        waiting.since,
    )
    .fetch_one(&mut **tx)
    .await?;
    if new_key {
        return Err(RuleRejection::NewKey.into());
    }
    let inserted = sqlx::query!(
        "insert into funding.payment_rule_confirmation (number, set_by, by_key, at)
         select number, set_by, $2, $3 from funding.payment_rule where number = $1",
        waiting.number,
        who.key(),
        at,
    )
    .execute(&mut **tx)
    .await;
    match inserted {
        Err(error) if database::is_constraint(&error, "payment_rule_four_eyes") => {
            return Err(RuleRejection::SamePerson.into());
        }
        inserted => inserted?,
    };
    audit(tx, who, at, "payment_rules.confirm", None, number).await?;
    Ok(view(tx).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lets_more_pass_is_looser() {
        let above = |cents: Option<i64>| PaymentRules {
            approval_above: cents.map(Cents::new),
            delay_days: 30,
            may_advance: false,
        };
        let looser = |new, old| above(new).is_looser_than(above(old));
        assert!(looser(None, Some(0)) && looser(Some(1), Some(0)) && looser(None, Some(500)));
        assert!(
            !looser(Some(0), Some(0)) && !looser(Some(0), None) && !looser(None, None) && !looser(Some(1), Some(2))
        );
        let advancing = PaymentRules {
            may_advance: true,
            ..above(Some(0))
        };
        assert!(advancing.is_looser_than(above(None)) && !above(Some(0)).is_looser_than(advancing));
    }
}
