//! The Merkle tree against another implementation of RFC 6962 and the known answers of the Certificate Transparency project.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use data_encoding::HEXLOWER;
use proptest::prelude::*;
use sealed_log::{
    Frontier, Hash, Node, ProofError, Tile, consistency_plan, fold_nodes, inclusion_plan, verify_consistency,
    verify_inclusion,
};
use sha2::Sha256;

/// A size above one full tile.
const SIZES: u64 = 300;

const LEAVES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];

const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn bytes(n: u64) -> Vec<u8> {
    n.to_be_bytes().to_vec()
}

fn leaf(n: u64) -> Hash {
    Hash::leaf(&bytes(n))
}

/// A perfect subtree of the test's tree, from its leaves.
fn node(node: Node) -> Hash {
    let mut row: Vec<Hash> = ((node.index << node.level)..((node.index + 1) << node.level))
        .map(leaf)
        .collect();
    while row.len() > 1 {
        row = row.chunks(2).map(|pair| Hash::node(pair[0], pair[1])).collect();
    }
    row[0]
}

fn hashes(plan: &[Vec<Node>]) -> Vec<Hash> {
    plan.iter().map(|nodes| fold_nodes(nodes, node)).collect()
}

/// Roots of the trees of 0 to `sizes` leaves, and the tiles completed.
fn grown(sizes: u64) -> (Vec<Hash>, Vec<Tile>) {
    let (mut frontier, mut tiles) = (Frontier::new(), Vec::new());
    let mut roots = vec![frontier.root()];
    for n in 0..sizes {
        tiles.extend(frontier.push(leaf(n)));
        roots.push(frontier.root());
        assert_eq!(frontier.size(), n + 1);
    }
    (roots, tiles)
}

#[test]
fn known_answers_of_certificate_transparency() {
    let mut frontier = Frontier::new();
    let empty = HEXLOWER.encode(frontier.root().bytes());
    assert_eq!(
        empty,
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    for (leaf, root) in LEAVES.iter().zip(ROOTS) {
        frontier.push(Hash::leaf(&HEXLOWER.decode(leaf.as_bytes()).unwrap()));
        assert_eq!(HEXLOWER.encode(frontier.root().bytes()), root);
    }
}

#[test]
fn every_root_and_every_proof_is_the_other_implementations() {
    let (roots, tiles) = grown(SIZES);
    assert_eq!(tiles.len(), 1);
    assert_eq!((tiles[0].level, tiles[0].n, tiles[0].root), (0, 0, roots[256]));
    let mut other = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    for size in 1..=SIZES {
        other.push(bytes(size - 1));
        let at = usize::try_from(size).unwrap();
        assert_eq!(other.root().as_bytes().as_slice(), roots[at].bytes());
        for index in 0..size {
            let path = hashes(&inclusion_plan(index, size).unwrap());
            let theirs = other.prove_inclusion(usize::try_from(index).unwrap());
            let flat: Vec<u8> = path.iter().flat_map(|hash| *hash.bytes()).collect();
            assert_eq!(flat, theirs.as_bytes(), "{index} of {size}");
            assert_eq!(verify_inclusion(leaf(index), index, size, &path, roots[at]), Ok(()));
        }
        for older in 1..=size {
            let path = hashes(&consistency_plan(older, size).unwrap());
            let theirs = other.prove_consistency(usize::try_from(size - older).unwrap());
            let flat: Vec<u8> = path.iter().flat_map(|hash| *hash.bytes()).collect();
            assert_eq!(flat, theirs.as_bytes(), "{older} to {size}");
            let before = (older, roots[usize::try_from(older).unwrap()]);
            assert_eq!(verify_consistency(before, (size, roots[at]), &path), Ok(()));
        }
    }
}

#[test]
fn a_frontier_is_taken_up_where_it_was_left() {
    let mut whole = Frontier::new();
    let mut tiles = Vec::new();
    for n in 0..70_000 {
        tiles.extend(whole.push(leaf(n)));
    }
    // 70,000 = 1·65,536 + 17·256 + 112
    let edge = |level: u8, from: u64, to: u64| -> Vec<Hash> {
        let of = |n: u64| match level {
            0 => leaf(n),
            _ => {
                tiles
                    .iter()
                    .find(|tile| tile.level == level - 1 && tile.n == n)
                    .unwrap()
                    .root
            }
        };
        (from..to).map(of).collect()
    };
    let levels = vec![edge(0, 69_888, 70_000), edge(1, 256, 273), edge(2, 0, 1)];
    assert_eq!(Frontier::from_levels(levels), Some(whole));
    assert_eq!(Frontier::from_levels(vec![vec![Hash::empty(); 256]]), None);
}

#[test]
fn what_is_beyond_the_tree_has_no_proof() {
    assert_eq!(inclusion_plan(3, 3), Err(ProofError::Beyond));
    assert_eq!(consistency_plan(0, 3), Err(ProofError::Beyond));
    assert_eq!(consistency_plan(4, 3), Err(ProofError::Beyond));
}

proptest! {
    /// One wrong hash, one more, one less, or another place: nothing of it proves anything.
    #[test]
    fn an_altered_proof_proves_nothing(size in 2..SIZES, at in 0..SIZES, wrong in 0..20_usize) {
        let (roots, _) = grown(size);
        let root = *roots.last().unwrap();
        let index = at % size;
        let path = hashes(&inclusion_plan(index, size).unwrap());
        let refused = |path: &[Hash], index: u64, leaf: Hash| verify_inclusion(leaf, index, size, path, root).is_err();
        let mut altered = path.clone();
        altered[wrong % path.len()] = Hash::empty();
        prop_assert!(refused(&altered, index, leaf(index)));
        prop_assert!(refused(&path[1..], index, leaf(index)));
        prop_assert!(refused(&[path.clone(), vec![Hash::empty()]].concat(), index, leaf(index)));
        prop_assert!(refused(&path, (index + 1) % size, leaf(index)));
        prop_assert!(refused(&path, index, leaf(size)));

        let older = index.max(1);
        let path = hashes(&consistency_plan(older, size).unwrap());
        let before = (older, roots[usize::try_from(older).unwrap()]);
        let refused = |before, path: &[Hash], root| verify_consistency(before, (size, root), path).is_err();
        prop_assert!(refused((older, Hash::empty()), &path, root));
        prop_assert!(refused(before, &path, Hash::empty()));
        prop_assert!(refused(before, &[path.clone(), vec![Hash::empty()]].concat(), root));
        if !path.is_empty() {
            prop_assert!(refused(before, &path[1..], root));
            let mut altered = path.clone();
            altered[wrong % path.len()] = Hash::empty();
            prop_assert!(refused(before, &altered, root));
        }
    }
}
