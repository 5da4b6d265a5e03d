use std::sync::Arc;

/// Who signs this service's documents (statements of a programme's end, attestations), and in whose name.
#[derive(Debug, Clone)]
pub struct DocumentSigner {
    /// The fund, as it appears at the head of a document.
    pub fund: String,
    /// The key and the certificate. Without them no statement is issued, and an attestation says that it is not signed.
    pub signer: Option<Arc<document::sign::Signer>>,
}
