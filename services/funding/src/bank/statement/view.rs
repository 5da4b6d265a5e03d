use chrono::NaiveDate;
use serde::Serialize;
use sqlx::PgConnection;
use standards::Cents;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::support::ids::StatementId;

/// A statement as it was matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StatementView {
    pub id: StatementId,
    /// The bank's identifier.
    pub identification: String,
    /// On the account before.
    pub opening: Cents,
    /// On the account after.
    pub closing: Cents,
    /// In the bank's order.
    pub lines: Vec<StatementLineView>,
    /// Lines that no rule explains.
    pub unexplained: usize,
}

/// What a file gave: its first statement of the fund's account, and what else is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StatementFileView {
    #[serde(flatten)]
    pub first: StatementView,
    /// The account's other statements in the file, in the order of their days.
    pub further: Vec<StatementView>,
    /// The accounts whose statements in the file were left out, as the bank writes them.
    pub other_accounts: Vec<String>,
}

/// A line of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StatementLineView {
    /// From 1; 0 is the balance of the account before the first statement.
    pub line: i32,
    /// The bank's day.
    pub booked_on: NaiveDate,
    /// Positive when money came in.
    pub amount: Cents,
    /// What the payer wrote; else the bank's own words; else whatever the bank gives.
    pub text: String,
    #[serde(flatten)]
    pub details: LineDetails,
    /// The rule that matched it; none when it is unexplained.
    #[schema(example = "end-to-end")]
    pub rule: Option<String>,
    pub matched: Option<MatchedItemView>,
}

/// What the bank says of a line, beside its amount: by this a person knows what it was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct LineDetails {
    /// Who paid, or was paid.
    #[schema(example = "COMMUNAUTE DE COMMUNES EXEMPLE")]
    pub counterparty_name: Option<String>,
    /// Their account (IBAN).
    pub counterparty_account: Option<String>,
    /// The payer's own reference.
    #[schema(example = "FACT-778")]
    pub end_to_end: Option<String>,
    /// The bank's own words on this movement.
    pub bank_words: Option<String>,
    /// The bank's words on an entry of several transfers, of which this is one: they may speak of another.
    pub entry_words: Option<String>,
    /// Further references, names and accounts that the bank gives, cut by ` / `; of transfers that it does not tell apart, all that it
    /// says of each.
    pub other_texts: Option<String>,
    /// The payment file that the bank booked as one movement.
    pub file_id: Option<String>,
    /// Why the transfer came back.
    #[schema(example = "AC04")]
    pub return_reason: Option<String>,
    /// The transfer's own amount as the bank writes it, where it is not what moved: before charges, or in another currency.
    #[schema(example = "1000.00 EUR")]
    pub own_amount: Option<String>,
    /// What the bank says that it kept.
    #[schema(example = "12.00 EUR")]
    pub charges: Option<String>,
}

/// Our item that a line is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MatchedItemView {
    /// `payment`, `file`, `return`, `mandate` or `call`.
    #[schema(example = "payment")]
    pub kind: String,
    /// The payment, the settlement or refund of the file, the mandate, or the call.
    pub id: Uuid,
}

/// The statement of this id.
pub async fn read(connection: &mut PgConnection, id: StatementId) -> Result<Option<StatementView>, sqlx::Error> {
    let Some(statement) = sqlx::query!(
        r#"select identification, opening_cents as "opening: Cents", closing_cents as "closing: Cents"
           from funding.statement where id = $1"#,
        id.uuid(),
    )
    .fetch_optional(&mut *connection)
    .await?
    else {
        return Ok(None);
    };
    let rows = sqlx::query!(
        r#"select line, booked_on, cents as "amount: Cents", rule, matched_kind, matched_id,
               coalesce(nullif(remittance, ''), bank_words, other_texts, '') as "text!", counterparty_name, counterparty,
               end_to_end, bank_words, entry_words, other_texts, file_id, return_reason, own_amount, charges
           from funding.statement_line where statement_id = $1 order by line"#,
        id.uuid(),
    )
    .fetch_all(connection)
    .await?;
    let lines: Vec<StatementLineView> = rows
        .into_iter()
        .map(|row| StatementLineView {
            line: row.line,
            booked_on: row.booked_on,
            amount: row.amount,
            text: row.text,
            details: LineDetails {
                counterparty_name: row.counterparty_name,
                counterparty_account: row.counterparty,
                end_to_end: row.end_to_end,
                bank_words: row.bank_words,
                entry_words: row.entry_words,
                other_texts: row.other_texts,
                file_id: row.file_id,
                return_reason: row.return_reason,
                own_amount: row.own_amount,
                charges: row.charges,
            },
            rule: row.rule,
            matched: row
                .matched_kind
                .zip(row.matched_id)
                .map(|(kind, id)| MatchedItemView { kind, id }),
        })
        .collect();
    Ok(Some(StatementView {
        id,
        identification: statement.identification,
        opening: statement.opening,
        closing: statement.closing,
        unexplained: lines.iter().filter(|line| line.rule.is_none()).count(),
        lines,
    }))
}
