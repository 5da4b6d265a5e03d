//! The public pages and the little JSON they read, from their front door: no key is shown.

use axum::body::{Body, to_bytes};
use http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use tower::ServiceExt;
use uuid::Uuid;

use crate::fixture::{Fixture, SIRETS, place_with};

struct Page {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Page {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }
}

async fn get_with(fixture: &Fixture, path: &str, known: &str) -> Page {
    let request = Request::get(path)
        .header("if-none-match", known)
        .body(Body::empty())
        .unwrap();
    let response = fixture.operator.router().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    Page {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8_lossy(&bytes).into_owned(),
    }
}

async fn get(fixture: &Fixture, path: &str) -> Page {
    get_with(fixture, path, "").await
}

const PAGES: [&str; 4] = ["/v", "/lieux", "/lieux?ou=dijon", "/assets/page.mjs"];

#[testkit::test]
async fn no_page_lets_anything_foreign_in_and_each_is_told_once(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    for path in PAGES {
        let page = get(&fixture, path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        let policy = page.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self';"),
            "{path}: {policy}"
        );
        assert!(
            policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"),
            "{path}: {policy}"
        );
        assert_eq!(page.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
        assert!(page.header("permissions-policy").contains("camera=()"), "{path}");
        assert_eq!(page.header("set-cookie"), "", "{path}");
        assert!(
            !page.text.contains("://") || path.starts_with("/assets"),
            "{path} names another site"
        );
        let tag = page.header("etag").to_owned();
        assert!(
            tag.starts_with("W/\"") && !page.header("cache-control").is_empty(),
            "{path}"
        );
        for known in [&tag, "*", &format!("\"other\", {tag}")] {
            let again = get_with(&fixture, path, known).await;
            assert_eq!(
                (again.status, again.text.as_str()),
                (StatusCode::NOT_MODIFIED, ""),
                "{path} {known}"
            );
        }
        assert_eq!(
            get_with(&fixture, path, "\"other\"").await.status,
            StatusCode::OK,
            "{path}"
        );
    }
    assert_eq!(get(&fixture, "/assets/secret.txt").await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        get(&fixture, "/assets/..%2Fsrc%2Flib.rs").await.status,
        StatusCode::NOT_FOUND
    );
}

#[testkit::test]
async fn a_series_is_told_by_what_its_paper_says(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let programme = fixture.programme(1).await;
    let facts = get(&fixture, &format!("/redemption/v1/public/series/{}", programme.series))
        .await
        .json();
    let departements = facts["departements"].as_array().unwrap();
    assert_eq!(departements.len(), 8, "{facts:#}");
    assert_eq!(departements[0], json!({ "code": "21", "name": "Côte-d'Or" }));
    assert_eq!(
        [
            &facts["programme"],
            &facts["printed_day"],
            &facts["territory"],
            &facts["territory_name"],
            &facts["commune"]
        ],
        [
            &json!("Dispositif 1"),
            &json!("2026-12-31"),
            &json!("R27"),
            &json!("Bourgogne-Franche-Comté"),
            &Value::Null
        ]
    );
    assert_eq!(
        get(&fixture, "/redemption/v1/public/series/9999").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        get(&fixture, "/redemption/v1/public/series/70000").await.status,
        StatusCode::BAD_REQUEST
    );
}

#[testkit::test]
async fn only_places_that_may_claim_today_are_told_and_only_what_is_public(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (open, suspended) = (fixture.structure(0).await, fixture.structure(1).await);
    fixture
        .imports(&[place_with(SIRETS[2], "Loisirs et créations numériques", "", "")])
        .await;
    let suspension = json!({ "id": Uuid::from_u128(5), "reason": "contrôle en cours" });
    let path = format!("/redemption/v1/structures/{}/suspensions", suspended.structure);
    fixture.operator.post(&path, suspension).await.created();
    sqlx::query(
        "insert into redemption.bank_details (structure_id, version, given_at, holder, iban, import_id)
         values ($1, 1, now(), 'Titulaire Secret', 'FR7630006000011234567890189', $2)",
    )
    .bind(open.structure.uuid())
    .bind(Uuid::from_u128(1))
    .execute(&fixture.admin)
    .await
    .unwrap();

    for query in ["departement=21", "commune=21231", "ou=21000", "ou=Dijon"] {
        let page = get(&fixture, &format!("/redemption/v1/public/places?{query}")).await;
        let places = page.json();
        let ids: Vec<_> = places
            .as_array()
            .unwrap()
            .iter()
            .map(|place| place["id"].as_str().unwrap())
            .collect();
        assert_eq!(ids, [format!("lieu-{}", SIRETS[0])], "{query}");
        let mut members: Vec<_> = places[0].as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(
            members.join(" "),
            "access accessibility address address_more appointment commune commune_code id latitude longitude name \
             opening_hours opening_hours_french phone postal_code price services websites"
        );
        let html = get(&fixture, &format!("/lieux?{query}")).await.text;
        assert!(html.contains(&format!("Lieu {}", SIRETS[0])) && !html.contains(&format!("Lieu {}", SIRETS[1])));
        for text in [&page.text, &html] {
            assert!(!text.contains("Secret") && !text.contains("FR76") && !text.contains(&open.structure.to_string()));
        }
    }
    assert_eq!(
        get(&fixture, "/redemption/v1/public/places?departement=25")
            .await
            .json(),
        json!([])
    );
    let lift = format!("{path}/{}/lift", Uuid::from_u128(5));
    fixture.operator.post(&lift, json!({})).await.ok();
    assert_eq!(
        get(&fixture, "/redemption/v1/public/places?departement=21")
            .await
            .json()
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[testkit::test]
async fn an_area_that_is_missing_unknown_or_ambiguous_is_told_how_to_mend(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    for (query, status, word) in [
        ("", 400, "bad-request"),
        ("?ou=", 400, "bad-request"),
        ("?departement=99", 422, "unknown-area"),
        ("?commune=99999", 422, "unknown-area"),
        ("?ou=xyzzy", 422, "unknown-area"),
        ("?ou=Saint-Denis", 422, "several-communes"),
    ] {
        let page = get(&fixture, &format!("/redemption/v1/public/places{query}")).await;
        assert_eq!(page.status, status, "{query}");
        assert_eq!(page.json()["type"], format!("urn:ccn:problem:{word}"), "{query}");
        assert!(page.json()["detail"].as_str().unwrap().len() > 20, "{query}");
        assert_eq!(page.header("referrer-policy"), "no-referrer", "{query}");
    }
}

#[testkit::test]
async fn what_a_file_says_cannot_become_markup(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let row = place_with(SIRETS[0], "Loisirs et créations numériques", "APTIC", "")
        .replace("1 rue de la Liberté", "<script>alert(1)</script> \" onload=x");
    fixture.imports(&[row]).await;
    let structure = redemption::StructureId::derive(b"structure", &[SIRETS[0].as_bytes()]);
    let path = format!("/redemption/v1/structures/{structure}/accreditation");
    fixture
        .operator
        .post(&path, json!({ "id": Uuid::from_u128(1) }))
        .await
        .created();
    let html = get(&fixture, "/lieux?departement=21").await.text;
    assert!(
        html.contains("&lt;script&gt;alert(1)&lt;/script&gt; &quot; onload=x"),
        "{html}"
    );
    let html = get(&fixture, "/lieux?ou=%22%3E%3Cscript%3E").await.text;
    assert!(
        html.contains("value=\"&quot;&gt;&lt;script&gt;\"") && !html.contains("><script>"),
        "{html}"
    );
}
