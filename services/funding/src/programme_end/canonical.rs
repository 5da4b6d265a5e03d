use serde_json::{Map, Value};

/// JSON in the one form that RFC 8785 gives it: members in order of their names, no space. It holds for what a statement is made of:
/// names in ASCII, texts, whole numbers, booleans, null.
pub(super) fn canonical(value: &Value) -> Vec<u8> {
    let sorted = sorted(value);
    serde_json::to_vec(&sorted).expect("a value serialises")
}

/// The map keeps the order in which members are put in, or sorts them itself: after this it is the same.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<(&String, &Value)> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            let members: Map<String, Value> = members
                .into_iter()
                .map(|(name, value)| (name.clone(), sorted(value)))
                .collect();
            Value::Object(members)
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        plain => plain.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_same_content_has_one_form() {
        let value = json!({"b": [true, null, {"z": 1, "y": "é\n\u{1}/\""}], "a": "10.00", "B": -3});
        assert_eq!(
            String::from_utf8(canonical(&value)).unwrap(),
            r#"{"B":-3,"a":"10.00","b":[true,null,{"y":"é\n\u0001/\"","z":1}]}"#
        );
    }
}
