use access::OrganisationId;
use catalogue::ProgrammeId;
use chrono::NaiveDate;
use ledger::BatchId;
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::PgConnection;
use standards::Cents;
use utoipa::ToSchema;
use web::Page;

use crate::support::ids::FeeId;

/// An invoice of the operator's fee.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fee {
    pub id: FeeId,
    /// Its number, in a sequence without gap.
    #[schema(example = "F-2026-00001")]
    pub number: String,
    /// Its day (Europe/Paris).
    pub invoiced_on: NaiveDate,
    /// Who is invoiced.
    pub sponsor_id: OrganisationId,
    pub sponsor: Option<String>,
    pub sponsor_siren: Option<String>,
    pub programme_id: ProgrammeId,
    #[schema(value_type = uuid::Uuid)]
    pub batch_id: BatchId,
    /// The service code of the buyer's order, if it gave one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_code: Option<String>,
    /// The engagement number of the buyer's order, if it gave one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engagement: Option<String>,
    /// What is invoiced.
    pub lines: Vec<FeeLine>,
    /// Before VAT (HT).
    pub net: Cents,
    /// VAT (TVA).
    pub vat: Cents,
    /// With VAT (TTC).
    pub gross: Cents,
    /// Taken off by credit notes, with VAT.
    pub credited: Cents,
    /// Paid to the operator's own account, as it said.
    pub received: Cents,
    /// Neither credited nor paid.
    pub owed: Cents,
}

/// A line of an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FeeLine {
    /// What for, in French.
    pub label: String,
    /// The face value that the rate is of.
    pub base: Cents,
    /// The fee's rate.
    #[schema(value_type = String, example = "0.03")]
    pub rate: Decimal,
    /// Before VAT.
    pub net: Cents,
    /// VAT's rate.
    #[schema(value_type = String, example = "0.2")]
    pub vat_rate: Decimal,
    /// VAT.
    pub vat: Cents,
}

impl FeeLine {
    /// The one line of a batch's invoice.
    pub(super) fn of_batch(
        batch: BatchId,
        base: Cents,
        (rate, net): (Decimal, Cents),
        (vat_rate, vat): (Decimal, Cents),
    ) -> Self {
        Self {
            label: format!("Gestion du lot {batch} : rémunération sur sa valeur faciale"),
            base,
            rate: rate.normalize(),
            net,
            vat_rate: vat_rate.normalize(),
            vat,
        }
    }
}

/// The invoice of this id.
pub async fn read(connection: &mut PgConnection, id: FeeId) -> Result<Option<Fee>, sqlx::Error> {
    Ok(rows(connection, Some(id), None, None, 1).await?.pop())
}

/// Invoices in order of number, of one sponsor or of all.
pub async fn list(
    connection: &mut PgConnection,
    sponsor: Option<OrganisationId>,
    after: Option<FeeId>,
    limit: i64,
) -> Result<Page<Fee>, sqlx::Error> {
    let items = rows(connection, None, sponsor, after, limit + 1).await?;
    Ok(Page::new(items, limit, |fee| fee.id))
}

async fn rows(
    connection: &mut PgConnection,
    only: Option<FeeId>,
    sponsor: Option<OrganisationId>,
    after: Option<FeeId>,
    rows_max: i64,
) -> Result<Vec<Fee>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select f.id as "id!: FeeId", f.number as "number!", f.invoiced_on as "invoiced_on!",
               f.sponsor_id as "sponsor_id!: OrganisationId", o.name as "sponsor?", o.siren as "siren?",
               f.programme_id as "programme_id!: ProgrammeId", f.batch_id as "batch_id!: BatchId",
               f.face_value_cents as "base!: Cents", f.fee_rate as "fee_rate!", f.net_cents as "net!: Cents",
               f.vat_rate as "vat_rate!", f.vat_cents as "vat!: Cents", f.gross_cents as "gross!: Cents",
               f.received_cents as "received!: Cents", f.owed_cents as "owed!: Cents",
               (f.credited_net_cents + f.credited_vat_cents) as "credited!: Cents", f.service_code, f.engagement
           from funding.fee_state f left join access.organisation o on o.id = f.sponsor_id
           where ($1::uuid is null or f.id = $1) and ($2::uuid is null or f.sponsor_id = $2)
               and ($3::uuid is null or (f.year, f.sequence) > (select a.year, a.sequence from funding.fee a where a.id = $3))
           order by f.year, f.sequence limit $4"#,
        only.map(FeeId::uuid),
        sponsor.map(OrganisationId::uuid),
        after.map(FeeId::uuid),
        rows_max,
    )
    .fetch_all(connection)
    .await?;
    let fees = rows.into_iter().map(|row| Fee {
        id: row.id,
        number: row.number,
        invoiced_on: row.invoiced_on,
        sponsor_id: row.sponsor_id,
        sponsor: row.sponsor,
        sponsor_siren: row.siren,
        programme_id: row.programme_id,
        batch_id: row.batch_id,
        service_code: row.service_code,
        engagement: row.engagement,
        lines: vec![FeeLine::of_batch(
            row.batch_id,
            row.base,
            (row.fee_rate, row.net),
            (row.vat_rate, row.vat),
        )],
        net: row.net,
        vat: row.vat,
        gross: row.gross,
        credited: row.credited,
        received: row.received,
        owed: row.owed,
    });
    Ok(fees.collect())
}
