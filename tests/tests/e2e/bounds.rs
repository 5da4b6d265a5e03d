//! The document and the services say the same of every field that is sent: at its bound it fits, one step beyond it does not.
//!
//! Examples are the requests of the demonstration, and below for what it does not ask. Nothing here names a bound: each is read from the
//! document.

mod examples;
mod fields;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use e2e::{Answer, RecordedDemo, check, write_temporarily};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use self::examples::{Example, examples};
use self::fields::{Field, fields};

const JSON: &str = "application/json";

/// Operations with a JSON body whose fields are tried; the others are named by the test when this is not reached.
const OPERATIONS_TRIED_MIN: usize = 30;

/// Fields whose bounds are tried.
const FIELDS_TRIED_MIN: usize = 60;

/// Operations that write and whose requests and answers are compared with the document.
const OPERATIONS_RECORDED_MIN: usize = 28;

#[testkit::test]
async fn every_bound_of_the_document_is_the_services_own(pool: PgPool) {
    let told = RecordedDemo::tell(&pool).await;
    compare_with_the_document(&told);
    let examples = examples(&told);
    let (mut tried, mut operations, mut wrong) = (0, BTreeSet::new(), Vec::new());
    for example in &examples {
        let fields = fields(&told.document, &example.template, &example.method, &example.body);
        for field in &fields {
            tried += 1;
            try_bounds(&told, example, field, &mut wrong).await;
            try_what_nothing_holds(&told, example, field, &mut wrong).await;
        }
        operations.insert((example.template.clone(), example.method.to_string()));
    }
    wrong.sort();
    wrong.dedup();
    let mut report = String::new();
    for line in &wrong {
        let _ = writeln!(report, "{line}");
    }
    assert!(wrong.is_empty(), "{} of {tried} fields:\n{report}", wrong.len());
    assert!(tried >= FIELDS_TRIED_MIN, "{tried} fields");
    let missed: Vec<String> = bodies(&told.document)
        .into_iter()
        .filter(|operation| !operations.contains(operation))
        .map(|(path, verb)| format!("{verb} {path}"))
        .collect();
    assert!(
        operations.len() >= OPERATIONS_TRIED_MIN,
        "{} operations; not tried: {missed:#?}",
        operations.len()
    );
    try_limits_of_lists(&told).await;
    told.end().await;
}

/// Operations with a JSON body.
fn bodies(document: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for verb in ["post", "put"] {
            let content = &item[verb]["requestBody"]["content"][JSON];
            if !content.is_null() {
                found.push((path.clone(), verb.to_uppercase()));
            }
        }
    }
    found
}

/// The requests of the demonstration and the answers to them, as somebody else's reader of JSON Schema sees them.
fn compare_with_the_document(told: &RecordedDemo) {
    let mut lines = String::new();
    for exchange in &told.exchanges {
        let json = |bytes: &[u8], kind: &str| -> Value {
            if kind.contains("json") {
                serde_json::from_slice(bytes).expect("JSON")
            } else {
                Value::Null
            }
        };
        let sent = exchange.sent.as_ref();
        let line = json!({
            "method": exchange.method.as_str(), "path": exchange.path, "status": exchange.status,
            "sent_type": sent.map(|(_, kind)| kind), "sent": sent.map(|(bytes, kind)| json(bytes, kind)),
            "type": exchange.content_type, "answer": json(&exchange.answer, &exchange.content_type),
        });
        let _ = writeln!(lines, "{line}");
    }
    let exchanges = write_temporarily(lines.as_bytes());
    let document = write_temporarily(told.document.to_string().as_bytes());
    let said = check("check_exchanges.py", &[&document.path(), &exchanges.path()]);
    let operations = said.split(" operations that write").next();
    let operations = operations.and_then(|said| said.rsplit(' ').next()?.parse::<usize>().ok());
    assert!(operations.expect("a number") >= OPERATIONS_RECORDED_MIN, "{said}");
}

async fn send(told: &RecordedDemo, example: &Example, body: &Value) -> Answer {
    let client = told.anyone.with_key(&example.key);
    let bytes = serde_json::to_vec(body).expect("JSON");
    client
        .send(example.method.clone(), &example.path, Some((bytes, JSON)))
        .await
}

/// Whether an answer refuses a value because of its field.
fn names(answer: &Answer, field: &Field) -> bool {
    if !(400..500).contains(&answer.status) {
        return false;
    }
    let problem = answer.json();
    let detail = problem["detail"].as_str().unwrap_or_default();
    let name = field.name();
    problem["field"].as_str().is_some_and(|said| said.contains(name)) || detail.contains(name)
}

async fn try_bounds(told: &RecordedDemo, example: &Example, field: &Field, wrong: &mut Vec<String>) {
    let place = format!("{} {} {}", example.method, example.template, field.pointer);
    for (beyond, at) in &field.steps {
        let refused = send(told, example, &field.filled(&example.body, beyond)).await;
        if !names(&refused, field) {
            wrong.push(format!("{place} takes {}: {}", shown(beyond), refused.told()));
            continue;
        }
        let Some(at) = at else { continue };
        let taken = send(told, example, &field.filled(&example.body, at)).await;
        let same = taken.status >= 400
            && taken.json()["type"] == refused.json()["type"]
            && taken.json()["detail"] == refused.json()["detail"];
        if same {
            wrong.push(format!("{place} refuses {}: {}", shown(at), taken.told()));
        }
    }
}

/// What nobody can store or be, in any text: refused, by name, and never an error of ours (which the client itself refuses).
async fn try_what_nothing_holds(told: &RecordedDemo, example: &Example, field: &Field, wrong: &mut Vec<String>) {
    for value in &field.hostile {
        let answer = send(told, example, &field.filled(&example.body, value)).await;
        if !names(&answer, field) {
            let place = format!("{} {} {}", example.method, example.template, field.pointer);
            wrong.push(format!("{place} takes {}: {}", shown(value), answer.told()));
        }
    }
}

fn shown(value: &Value) -> String {
    value.to_string().chars().take(60).collect()
}

async fn try_limits_of_lists(told: &RecordedDemo) {
    let client = told.anyone.with_key(&told.operator_key);
    let mut tried = BTreeMap::new();
    for (path, item) in told.document["paths"].as_object().expect("paths") {
        let parameters = item["get"]["parameters"].as_array().into_iter().flatten();
        for parameter in parameters.filter(|parameter| parameter["name"] == "limit") {
            let schema = &parameter["schema"];
            let [least, most] = ["minimum", "maximum"].map(|bound| schema[bound].as_i64().expect("a bound"));
            let path = examples::filled(path, &told.exchanges);
            for beyond in [least - 1, most + 1] {
                let answer = client.send(Method::GET, &format!("{path}?limit={beyond}"), None).await;
                let refused = answer.status == 400 && answer.json()["detail"].to_string().contains("limit");
                // Another role's list is not the operator's to look at.
                assert!(refused || answer.status == 403, "{}", answer.told());
                *tried.entry(answer.status).or_insert(0) += 1;
            }
            for at in [least, most] {
                let answer = client.send(Method::GET, &format!("{path}?limit={at}"), None).await;
                let about = answer.status == 400 && answer.json()["detail"].to_string().contains("limit");
                assert!(!about, "{}", answer.told());
            }
        }
    }
    assert!(tried.get(&400).is_some_and(|lists| *lists > 20), "{tried:?}");
}
