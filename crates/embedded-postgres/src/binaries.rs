//! Finds the machine's own PostgreSQL.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::EmbeddedError;

/// The oldest PostgreSQL whose features the migrations use.
pub const MAJOR_MIN: u32 = 15;

/// Where Debian puts each version's programs.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The programs that are needed, all from one folder.
const PROGRAMS: [&str; 3] = ["initdb", "pg_ctl", "postgres"];

/// A folder of PostgreSQL programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    pub(crate) folder: PathBuf,
    /// 15 for 15.13.
    pub(crate) major: u32,
}

impl Binaries {
    /// Those of `wanted`, the version that made the data, or else the newest, in `path` (the variable) or Debian's
    /// folders.
    pub fn find(path: Option<&OsStr>, wanted: Option<u32>) -> Result<Self, EmbeddedError> {
        Self::among(folders(path, Path::new(DEBIAN)), wanted)
    }

    fn among(folders: Vec<PathBuf>, wanted: Option<u32>) -> Result<Self, EmbeddedError> {
        let found: Vec<Self> = folders.into_iter().filter_map(Self::in_folder).collect();
        // The first of the newest: the order of PATH decides between equals.
        let newest = |found: Vec<Self>| found.into_iter().rev().max_by_key(|binaries| binaries.major);
        match wanted {
            Some(major) => found
                .into_iter()
                .find(|binaries| binaries.major == major)
                .ok_or(EmbeddedError::OtherVersion(major)),
            None => newest(
                found
                    .into_iter()
                    .filter(|binaries| binaries.major >= MAJOR_MIN)
                    .collect(),
            )
            .ok_or(EmbeddedError::NotInstalled),
        }
    }

    fn in_folder(folder: PathBuf) -> Option<Self> {
        if !PROGRAMS.iter().all(|program| folder.join(program).is_file()) {
            return None;
        }
        let told = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
        let major = major(std::str::from_utf8(&told.stdout).ok()?)?;
        Some(Self { folder, major })
    }
}

fn folders(path: Option<&OsStr>, debian: &Path) -> Vec<PathBuf> {
    let in_path = path
        .into_iter()
        .flat_map(std::env::split_paths)
        .filter(|folder| folder.is_absolute());
    let debian = std::fs::read_dir(debian)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"));
    in_path.chain(debian).collect()
}

/// The major version in `postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)`.
fn major(told: &str) -> Option<u32> {
    let version = told.split_whitespace().nth(2)?;
    version.split(|sign: char| !sign.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_what_postgres_says_of_itself() {
        assert_eq!(
            major("postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(major("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major("nonsense"), None);
    }

    #[test]
    fn a_machine_without_postgresql_is_told_what_to_type() {
        let error = Binaries::among(vec!["/nonexistent".into()], None).unwrap_err();
        assert!(error.to_string().contains("sudo apt-get install postgresql"), "{error}");
    }

    #[test]
    fn data_of_another_version_is_not_opened() {
        let error = Binaries::among(vec![], Some(13)).unwrap_err();
        assert!(error.to_string().contains("postgresql-13"), "{error}");
    }
}
