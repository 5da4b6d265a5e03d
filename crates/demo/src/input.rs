//! The files that the demo starts from: those of the command line, or the project's own small set.

use std::path::{Path, PathBuf};

use anyhow::Context;

/// A file given to the system, under the name that its report shows.
#[derive(Debug, Clone)]
pub struct InputFile {
    pub name: String,
    /// Whose file it is, as the story calls them.
    pub owner: String,
    pub bytes: Vec<u8>,
}

/// The files that the story imports.
#[derive(Debug)]
pub struct Inputs {
    pub(crate) structures: InputFile,
    pub(crate) bank_details: InputFile,
    /// One a prescriber.
    pub(crate) beneficiaries: Vec<InputFile>,
    /// Of the short programme; always the project's own.
    pub(crate) workshop: InputFile,
}

macro_rules! own {
    ($name:literal, $owner:literal) => {
        InputFile {
            name: $name.to_owned(),
            owner: $owner.to_owned(),
            bytes: include_bytes!(concat!("data/", $name)).to_vec(),
        }
    };
}

impl Inputs {
    /// Those of these paths; where none is given, the project's own small set of invented data.
    pub fn read(
        structures: Option<&Path>,
        bank_details: Option<&Path>,
        beneficiaries: &[PathBuf],
    ) -> anyhow::Result<Self> {
        let or_own = |path: Option<&Path>, own: InputFile| path.map_or(Ok(own), read);
        Ok(Self {
            structures: or_own(structures, own!("structures.csv", "Labellisateur"))?,
            bank_details: or_own(bank_details, own!("bank-details.csv", "Labellisateur"))?,
            beneficiaries: if beneficiaries.is_empty() {
                vec![
                    own!("beneficiaires-ccas.csv", "CCAS de Dijon (exemple)"),
                    own!("beneficiaires-mission-locale.csv", "Mission locale (exemple)"),
                ]
            } else {
                let numbered = |(number, path): (u32, &PathBuf)| {
                    let file = read(path)?;
                    let owner = format!("Prescripteur {number} ({})", file.name);
                    Ok(InputFile { owner, ..file })
                };
                (1..).zip(beneficiaries).map(numbered).collect::<anyhow::Result<_>>()?
            },
            workshop: own!("beneficiaires-ateliers.csv", "Maison des solidarités"),
        })
    }
}

fn read(path: &Path) -> anyhow::Result<InputFile> {
    let bytes = std::fs::read(path).with_context(|| format!("{} : fichier illisible", path.display()))?;
    let name = path
        .file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned();
    Ok(InputFile {
        name,
        owner: "Labellisateur".to_owned(),
        bytes,
    })
}
