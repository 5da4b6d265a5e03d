//! What no JSON body may hold, whatever its fields are: what PostgreSQL cannot store, what is nobody's id, what no field has room for.

use std::fmt;
use std::fmt::Write as _;

use chrono::{DateTime, FixedOffset, NaiveDate};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use uuid::Uuid;

use crate::Problem;

/// Characters of the longest text; most fields have room for less, and say so.
pub const TEXT_CHARS_MAX: usize = 4_000;

/// Items of the longest list; most fields have room for less, and say so.
pub const LIST_ITEMS_MAX: usize = 1_000;

/// Looks through a body that is JSON.
pub(super) fn check(body: &[u8]) -> Result<(), Problem> {
    let mut fault = None;
    let at = Place {
        path: &Path::Whole,
        fault: &mut fault,
    };
    // Where it is no JSON, the extractor has said so before.
    let _ = at.deserialize(&mut serde_json::Deserializer::from_slice(body));
    fault.map_or(Ok(()), |Fault { field, rule }| {
        Err(Problem::bad_request(format!("Le JSON ne convient pas : « {field} » : {rule}.")).with("field", field))
    })
}

/// What is wrong with one value.
fn fault_of(text: &str) -> Option<String> {
    if text.contains('\0') {
        return Some("un texte ne contient pas le caractère U+0000".to_owned());
    }
    if text.chars().nth(TEXT_CHARS_MAX).is_some() {
        return Some(format!("un texte a au plus {TEXT_CHARS_MAX} caractères"));
    }
    if text.parse::<Uuid>().is_ok_and(|id| id.is_nil()) {
        return Some("des zéros ne sont pas un identifiant".to_owned());
    }
    // The library reads years beyond 9999, which RFC 3339 does not write.
    let signed = text.starts_with(['+', '-']);
    if signed && (text.parse::<NaiveDate>().is_ok() || text.parse::<DateTime<FixedOffset>>().is_ok()) {
        return Some("l'année d'une date a quatre chiffres, sans signe".to_owned());
    }
    None
}

struct Fault {
    field: String,
    rule: String,
}

/// Where a value stands; written only when something is wrong.
enum Path<'a> {
    Whole,
    Member(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Member(Path::Whole, name) => f.write_str(name),
            Self::Member(before, name) => write!(f, "{before}.{name}"),
            Self::Item(before, index) => write!(f, "{before}[{index}]"),
        }
    }
}

/// Reads the value at a place and keeps nothing of it but the first fault.
struct Place<'a> {
    path: &'a Path<'a>,
    fault: &'a mut Option<Fault>,
}

impl Place<'_> {
    fn is_wrong<E: Error>(&mut self, rule: String) -> E {
        let mut field = String::new();
        let _ = write!(field, "{}", self.path);
        *self.fault = Some(Fault { field, rule });
        E::custom("refused")
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E: Error>(mut self, text: &str) -> Result<(), E> {
        fault_of(text).map_or(Ok(()), |rule| Err(self.is_wrong(rule)))
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        for index in 0..LIST_ITEMS_MAX {
            let path = Path::Item(self.path, index);
            let item = Place {
                path: &path,
                fault: self.fault,
            };
            if items.next_element_seed(item)?.is_none() {
                return Ok(());
            }
        }
        match items.next_element::<IgnoredAny>()? {
            None => Ok(()),
            Some(_) => Err(self.is_wrong(format!("une liste a au plus {LIST_ITEMS_MAX} éléments"))),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            let path = Path::Member(self.path, &name);
            members.next_value_seed(Place {
                path: &path,
                fault: self.fault,
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(body: &serde_json::Value) -> Option<String> {
        let problem = check(body.to_string().as_bytes()).err()?;
        Some(problem.into_members()["detail"].as_str().unwrap().to_owned())
    }

    #[test]
    fn what_no_field_can_hold_is_refused_where_it_stands() {
        let long = "x".repeat(TEXT_CHARS_MAX + 1);
        let nil = Uuid::nil();
        for (body, field) in [
            (json!({"name": "a\0b"}), "« name »"),
            (json!({"shares": [{"rate": "1"}, {"rate": long}]}), "« shares[1].rate »"),
            (json!({"id": nil.to_string()}), "« id »"),
            (json!({"id": nil.simple().to_string()}), "« id »"),
            (json!({"ids": [1, nil.urn().to_string()]}), "« ids[1] »"),
            (json!({"date": "+12026-03-02"}), "« date »"),
            (json!({"from": "+12026-03-02T00:00:00Z"}), "« from »"),
            (json!({"lines": vec![0; LIST_ITEMS_MAX + 1]}), "« lines »"),
        ] {
            let told = told(&body).unwrap_or_else(|| panic!("{body} is taken"));
            assert!(told.contains(field), "{told}");
        }
    }

    #[test]
    fn what_a_field_can_hold_is_taken() {
        let body = json!({
            "name": "x".repeat(TEXT_CHARS_MAX), "amount": "-5.00", "phone": "+33 3 80 12 34 56", "date": "9999-12-31",
            "lines": vec![json!(null); LIST_ITEMS_MAX], "id": "00000000-0000-0000-0000-000000000001", "rate": 0.5, "many": true,
        });
        assert_eq!(told(&body), None);
    }
}
