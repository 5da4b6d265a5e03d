//! Who is this person here? Pure: what is known was read before.

use std::collections::{HashMap, HashSet};

use access::OrganisationId;
use standards::table::CellProblem;

use super::report::DuplicatePerson;
use super::row::Person;
use crate::people::identity::IdentityHash;

/// What is registered among the people of a file.
#[derive(Debug, Default)]
pub(super) struct RegisteredPeople {
    /// Who registered a person, and under which number.
    pub people: HashMap<IdentityHash, (OrganisationId, String)>,
    /// The prescriber's own numbers that name somebody.
    pub numbers: HashSet<String>,
}

/// What becomes of each line.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub accepted: Vec<Person>,
    pub unchanged: Vec<u64>,
    pub duplicates: Vec<DuplicatePerson>,
    pub refused: Vec<CellProblem>,
}

const COLUMN: &str = "identifiant_externe";

pub(super) fn judge(people: Vec<Person>, known: &RegisteredPeople, prescriber: OrganisationId) -> Judged {
    let mut judged = Judged::default();
    let mut first_line_of: HashMap<IdentityHash, u64> = HashMap::new();
    let mut first_line_with: HashMap<String, u64> = HashMap::new();
    for person in people {
        let told =
            |problem: &str, remedy: &str| CellProblem::new(person.line, COLUMN, &person.external_id, problem, remedy);
        if let Some(&line) = first_line_of.get(&person.hash) {
            let problem = format!("c'est la même personne qu'à la ligne {line}");
            let cell = told(&problem, "gardez une seule ligne par personne");
            judged.duplicates.push(DuplicatePerson {
                cell,
                same_as_line: Some(line),
            });
            continue;
        }
        if let Some(line) = first_line_with.get(&person.external_id) {
            let problem = format!("ce numéro désigne déjà une autre personne à la ligne {line}");
            judged
                .refused
                .push(told(&problem, "donnez à chaque personne un numéro à elle"));
            continue;
        }
        first_line_of.insert(person.hash, person.line);
        first_line_with.insert(person.external_id.clone(), person.line);
        match known.people.get(&person.hash) {
            Some((owner, number)) if *owner == prescriber && *number == person.external_id => {
                judged.unchanged.push(person.line);
            }
            Some((owner, number)) if *owner == prescriber => {
                // The number stands in the value, which is told and never stored.
                let value = format!("{} (déjà {number})", person.external_id);
                let problem = "cette personne est déjà enregistrée par votre organisme sous un autre numéro";
                let remedy = "reprenez son premier numéro, ou supprimez cette ligne";
                let cell = CellProblem::new(person.line, COLUMN, &value, problem, remedy);
                judged.duplicates.push(DuplicatePerson {
                    cell,
                    same_as_line: None,
                });
            }
            Some(_) => {
                let problem = "cette personne est déjà enregistrée par un autre organisme";
                let cell = told(
                    problem,
                    "ne lui remettez pas de carnet : elle en reçoit déjà par cet autre organisme",
                );
                judged.duplicates.push(DuplicatePerson {
                    cell,
                    same_as_line: None,
                });
            }
            None if known.numbers.contains(&person.external_id) => {
                let problem = "ce numéro désigne déjà une autre personne dans vos imports précédents";
                judged.refused.push(told(
                    problem,
                    "vérifiez l'identité, ou donnez à cette personne un autre numéro",
                ));
            }
            None => judged.accepted.push(person),
        }
    }
    judged
}
