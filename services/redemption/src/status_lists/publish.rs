//! Lists as they are asked for: read from where they were signed, without knowing what they say.

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use serde::Serialize;
use sqlx::PgPool;
use utoipa::ToSchema;

/// A list as published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedList {
    /// SHA-256 of the signed list: its entity tag.
    pub sha256: Vec<u8>,
    /// Its `iat`.
    pub signed_at: DateTime<Utc>,
    /// The signed list; nothing when the caller has it already.
    pub token: Option<Vec<u8>>,
}

/// The lists of a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ListIndex {
    pub series: u16,
    /// Its lists that exist. A shard that is not here has no voucher that was ever spendable.
    pub shards: Vec<ListedShard>,
}

/// One list of a series. A hint for whoever has many copies; only the signed list itself proves anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ListedShard {
    /// Which: a voucher's is its `idx` divided by 2^20.
    pub shard: u8,
    /// When what it says was true (Unix seconds, as in the list).
    pub iat: i64,
    /// When it last changed.
    pub changed_at: DateTime<Utc>,
    /// SHA-256 of the list, in hexadecimal: its entity tag.
    pub sha256: String,
    pub bytes: i32,
}

/// The list of a shard, without its bytes when its hash is among those `known`; nothing when there is none.
pub async fn published_list(
    pool: &PgPool,
    series: u16,
    shard: u8,
    known: &[Vec<u8>],
) -> Result<Option<PublishedList>, sqlx::Error> {
    sqlx::query_as!(
        PublishedList,
        r#"select sha256, signed_at, case when sha256 = any($3) then null else token end as token
           from redemption.status_list where series = $1 and shard = $2"#,
        i32::from(series),
        i16::from(shard),
        known,
    )
    .fetch_optional(pool)
    .await
}

/// Which lists a series has; nothing for a series without any.
pub async fn list_index(pool: &PgPool, series: u16) -> Result<Option<ListIndex>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select shard, signed_at, changed_at, sha256, octet_length(token) as "bytes!"
           from redemption.status_list where series = $1 order by shard"#,
        i32::from(series),
    )
    .fetch_all(pool)
    .await?;
    let shards: Vec<ListedShard> = rows
        .into_iter()
        .map(|row| ListedShard {
            shard: u8::try_from(row.shard).expect("status_list_shard keeps 4 bits"),
            iat: row.signed_at.timestamp(),
            changed_at: row.changed_at,
            sha256: HEXLOWER.encode(&row.sha256),
            bytes: row.bytes,
        })
        .collect();
    Ok((!shards.is_empty()).then_some(ListIndex { series, shards }))
}
