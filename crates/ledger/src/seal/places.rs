//! Where in the log something is.

use sealed_log::BookId;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::seal::columns::unsigned;

/// The place of a sealed transfer or record in one of the books; nothing while it is not sealed.
pub(super) async fn place_of(connection: &mut PgConnection, id: Uuid) -> sqlx::Result<Option<u64>> {
    let seq = sqlx::query_scalar!("select min(seq) from ledger.leaf where entry_id = $1", id)
        .fetch_one(connection)
        .await?;
    seq.map(unsigned).transpose()
}

/// The places of everything that was sealed of events: their transfers and records, and the records of a claim (which is an event by its own
/// id). At most `places_max`.
pub(super) async fn places_of_event(
    connection: &mut PgConnection,
    events: &[Uuid],
    places_max: u32,
) -> sqlx::Result<Vec<u64>> {
    // The books are few (each has a bank or a clearing account), and each is asked by its own index.
    let places = sqlx::query_scalar!(
        r#"select l.seq from (select distinct book_id from ledger.account where kind in (1, 6)) b
           cross join lateral (
               select t.id from ledger.transfer t where t.book_id = b.book_id and t.event_id = any($1)
               union
               select r.id from ledger.record r
               where r.book_id = b.book_id and (r.event_id = any($1) or r.claim_id = any($1))) e
           join ledger.leaf l on l.entry_id = e.id and l.book_id = b.book_id
           order by l.seq limit $2"#,
        events,
        i64::from(places_max),
    )
    .fetch_all(connection)
    .await?;
    places.into_iter().map(unsigned).collect()
}

/// The places of everything that was sealed of many events in some books, each with the number of who asked for it; with the records of its
/// payments and claims, or the transfers alone.
pub(super) async fn places_of_events(
    connection: &mut PgConnection,
    books: &[BookId],
    (events, numbers): (&[Uuid], &[i32]),
    records: bool,
) -> sqlx::Result<Vec<(usize, u64)>> {
    let books: Vec<Uuid> = books.iter().map(|book| book.uuid()).collect();
    let rows = sqlx::query!(
        r#"select g.event as "event!", l.seq
           from unnest($1::uuid[], $2::integer[]) as g (event_id, event)
           cross join unnest($3::uuid[]) as b (book_id)
           cross join lateral (
               select t.id from ledger.transfer t where t.book_id = b.book_id and t.event_id = g.event_id
               union all
               select r.id from ledger.record r where $4 and r.book_id = b.book_id and r.event_id = g.event_id
               union all
               select r.id from ledger.record r where $4 and r.book_id = b.book_id and r.claim_id = g.event_id) e
           join ledger.leaf l on l.entry_id = e.id and l.book_id = b.book_id
           group by g.event, l.seq order by g.event, l.seq"#,
        events,
        numbers,
        &books,
        records,
    )
    .fetch_all(connection)
    .await?;
    let event = |event| usize::try_from(event).map_err(|error| sqlx::Error::Decode(Box::new(error)));
    rows.into_iter()
        .map(|row| Ok((event(row.event)?, unsigned(row.seq)?)))
        .collect()
}
