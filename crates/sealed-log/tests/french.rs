//! What goes wrong is told to people who read French, inside sentences of theirs.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

use sealed_log::{AnyLeaf, Checkpoint, CheckpointError, LeafError, NoteKey, ProofError, SignFailed, TilePath};

/// Words that only English has.
const ENGLISH: [&str; 16] = [
    "the", "not", "of", "a", "is", "was", "to", "and", "no", "unknown", "expected", "missing", "end", "type", "proof",
    "key",
];

fn told() -> Vec<String> {
    let key = NoteKey::from_seed("fonds.example/log", &[7; 32]).unwrap();
    let other = NoteKey::from_seed("autre.example/log", &[8; 32]).unwrap();
    let note = key.sign("Un texte\n").unwrap();
    let mut told = vec![
        ProofError::Beyond.to_string(),
        ProofError::Length.to_string(),
        ProofError::Root.to_string(),
        SignFailed("le module ne répond pas".to_owned()).to_string(),
        LeafError::NotDeterministic.to_string(),
        CheckpointError::Form.to_string(),
        "tile/x".parse::<TilePath>().unwrap_err().to_string(),
        Checkpoint::open(&note, &key.verifier()).unwrap_err().to_string(),
        Checkpoint::open(&note, &other.verifier()).unwrap_err().to_string(),
        Checkpoint::open("rien", &key.verifier()).unwrap_err().to_string(),
    ];
    // No CBOR, a text for a map, an empty map, an indefinite map, an unknown word, and the end in the middle.
    for bytes in [
        &[0xff][..],
        b"\x63abc",
        b"\xa0",
        b"\xbf\xff",
        b"\xa1\x00\x63abc",
        b"\xa5\x00",
    ] {
        told.push(AnyLeaf::from_bytes(bytes).unwrap_err().to_string());
    }
    told
}

#[test]
fn every_error_is_french_to_the_last_word() {
    for sentence in told() {
        let words = sentence.split(|c: char| !c.is_alphanumeric() && c != '\'');
        let english: Vec<&str> = words.filter(|word| ENGLISH.contains(word)).collect();
        assert_eq!(english, Vec::<&str>::new(), "{sentence}");
        assert!(sentence.contains(' '), "{sentence}");
    }
}
