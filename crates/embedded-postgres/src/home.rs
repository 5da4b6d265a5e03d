//! The server's own folder.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;

use crate::{EmbeddedError, Owner};

/// Where the server's files go when its user may not enter root's data folder (`/root` is closed to everybody).
const ELSEWHERE: &str = "/var/lib/ccn";

/// The folder `postgres` of the data folder and its owner, made when missing.
///
/// It may be a link to a folder of [`ELSEWHERE`]: its name is drawn, so that throwing the data folder away is
/// enough to begin anew.
pub fn open(data_dir: &Path) -> Result<(PathBuf, Owner), EmbeddedError> {
    let place = data_dir.join("postgres");
    let io = |error| EmbeddedError::Io(place.clone(), error);
    let owner = Owner::choose(&place)?;
    if place.symlink_metadata().is_ok() && !place.exists() {
        // A link whose folder was thrown away.
        fs::remove_file(&place).map_err(io)?;
    }
    if !place.exists() {
        make(&place, owner).map_err(io)?;
    }
    if !enters(owner, &place) {
        let elsewhere = drawn().map_err(io)?;
        DirBuilder::new()
            .recursive(true)
            .mode(0o711)
            .create(ELSEWHERE)
            .map_err(io)?;
        make(&elsewhere, owner).map_err(|error| EmbeddedError::Io(elsewhere.clone(), error))?;
        // Only ever an empty folder: data that could not be entered could not have been written.
        fs::remove_dir(&place).map_err(io)?;
        symlink(&elsewhere, &place).map_err(io)?;
    }
    Ok((place.canonicalize().map_err(io)?, owner))
}

fn make(folder: &Path, owner: Owner) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(folder)?;
    owner.take(folder)
}

fn enters(owner: Owner, folder: &Path) -> bool {
    owner == Owner::Me
        || folder
            .canonicalize()
            .is_ok_and(|folder| folder.to_str().is_some_and(|text| owner.enters(text)))
}

fn drawn() -> io::Result<PathBuf> {
    let mut bytes = [0; 6];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(Path::new(ELSEWHERE).join(HEXLOWER.encode(&bytes)))
}
