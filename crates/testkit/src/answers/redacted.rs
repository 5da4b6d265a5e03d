use std::collections::BTreeMap;

use chrono::DateTime;
use serde_json::Value;
use uuid::Uuid;

/// One answer for a snapshot: ids, instants and hashes by names in the order in which they first appear.
#[must_use]
pub fn redacted(value: &Value) -> Value {
    Redaction::default().of(value)
}

/// Gives ids, instants, hashes and references names in the order in which they first appear: a snapshot then stays the same from run to
/// run, and still shows which of them are the same.
#[derive(Debug, Default)]
pub(crate) struct Redaction {
    names: BTreeMap<String, String>,
    counts: BTreeMap<&'static str, u32>,
}

impl Redaction {
    pub(crate) fn of(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.of(item)).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(name, member)| (name.clone(), self.member(name, member)))
                .collect(),
            other => other.clone(),
        }
    }

    fn member(&mut self, name: &str, value: &Value) -> Value {
        if name == "request_id" {
            Value::from("[request]")
        } else {
            self.of(value)
        }
    }

    fn text(&mut self, text: &str) -> String {
        if text.len() > 10 && DateTime::parse_from_rfc3339(text).is_ok() {
            return self.name("instant", text);
        }
        if text.starts_with("AF-") {
            return self.name("reference", text);
        }
        let mut told = String::with_capacity(text.len());
        let mut rest = text;
        while !rest.is_empty() {
            let (word, after) = rest.split_at(rest.find(|c| !is_of_ids(c)).unwrap_or(rest.len()));
            let (between, next) = after.split_at(after.find(is_of_ids).unwrap_or(after.len()));
            told += &self.word(word);
            told += between;
            rest = next;
        }
        told
    }

    /// An id may be written with hyphens here and without them there.
    fn word(&mut self, word: &str) -> String {
        if let Ok(id) = Uuid::try_parse(word) {
            self.name("id", &id.to_string())
        } else if word.len() == 64 && !word.contains('-') {
            self.name("sha256", word)
        } else {
            word.to_owned()
        }
    }

    fn name(&mut self, kind: &'static str, text: &str) -> String {
        if let Some(name) = self.names.get(text) {
            return name.clone();
        }
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        let name = format!("{kind}-{count}");
        self.names.insert(text.to_owned(), name.clone());
        name
    }
}

const fn is_of_ids(c: char) -> bool {
    c.is_ascii_hexdigit() || c == '-'
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_same_id_has_the_same_name_wherever_and_however_it_is_written() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let answer = json!([
            {"id": one, "path": format!("/settlements/{one}/payments/{other}"), "message": format!("CCN{}", one.simple())},
            {"at": "2026-03-10T10:00:00Z", "seen_at": "2026-03-10T10:00:00Z", "day": "2026-03-10"},
            {"sha256": "ab".repeat(32), "reference": "AF-7K2M", "detail": "Réédité deux fois."},
            {"request_id": other},
        ]);
        let expected = json!([
            {"id": "id-1", "path": "/settlements/id-1/payments/id-2", "message": "CCNid-1"},
            {"at": "instant-1", "seen_at": "instant-1", "day": "2026-03-10"},
            {"sha256": "sha256-1", "reference": "reference-1", "detail": "Réédité deux fois."},
            {"request_id": "[request]"},
        ]);
        assert_eq!(redacted(&answer), expected);
    }
}
