use std::sync::Arc;

use sqlx::PgPool;
use voucher::{CodeKeys, EvidenceKeys, KeyCheck};

/// What claims need beside public keys.
#[derive(Debug, Clone)]
pub struct ClaimSecrets {
    /// Find the vouchers of typed codes.
    pub codes: Arc<CodeKeys>,
    /// Seal what was shown.
    pub evidence: Arc<EvidenceKeys>,
}

impl ClaimSecrets {
    /// The first key that typed codes of this database are found by and that is not loaded here: good codes would be called unknown, so the
    /// service must not start.
    pub async fn missing_code_key(&self, pool: &PgPool) -> Result<Option<KeyCheck>, sqlx::Error> {
        let rows =
            sqlx::query_scalar!(r#"select key_check as "check!" from issuer.code_key_in_use order by first_used_at"#)
                .fetch_all(pool)
                .await?;
        let checks = rows
            .into_iter()
            .filter_map(|check| Some(KeyCheck::new(check.try_into().ok()?)));
        Ok(checks.into_iter().find(|check| !self.codes.has(*check)))
    }
}
