use csv::{Writer, WriterBuilder};
use futures_util::TryStreamExt;
use ledger::{BookId, PartyId};
use sqlx::PgPool;
use standards::Cents;

use crate::reports::claims_report::asked::ClaimsReportFilter;
use crate::reports::claims_report::line::{ClaimShare, ClaimShareLine};
use crate::reports::claims_report::pseudonym::Pseudonyms;
use crate::support::chunks::{CHUNK_BYTES, ChunkError, ChunkWriter};
use crate::support::ids::PaymentId;

/// Room for a line, which has some 400 bytes.
const LINE_BYTES: usize = 1024;

/// Why the file is not whole.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReportWriteError {
    #[error(transparent)]
    Chunk(#[from] ChunkError),
    #[error("csv")]
    Csv(#[from] csv::Error),
    #[error("database")]
    Database(#[from] sqlx::Error),
}

/// Writes the lines, by programme, then in order of time.
pub(crate) async fn write(
    pool: &PgPool,
    asked: ClaimsReportFilter,
    chunks: &ChunkWriter,
) -> Result<(), ReportWriteError> {
    let mut snapshot = ledger::read::snapshot(pool).await?;
    let pseudonyms = Pseudonyms::load(&mut snapshot).await?;
    let mut buffer = Vec::with_capacity(CHUNK_BYTES);
    let mut head = Writer::from_writer(&mut buffer);
    head.write_record(ClaimShareLine::COLUMNS)?;
    drop(head);
    let mut shares = sqlx::query_as!(
        ClaimShare,
        r#"with share as (
               select c.book_id, c.claim_id, c.funder_id, sum(c.cents)::bigint as cents, min(c.at) as at, max(v.at) as reversed_at
               from ledger.claim_share c
               left join ledger.claim_reversal v on v.book_id = c.book_id and v.claim_transfer_id = c.transfer_id
               where ($1::uuid is null or c.funder_id = $1) and ($2::uuid is null or c.book_id = $2)
                   and ($3::timestamptz is null or c.at >= $3) and ($4::timestamptz is null or c.at < $4)
               group by c.book_id, c.claim_id, c.funder_id),
           counted as (
               select c.book_id, c.claim_id, count(*) as vouchers, sum(c.cents)::bigint as cents
               from ledger.claimed_voucher c
               where ($2::uuid is null or c.book_id = $2)
                   and ($3::timestamptz is null or c.at >= $3) and ($4::timestamptz is null or c.at < $4)
               group by c.book_id, c.claim_id),
           answer as (
               select payment_id, bool_or(answer = 'debited') as debited,
                   bool_or(answer in ('returned', 'rejected')) as back
               from funding.payment_answer group by payment_id),
           covered as (
               select l.book_id, l.claim_id, p.at, l.payment_id, l.cents, coalesce(a.debited, false) as debited,
                   coalesce(a.back, false) as back
               from funding.settlement_line l
               join funding.payment p on p.id = l.payment_id
               left join answer a on a.payment_id = l.payment_id
               where $2::uuid is null or l.book_id = $2),
           paid as (
               select book_id, claim_id, coalesce(sign(sum(cents) filter (where debited and not back)), 0)::bigint as sign,
                   (array_agg(payment_id order by at desc, payment_id) filter (where not back))[1] as payment_id,
                   (array_agg(debited order by at desc, payment_id) filter (where not back))[1] as debited
               from covered group by book_id, claim_id)
           select s.claim_id as "claim!", s.book_id as "book!: BookId", g.name as "programme?", s.at as "at!",
               c.service_date as "service_date?", c.service as "service?", e.level as "level?",
               w.departement as "departement?", w.commune_code as "commune_code?", w.commune as "commune?",
               c.structure_id as "structure?: PartyId", n.vouchers as "vouchers!", n.cents as "face_value!: Cents",
               s.funder_id as "funder!: PartyId", f.name as "funder_name?", s.cents as "share!: Cents", s.reversed_at,
               (coalesce(p.sign, 0) * s.cents)::bigint as "paid!: Cents", p.payment_id as "payment?: PaymentId",
               p.debited as "debited?"
           from share s
           join counted n on n.book_id = s.book_id and n.claim_id = s.claim_id
           left join redemption.claim_status c on c.book_id = s.book_id and c.claim_id = s.claim_id
           left join catalogue.programme g on g.id = s.book_id
           left join catalogue.service e on e.code = c.service
           left join funding.structure_place w on w.structure_id = c.structure_id
           left join funding.funder f on f.id = s.funder_id
           left join paid p on p.book_id = s.book_id and p.claim_id = s.claim_id
           order by g.name, s.book_id, s.at, s.claim_id, f.name, s.funder_id"#,
        asked.funder.map(PartyId::uuid),
        asked.programme.map(BookId::uuid),
        asked.from,
        asked.until,
    )
    .fetch(&mut *snapshot);
    while let Some(share) = shares.try_next().await? {
        let mut writer = WriterBuilder::new()
            .has_headers(false)
            .buffer_capacity(LINE_BYTES)
            .from_writer(&mut buffer);
        writer.serialize(ClaimShareLine::new(share, &pseudonyms))?;
        drop(writer);
        chunks.send(&mut buffer, false).await?;
    }
    chunks.send(&mut buffer, true).await?;
    Ok(())
}
