//! Secrets come from files only: an argument shows in `ps`, a variable shows in `/proc` and in crash reports.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// Bytes of the largest secret; whatever is longer is another file, named by mistake.
pub const SECRET_BYTES_MAX: u64 = 4096;

/// Permission bits that open a file to anybody but its owner.
const OTHERS: u32 = 0o077;

/// Why a secret cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// There is no such file.
    #[error("Le fichier secret « {0} » n'existe pas.")]
    Missing(PathBuf),
    /// Others than its owner may read or write it.
    #[error(
        "Le fichier secret « {path} » est ouvert à d'autres que son propriétaire (droits {mode:o}).\nTapez : chmod 600 '{path}'"
    )]
    Open {
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not a file, empty, too long or not text.
    #[error("Le fichier secret « {0} » ne contient pas une ligne de texte de {SECRET_BYTES_MAX} octets au plus.")]
    Content(PathBuf),
    /// What it says is not what it should be.
    #[error("Le fichier secret « {path} » ne contient pas {expected}.")]
    Form {
        path: PathBuf,
        /// What was expected, in French.
        expected: &'static str,
    },
    /// The system refuses.
    #[error("Le fichier secret « {0} » ne peut pas être lu ou écrit")]
    Io(PathBuf, #[source] io::Error),
}

/// The one line of the file at `path`, without its line end.
pub fn read(path: &Path) -> Result<Zeroizing<String>, SecretError> {
    let bytes = read_bytes(path)?;
    let content = || SecretError::Content(path.to_owned());
    let text = std::str::from_utf8(&bytes).map_err(|_| content())?;
    let line = text.strip_suffix('\n').unwrap_or(text);
    if line.is_empty() || line.contains('\n') {
        return Err(content());
    }
    Ok(Zeroizing::new(line.to_owned()))
}

/// The bytes of the file at `path`, which may hold several lines. The permissions are those of the opened file, so that it
/// cannot be exchanged between the check and the reading.
pub fn read_bytes(path: &Path) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    let io = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => SecretError::Missing(path.to_owned()),
        _ => SecretError::Io(path.to_owned(), error),
    };
    let file = File::open(path).map_err(io)?;
    let metadata = file.metadata().map_err(io)?;
    if !metadata.is_file() || metadata.len() > SECRET_BYTES_MAX {
        return Err(SecretError::Content(path.to_owned()));
    }
    let mode = metadata.mode() & 0o7777;
    if mode & OTHERS != 0 {
        return Err(SecretError::Open {
            path: path.to_owned(),
            mode,
        });
    }
    // Room for all of it from the start: a buffer that grew would leave copies behind.
    let room = usize::try_from(SECRET_BYTES_MAX + 1).expect("a few thousand bytes");
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    file.take(SECRET_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > SECRET_BYTES_MAX {
        return Err(SecretError::Content(path.to_owned()));
    }
    Ok(bytes)
}

/// Writes `line` (or lines) to a new file that only its owner may read (0600), in a folder that only its owner may enter.
/// False when the file exists: it is never overwritten.
pub fn create(path: &Path, line: &str) -> Result<bool, SecretError> {
    let io = |error| SecretError::Io(path.to_owned(), error);
    let folder = folder_of(path);
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(io)?;
    match written(folder, line).map_err(io)?.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(io(error.error)),
    }
}

/// Writes these lines in the place of the file at `path`, whole: whoever reads it meanwhile reads the old ones.
pub fn replace(path: &Path, lines: &str) -> Result<(), SecretError> {
    let io = |error| SecretError::Io(path.to_owned(), error);
    let file = written(folder_of(path), lines).map_err(io)?;
    file.persist(path).map(drop).map_err(|error| io(error.error))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Written whole under another name, to be moved: nobody ever reads half a key.
fn written(folder: &Path, lines: &str) -> io::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    writeln!(file, "{}", lines.trim_end_matches('\n'))?;
    file.as_file().sync_all()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_secret_that_others_can_read_is_refused_with_the_command_that_mends_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        assert!(create(&path, "abc").unwrap());
        assert_eq!(read(&path).unwrap().as_str(), "abc");
        for mode in [0o640, 0o604, 0o660, 0o610] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let message = read(&path).unwrap_err().to_string();
            assert!(message.contains("chmod 600"), "{message}");
        }
    }

    #[test]
    fn a_secret_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/secret");
        assert!(create(&path, "first").unwrap());
        assert!(!create(&path, "second").unwrap());
        assert_eq!(read(&path).unwrap().as_str(), "first");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn an_empty_or_long_or_binary_file_is_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let long = "x".repeat(5000);
        for content in [b"".as_slice(), b"\n", b"two\nlines\n", b"\xff\xfe", long.as_bytes()] {
            let path = folder.path().join("secret");
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            assert!(matches!(read(&path), Err(SecretError::Content(_))));
        }
        assert!(matches!(
            read(&folder.path().join("none")),
            Err(SecretError::Missing(_))
        ));
    }
}
