use sqlx::PgConnection;

/// A transaction of this database that has written and is not over: nothing after it can be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InFlightTransaction {
    /// The process of PostgreSQL that runs it; none when it was prepared and left (`pg_prepared_xacts`).
    pub process: Option<i32>,
    /// How long it has been running, in seconds; none when PostgreSQL does not tell this role (`pg_read_all_stats`).
    pub seconds: Option<i64>,
}

/// The oldest transaction of others under way in this database, if there is one: who is to be asked when the sealer waits. Read from the
/// lock that every transaction holds on its own number, which every role may see.
pub async fn oldest_in_flight(connection: &mut PgConnection) -> sqlx::Result<Option<InFlightTransaction>> {
    sqlx::query_as!(
        InFlightTransaction,
        r#"select l.pid as "process?",
               floor(extract(epoch from clock_timestamp() - coalesce(a.xact_start, p.prepared)))::bigint as "seconds?"
           from pg_locks l
           left join pg_stat_activity a on a.pid = l.pid
           left join pg_prepared_xacts p on p.transaction = l.transactionid
           where l.locktype = 'transactionid' and l.mode = 'ExclusiveLock' and l.granted
               and coalesce(a.datname, p.database) = current_database() and l.pid is distinct from pg_backend_pid()
           order by age(l.transactionid) desc limit 1"#
    )
    .fetch_optional(connection)
    .await
}
