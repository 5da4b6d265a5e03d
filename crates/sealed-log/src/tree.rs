//! The Merkle tree of RFC 9162 §2.1, in tiles: appending to it, and proving that something is in it or that it extends an older one.
//!
//! A tree is never held whole. Who appends holds its right edge ([`Frontier`], at most 255 hashes a level); who proves is told which nodes
//! a proof is made of ([`inclusion_plan`], [`consistency_plan`]), reads the tiles that hold them and folds them.

mod frontier;
mod hash;
mod path;
mod tile_path;

pub use frontier::{Frontier, Tile, perfect_root};
pub use hash::Hash;
pub use path::{Node, ProofError, consistency_plan, fold_nodes, inclusion_plan, verify_consistency, verify_inclusion};
pub use tile_path::{TILE_HASHES, TilePath, TilePathError};
