use std::collections::{BTreeSet, HashMap};

use sealed_log::{Hash, Node, TILE_HASHES, fold_nodes, perfect_root};
use sqlx::PgConnection;

use crate::seal::stored_tiles::{full_tiles, tile_hashes, tile_width};

/// Tiles that proofs were made from, by level and place; all of one tree.
#[derive(Debug, Default)]
pub(super) struct TileCache(HashMap<(u8, u64), Vec<Hash>>);

/// The tile that a node is in, and the hashes of it that the node is made of: the first, and how many.
fn place(node: Node) -> ((u8, u64), usize, usize) {
    let level = u8::try_from(node.level / 8).expect("64 levels make 8 rows of tiles");
    let inner = node.level % 8;
    let first = node.index << inner;
    let from = usize::try_from(first & 0xff).expect("less than 256");
    ((level, first >> 8), from, 1 << inner)
}

impl TileCache {
    /// Reads what these nodes need and is not known yet: the full tiles in one statement, and one for each at the right edge, of which a
    /// tree has at most one a level.
    pub async fn load<'n>(
        &mut self,
        connection: &mut PgConnection,
        nodes: impl Iterator<Item = &'n Node>,
        size: u64,
    ) -> sqlx::Result<()> {
        let wanted: BTreeSet<(u8, u64)> = nodes.map(|&node| place(node).0).collect();
        let unknown = wanted.into_iter().filter(|key| !self.0.contains_key(key));
        let (full, edge): (Vec<_>, Vec<_>) =
            unknown.partition(|&(level, n)| tile_width(level, n, size) == TILE_HASHES as u64);
        if !full.is_empty() {
            self.0.extend(full_tiles(&mut *connection, &full).await?);
        }
        for (level, n) in edge {
            let hashes = tile_hashes(&mut *connection, level, n, size).await?;
            self.0.insert((level, n), hashes);
        }
        Ok(())
    }

    /// Forgets all but the tiles at the right edge: nearly every proof needs those.
    pub fn forget_full(&mut self) {
        self.0.retain(|_, hashes| hashes.len() < TILE_HASHES);
    }

    /// The hashes that a plan stands for, from what was loaded.
    pub fn path(&self, plan: &[Vec<Node>]) -> sqlx::Result<Vec<Hash>> {
        let mut of = HashMap::new();
        for node in plan.iter().flatten().copied() {
            let (key, from, count) = place(node);
            let damaged = || sqlx::Error::Decode("a tile lacks hashes: the log is damaged".into());
            let row = self.0.get(&key).and_then(|tile| tile.get(from..from + count));
            of.insert((node.level, node.index), perfect_root(row.ok_or_else(damaged)?));
        }
        let paths = plan
            .iter()
            .map(|nodes| fold_nodes(nodes, |node| of[&(node.level, node.index)]));
        Ok(paths.collect())
    }
}
