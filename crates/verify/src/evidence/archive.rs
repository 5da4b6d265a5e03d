use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use standards::french_errors;
use zip::ZipArchive;
use zip::result::ZipError;

/// Bytes of the longest small member and of the longest line: a proof has some 3,000.
const SMALL_BYTES_MAX: u64 = 1 << 20;

/// Bytes of the longest table read: a million claims.
const TABLE_BYTES_MAX: u64 = 512 << 20;

/// Why nothing can be verified.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceUnreadable {
    /// The file is missing.
    #[error("« {0} » ne peut pas être lu : {reason}", reason = french_errors::reason(.1))]
    File(PathBuf, #[source] io::Error),
    /// Not an archive, or cut off.
    #[error("« {0} » n'est pas une archive entière : téléchargez-la à nouveau ({1})")]
    Archive(PathBuf, #[source] ZipError),
    /// A member is missing or cannot be read.
    #[error("l'archive n'a pas de « {0} » lisible : {1}")]
    Member(&'static str, String),
    /// The verifier key is none.
    #[error("« {0} » n'est pas une clé de vérification (nom+empreinte+base64)")]
    Key(String),
    /// The public keys are none.
    #[error("les clés publiques de l'archive (« cles.json ») sont illisibles : {0}")]
    Keys(String),
}

/// A bundle, opened.
pub(super) struct Bundle(ZipArchive<BufReader<File>>);

impl Bundle {
    pub fn open(path: &Path) -> Result<Self, EvidenceUnreadable> {
        let file = File::open(path).map_err(|error| EvidenceUnreadable::File(path.to_owned(), error))?;
        let archive = ZipArchive::new(BufReader::new(file));
        archive
            .map(Self)
            .map_err(|error| EvidenceUnreadable::Archive(path.to_owned(), error))
    }

    /// A small member.
    pub fn text(&mut self, name: &'static str) -> Result<String, EvidenceUnreadable> {
        self.limited(name, SMALL_BYTES_MAX)
    }

    pub fn text_of_any_length(&mut self, name: &'static str) -> Result<String, EvidenceUnreadable> {
        self.limited(name, TABLE_BYTES_MAX)
    }

    fn limited(&mut self, name: &'static str, bytes_max: u64) -> Result<String, EvidenceUnreadable> {
        let unreadable = |error: String| EvidenceUnreadable::Member(name, error);
        let member = self.0.by_name(name).map_err(|error| unreadable(error.to_string()))?;
        let mut text = String::new();
        let read = member.take(bytes_max).read_to_string(&mut text);
        read.map_err(|error| unreadable(error.to_string()))?;
        Ok(text)
    }

    /// Each line of a member with its number, from 1. A line that is too long is cut, and so is no JSON any more.
    pub fn lines(&mut self, name: &'static str, mut each: impl FnMut(u64, &[u8])) -> Result<(), EvidenceUnreadable> {
        let unreadable = |error: String| EvidenceUnreadable::Member(name, error);
        let member = self.0.by_name(name).map_err(|error| unreadable(error.to_string()))?;
        let mut member = BufReader::new(member);
        let (mut line, mut number) = (Vec::new(), 0);
        loop {
            line.clear();
            let read = member.by_ref().take(SMALL_BYTES_MAX).read_until(b'\n', &mut line);
            if read.map_err(|error| unreadable(error.to_string()))? == 0 {
                return Ok(());
            }
            number += 1;
            each(number, &line);
        }
    }
}
