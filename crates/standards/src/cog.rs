//! The official geographic code (COG, INSEE): every commune, département and région, carried in the executable.
//!
//! Codes are checked for their shape alone when parsed, because a code may be right and yet not be of this year (a commune
//! merged since): ask [`Cog`] whether it exists now. The data and its licence are described in `data/README.md`.

mod birth_place;
mod code;
mod territory;

use std::sync::LazyLock;

pub use birth_place::{BirthPlace, BirthPlaceError};
pub use code::{CodeError, CommuneCode, DepartementCode, RegionCode};
pub use territory::{Territory, TerritoryError};

const DATA: &str = include_str!("../data/cog-2026.csv");

/// The year of the code.
pub const COG_YEAR: i32 = 2026;

/// The whole code of one year.
#[derive(Debug)]
pub struct Cog {
    communes: Vec<Commune>,
    departements: Vec<Departement>,
    regions: Vec<Region>,
}

/// What a commune code stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CommuneKind {
    /// A commune of today.
    Commune,
    /// A former commune inside a *commune nouvelle*.
    Deleguee,
    /// A former commune inside a merger of the law of 1971.
    Associee,
    /// A district of Paris, Lyon or Marseille.
    Arrondissement,
}

/// A commune, or a part of one that has its own code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commune {
    pub code: CommuneCode,
    /// Its name, with accents.
    pub name: &'static str,
    pub kind: CommuneKind,
    /// The commune it is a part of; none for a commune of today.
    pub chef_lieu: Option<CommuneCode>,
    /// Its département or collectivity.
    pub departement: DepartementCode,
    /// Its région or collectivity.
    pub region: RegionCode,
}

/// A département, or a collectivity that has none (Saint-Martin, New Caledonia…).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departement {
    pub code: DepartementCode,
    pub name: &'static str,
    pub region: RegionCode,
}

/// A région, or a collectivity that is in none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    pub code: RegionCode,
    pub name: &'static str,
}

impl Cog {
    /// The code carried in the executable, read once.
    #[must_use]
    pub fn embedded() -> &'static Self {
        static COG: LazyLock<Cog> =
            LazyLock::new(|| Cog::read(DATA).expect("the embedded file is read whole by the tests of this package"));
        &COG
    }

    /// The commune, or part of a commune, of a code.
    #[must_use]
    pub fn commune(&self, code: CommuneCode) -> Option<&Commune> {
        find(&self.communes, &code, |commune| commune.code)
    }

    /// The département of a code.
    #[must_use]
    pub fn departement(&self, code: DepartementCode) -> Option<&Departement> {
        find(&self.departements, &code, |departement| departement.code)
    }

    /// The région of a code.
    #[must_use]
    pub fn region(&self, code: RegionCode) -> Option<&Region> {
        find(&self.regions, &code, |region| region.code)
    }

    /// All communes and parts of communes, by code.
    #[must_use]
    pub fn communes(&self) -> &[Commune] {
        &self.communes
    }

    /// All départements, by code.
    #[must_use]
    pub fn departements(&self) -> &[Departement] {
        &self.departements
    }

    /// All régions, by code.
    #[must_use]
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// Reads `data/cog-*.csv`, whose kinds come from the widest to the narrowest; `None` if a line does not fit.
    fn read(data: &'static str) -> Option<Self> {
        let mut cog = Self {
            communes: Vec::with_capacity(40_000),
            departements: Vec::new(),
            regions: Vec::new(),
        };
        for line in data.lines().skip(1) {
            let mut cells = line.split(',');
            let (kind, code, name, parent) = (cells.next()?, cells.next()?, cells.next()?, cells.next()?);
            match kind {
                "region" => cog.regions.push(Region {
                    code: code.parse().ok()?,
                    name,
                }),
                "departement" => cog.departements.push(Departement {
                    code: code.parse().ok()?,
                    name,
                    region: parent.parse().ok()?,
                }),
                "commune" => {
                    let departement = cog.departement(parent.parse().ok()?)?;
                    let (departement, region) = (departement.code, departement.region);
                    let (kind, code) = (CommuneKind::Commune, code.parse().ok()?);
                    cog.communes.push(Commune {
                        code,
                        name,
                        kind,
                        chef_lieu: None,
                        departement,
                        region,
                    });
                }
                part => cog.parts_push(part, code, name, parent)?,
            }
        }
        cog.communes.sort_unstable_by_key(|commune| commune.code);
        Some(cog)
    }

    /// Parts come after all communes; each kind's lines are sorted, so the communes are still searchable as a prefix.
    fn parts_push(&mut self, kind: &str, code: &str, name: &'static str, parent: &str) -> Option<()> {
        let kind = match kind {
            "deleguee" => CommuneKind::Deleguee,
            "associee" => CommuneKind::Associee,
            "arrondissement" => CommuneKind::Arrondissement,
            _ => return None,
        };
        let whole = self
            .communes
            .partition_point(|commune| commune.kind == CommuneKind::Commune);
        let parent = find(&self.communes[..whole], &parent.parse().ok()?, |commune: &Commune| {
            commune.code
        })?;
        let (chef_lieu, departement, region) = (Some(parent.code), parent.departement, parent.region);
        self.communes.push(Commune {
            code: code.parse().ok()?,
            name,
            kind,
            chef_lieu,
            departement,
            region,
        });
        Some(())
    }
}

fn find<'t, T, C: Ord>(sorted: &'t [T], code: &C, code_of: impl Fn(&T) -> C) -> Option<&'t T> {
    let place = sorted.binary_search_by(|item| code_of(item).cmp(code)).ok()?;
    sorted.get(place)
}

#[cfg(test)]
mod tests;
