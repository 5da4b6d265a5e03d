//! `ccn cosign` and `ccn verify proof` with files alone, as a funder would use them.

use std::path::{Path, PathBuf};

use sealed_log::{Checkpoint, CosignerKey, Frontier, Hash, Note, NoteKey, consistency_plan, fold_nodes};
use serde_json::json;
use tempfile::TempDir;

use crate::process::{output, stderr};

/// A log of some leaves, and where its files are.
struct Log {
    folder: TempDir,
    key: NoteKey,
    leaves: Vec<Hash>,
}

impl Log {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            key: NoteKey::from_seed("log.example/log", &[7; 32]).unwrap(),
            leaves: (0..9_u8).map(|n| Hash::leaf(&[n])).collect(),
        }
    }

    fn checkpoint(&self, size: usize) -> String {
        let mut tree = Frontier::new();
        for leaf in &self.leaves[..size] {
            tree.push(*leaf);
        }
        let checkpoint = Checkpoint::new("log.example/log", tree.size(), tree.root());
        checkpoint.sign(&self.key).unwrap()
    }

    fn proof(&self, older: usize, size: usize) -> String {
        let hash = |node: sealed_log::Node| {
            let width = 1_usize << node.level;
            let first = usize::try_from(node.index).unwrap() * width;
            let mut row = self.leaves[first..first + width].to_vec();
            while row.len() > 1 {
                row = row.chunks(2).map(|pair| Hash::node(pair[0], pair[1])).collect();
            }
            row[0]
        };
        let plan = consistency_plan(older as u64, size as u64).unwrap();
        let path: Vec<String> = plan.iter().map(|nodes| fold_nodes(nodes, hash).to_base64()).collect();
        json!({"older": self.checkpoint(older), "path": path, "checkpoint": self.checkpoint(size),
            "vkey": self.key.verifier().to_string()})
        .to_string()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        std::fs::write(self.path(name), content).unwrap();
        self.path(name)
    }

    /// Status, standard output and standard error of a co-signature.
    fn cosign(&self, file: &Path) -> (Option<i32>, String, String) {
        let (key, seen) = (self.path("temoin.key"), self.path("vu"));
        let output = output(&[
            "cosign",
            "--key",
            key.to_str().unwrap(),
            "--name",
            "funder.example/log",
            "--vkey",
            &self.key.verifier().to_string(),
            "--seen",
            seen.to_str().unwrap(),
            file.to_str().unwrap(),
        ]);
        let said = String::from_utf8(output.stdout.clone()).unwrap();
        (output.status.code(), said, stderr(&output))
    }
}

#[test]
fn a_funder_cosigns_what_extends_what_it_saw() {
    let log = Log::new();
    let key = log.path("temoin.key");
    let made = output(&[
        "keys",
        "new",
        "--for",
        "checkpoint",
        "--plain",
        "--out",
        key.to_str().unwrap(),
    ]);
    assert!(made.status.success(), "{}", stderr(&made));
    let shown = output(&[
        "cosign",
        "--key",
        key.to_str().unwrap(),
        "--name",
        "funder.example/log",
        "--show-key",
    ]);
    let vkey = String::from_utf8(shown.stdout).unwrap();
    let vkey: CosignerKey = vkey.trim().parse().unwrap();
    assert_eq!(vkey.name(), "funder.example/log");

    let first = log.file("dernier", &log.checkpoint(3));
    let (status, line, _) = log.cosign(&first);
    assert_eq!(status, Some(0));
    let note = log.checkpoint(3) + &line;
    assert!(vkey.verify(&Note::parse(&note).unwrap()).is_ok());

    // Without the proof, with one of another past, with a fork: nothing is signed, and what was seen stays.
    let later = log.file("dernier", &log.checkpoint(7));
    let (status, line, told) = log.cosign(&later);
    assert_eq!((status, line.as_str()), (Some(1), ""));
    assert!(told.contains("consistency?older=3"), "{told}");
    let other = log.file("preuve.json", &log.proof(5, 7));
    let (status, _, told) = log.cosign(&other);
    assert!(status == Some(1) && told.contains("le journal a bifurqué"), "{told}");
    let proof = log.file("preuve.json", &log.proof(3, 7));
    let (status, line, _) = log.cosign(&proof);
    assert_eq!(status, Some(0));
    let note = log.checkpoint(7) + &line;
    assert!(vkey.verify(&Note::parse(&note).unwrap()).is_ok());
    assert_eq!(std::fs::read_to_string(log.path("vu")).unwrap(), log.checkpoint(7));
    // Back in time is no extension.
    let (status, _, told) = log.cosign(&log.file("preuve.json", &log.proof(3, 5)));
    assert!(status == Some(1) && told.contains("NON SIGNÉ"), "{told}");
}

#[test]
fn a_proof_says_what_it_proves_and_an_altered_one_proves_nothing() {
    let log = Log::new();
    let vkey = log.key.verifier().to_string();
    let verify = |content: &str| {
        let file = log.file("preuve.json", content);
        let output = output(&["verify", "proof", "--vkey", &vkey, file.to_str().unwrap()]);
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (status, said) = verify(&log.proof(3, 7));
    assert_eq!(status, Some(0));
    assert!(said.contains("de 7 écritures prolonge celui de 3 écritures"), "{said}");
    let fork = Log {
        leaves: (1..10_u8).map(|n| Hash::leaf(&[n])).collect(),
        ..Log::new()
    };
    let mut forked: serde_json::Value = serde_json::from_str(&log.proof(3, 7)).unwrap();
    forked["older"] = fork.checkpoint(3).into();
    let (status, said) = verify(&forked.to_string());
    assert!(status == Some(1) && said.starts_with("NON PROUVÉ"), "{said}");
    assert_eq!(verify("{}").0, Some(1));
}
