//! The private keys that a process has opened: those that it was named, and a folder that may be looked at again.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use voucher::Signer;

use crate::key_loader::KeyLoader;
use crate::place::{OpenError, Place, PlaceError};
use crate::uri::Pkcs11Uri;

/// A file of the folder whose name ends so holds a private key, sealed or not.
const KEY_FILE: &str = "key";

/// A file of the folder whose name ends so holds the address of a key in a security module, on one line.
const HSM_FILE: &str = "pkcs11";

/// Keys named by flags, and the folder of further ones. A file is opened once, and again when it changes: unsealing costs a second.
pub struct KeyStore {
    named: Vec<Arc<dyn Signer>>,
    folder: PathBuf,
    loader: KeyLoader,
    opened: HashMap<PathBuf, Opened>,
}

/// Seconds and nanoseconds of a file's last change, its owner's and its rights' included (`ctime`): a key that was not readable is
/// tried again once it is.
type Changed = (i64, i64);

struct Opened {
    changed: Option<Changed>,
    /// Absent when it cannot be opened, which was said once.
    signer: Option<Arc<dyn Signer>>,
}

impl KeyStore {
    /// The keys `named`, and those of `folder`, which need not exist.
    #[must_use]
    pub fn new(named: Vec<Arc<dyn Signer>>, folder: PathBuf, loader: KeyLoader) -> Self {
        Self {
            named,
            folder,
            loader,
            opened: HashMap::new(),
        }
    }

    /// All keys as they are now. A file that cannot be opened is said in the logs and left out: one bad file stops no mint.
    pub fn look(&mut self) -> Vec<Arc<dyn Signer>> {
        let found = key_files(&self.folder);
        self.opened
            .retain(|path, _| found.iter().any(|(known, _)| known == path));
        for (path, changed) in found {
            if self.opened.get(&path).is_some_and(|known| known.changed == changed) {
                continue;
            }
            let signer = open(&path, &self.loader)
                .inspect(|signer| tracing::info!(file = %path.display(), kid = %signer.kid(), "key loaded"))
                .inspect_err(|error| tracing::error!(file = %path.display(), %error, "this key is not loaded"))
                .ok();
            self.opened.insert(path, Opened { changed, signer });
        }
        let further = self.opened.values().filter_map(|opened| opened.signer.clone());
        self.named.iter().cloned().chain(further).collect()
    }
}

fn open(path: &Path, loader: &KeyLoader) -> Result<Arc<dyn Signer>, OpenError> {
    if path.extension().is_some_and(|end| end == HSM_FILE) {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let uri: Result<Pkcs11Uri, PlaceError> = text.trim().parse();
        return Place::Hsm(uri?).open(loader);
    }
    Place::File(path.to_owned()).open(loader)
}

/// The files that hold keys, with the time of their last change.
fn key_files(folder: &Path) -> Vec<(PathBuf, Option<Changed>)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == KEY_FILE || end == HSM_FILE));
    let mut files: Vec<_> = files
        .map(|path| {
            let metadata = std::fs::metadata(&path).ok();
            let changed = metadata.map(|metadata| (metadata.ctime(), metadata.ctime_nsec()));
            (path, changed)
        })
        .collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::{CleartextPolicy, create_key_file};

    #[test]
    fn a_file_put_into_the_folder_is_loaded_and_one_taken_out_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let loader = KeyLoader {
            cleartext: CleartextPolicy::Accept,
            ..KeyLoader::default()
        };
        let path = |name: &str| folder.path().join(name);
        let mut store = KeyStore::new(Vec::new(), folder.path().to_owned(), loader);
        assert!(store.look().is_empty());
        create_key_file(&path("2027.key"), None).unwrap();
        create_key_file(&path("2027.key.old"), None).unwrap();
        create_key_file(&path("open.key"), None).unwrap();
        std::fs::set_permissions(path("open.key"), std::fs::Permissions::from_mode(0o644)).unwrap();
        std::fs::write(path("bad.pkcs11"), "pkcs11:token=a").unwrap();
        let found = store.look();
        assert_eq!(found.len(), 1);
        create_key_file(&path("2028.key"), None).unwrap();
        assert_eq!(store.look().len(), 2);
        std::fs::remove_file(path("2027.key")).unwrap();
        let left = store.look();
        assert_eq!(left.len(), 1);
        assert_ne!(left[0].kid(), found[0].kid());
        // Its rights are mended, its content is as it was.
        std::fs::set_permissions(path("open.key"), std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(store.look().len(), 2);
    }
}
