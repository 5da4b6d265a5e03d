//! Books whose funders have names, as people gave them.

use sqlx::PgPool;

use crate::fixture::{FUNDERS, two_years};

/// With everything that a separated file does not stand.
pub const NAMES: [&str; 2] = [
    "Département de la Côte-d’Or | pôle\u{a0}«\u{a0}Œuvres\u{a0}»",
    "État\tplan numérique",
];

pub async fn two_years_with_names(pool: &PgPool) {
    two_years(pool).await;
    for (funder, (name, siren)) in FUNDERS
        .into_iter()
        .zip(NAMES.into_iter().zip(["732829320", "552100554"]))
    {
        sqlx::query(
            "insert into funding.funder (id, siren, name, iban, created_at)
             values ($1, $2, $3, 'DE89370400440532013000', '2026-11-01T00:00:00Z')",
        )
        .bind(funder.uuid())
        .bind(siren)
        .bind(name)
        .execute(pool)
        .await
        .unwrap();
    }
}
