//! The fields of a body that the document bounds, with values at the bound and one step beyond it.

use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::Method;
use serde_json::{Map, Value, json};
use standards::Cents;
use uuid::Uuid;

/// Depth of the deepest body that is looked through.
const DEPTH_MAX: usize = 6;

/// An id that nothing has yet.
pub fn fresh_id() -> Uuid {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    ids::derive_uuid(b"bounds", &[&number.to_be_bytes()])
}

/// A field of a body.
#[derive(Debug, Clone)]
pub struct Field {
    /// JSON Pointer (RFC 6901).
    pub pointer: String,
    /// What does not fit, and what fits just so; where nothing does for sure, nothing.
    pub steps: Vec<(Value, Option<Value>)>,
    /// What fits no field of its type.
    pub hostile: Vec<Value>,
}

impl Field {
    /// Its last name, without places in lists.
    pub fn name(&self) -> &str {
        let mut names = self.pointer.rsplit('/');
        names.find(|name| name.parse::<usize>().is_err()).unwrap_or_default()
    }

    /// The body with this value in the field, under an id of its own so that nothing is a repetition.
    pub fn filled(&self, body: &Value, value: &Value) -> Value {
        let mut body = body.clone();
        if body["id"].is_string() {
            body["id"] = json!(fresh_id());
        }
        let (parent, name) = self.pointer.rsplit_once('/').expect("a pointer");
        let parent = body.pointer_mut(parent).expect("the example has it");
        match parent {
            Value::Array(items) => {
                let place: usize = name.parse().expect("a place");
                items[place] = value.clone();
            }
            parent => parent[name] = value.clone(),
        }
        body
    }
}

/// The fields of what is sent to an operation, as far as the example has the objects that hold them.
pub fn fields(document: &Value, template: &str, method: &Method, body: &Value) -> Vec<Field> {
    let verb = method.as_str().to_lowercase();
    let schema = &document["paths"][template][&verb]["requestBody"]["content"]["application/json"]["schema"];
    let mut found = Vec::new();
    walk(document, schema, body, "", DEPTH_MAX, &mut found);
    found
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let mut schema = schema;
    while let Some(reference) = schema["$ref"].as_str() {
        schema = document
            .pointer(reference.trim_start_matches('#'))
            .expect("a component");
    }
    // `null` or something.
    match schema["oneOf"].as_array() {
        Some(choices) if choices.iter().any(|choice| choice["type"] == "null") => {
            let other = choices.iter().find(|choice| choice["type"] != "null");
            resolved(document, other.expect("something"))
        }
        _ => schema,
    }
}

fn walk(document: &Value, schema: &Value, value: &Value, pointer: &str, depth: usize, found: &mut Vec<Field>) {
    if depth == 0 {
        return;
    }
    let schema = resolved(document, schema);
    let none = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&none);
    for (name, inner) in properties.iter().filter(|_| value.is_object()) {
        let pointer = format!("{pointer}/{name}");
        let inner = resolved(document, inner);
        let steps = steps(document, inner, &value[name]);
        let hostile = hostile(inner);
        if !steps.is_empty() || !hostile.is_empty() {
            found.push(Field {
                pointer: pointer.clone(),
                steps,
                hostile,
            });
        }
        walk(document, inner, &value[name], &pointer, depth - 1, found);
    }
    if let Some(first) = value.as_array().and_then(|items| items.first()) {
        let pointer = format!("{pointer}/0");
        let items = resolved(document, &schema["items"]);
        if !items["properties"].is_object() {
            let (steps, hostile) = (self::steps(document, items, first), hostile(items));
            found.push(Field {
                pointer: pointer.clone(),
                steps,
                hostile,
            });
        }
        walk(document, items, first, &pointer, depth - 1, found);
    }
}

fn is(schema: &Value, kind: &str) -> bool {
    schema["type"] == kind
        || schema["type"]
            .as_array()
            .is_some_and(|kinds| kinds.contains(&json!(kind)))
}

fn hostile(schema: &Value) -> Vec<Value> {
    match schema["format"].as_str() {
        Some("uuid") => vec![
            json!(Uuid::nil()),
            json!("no-id"),
            json!(Uuid::nil().simple().to_string()),
        ],
        Some("date") => vec![json!("+12026-03-02"), json!("2026-02-30")],
        Some("date-time") => vec![json!("+12026-03-02T00:00:00Z"), json!("2026-03-02")],
        _ if schema["enum"].is_array() => vec![json!("nothing-of-it")],
        _ if is(schema, "string") => vec![json!("a\0b"), json!("9".repeat(1_000_000))],
        _ if is(schema, "integer") => vec![json!(i128::from(u64::MAX)), json!("1")],
        _ => Vec::new(),
    }
}

fn steps(document: &Value, schema: &Value, example: &Value) -> Vec<(Value, Option<Value>)> {
    let mut steps = Vec::new();
    if is(schema, "integer") {
        if let Some(most) = schema["maximum"].as_i64() {
            steps.push((json!(most + 1), Some(json!(most))));
        }
        if let Some(least) = schema["minimum"].as_i64() {
            steps.push((json!(least - 1), Some(json!(least))));
        }
    } else if let (Some(least), Some(most)) = (schema["x-minimum"].as_str(), schema["x-maximum"].as_str()) {
        let cents = |text: &str, more: i64| json!(Cents::new(text.parse::<Cents>().expect("an amount").get() + more));
        steps.push((cents(most, 1), Some(cents(most, 0))));
        steps.push((cents(least, -1), Some(cents(least, 0))));
    } else if is(schema, "string") && schema["format"].is_null() && schema["enum"].is_null() {
        steps.extend(of_text(schema, example));
    } else if is(schema, "array") {
        steps.extend(of_list(document, schema, example));
    }
    steps
}

/// A text of so many characters that the pattern lets pass; a value of a published standard has its own examples.
fn of_text(schema: &Value, example: &Value) -> Vec<(Value, Option<Value>)> {
    let pattern = schema["pattern"].as_str().unwrap_or_default();
    let sample = schema["examples"][0].as_str().or(example.as_str());
    let Some(most) = schema["maxLength"].as_u64() else {
        // One character more than the longest of a code is none.
        let longer = sample.map(|sample| format!("{sample}00000000000000000000000000"));
        return longer.map(|longer| (json!(longer), None)).into_iter().collect();
    };
    if schema["examples"][0].is_string() {
        // A rate: more decimals than are kept, or more than a whole.
        return vec![
            (
                json!(format!("0.{}", "1".repeat(usize::try_from(most).expect("short") - 1))),
                Some(json!("0.5")),
            ),
            (json!("1.1"), Some(json!("1"))),
        ];
    }
    if pattern.starts_with("^FR") {
        // Which one fits hangs on another field.
        return vec![(json!(format!("FR{}", "1".repeat(12))), None), (json!("FR1"), None)];
    }
    let letter = if pattern.contains("A-F") || pattern.contains("0-9") {
        '1'
    } else {
        'é'
    };
    let text = |chars: u64| json!(letter.to_string().repeat(usize::try_from(chars).expect("short")));
    let mut steps = vec![(text(most + 1), Some(text(most)))];
    if let Some(least) = schema["minLength"].as_u64() {
        steps.push((text(least - 1), Some(text(least))));
        steps.push((json!(" ".repeat(usize::try_from(most).expect("short"))), None));
    }
    if pattern.contains(r"^[^\u0000-\u001f") {
        steps.push((json!("a\nb"), None));
    } else if pattern.contains("0-9") {
        steps.push((json!("é".repeat(usize::try_from(most).expect("short"))), None));
    }
    steps
}

fn of_list(document: &Value, schema: &Value, example: &Value) -> Vec<(Value, Option<Value>)> {
    let items = resolved(document, &schema["items"]);
    let item = example[0].clone();
    let item = if item.is_null() { sample(items) } else { item };
    let list = |count: u64| Value::Array(vec![item.clone(); usize::try_from(count).expect("short")]);
    let mut steps = Vec::new();
    if let Some(most) = schema["maxItems"].as_u64() {
        steps.push((list(most + 1), Some(list(most))));
    }
    if let Some(least) = schema["minItems"].as_u64() {
        steps.push((list(least - 1), Some(list(least))));
    }
    steps
}

/// Something of a kind that has no parts.
fn sample(schema: &Value) -> Value {
    match schema["format"].as_str() {
        Some("uuid") => json!(fresh_id()),
        _ if is(schema, "integer") => schema["minimum"].clone(),
        _ if is(schema, "object") => json!({}),
        _ => json!("1"),
    }
}
