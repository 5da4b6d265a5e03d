use crate::tree::hash::Hash;
use crate::tree::path::fold_right;
use crate::tree::tile_path::TILE_HASHES;

/// The right edge of a growing tree: what is needed to append and to know the root, at most 255 hashes a level. A level holds
/// roots of perfect subtrees of 256^level leaves that no full tile of the level above covers yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    levels: Vec<Vec<Hash>>,
}

/// A full tile, which never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// 0 holds leaves' hashes, each level above the roots of the tiles of the one below.
    pub level: u8,
    /// Its place in the level, from zero.
    pub n: u64,
    /// All [`TILE_HASHES`] of them, from the left.
    pub hashes: Vec<Hash>,
    /// Their root: the hash in the level above.
    pub root: Hash,
}

impl Frontier {
    /// The right edge of the tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// From the partial tiles of a stored tree, level 0 first; nothing when a level has too many hashes.
    #[must_use]
    pub fn from_levels(levels: Vec<Vec<Hash>>) -> Option<Self> {
        let mut size: u64 = 0;
        for level in levels.iter().rev() {
            if level.len() >= TILE_HASHES {
                return None;
            }
            size = size.checked_mul(TILE_HASHES as u64)?.checked_add(level.len() as u64)?;
        }
        Some(Self { size, levels })
    }

    /// How many leaves the tree has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf and gives back the tiles that it completes, lowest first.
    pub fn push(&mut self, leaf: Hash) -> Vec<Tile> {
        self.size += 1;
        let mut full = Vec::new();
        let mut hash = leaf;
        let mut width = 1_u64;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let hashes = &mut self.levels[level];
            hashes.push(hash);
            if hashes.len() < TILE_HASHES {
                break;
            }
            width *= TILE_HASHES as u64;
            let hashes = std::mem::take(hashes);
            hash = perfect_root(&hashes);
            full.push(Tile {
                level: u8::try_from(level).expect("2⁶⁴ leaves make 8 levels"),
                n: self.size / width - 1,
                hashes,
                root: hash,
            });
        }
        full
    }

    /// The tree's root (RFC 9162 §2.1.1).
    #[must_use]
    pub fn root(&self) -> Hash {
        let perfect = self
            .levels
            .iter()
            .rev()
            .flat_map(|level| subtrees(level))
            .collect::<Vec<_>>();
        fold_right(perfect).unwrap_or_else(Hash::empty)
    }
}

/// The root of a perfect subtree, from the row of its lowest hashes.
///
/// # Panics
/// When there is no hash at all; a row that is no power of two long has no such root, and the answer means nothing.
#[must_use]
pub fn perfect_root(hashes: &[Hash]) -> Hash {
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        row = row.chunks(2).map(|pair| Hash::node(pair[0], pair[1])).collect();
    }
    row[0]
}

/// A partial row as roots of perfect subtrees, the largest first.
fn subtrees(mut row: &[Hash]) -> Vec<Hash> {
    let mut roots = Vec::new();
    while !row.is_empty() {
        let width = 1 << row.len().ilog2();
        let (left, right) = row.split_at(width);
        roots.push(perfect_root(left));
        row = right;
    }
    roots
}
