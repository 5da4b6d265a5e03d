//! Organisations and API keys, over HTTP and as the roles of the services.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

use access::{NewOrganisation, OrganisationId, Role, Secret};
use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use testkit::as_role;
use tower::ServiceExt;
use web::Clock;

struct Fixture {
    router: Router,
    operator: String,
    pool: PgPool,
}

async fn fixture(owner: &PgPool) -> Fixture {
    let pool = as_role(owner, database::Role::Issuer, 4).await;
    let (clock, _) = Clock::set("2026-03-02T09:00:00Z".parse().unwrap());
    let secret = Secret::generate().unwrap();
    access::ensure_operator(&pool, &secret, clock.now()).await.unwrap();
    access::ensure_operator(&pool, &secret, clock.now()).await.unwrap();
    let (router, _) = access::routes(pool.clone(), clock).split_for_parts();
    Fixture {
        router: web::frame(router),
        operator: secret.reveal().to_owned(),
        pool,
    }
}

impl Fixture {
    async fn ask(&self, verb: &str, path: &str, key: &str, body: Value) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(verb)
            .uri(path)
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {key}"))
            .body(Body::from(body.to_string()))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }
}

const LIBRARY: &str = "7e57ab1e-0000-4000-8000-000000000001";
const KEY: &str = "7e57ab1e-0000-4000-8000-000000000002";

fn library() -> Value {
    json!({"id": LIBRARY, "name": "Médiathèque des Tilleuls", "siren": "987690013", "roles": ["structure", "sponsor"]})
}

#[testkit::test]
async fn a_key_opens_its_organisations_doors_until_it_is_revoked(pool: PgPool) {
    let fixture = fixture(&pool).await;
    let (status, _) = fixture
        .ask("POST", "/issuer/v1/organisations", &fixture.operator, library())
        .await;
    assert_eq!(status, StatusCode::CREATED);
    let path = format!("/issuer/v1/organisations/{LIBRARY}/api-keys");
    let (status, made) = fixture.ask("POST", &path, &fixture.operator, json!({"id": KEY})).await;
    assert_eq!(status, StatusCode::CREATED);
    let secret = made["secret"].as_str().unwrap();

    // Known, and not the operator.
    let (status, problem) = fixture.ask("POST", "/issuer/v1/organisations", secret, library()).await;
    assert_eq!(
        (status, &problem["type"]),
        (StatusCode::FORBIDDEN, &json!("urn:ccn:problem:forbidden"))
    );

    let (status, _) = fixture
        .ask(
            "DELETE",
            &format!("/issuer/v1/api-keys/{KEY}"),
            &fixture.operator,
            Value::Null,
        )
        .await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (status, _) = fixture.ask("POST", "/issuer/v1/organisations", secret, library()).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[testkit::test]
async fn a_repeated_creation_changes_nothing_and_shows_no_secret_again(pool: PgPool) {
    let fixture = fixture(&pool).await;
    let first = fixture
        .ask("POST", "/issuer/v1/organisations", &fixture.operator, library())
        .await;
    let mut other_order = library();
    other_order["roles"] = json!(["sponsor", "structure", "sponsor"]);
    let again = fixture
        .ask("POST", "/issuer/v1/organisations", &fixture.operator, other_order)
        .await;
    assert_eq!((first.0, again.0), (StatusCode::CREATED, StatusCode::OK));
    assert_eq!(first.1, again.1);

    let path = format!("/issuer/v1/organisations/{LIBRARY}/api-keys");
    fixture.ask("POST", &path, &fixture.operator, json!({"id": KEY})).await;
    let (status, key) = fixture.ask("POST", &path, &fixture.operator, json!({"id": KEY})).await;
    assert_eq!((status, &key["secret"]), (StatusCode::OK, &Value::Null));

    let mut renamed = library();
    renamed["name"] = json!("Autre nom");
    let (status, problem) = fixture
        .ask("POST", "/issuer/v1/organisations", &fixture.operator, renamed)
        .await;
    assert_eq!(
        (status, &problem["type"]),
        (StatusCode::CONFLICT, &json!("urn:ccn:problem:same-id-other-content"))
    );
}

#[testkit::test]
async fn every_act_leaves_its_trace_and_no_service_can_remove_it(pool: PgPool) {
    let fixture = fixture(&pool).await;
    fixture
        .ask("POST", "/issuer/v1/organisations", &fixture.operator, library())
        .await;
    let traces: Vec<String> = sqlx::query_scalar("select action from access.audit")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(traces, ["organisation.create"]);
    let refused = sqlx::query("delete from access.audit")
        .execute(&fixture.pool)
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("permission denied"), "{refused}");
    let refused = sqlx::query("select * from access.audit")
        .execute(&fixture.pool)
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("permission denied"), "{refused}");
}

#[testkit::test]
async fn only_the_issuer_makes_keys_and_the_others_only_whom_they_admit(pool: PgPool) {
    fixture(&pool).await;
    let at = "2026-03-02T09:00:00Z".parse().unwrap();
    for (service, own, foreign) in [
        (database::Role::Redemption, Role::Structure, Role::Funder),
        (database::Role::Funding, Role::Funder, Role::Structure),
    ] {
        let name = service.name();
        let service = as_role(&pool, service, 4).await;
        let roles = [
            (vec![own], true),
            (vec![foreign], false),
            (vec![Role::Operator], false),
            (vec![own, Role::Operator], false),
        ];
        for (roles, allowed) in roles {
            let new = NewOrganisation {
                id: OrganisationId::derive(b"test", &[name.as_bytes(), format!("{roles:?}").as_bytes()]),
                name: "Organisation".to_owned(),
                siren: None,
                roles,
            };
            let mut tx = service.begin().await.unwrap();
            let made = access::create(&mut tx, &new, at).await;
            assert_eq!(made.is_ok(), allowed, "{name}: {:?}", new.roles);
        }
        let secret = Secret::generate().unwrap();
        access::ensure_operator(&service, &secret, at).await.unwrap_err();
        for sql in [
            "insert into access.api_key select * from access.api_key",
            "update access.api_key set revoked_at = null",
            "update access.organisation set roles = '{operator}'",
        ] {
            let refused = sqlx::query(sql).execute(&service).await.unwrap_err();
            assert!(refused.to_string().contains("permission denied"), "{refused}");
        }
    }
}

#[testkit::test]
async fn nobody_and_nonsense_are_refused_in_french_with_the_requests_id(pool: PgPool) {
    let fixture = fixture(&pool).await;
    for key in ["", "ccn_AAAA", "autre"] {
        let (status, problem) = fixture.ask("POST", "/issuer/v1/organisations", key, library()).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert_eq!(problem["title"], "Clé d'accès absente ou inconnue.");
        assert!(problem["request_id"].is_string());
    }
    let mut unknown = library();
    unknown["nom"] = json!("x");
    let (status, problem) = fixture
        .ask("POST", "/issuer/v1/organisations", &fixture.operator, unknown)
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(
        problem["detail"].as_str().unwrap().contains("« nom » n'existe pas"),
        "{problem}"
    );
    let (status, problem) = fixture
        .ask("GET", "/issuer/v1/rien", &fixture.operator, Value::Null)
        .await;
    assert_eq!(
        (status, &problem["type"]),
        (StatusCode::NOT_FOUND, &json!("urn:ccn:problem:not-found"))
    );
}
