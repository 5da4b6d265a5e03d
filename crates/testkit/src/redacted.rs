use chrono::DateTime;
use serde_json::Value;
use uuid::Uuid;

/// An answer for a snapshot: ids, instants and hashes, which say nothing to a reader, become words.
#[must_use]
pub fn redacted(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(redacted_text(text)),
        Value::Array(items) => items.iter().map(redacted).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.clone(), redacted(member)))
            .collect(),
        other => other.clone(),
    }
}

fn redacted_text(text: &str) -> String {
    let hexadecimal = |length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let word = if Uuid::parse_str(text).is_ok() || hexadecimal(32) {
        "[id]"
    } else if text.len() > 10 && DateTime::parse_from_rfc3339(text).is_ok() {
        "[at]"
    } else if hexadecimal(64) {
        "[sha256]"
    } else if text
        .strip_prefix("CCN")
        .is_some_and(|rest| Uuid::parse_str(rest).is_ok())
    {
        "[message id]"
    } else if text.starts_with("AF-") {
        "[reference]"
    } else {
        text
    };
    word.to_owned()
}
