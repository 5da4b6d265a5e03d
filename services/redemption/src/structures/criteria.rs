//! Who may be accredited. Each criterion has its own answer, and all are told at once: a refused structure should not
//! have to come back for the next one. Pure.

use serde::{Deserialize, Serialize};
use standards::Siret;
use utoipa::ToSchema;

/// The words of the national schema for a place that is closed to the public.
const NO_PUBLIC: &str = "Ce lieu n'accueille pas de public";

/// What a place writes among its labels when it asks to accept the voucher; the historic scheme's label is carried over.
const ASKING_LABELS: [&str; 2] = ["Chèque culture numérique", "APTIC"];

/// What the criteria look at, of the place as its file describes it.
#[derive(Debug, Deserialize)]
pub struct DescribedPlace {
    /// None: nobody knew its number in a register.
    pivot: Option<String>,
    #[serde(default)]
    services: Vec<String>,
    #[serde(default)]
    modalites_acces: Vec<String>,
    autres_formations_labels: Option<String>,
}

/// A criterion that is not met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnmetCriterion {
    /// Its stable word: `siret`, `services`, `public` or `asks`.
    #[schema(value_type = String)]
    pub criterion: &'static str,
    /// What is wrong, in French.
    pub problem: String,
    /// How to mend it, in French.
    pub remedy: String,
}

/// Every criterion that the place does not meet.
#[must_use]
pub fn unmet(place: &DescribedPlace) -> Vec<UnmetCriterion> {
    let reason = |criterion, problem: String, remedy: &str| UnmetCriterion {
        criterion,
        problem,
        remedy: remedy.to_owned(),
    };
    let mut reasons = Vec::new();
    let no_siret = match place.pivot.as_deref().map(str::parse::<Siret>) {
        Some(Ok(_)) => None,
        Some(Err(error)) => {
            let told = error.to_string();
            let told = told.split(" ; ").next().unwrap_or(&told);
            Some(format!("Ce lieu n'a pas de SIRET valable : {told}."))
        }
        None => Some("Ce lieu n'a pas de SIRET : il est connu par son seul identifiant.".to_owned()),
    };
    if let Some(problem) = no_siret {
        reasons.push(reason(
            "siret",
            problem,
            "Une structure est payée par son SIRET. Mettez ses 14 chiffres dans la colonne « pivot », puis importez de nouveau le lieu.",
        ));
    }
    if place.services.is_empty() {
        reasons.push(reason(
            "services",
            "Ce lieu ne déclare aucun service de médiation numérique.".to_owned(),
            "Remplissez la colonne « services » avec au moins un service du schéma national, puis importez de nouveau le lieu.",
        ));
    }
    if place.modalites_acces.iter().any(|way| way == NO_PUBLIC) {
        reasons.push(reason(
            "public",
            "Ce lieu n'accueille pas de public.".to_owned(),
            "Seul un lieu ouvert au public encaisse des chèques. Corrigez la colonne « modalites_acces » si elle est fausse.",
        ));
    }
    if !place.asks() {
        reasons.push(reason(
            "asks",
            "Ce lieu n'a pas demandé à accepter le chèque.".to_owned(),
            "Avec l'accord de la structure, ajoutez « Chèque culture numérique » dans la colonne « autres_formations_labels », puis importez de nouveau le lieu.",
        ));
    }
    reasons
}

impl DescribedPlace {
    fn asks(&self) -> bool {
        let labels = self.autres_formations_labels.as_deref().unwrap_or_default();
        labels.split('|').any(|label| ASKING_LABELS.contains(&label.trim()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(pivot: &str, services: &[&str], access: &[&str], labels: Option<&str>) -> DescribedPlace {
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        DescribedPlace {
            pivot: Some(pivot.to_owned()),
            services: owned(services),
            modalites_acces: owned(access),
            autres_formations_labels: labels.map(str::to_owned),
        }
    }

    fn words(place: &DescribedPlace) -> Vec<&'static str> {
        unmet(place).iter().map(|reason| reason.criterion).collect()
    }

    #[test]
    fn all_unmet_criteria_are_told_at_once() {
        let worst = place("W751234567", &[], &["Se présenter", NO_PUBLIC], Some("Label QualiREL"));
        assert_eq!(words(&worst), ["siret", "services", "public", "asks"]);
        assert!(
            unmet(&worst)
                .iter()
                .all(|reason| !reason.problem.is_empty() && !reason.remedy.is_empty())
        );
    }

    #[test]
    fn a_place_that_is_known_by_its_id_alone_is_told_that_its_siret_is_missing() {
        for nobody_knows in [None, Some(""), Some("00000000000000")] {
            let mut place = place("", &["x"], &[], Some("APTIC"));
            place.pivot = nobody_knows.map(str::to_owned);
            assert_eq!(words(&place), ["siret"], "{nobody_knows:?}");
            assert!(unmet(&place)[0].remedy.contains("14 chiffres"));
        }
    }

    #[test]
    fn the_historic_label_and_the_new_one_both_ask() {
        for labels in ["APTIC", "Autre|Chèque culture numérique", "Autre | APTIC"] {
            let place = place(
                "21210231300013",
                &["Loisirs et créations numériques"],
                &[],
                Some(labels),
            );
            assert_eq!(unmet(&place), [], "{labels}");
        }
        let not_asking = place("21210231300013", &["x"], &[], Some("APTICX"));
        assert_eq!(words(&not_asking), ["asks"]);
    }

    #[test]
    fn an_establishment_of_la_poste_follows_its_own_rule() {
        assert_eq!(unmet(&place("35600000049837", &["x"], &[], Some("APTIC"))), []);
    }
}
