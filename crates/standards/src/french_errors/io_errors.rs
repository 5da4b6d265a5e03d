use std::error::Error;
use std::io;

/// The reason, as a person says it; what nobody meets stays in the system's words.
#[must_use]
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "ce fichier ou ce dossier n'existe pas",
        io::ErrorKind::PermissionDenied => "vous n'en avez pas le droit",
        io::ErrorKind::IsADirectory => "c'est un dossier",
        io::ErrorKind::NotADirectory => "son chemin passe par ce qui n'est pas un dossier",
        io::ErrorKind::StorageFull => "le disque est plein",
        io::ErrorKind::ReadOnlyFilesystem => "ce disque est en lecture seule",
        io::ErrorKind::InvalidData => "ce n'est pas un fichier de texte (UTF-8)",
        io::ErrorKind::UnexpectedEof => "il s'arrête avant sa fin",
        io::ErrorKind::AddrInUse => "un autre programme écoute déjà là",
        io::ErrorKind::ConnectionRefused => "personne n'y répond",
        _ => return error.to_string(),
    }
    .to_owned()
}

/// A cause of an error, in French when it is the operating system's.
#[must_use]
pub fn cause(error: &(dyn Error + 'static)) -> String {
    error
        .downcast_ref::<io::Error>()
        .map_or_else(|| error.to_string(), reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_told_in_french() {
        let missing = std::fs::read("/nowhere/at/all").unwrap_err();
        assert_eq!(cause(&missing), "ce fichier ou ce dossier n'existe pas");
        assert_eq!(reason(&std::fs::read("/").unwrap_err()), "c'est un dossier");
        assert_eq!(cause(&io::Error::other("autre")), "autre");
    }
}
