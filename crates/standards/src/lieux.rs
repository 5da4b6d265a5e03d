//! Mediation places in the national schema *lieux de médiation numérique* 1.0.2 (LaMednum/standard-mediation-num).
//!
//! Read strictly: the 32 columns, the required cells, the patterns and the lists of words of the schema. Two rules are the
//! project's own: a SIRET has true check digits, and it comes once, because a structure is paid by its SIRET.

mod fields;
mod lists;
mod pivot;

use std::collections::HashMap;

use chrono::NaiveDate;

use crate::cog::CommuneCode;
use crate::table::{self, CellProblem, Columns, Problems, Row};
use fields::Fields;

pub use pivot::{Pivot, PivotError};

const COLUMNS: Columns = Columns {
    required: &[
        "id",
        "pivot",
        "nom",
        "commune",
        "code_postal",
        "code_insee",
        "adresse",
        "complement_adresse",
        "latitude",
        "longitude",
        "typologie",
        "telephone",
        "courriels",
        "site_web",
        "horaires",
        "presentation_resume",
        "presentation_detail",
        "source",
        "itinerance",
        "structure_parente",
        "date_maj",
        "services",
        "publics_specifiquement_adresses",
        "prise_en_charge_specifique",
        "frais_a_charge",
        "dispositif_programmes_nationaux",
        "formations_labels",
        "autres_formations_labels",
        "modalites_acces",
        "modalites_accompagnement",
        "fiche_acces_libre",
        "prise_rdv",
    ],
    optional: &[],
};

/// One place. Fields keep the schema's French names, so that a reader finds them in its documentation; cells with several values,
/// separated by `|` in the file, are lists.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields and their meaning are the national schema's")]
pub struct Lieu {
    pub id: String,
    pub pivot: Pivot,
    pub nom: String,
    pub commune: String,
    pub code_postal: String,
    pub code_insee: Option<CommuneCode>,
    pub adresse: String,
    pub complement_adresse: Option<String>,
    /// Degrees, WGS 84, for maps only.
    pub latitude: Option<f64>,
    /// Degrees, WGS 84, for maps only.
    pub longitude: Option<f64>,
    pub typologie: Vec<String>,
    pub telephone: Option<String>,
    pub courriels: Vec<String>,
    pub site_web: Vec<String>,
    pub horaires: Option<String>,
    pub presentation_resume: Option<String>,
    pub presentation_detail: Option<String>,
    pub source: Option<String>,
    pub itinerance: Vec<String>,
    pub structure_parente: Option<String>,
    pub date_maj: NaiveDate,
    pub services: Vec<String>,
    pub publics_specifiquement_adresses: Vec<String>,
    pub prise_en_charge_specifique: Vec<String>,
    pub frais_a_charge: Vec<String>,
    pub dispositif_programmes_nationaux: Vec<String>,
    pub formations_labels: Vec<String>,
    pub autres_formations_labels: Option<String>,
    pub modalites_acces: Vec<String>,
    pub modalites_accompagnement: Vec<String>,
    pub fiche_acces_libre: Option<String>,
    pub prise_rdv: Option<String>,
}

/// A file read: the good rows with their lines, and what is wrong with the others.
#[derive(Debug, Default)]
pub struct Parsed {
    /// Good rows with their physical line.
    pub rows: Vec<(u64, Lieu)>,
    /// What is wrong, by line.
    pub problems: Vec<CellProblem>,
}

/// Reads a file of places. An `id` or a `pivot` that comes twice keeps its first row.
#[must_use]
pub fn parse(bytes: &[u8]) -> Parsed {
    let mut table = table::read(bytes, &COLUMNS);
    let mut problems = table.take_problems();
    let (mut ids, mut pivots) = (HashMap::new(), HashMap::new());
    let mut rows = Vec::new();
    for row in table.rows() {
        // Told even when another cell is wrong: the file should not need a second round.
        let unique = first_of("id", &mut ids, row, &mut problems) & first_of("pivot", &mut pivots, row, &mut problems);
        if let Some(lieu) = lieu(row, &mut problems).filter(|_| unique) {
            rows.push((row.line(), lieu));
        }
    }
    Parsed {
        rows,
        problems: problems.into_vec(),
    }
}

/// Whether the cell of a column comes here for the first time.
fn first_of<'t>(column: &str, seen: &mut HashMap<&'t str, u64>, row: Row<'t>, problems: &mut Problems) -> bool {
    let Some(cell) = row.filled(column) else { return true };
    let first = *seen.entry(cell).or_insert(row.line());
    if first != row.line() {
        problems.push(row.problem(
            column,
            format!("cette valeur est déjà à la ligne {first}"),
            "chaque lieu a sa valeur : corrigez-la ou supprimez la ligne en double",
        ));
    }
    first == row.line()
}

fn lieu(row: Row<'_>, problems: &mut Problems) -> Option<Lieu> {
    let mut fields = Fields::new(row, problems);
    // All fields are read before any is asked for, so that every wrong cell of the row is told.
    let id = fields.required("id");
    let pivot = fields.pivot();
    let nom = fields.required("nom");
    let commune = fields.required("commune");
    let code_postal = fields.code_postal();
    let code_insee = fields.code_insee();
    let adresse = fields.required("adresse");
    let latitude = fields.degrees("latitude", 90);
    let longitude = fields.degrees("longitude", 180);
    let telephone = fields.telephone();
    let presentation_resume = fields.resume();
    let date_maj = fields.date_maj();
    let mut list = |column, words| fields.words(column, words);
    let itinerance = list("itinerance", lists::ITINERANCE);
    let services = list("services", lists::SERVICES);
    let publics_specifiquement_adresses = list("publics_specifiquement_adresses", lists::PUBLICS);
    let prise_en_charge_specifique = list("prise_en_charge_specifique", lists::PRISES_EN_CHARGE);
    let frais_a_charge = list("frais_a_charge", lists::FRAIS);
    let dispositif_programmes_nationaux = list("dispositif_programmes_nationaux", lists::DISPOSITIFS);
    let formations_labels = list("formations_labels", lists::FORMATIONS);
    let modalites_acces = list("modalites_acces", lists::MODALITES_ACCES);
    let modalites_accompagnement = list("modalites_accompagnement", lists::MODALITES_ACCOMPAGNEMENT);
    if fields.wrong {
        return None;
    }
    let text = |column| row.filled(column).map(str::to_owned);
    Some(Lieu {
        id: id?,
        pivot: pivot?,
        nom: nom?,
        commune: commune?,
        code_postal: code_postal?,
        code_insee,
        adresse: adresse?,
        complement_adresse: text("complement_adresse"),
        latitude,
        longitude,
        typologie: fields::split(row, "typologie"),
        telephone,
        courriels: fields::split(row, "courriels"),
        site_web: fields::split(row, "site_web"),
        horaires: text("horaires"),
        presentation_resume,
        presentation_detail: text("presentation_detail"),
        source: text("source"),
        itinerance,
        structure_parente: text("structure_parente"),
        date_maj: date_maj?,
        services,
        publics_specifiquement_adresses,
        prise_en_charge_specifique,
        frais_a_charge,
        dispositif_programmes_nationaux,
        formations_labels,
        autres_formations_labels: text("autres_formations_labels"),
        modalites_acces,
        modalites_accompagnement,
        fiche_acces_libre: text("fiche_acces_libre"),
        prise_rdv: text("prise_rdv"),
    })
}

#[cfg(test)]
mod tests;
