use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};

/// Files of an export by their names, beside the FEC.
const NAMES: [&str; 9] = [
    "transfers.ndjson",
    "leaf-hashes",
    "checkpoint",
    "checkpoint.vkey",
    "closes.ndjson",
    "journal.hledger",
    "waterfall.csv",
    "waterfall.xlsx",
    "waterfall.pdf",
];

/// Files that an error names; the others are only spoken of.
const SHOWN_MAX: usize = 3;

/// Makes the folder if it is missing, and tries it: it can be written, and holds no file of another fund's or an older export, which
/// would be read as of this one.
pub fn prepare_folder(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("{} : dossier impossible à créer", folder.display()))?;
    let mut exported = exported_in(folder)?;
    let more = if exported.len() > SHOWN_MAX { ", …" } else { "" };
    exported.truncate(SHOWN_MAX);
    ensure!(
        exported.is_empty(),
        "« {} » contient déjà un export ({}{more}), dont les fichiers se mêleraient à ceux-ci : choisissez un autre dossier avec --out, ou \
         videz celui-là",
        folder.display(),
        exported.join(", ")
    );
    tempfile::Builder::new()
        .prefix(".essai-")
        .tempfile_in(folder)
        .and_then(|mut tried| std::io::Write::write_all(&mut tried, b"."))
        .with_context(|| format!("{} : dossier où rien ne peut être écrit", folder.display()))
}

/// Removes the files of an export, and no others.
pub fn clear_folder(folder: &Path) -> anyhow::Result<()> {
    for name in exported_in(folder)? {
        let path = folder.join(name);
        fs::remove_file(&path).with_context(|| format!("{} : effacement impossible", path.display()))?;
    }
    Ok(())
}

fn exported_in(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    let unreadable = || format!("{} : dossier illisible", folder.display());
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let name = entry
            .with_context(unreadable)?
            .file_name()
            .to_string_lossy()
            .into_owned();
        if NAMES.contains(&name.as_str()) || is_fec(&name) {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// `SirenFECAAAAMMJJ.txt`.
fn is_fec(name: &str) -> bool {
    let digits = |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    name.strip_suffix(".txt")
        .and_then(|name| name.split_once("FEC"))
        .is_some_and(|(siren, day)| digits(siren, 9) && digits(day, 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_takes_one_export_beside_whatever_else_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("deep/livres");
        prepare_folder(&out).unwrap();
        fs::write(out.join("notes.txt"), "à moi").unwrap();
        prepare_folder(&out).unwrap();
        for name in ["732829320FEC20251231.txt", "checkpoint"] {
            fs::write(out.join(name), "").unwrap();
            let refused = prepare_folder(&out).unwrap_err().to_string();
            assert!(refused.contains(name) && refused.contains("--out"), "{refused}");
            clear_folder(&out).unwrap();
            prepare_folder(&out).unwrap();
        }
        let left: Vec<_> = fs::read_dir(&out)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, ["notes.txt"]);
    }
}
