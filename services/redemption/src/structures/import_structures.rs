//! Places of the national schema become structures. A place is known by its register number (`pivot`), or by its own id where nobody knows
//! that number; a file that says something else about a known place replaces what was said.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use sqlx::PgTransaction;
use standards::lieux::{Lieu, Pivot};

use crate::ids::StructureId;
use crate::structures::import::{CHANGED, Findings, Import, ImportError, Kind, NEW, StructureImportReport, Upload};

/// A file of places.
pub(crate) enum StructuresFile {}

/// A place that is new or says something new.
pub(crate) struct ChangedPlace {
    /// As [`key_of`] makes it.
    pivot: String,
    siret: Option<String>,
    name: String,
    commune: String,
    columns: Value,
}

/// What a place is known by: its register number, or `lieu:` and its id in the national schema, which no register has.
fn key_of(lieu: &Lieu) -> String {
    lieu.pivot
        .as_ref()
        .map_or_else(|| format!("lieu:{}", lieu.id), ToString::to_string)
}

/// Every structure's id comes from what it is known by, so two servers that import one file agree.
fn id_of(pivot: &str) -> StructureId {
    StructureId::derive(b"structure", &[pivot.as_bytes()])
}

impl Import for StructuresFile {
    type Change = ChangedPlace;
    const KIND: Kind = Kind::Structures;
    const ACTION: &'static str = "structure.import";

    async fn examine(
        tx: &mut PgTransaction<'_>,
        upload: &Upload,
    ) -> Result<(StructureImportReport, Vec<ChangedPlace>), ImportError> {
        let parsed = standards::lieux::parse(&upload.bytes, upload.sheet.as_deref());
        let pivots: Vec<String> = parsed.rows.iter().map(|(_, lieu)| key_of(lieu)).collect();
        let known: HashMap<String, Value> = sqlx::query!(
            "select s.pivot, s.place from unnest($1::text[]) as file (pivot) join redemption.structure s on s.pivot = file.pivot",
            &pivots
        )
        .fetch_all(&mut **tx)
        .await?
        .into_iter()
        .map(|row| (row.pivot, row.place))
        .collect();
        let mut found = Findings {
            problems: parsed.problems,
            problem_count: parsed.problem_count,
            sent_rows: parsed.sent_rows,
            notices: parsed.notices,
            samples: parsed.samples,
            ..Findings::default()
        };
        let mut places = Vec::new();
        for ((line, lieu), pivot) in parsed.rows.into_iter().zip(pivots) {
            let columns = columns(&lieu);
            match known.get(&pivot) {
                Some(before) if *before == columns => found.unchanged.push(line),
                before => {
                    found
                        .accepted
                        .push((line, if before.is_some() { CHANGED } else { NEW }));
                    let siret = match &lieu.pivot {
                        Some(Pivot::Siret(siret)) => Some(siret.to_string()),
                        Some(Pivot::Rna(_) | Pivot::Ridet(_)) | None => None,
                    };
                    places.push(ChangedPlace {
                        pivot,
                        siret,
                        name: lieu.nom,
                        commune: lieu.commune,
                        columns,
                    });
                }
            }
        }
        Ok((upload.report(found), places))
    }

    async fn store(
        tx: &mut PgTransaction<'_>,
        upload: &Upload,
        places: &[ChangedPlace],
        at: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        let ids: Vec<_> = places.iter().map(|place| id_of(&place.pivot).uuid()).collect();
        let pivots: Vec<_> = places.iter().map(|place| place.pivot.clone()).collect();
        let sirets: Vec<_> = places.iter().map(|place| place.siret.clone()).collect();
        let names: Vec<_> = places.iter().map(|place| place.name.clone()).collect();
        let communes: Vec<_> = places.iter().map(|place| place.commune.clone()).collect();
        let columns: Vec<_> = places.iter().map(|place| place.columns.clone()).collect();
        sqlx::query!(
            "insert into redemption.structure (id, pivot, siret, name, commune, place, import_id, imported_at)
             select p.id, p.pivot, p.siret, p.name, p.commune, p.place, $7, $8
             from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::jsonb[])
                 as p (id, pivot, siret, name, commune, place)
             on conflict (id) do update set name = excluded.name, commune = excluded.commune, place = excluded.place,
                 import_id = excluded.import_id, imported_at = excluded.imported_at",
            &ids,
            &pivots,
            &sirets as &[Option<String>],
            &names,
            &communes,
            &columns,
            upload.id.uuid(),
            at,
        )
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}

/// The schema's 32 columns: texts as texts, lists as lists, what is not given as null.
fn columns(lieu: &Lieu) -> Value {
    let columns: [(&str, Value); 32] = [
        ("id", json!(lieu.id)),
        ("pivot", json!(lieu.pivot.as_ref().map(ToString::to_string))),
        ("nom", json!(lieu.nom)),
        ("commune", json!(lieu.commune)),
        ("code_postal", json!(lieu.code_postal)),
        ("code_insee", json!(lieu.code_insee.map(|code| code.to_string()))),
        ("adresse", json!(lieu.adresse)),
        ("complement_adresse", json!(lieu.complement_adresse)),
        ("latitude", json!(lieu.latitude)),
        ("longitude", json!(lieu.longitude)),
        ("typologie", json!(lieu.typologie)),
        ("telephone", json!(lieu.telephone)),
        ("courriels", json!(lieu.courriels)),
        ("site_web", json!(lieu.site_web)),
        ("horaires", json!(lieu.horaires)),
        ("presentation_resume", json!(lieu.presentation_resume)),
        ("presentation_detail", json!(lieu.presentation_detail)),
        ("source", json!(lieu.source)),
        ("itinerance", json!(lieu.itinerance)),
        ("structure_parente", json!(lieu.structure_parente)),
        ("date_maj", json!(lieu.date_maj)),
        ("services", json!(lieu.services)),
        (
            "publics_specifiquement_adresses",
            json!(lieu.publics_specifiquement_adresses),
        ),
        ("prise_en_charge_specifique", json!(lieu.prise_en_charge_specifique)),
        ("frais_a_charge", json!(lieu.frais_a_charge)),
        (
            "dispositif_programmes_nationaux",
            json!(lieu.dispositif_programmes_nationaux),
        ),
        ("formations_labels", json!(lieu.formations_labels)),
        ("autres_formations_labels", json!(lieu.autres_formations_labels)),
        ("modalites_acces", json!(lieu.modalites_acces)),
        ("modalites_accompagnement", json!(lieu.modalites_accompagnement)),
        ("fiche_acces_libre", json!(lieu.fiche_acces_libre)),
        ("prise_rdv", json!(lieu.prise_rdv)),
    ];
    Value::Object(
        columns
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect::<Map<_, _>>(),
    )
}
