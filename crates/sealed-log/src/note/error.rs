/// Why a note is not believed. The messages are read by whoever checks an export.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not a text followed by an empty line and signature lines.
    #[error("ce n'est pas une note signée (un texte, une ligne vide, des signatures)")]
    Form,
    /// No line of this key.
    #[error("il ne porte aucune signature de la clé {0}")]
    NotSigned(String),
    /// A line of this key that is not its signature.
    #[error("la signature de la clé {0} n'est pas la bonne")]
    Forged(String),
    /// Not `name+hash+base64`, or of another type, or the hash is of something else.
    #[error("ce n'est pas une clé de vérification (nom+empreinte+base64)")]
    VerifierKey,
    /// A key's name is empty, or has a space or a plus.
    #[error("un nom de clé n'est pas vide et n'a ni espace ni « + »")]
    Name,
}
