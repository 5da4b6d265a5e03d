use std::ops::Range;

use crate::tree::hash::Hash;

/// A perfect subtree of 2^level leaves, `index` subtrees of the same size from the left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node {
    /// The height: 0 is a leaf.
    pub level: u32,
    /// Which one of its height, from the left and from zero.
    pub index: u64,
}

/// Why a proof proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The leaf is not in a tree of that size, or the older tree is not the smaller one.
    #[error("la feuille, ou l'arbre plus ancien, est au-delà de la taille de l'arbre")]
    Beyond,
    /// Too few or too many hashes for these sizes.
    #[error("la preuve n'a pas le bon nombre d'empreintes")]
    Length,
    /// Its hashes, folded, are not the root that was given.
    #[error("la preuve mène à une autre racine")]
    Root,
}

/// What proves that leaf `index` is in a tree of `size` (RFC 9162 §2.1.3.1): the hashes of the path, lowest first, each as the
/// perfect subtrees that [`fold_nodes`] makes it from.
pub fn inclusion_plan(index: u64, size: u64) -> Result<Vec<Vec<Node>>, ProofError> {
    if index >= size {
        return Err(ProofError::Beyond);
    }
    let mut path = Vec::new();
    let (mut from, mut to) = (0, size);
    while to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            path.push(cover(middle..to));
            to = middle;
        } else {
            path.push(cover(from..middle));
            from = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// What proves that the tree of `size` extends the one of `older` leaves (RFC 9162 §2.1.4.1).
pub fn consistency_plan(older: u64, size: u64) -> Result<Vec<Vec<Node>>, ProofError> {
    if older == 0 || older > size {
        return Err(ProofError::Beyond);
    }
    let mut path = Vec::new();
    let (mut from, mut to, mut whole) = (0, size, true);
    while to != older {
        let middle = from + split(to - from);
        if older <= middle {
            path.push(cover(middle..to));
            to = middle;
        } else {
            path.push(cover(from..middle));
            from = middle;
            whole = false;
        }
    }
    if !whole {
        path.push(cover(from..to));
    }
    path.reverse();
    Ok(path)
}

/// The hash that `nodes` of a plan stand for.
#[must_use]
pub fn fold_nodes(nodes: &[Node], mut hash_of: impl FnMut(Node) -> Hash) -> Hash {
    fold_right(nodes.iter().map(|node| hash_of(*node)).collect()).expect("a plan names at least one node")
}

/// Checks an inclusion proof (RFC 9162 §2.1.3.2).
pub fn verify_inclusion(leaf: Hash, index: u64, size: u64, path: &[Hash], root: Hash) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Beyond);
    }
    let (mut node, mut last, mut hash) = (index, size - 1, leaf);
    for &beside in path {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if node & 1 == 1 || node == last {
            hash = Hash::node(beside, hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = Hash::node(hash, beside);
        }
        node >>= 1;
        last >>= 1;
    }
    match (last, hash == root) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::Root),
        _ => Err(ProofError::Length),
    }
}

/// Checks a consistency proof (RFC 9162 §2.1.4.2). A tree is consistent with itself by an empty proof.
pub fn verify_consistency(
    (older, older_root): (u64, Hash),
    (size, root): (u64, Hash),
    path: &[Hash],
) -> Result<(), ProofError> {
    if older == 0 || older > size {
        return Err(ProofError::Beyond);
    }
    if older == size {
        return match (path.is_empty(), older_root == root) {
            (true, true) => Ok(()),
            (true, false) => Err(ProofError::Root),
            (false, _) => Err(ProofError::Length),
        };
    }
    let mut hashes = path.iter().copied();
    let first = if older.is_power_of_two() {
        older_root
    } else {
        hashes.next().ok_or(ProofError::Length)?
    };
    let (mut node, mut last) = (older - 1, size - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let (mut old, mut new) = (first, first);
    for beside in hashes {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if node & 1 == 1 || node == last {
            old = Hash::node(beside, old);
            new = Hash::node(beside, new);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new = Hash::node(new, beside);
        }
        node >>= 1;
        last >>= 1;
    }
    match (last, old == older_root && new == root) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::Root),
        _ => Err(ProofError::Length),
    }
}

/// Roots of perfect subtrees side by side, the largest first, as one hash; nothing of nothing.
pub(super) fn fold_right(roots: Vec<Hash>) -> Option<Hash> {
    roots.into_iter().rev().reduce(|right, left| Hash::node(left, right))
}

/// The largest power of two below `leaves`, which is at least 2.
const fn split(leaves: u64) -> u64 {
    1 << (leaves - 1).ilog2()
}

/// A range that begins at a multiple of its largest power of two, as perfect subtrees.
fn cover(range: Range<u64>) -> Vec<Node> {
    let (mut from, mut nodes) = (range.start, Vec::new());
    while from < range.end {
        let level = (range.end - from).ilog2();
        nodes.push(Node {
            level,
            index: from >> level,
        });
        from += 1 << level;
    }
    nodes
}
