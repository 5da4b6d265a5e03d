//! Who may write. Every route is asked, also those of tomorrow.

use e2e::{Scene, id};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

/// What is to be sent where the caller is looked at only after what it sends was read.
fn body(path: &str) -> Value {
    let nobody = id("nobody's");
    match path {
        "/redemption/v1/programmes/{programme}/claims/{claim}/reversal" => {
            json!({"id": nobody, "reason": "Atelier annulé"})
        }
        "/issuer/v1/programmes/{programme}/expiry" => json!({"id": nobody}),
        "/funding/v1/programmes/{programme}/expiry-statement/responses" => json!({"id": nobody, "answer": "accepted"}),
        "/funding/v1/programmes/{programme}/plans" => json!({"id": nobody, "shares": []}),
        "/issuer/v1/programmes/{programme}/revocations" => {
            json!({"id": nobody, "batch_id": nobody, "booklet": 1, "reason": "lost"})
        }
        _ => json!({}),
    }
}

#[testkit::test]
async fn an_auditor_reads_and_cosigns_and_writes_nothing(pool: PgPool) {
    let scene = Scene::set(pool).await;
    let roles = ["auditor"];
    let auditor = scene.operator().admits(id("auditor"), "Cour des comptes", &roles).await;
    auditor.get("/funding/v1/waterfall").await.accepted();
    let document = scene.deployment.anyone.get("/openapi.json").await.json();
    let (mut asked, mut let_in) = (0, Vec::new());
    for (path, item) in document["paths"].as_object().expect("paths") {
        // A simulation stores nothing: it is a way to read a plan. A co-signature says that somebody looked.
        if path.ends_with("/plan-simulations") || path.contains("/cosign") {
            continue;
        }
        for verb in ["post", "put", "delete"]
            .into_iter()
            .filter(|verb| !item[verb].is_null())
        {
            let method: Method = verb.to_uppercase().parse().expect("a verb");
            let content = Some((body(path).to_string().into_bytes(), "application/json"));
            let answer = auditor.send(method, &filled(path, &scene), content).await;
            asked += 1;
            if !matches!(answer.status, 403 | 404) {
                let_in.push(format!("{verb} {path}: {}", answer.told()));
            }
        }
    }
    assert!(asked > 60, "{asked} routes");
    assert_eq!(let_in, Vec::<String>::new());
}

/// The programme is a real one; everything else is nobody's.
fn filled(path: &str, scene: &Scene) -> String {
    let mut filled = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').expect("a parameter ends");
        let value = match name {
            "programme" => scene.programme().to_string(),
            "number" => "1".to_owned(),
            _ => id("nobody's").to_string(),
        };
        filled.push_str(before);
        filled.push_str(&value);
        rest = after;
    }
    filled.push_str(rest);
    if path.contains("-imports/") {
        filled.push_str("?file=lieux.csv");
    }
    filled
}
