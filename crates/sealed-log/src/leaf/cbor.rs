//! The pieces of CBOR that leaves are read from.

use minicbor::Decoder;
use uuid::Uuid;

/// Why bytes are not a leaf.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    /// Not CBOR, or not of a transfer or record: what is wrong, in French.
    #[error("ce n'est ni une écriture ni une mention en CBOR : {0}")]
    Form(String),
    /// It says the same as another spelling would.
    #[error("l'écriture n'est pas sous sa seule forme permise")]
    NotDeterministic,
}

pub(super) fn map(d: &mut Decoder<'_>) -> Result<u64, LeafError> {
    d.map().map_err(form)?.ok_or(LeafError::NotDeterministic)
}

pub(super) fn uuid(d: &mut Decoder<'_>) -> Result<Uuid, LeafError> {
    Uuid::from_slice(d.bytes().map_err(form)?).map_err(form)
}

/// A byte string of exactly this length.
pub(super) fn bytes<const N: usize>(d: &mut Decoder<'_>) -> Result<[u8; N], LeafError> {
    d.bytes().map_err(form)?.try_into().map_err(form)
}

pub(super) fn named<K: Copy>(all: &[K], word: &str, name: fn(K) -> &'static str) -> Result<K, LeafError> {
    let found = all.iter().copied().find(|kind| name(*kind) == word);
    found.ok_or_else(|| unknown(word))
}

/// The decoder speaks English, to programmers: that there is another thing than a leaf has is all that can be done about it.
pub(super) fn form(_: impl std::fmt::Display) -> LeafError {
    LeafError::Form("un élément n'est pas de la sorte attendue".to_owned())
}

/// What is wrong with a leaf that is well-formed, in French.
pub(super) fn wrong(what: &str) -> LeafError {
    LeafError::Form(what.to_owned())
}

pub(super) fn missing(key: &str) -> LeafError {
    LeafError::Form(format!("« {key} » manque"))
}

pub(super) fn unknown(word: &str) -> LeafError {
    LeafError::Form(format!("« {} » n'est pas connu", word.escape_debug()))
}
