use serde::Deserialize;
use standards::{CommuneCode, DepartementCode};
use utoipa::IntoParams;
use web::Problem;

use crate::public::places::{Area, Found, find};

/// Where, by code or as a person writes it; the most precise counts.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AreaQuery {
    /// COG code of a département.
    #[param(value_type = Option<String>, example = "21")]
    departement: Option<String>,
    /// INSEE code of a commune: its département, the commune first.
    #[param(value_type = Option<String>, example = "21231")]
    commune: Option<String>,
    /// What a person types: a town, a postal code, a département.
    #[param(example = "Dijon")]
    pub ou: Option<String>,
}

impl AreaQuery {
    /// What is asked for; nothing when nothing is.
    pub(super) fn found(&self) -> Option<Found> {
        let area = |area: Option<Area>| area.map_or(Found::Nothing, Found::One);
        let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        if let Some(code) = given(&self.commune) {
            return Some(area(code.parse::<CommuneCode>().ok().and_then(Area::commune)));
        }
        if let Some(code) = given(&self.departement) {
            return Some(area(code.parse::<DepartementCode>().ok().and_then(Area::departement)));
        }
        given(&self.ou).map(|text| find(&text))
    }

    /// For software: one area, or a refusal that says what to send.
    pub(super) fn one(&self) -> Result<Area, Problem> {
        match self.found() {
            Some(Found::One(area)) => Ok(area),
            Some(Found::Several(communes)) => {
                let choices: Vec<_> = communes.iter().map(|commune| (commune.code, commune.name)).collect();
                Err(
                    Problem::refused("several-communes", "Plusieurs communes portent ce nom.")
                        .detail("Choisissez-en une dans « communes » et envoyez son code : ?commune=21231.")
                        .with("communes", choices),
                )
            }
            Some(Found::Nothing) => Err(Problem::refused("unknown-area", "Ce lieu de France n'est pas connu.")
                .detail("Envoyez un code de département (?departement=21) ou de commune (?commune=21231) du code officiel géographique.")),
            None => Err(Problem::bad_request(
                "Dites où : ?departement=21, ?commune=21231 (code INSEE) ou ?ou=Dijon.",
            )),
        }
    }
}
