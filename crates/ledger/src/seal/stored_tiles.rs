use sealed_log::{Frontier, Hash, TILE_HASHES, Tile};
use sqlx::PgConnection;

use crate::seal::columns::{hash, signed, unsigned};

/// Hashes in tile `n` of `level` in the tree of `size` leaves: 256, fewer at the right edge, none beyond it.
pub(super) fn tile_width(level: u8, n: u64, size: u64) -> u64 {
    let in_level = size.checked_shr(8 * u32::from(level)).unwrap_or(0);
    let from = n.saturating_mul(TILE_HASHES as u64);
    in_level.saturating_sub(from).min(TILE_HASHES as u64)
}

/// Full tiles by level and place, in one statement.
pub(super) async fn full_tiles(
    connection: &mut PgConnection,
    keys: &[(u8, u64)],
) -> sqlx::Result<Vec<((u8, u64), Vec<Hash>)>> {
    let levels: Vec<i16> = keys.iter().map(|(level, _)| i16::from(*level)).collect();
    let places = keys
        .iter()
        .map(|(_, n)| signed(*n))
        .collect::<sqlx::Result<Vec<i64>>>()?;
    let rows = sqlx::query!(
        "select t.level, t.n, t.hashes
         from unnest($1::smallint[], $2::bigint[]) as k (level, n) join ledger.tile t on t.level = k.level and t.n = k.n",
        &levels,
        &places,
    )
    .fetch_all(connection)
    .await?;
    let tile = |level: i16, n: i64, hashes: Vec<u8>| {
        let level = u8::try_from(level).map_err(|error| sqlx::Error::Decode(error.into()))?;
        let hashes = hashes.chunks(32).map(hash).collect::<sqlx::Result<Vec<Hash>>>()?;
        Ok(((level, unsigned(n)?), hashes))
    };
    rows.into_iter().map(|row| tile(row.level, row.n, row.hashes)).collect()
}

/// The hashes of tile `n` of `level` in the tree of `size` leaves: 256, or fewer at the right edge, or none beyond it.
pub async fn tile_hashes(connection: &mut PgConnection, level: u8, n: u64, size: u64) -> sqlx::Result<Vec<Hash>> {
    let width = tile_width(level, n, size);
    if width == 0 {
        return Ok(Vec::new());
    }
    let from = n.saturating_mul(TILE_HASHES as u64);
    if width == TILE_HASHES as u64 {
        let bytes = sqlx::query_scalar!(
            "select hashes from ledger.tile where level = $1 and n = $2",
            i16::from(level),
            signed(n)?,
        )
        .fetch_one(connection)
        .await?;
        return bytes.chunks(32).map(hash).collect();
    }
    // At the edge: leaves' hashes, or the roots of the full tiles below.
    let (from, to) = (signed(from)?, signed(from + width)?);
    let rows = match level.checked_sub(1) {
        None => {
            sqlx::query_scalar!(
                "select hash from ledger.leaf where seq >= $1 and seq < $2 order by seq",
                from,
                to
            )
            .fetch_all(connection)
            .await?
        }
        Some(below) => {
            sqlx::query_scalar!(
                "select root from ledger.tile where level = $1 and n >= $2 and n < $3 order by n",
                i16::from(below),
                from,
                to
            )
            .fetch_all(connection)
            .await?
        }
    };
    if rows.len() as u64 != width {
        return Err(sqlx::Error::Decode(
            format!("tile {n} of level {level} lacks hashes: the log is damaged").into(),
        ));
    }
    rows.iter().map(hash).collect()
}

/// The right edge of the tree of `size` leaves.
pub(super) async fn frontier(connection: &mut PgConnection, size: u64) -> sqlx::Result<Frontier> {
    let mut levels = Vec::new();
    let mut in_level = size;
    while in_level > 0 {
        let level = u8::try_from(levels.len()).expect("2⁶⁴ leaves make 8 levels");
        let edge = in_level / TILE_HASHES as u64;
        // A row whose tiles are all full has an empty edge.
        levels.push(match in_level % TILE_HASHES as u64 {
            0 => Vec::new(),
            _ => tile_hashes(&mut *connection, level, edge, size).await?,
        });
        in_level = edge;
    }
    Ok(Frontier::from_levels(levels).expect("each level is less than a full tile"))
}

pub(super) async fn write_tiles(connection: &mut PgConnection, tiles: &[Tile]) -> sqlx::Result<()> {
    if tiles.is_empty() {
        return Ok(());
    }
    let levels: Vec<i16> = tiles.iter().map(|tile| i16::from(tile.level)).collect();
    let places = tiles
        .iter()
        .map(|tile| signed(tile.n))
        .collect::<Result<Vec<i64>, _>>()?;
    let hashes: Vec<Vec<u8>> = tiles
        .iter()
        .map(|tile| tile.hashes.iter().flat_map(|hash| *hash.bytes()).collect())
        .collect();
    let roots: Vec<Vec<u8>> = tiles.iter().map(|tile| tile.root.bytes().to_vec()).collect();
    sqlx::query!(
        "insert into ledger.tile (level, n, hashes, root)
         select * from unnest($1::smallint[], $2::bigint[], $3::bytea[], $4::bytea[])",
        &levels,
        &places,
        &hashes,
        &roots,
    )
    .execute(connection)
    .await?;
    Ok(())
}
