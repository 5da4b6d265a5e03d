use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use keys::seal::{Seal, SealError};
use keys::secret_file::SecretError;
use keys::{CleartextPolicy, KeyFileError, KeyLoader, Place, Written, create_key_file, key_bytes, secret_file};

const WORDS: &str = "cheval agrafe pile correcte";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn secret(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        secret_file::create(&path, text).unwrap();
        path
    }
}

fn by_identity(path: PathBuf) -> KeyLoader {
    KeyLoader {
        identity_file: Some(path),
        ..KeyLoader::default()
    }
}

fn by_passphrase(path: PathBuf) -> KeyLoader {
    KeyLoader {
        passphrase_file: Some(path),
        ..KeyLoader::default()
    }
}

fn refusal(path: &Path, loader: &KeyLoader) -> KeyFileError {
    key_bytes(path, loader).unwrap_err()
}

#[test]
fn a_key_sealed_with_a_passphrase_opens_with_it_and_with_no_other() {
    let folder = Folder::new();
    let key = folder.path("signing.key");
    assert_eq!(
        create_key_file(&key, Some(&Seal::passphrase(WORDS))).unwrap(),
        Written::Made
    );
    assert!(
        fs::read_to_string(&key)
            .unwrap()
            .starts_with("-----BEGIN AGE ENCRYPTED FILE-----")
    );
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);

    let good = by_passphrase(folder.secret("good", WORDS));
    let first = Place::File(key.clone()).open(&good).unwrap().kid();
    assert_eq!(Place::File(key.clone()).open(&good).unwrap().kid(), first);
    let wrong = by_passphrase(folder.secret("wrong", "cheval agrafe pile correct"));
    assert!(matches!(
        refusal(&key, &wrong),
        KeyFileError::Seal(_, SealError::Refused)
    ));
    let none = refusal(&key, &KeyLoader::default()).to_string();
    assert!(none.contains("--key-passphrase-file"), "{none}");
    assert_eq!(create_key_file(&key, None).unwrap(), Written::Exists);
}

#[test]
fn a_key_sealed_for_an_identity_opens_with_it_and_with_no_other() {
    let folder = Folder::new();
    let text = format!("# created: 2026-05-04\n{}\n", keys::seal::new_identity().as_str());
    let (key, identity) = (folder.path("signing.key"), folder.secret("identity.age", &text));
    create_key_file(&key, Some(&Seal::identity(&text).unwrap())).unwrap();
    let bytes = key_bytes(&key, &by_identity(identity)).unwrap();
    assert_ne!(*bytes, [0; 32]);

    let other = folder.secret("other.age", &keys::seal::new_identity());
    assert!(matches!(
        refusal(&key, &by_identity(other)),
        KeyFileError::Seal(_, SealError::OtherMeans)
    ));
    let words = folder.secret("words", WORDS);
    assert!(matches!(
        refusal(&key, &by_passphrase(words)),
        KeyFileError::Seal(_, SealError::OtherMeans)
    ));
    let nothing = folder.secret("nothing", "ceci n'est pas une identité");
    assert!(
        refusal(&key, &by_identity(nothing))
            .to_string()
            .contains("AGE-SECRET-KEY-1")
    );
}

#[test]
fn every_altered_byte_of_a_sealed_key_is_noticed() {
    let identity = Seal::identity(&keys::seal::new_identity()).unwrap();
    let sealed = identity.close(&[b'7'; 64]).unwrap();
    let lines: Vec<&str> = sealed.lines().collect();
    let body = lines.get(1..lines.len() - 1).unwrap().concat();
    let binary = data_encoding::BASE64.decode(body.as_bytes()).unwrap();
    assert_eq!(*identity.open(&binary).unwrap(), [b'7'; 64]);
    for place in 0..binary.len() {
        let mut altered = binary.clone();
        altered[place] ^= 0x20;
        assert!(identity.open(&altered).is_err(), "byte {place}");
        assert!(identity.open(binary.get(..place).unwrap()).is_err(), "cut at {place}");
    }
}

#[test]
fn a_key_that_others_can_read_is_refused_sealed_or_not() {
    let folder = Folder::new();
    let key = folder.path("signing.key");
    let identity = keys::seal::new_identity();
    create_key_file(&key, Some(&Seal::identity(&identity).unwrap())).unwrap();
    let loader = by_identity(folder.secret("identity.age", &identity));
    fs::set_permissions(&key, Permissions::from_mode(0o640)).unwrap();
    let told = refusal(&key, &loader).to_string();
    assert!(told.contains("chmod 600"), "{told}");
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(folder.path("identity.age"), Permissions::from_mode(0o644)).unwrap();
    assert!(refusal(&key, &loader).to_string().contains("chmod 600"));
}

#[test]
fn a_file_that_asks_for_too_much_work_is_refused_at_once() {
    let folder = Folder::new();
    let text = Seal::passphrase(WORDS).close(&[b'7'; 64]).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let binary = data_encoding::BASE64
        .decode(lines.get(1..lines.len() - 1).unwrap().concat().as_bytes())
        .unwrap();
    // The cost stands in clear in the header: « -> scrypt SALT 18 ».
    let at = binary.windows(4).position(|bytes| bytes == b" 18\n").unwrap();
    let mut costly = binary;
    costly[at + 1] = b'2';
    costly[at + 2] = b'9';
    let key = folder.path("costly.key");
    fs::write(&key, costly).unwrap();
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    let loader = by_passphrase(folder.secret("words", WORDS));
    assert!(matches!(
        refusal(&key, &loader),
        KeyFileError::Seal(_, SealError::TooCostly(29))
    ));
}

#[test]
fn a_short_passphrase_seals_nothing() {
    assert!(matches!(
        Seal::passphrase("quinze lettres.").close(b"x"),
        Err(SealError::Short)
    ));
}

#[test]
fn a_key_in_clear_is_taken_only_where_it_is_allowed() {
    let folder = Folder::new();
    let key = folder.path("signing.key");
    create_key_file(&key, None).unwrap();
    let told = refusal(&key, &KeyLoader::default()).to_string();
    assert!(told.contains("ccn keys seal"), "{told}");
    let warned = KeyLoader {
        cleartext: CleartextPolicy::Warn,
        ..KeyLoader::default()
    };
    assert_eq!(key_bytes(&key, &warned).unwrap().len(), 32);
    let nonsense = folder.secret("nonsense", "ceci n'est pas une clé");
    assert!(matches!(
        refusal(&nonsense, &warned),
        KeyFileError::File(SecretError::Form { .. })
    ));
}

/// The format is age's, not ours: its own tool opens what we seal, and we open what it seals.
#[test]
fn the_age_tool_and_this_program_open_one_anothers_seals() {
    let Ok(version) = Command::new("age").arg("--version").output() else {
        eprintln!("age is not installed: skipped");
        return;
    };
    assert!(version.status.success());
    let folder = Folder::new();
    let text = keys::seal::new_identity();
    let (key, identity) = (folder.path("signing.key"), folder.secret("identity.age", &text));
    create_key_file(&key, Some(&Seal::identity(&text).unwrap())).unwrap();
    let opened = Command::new("age")
        .arg("-d")
        .arg("-i")
        .arg(&identity)
        .arg(&key)
        .output()
        .unwrap();
    let ours = key_bytes(&key, &by_identity(identity.clone())).unwrap();
    assert_eq!(
        String::from_utf8(opened.stdout).unwrap().trim(),
        data_encoding::HEXLOWER.encode(&*ours)
    );

    let plain = folder.path("plain");
    create_key_file(&plain, None).unwrap();
    let theirs = folder.path("theirs.key");
    let mut seal = Command::new("age");
    seal.args(["-e", "-i"])
        .arg(&identity)
        .arg("-o")
        .arg(&theirs)
        .arg(&plain);
    assert!(seal.stderr(Stdio::null()).status().unwrap().success());
    fs::set_permissions(&theirs, Permissions::from_mode(0o600)).unwrap();
    let clear = KeyLoader {
        cleartext: CleartextPolicy::Accept,
        ..KeyLoader::default()
    };
    assert_eq!(
        *key_bytes(&theirs, &by_identity(identity)).unwrap(),
        *key_bytes(&plain, &clear).unwrap()
    );
}
