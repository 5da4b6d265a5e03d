use axum::Router;
use axum::body::{Body, to_bytes};
use http::{Method, Request, StatusCode};
use redemption::StructureId;
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

/// Somebody with an API key.
#[derive(Clone)]
pub struct Actor {
    pub app: Router,
    pub secret: String,
}

/// What somebody was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Value,
    pub retry_after: Option<String>,
}

impl Actor {
    pub async fn ask(&self, method: Method, path: &str, content_type: &str, body: impl Into<Body>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {}", self.secret))
            .header("content-type", content_type)
            .body(body.into())
            .unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let retry_after = response
            .headers()
            .get("retry-after")
            .map(|value| value.to_str().unwrap().to_owned());
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer {
            status,
            body,
            retry_after,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, "application/json", Body::empty()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, "application/json", body.to_string()).await
    }

    pub async fn put_file(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.ask(Method::PUT, path, "text/csv", body).await
    }
}

impl Answer {
    /// Made now.
    pub fn created(self) -> Value {
        assert_eq!(self.status, StatusCode::CREATED, "{:#}", self.body);
        self.body
    }

    /// Made before, or read.
    pub fn ok(self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{:#}", self.body);
        self.body
    }

    /// The stable word of a problem.
    pub fn refused(&self) -> &str {
        assert!(
            self.status.is_client_error() || self.status.is_server_error(),
            "{:#}",
            self.body
        );
        assert!(!self.body["title"].as_str().unwrap().is_empty());
        self.body["type"]
            .as_str()
            .unwrap()
            .strip_prefix("urn:ccn:problem:")
            .unwrap()
    }

    /// `(index, reason)` of each bad voucher.
    pub fn bad(&self) -> Vec<(u64, String)> {
        let bad = self.body["vouchers"].as_array().unwrap();
        bad.iter()
            .map(|bad| {
                (
                    bad["index"].as_u64().unwrap(),
                    bad["reason"].as_str().unwrap().to_owned(),
                )
            })
            .collect()
    }
}

/// A structure with its phone.
#[derive(Clone)]
pub struct Mediator {
    pub structure: StructureId,
    pub actor: Actor,
}

impl Mediator {
    pub async fn claims(&self, id: u128, tokens: &[String]) -> Answer {
        self.claims_for(id, tokens, "atelier-premiers-pas", "2026-03-10").await
    }

    pub async fn claims_for(&self, id: u128, tokens: &[String], service: &str, date: &str) -> Answer {
        let id = Uuid::from_u128(id);
        self.actor
            .post(
                "/redemption/v1/claims",
                json!({ "id": id, "tokens": tokens, "service": service, "date": date }),
            )
            .await
    }
}
