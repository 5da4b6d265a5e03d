//! A request of each operation that takes JSON: the demonstration's last one that was taken, or one that is written here.

use std::collections::BTreeMap;

use client::Exchange;
use e2e::RecordedDemo;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::fields::fresh_id;

/// A request, and who may make it.
#[derive(Debug, Clone)]
pub struct Example {
    pub method: Method,
    /// The address in the document.
    pub template: String,
    pub path: String,
    pub key: String,
    pub body: Value,
}

/// The template of the document that an address is of; those with fewer parameters first.
fn template<'a>(document: &'a Value, path: &str) -> Option<&'a str> {
    let path = path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |template: &&String| {
        let wanted: Vec<&str> = template.split('/').collect();
        wanted.len() == parts.len()
            && wanted
                .iter()
                .zip(&parts)
                .all(|(wanted, part)| wanted.starts_with('{') || wanted == part)
    };
    let templates = document["paths"].as_object().expect("paths").keys();
    templates
        .filter(fits)
        .min_by_key(|template| template.matches('{').count())
        .map(String::as_str)
}

/// A template with the parts that the demonstration's addresses had in the place of its parameters.
pub fn filled(template: &str, exchanges: &[Exchange]) -> String {
    let mut filled = String::new();
    for part in template.split('/').skip(1) {
        filled.push('/');
        if !part.starts_with('{') {
            filled.push_str(part);
            continue;
        }
        let begins = filled.clone();
        let known = exchanges.iter().rev().find_map(|exchange| {
            let rest = exchange.path.strip_prefix(&begins)?;
            let part = rest.split(['/', '?']).next()?;
            (part.parse::<Uuid>().is_ok() && exchange.status < 300).then(|| part.to_owned())
        });
        filled.push_str(&known.unwrap_or_else(|| fresh_id().to_string()));
    }
    filled
}

/// Who holds which roles: the keys that the demonstration's operator made.
fn keys(told: &RecordedDemo) -> BTreeMap<String, String> {
    let mut keys = BTreeMap::new();
    for exchange in &told.exchanges {
        let of = exchange.path.strip_prefix("/issuer/v1/organisations/");
        let Some(organisation) = of.and_then(|rest| rest.strip_suffix("/api-keys")) else {
            continue;
        };
        let made: Value = serde_json::from_slice(&exchange.answer).expect("JSON");
        let roles = told.exchanges.iter().find_map(|other| {
            let (bytes, _) = other
                .sent
                .as_ref()
                .filter(|_| other.path == "/issuer/v1/organisations")?;
            let body: Value = serde_json::from_slice(bytes).ok()?;
            (body["id"] == organisation).then(|| body["roles"].clone())
        });
        let roles = roles.unwrap_or_default();
        for role in roles.as_array().into_iter().flatten() {
            let role = role.as_str().expect("a role").to_owned();
            keys.entry(role)
                .or_insert_with(|| made["secret"].as_str().expect("a key").to_owned());
        }
    }
    keys.insert("operator".to_owned(), told.operator_key.clone());
    keys
}

/// An example of each operation, as far as there is one.
pub fn examples(told: &RecordedDemo) -> Vec<Example> {
    let keys = keys(told);
    let mut found = BTreeMap::new();
    for exchange in &told.exchanges {
        let Some((bytes, kind)) = &exchange.sent else { continue };
        let Some(template) = template(&told.document, &exchange.path) else {
            continue;
        };
        if kind != "application/json" || exchange.status >= 300 {
            continue;
        }
        let example = Example {
            method: exchange.method.clone(),
            template: template.to_owned(),
            path: exchange.path.clone(),
            key: exchange.key.clone(),
            body: serde_json::from_slice(bytes).expect("JSON"),
        };
        found.insert((template.to_owned(), exchange.method.to_string()), example);
    }
    for (method, template, body) in others(&found) {
        let roles = told.document["paths"][template][method.as_str().to_lowercase()]["x-roles"].clone();
        let mut roles = roles.as_array().cloned().unwrap_or_default();
        roles.push(json!("operator"));
        let key = roles.iter().find_map(|role| keys.get(role.as_str()?));
        let example = Example {
            path: filled(template, &told.exchanges),
            key: key.unwrap_or_else(|| panic!("nobody may {method} {template}")).clone(),
            template: template.to_owned(),
            method: method.clone(),
            body,
        };
        found.insert((template.to_owned(), method.to_string()), example);
    }
    found.into_values().collect()
}

/// What the demonstration does not ask, or asks so that a field is left out.
fn others(found: &BTreeMap<(String, String), Example>) -> Vec<(Method, &'static str, Value)> {
    let of = |template: &str, member: &str| {
        let example = found.get(&(template.to_owned(), "POST".to_owned()));
        example.map_or_else(|| json!(fresh_id()), |example| example.body[member].clone())
    };
    let convention = |member: &str| of("/funding/v1/conventions", member);
    let day = of("/funding/v1/calls", "due_on");
    let id = json!(fresh_id());
    let address = json!({"lines": ["1 rue de la Gare"], "postcode": "21000", "city": "Dijon"});
    let post = [
        (
            "/funding/v1/announcements",
            json!({"id": id, "funder_id": convention("funder_id"), "amount": "10.00", "announced_on": day, "source": "Délibération"}),
        ),
        (
            "/funding/v1/mandates",
            json!({"id": id, "convention_id": convention("id"), "number": "345", "amount": "10.00", "issued_on": day}),
        ),
        (
            "/funding/v1/refunds",
            json!({"id": id, "funder_id": convention("funder_id"), "amount": "1.00", "method": "bank", "execute_on": "2099-03-02"}),
        ),
    ];
    let put = [(
        "/funding/v1/invoicing/seller",
        json!({
            "name": "Association", "legal_form": "Association loi 1901", "address": address, "siret": "40483304800022", "payment_days": 30,
            "iban": "FR7630001007941234567890185",
        }),
    )];
    let post = post.map(|(template, body)| (Method::POST, template, body));
    post.into_iter()
        .chain(put.map(|(template, body)| (Method::PUT, template, body)))
        .collect()
}
