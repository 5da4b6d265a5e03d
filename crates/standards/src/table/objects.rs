//! A JSON array of objects as the same table: a key is a column, a list is its values between `|`.
//!
//! Lines of JSON mean nothing to whoever reads a report, so objects are numbered as the rows of a table under its header: the first one is
//! line 2.

use std::collections::BTreeSet;
use std::fmt;

use csv::StringRecord;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{BYTES_MAX, CellProblem, Reading, Table, refused};
use crate::french_errors;

/// More keys than any object of a list has.
const KEYS_MAX: usize = 200;

/// Whether a file is JSON rather than a table: no header begins so.
#[must_use]
pub(crate) fn is_json(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    matches!(text.iter().find(|byte| !byte.is_ascii_whitespace()), Some(b'[' | b'{'))
}

/// Reads a JSON array of objects. Never fails: everything wrong is among the table's problems.
#[must_use]
pub(crate) fn read_objects(bytes: &[u8], reading: &Reading<'_>) -> Table {
    let mut table = Table::default();
    if bytes.len() > BYTES_MAX {
        let problem = format!("le fichier dépasse {} Mio", BYTES_MAX / 1024 / 1024);
        table.refuse(refused(1, problem, "partagez-le en plusieurs fichiers"));
        return table;
    }
    table
        .notice("Fichier JSON : la ligne 2 est le premier lieu, la ligne 3 le deuxième, et ainsi de suite.".to_owned());
    let names: Vec<&'static str> = reading.columns.all().collect();
    let mut objects = Objects {
        seen: vec![false; names.len()],
        header: StringRecord::from(names.clone()),
        names,
        reading,
        unknown: BTreeSet::new(),
        table: &mut table,
        stop: None,
    };
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = json.deserialize_seq(&mut objects).and_then(|()| json.end());
    let stop = objects.stop.take();
    let outcome = match (stop, read) {
        (Some(stop), _) => Err(stop),
        (None, Err(error)) => Err(refused(
            u64::try_from(error.line()).unwrap_or(1),
            format!(
                "le fichier JSON ne peut pas être lu : {}",
                french_errors::json(&error.to_string())
            ),
            "envoyez un tableau d'objets : [{\"id\": …, \"pivot\": …, \"nom\": …}, …]",
        )),
        (None, Ok(())) => Ok(()),
    };
    match outcome {
        Ok(()) => objects.finish(),
        Err(problem) => table.refuse(problem),
    }
    table
}

struct Objects<'a, 'r> {
    names: Vec<&'static str>,
    header: StringRecord,
    /// Which columns some object has.
    seen: Vec<bool>,
    unknown: BTreeSet<String>,
    reading: &'a Reading<'r>,
    table: &'a mut Table,
    /// What ended the reading, when it is not the JSON.
    stop: Option<CellProblem>,
}

impl Objects<'_, '_> {
    fn take(&mut self, object: Object, line: u64) -> Result<(), CellProblem> {
        let mut cells = vec![String::new(); self.names.len()];
        for (key, cell) in object.0 {
            let column = self.reading.columns.find(&key);
            match column.and_then(|column| self.names.iter().position(|name| *name == column)) {
                Some(place) => {
                    self.seen[place] = true;
                    cells[place] = cell;
                }
                None if self.unknown.len() < KEYS_MAX => drop(self.unknown.insert(key)),
                None => {}
            }
        }
        self.table.admit_row(line, StringRecord::from(cells), &self.header)
    }

    fn finish(self) {
        let of = |name: &str| self.names.iter().position(|known| *known == name);
        let is_seen = |name: &str| of(name).is_some_and(|place| self.seen[place]);
        for name in self.unknown {
            self.table
                .notice(format!("La clé « {name} » n'est pas attendue : elle n'a pas été lue."));
        }
        for name in self.reading.columns.required.iter().filter(|name| !is_seen(name)) {
            let problem = format!("la clé « {name} » manque");
            self.table.refuse(CellProblem::new(
                1,
                *name,
                "",
                problem,
                "ajoutez-la à chaque objet, avec exactement ce nom",
            ));
        }
        for name in self.reading.columns.optional.iter().filter(|name| !is_seen(name)) {
            self.table
                .notice(format!("La clé « {name} » manque : elle est lue comme vide."));
        }
        self.table.positions = self
            .names
            .iter()
            .enumerate()
            .map(|(place, name)| (*name, place))
            .collect();
    }
}

impl<'de> Visitor<'de> for &mut Objects<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("un tableau d'objets")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut line = 2;
        while let Some(object) = seq.next_element::<Object>()? {
            if let Err(problem) = self.take(object, line) {
                self.stop = Some(problem);
                return Err(A::Error::custom("stopped"));
            }
            line += 1;
        }
        Ok(())
    }
}

struct Object(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("un objet")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut pairs = Vec::new();
                while let Some(key) = map.next_key::<String>()? {
                    if pairs.len() == KEYS_MAX {
                        return Err(A::Error::custom(format!("un objet a plus de {KEYS_MAX} clés")));
                    }
                    pairs.push((key, map.next_value::<Cell>()?.0));
                }
                Ok(Object(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// A value as the cell of a table.
struct Cell(String);

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Value;
        impl<'de> Visitor<'de> for Value {
            type Value = Cell;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("un texte, un nombre ou une liste de textes")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Cell, E> {
                Ok(Cell(text.trim().to_owned()))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Cell, E> {
                Ok(Cell(number.to_string()))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Cell, E> {
                Ok(Cell(number.to_string()))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Cell, E> {
                Ok(Cell(number.to_string()))
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Cell, E> {
                Ok(Cell(if value { "oui" } else { "non" }.to_owned()))
            }

            fn visit_unit<E: Error>(self) -> Result<Cell, E> {
                Ok(Cell(String::new()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Cell, A::Error> {
                let mut cell = String::new();
                while let Some(Cell(value)) = seq.next_element()? {
                    if !cell.is_empty() && !value.is_empty() {
                        cell.push('|');
                    }
                    cell.push_str(&value);
                }
                Ok(Cell(cell))
            }

            /// No column of a list holds an object; one under an unknown key refuses nothing.
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cell, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Cell("{…}".to_owned()))
            }
        }
        deserializer.deserialize_any(Value)
    }
}
