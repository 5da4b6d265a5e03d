use sqlx::PgPool;

/// The audiences (publics) that a beneficiary can belong to, in alphabetical order.
pub async fn audiences(pool: &PgPool) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!("select label from catalogue.audience order by label")
        .fetch_all(pool)
        .await
}
