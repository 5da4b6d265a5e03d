use serde::Serialize;
use serde_json::Value;

/// The one JSON of a value (RFC 8785): keys sorted, no space, no more escapes than needed. Numbers are whole: a float would need
/// more rules, and we have none.
pub fn canonical_json(value: &impl Serialize) -> serde_json::Result<String> {
    let mut out = String::new();
    write(&serde_json::to_value(value)?, &mut out);
    Ok(out)
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            // By UTF-16 code units, which for our ASCII keys is by bytes.
            fields.sort_unstable_by_key(|(name, _)| name.as_str());
            out.push('{');
            for (n, (name, value)) in fields.into_iter().enumerate() {
                comma(n, out);
                write(&Value::String(name.clone()), out);
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                comma(n, out);
                write(item, out);
            }
            out.push(']');
        }
        plain => out.push_str(&plain.to_string()),
    }
}

fn comma(n: usize, out: &mut String) {
    if n > 0 {
        out.push(',');
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_value_has_one_text() {
        let value = json!({"b": [1, null, true], "a": {"é": "ligne\n\"1\"", "A": "\u{1}/"}});
        assert_eq!(
            canonical_json(&value).unwrap(),
            "{\"a\":{\"A\":\"\\u0001/\",\"é\":\"ligne\\n\\\"1\\\"\"},\"b\":[1,null,true]}"
        );
    }
}
