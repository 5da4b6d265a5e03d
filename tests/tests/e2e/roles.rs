//! Who may write. Every route is asked, also those of tomorrow.

use e2e::{Scene, id};
use reqwest::Method;
use sqlx::PgPool;

/// Routes that change nothing, or whose caller is only known from what it sends; each with the answer to an empty request.
const OTHERWISE: [&str; 0] = [];

#[sqlx::test(migrations = false)]
async fn an_auditor_reads_and_writes_nothing(pool: PgPool) {
    let scene = Scene::set(pool).await;
    let auditor = scene
        .operator()
        .admits(id("auditor"), "Cour des comptes", &["auditor"])
        .await;
    auditor.get("/v1/waterfall").await.accepted();
    let document = scene.world.anyone.get("/openapi.json").await.json();
    let mut otherwise = Vec::new();
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        for verb in ["post", "put", "delete"]
            .into_iter()
            .filter(|verb| !item[verb].is_null())
        {
            let method: Method = verb.to_uppercase().parse().expect("a verb");
            let answer = auditor
                .send(
                    method,
                    &filled(path, &scene),
                    Some((b"{}".to_vec(), "application/json")),
                )
                .await;
            asked += 1;
            if answer.status != 403 {
                otherwise.push(format!("{verb} {path} {}", answer.status));
            }
        }
    }
    assert!(asked > 60, "{asked} routes");
    assert_eq!(otherwise, OTHERWISE);
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
    filled + rest
}
