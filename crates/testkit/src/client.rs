use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, request};
use serde::Serialize;
use tower::ServiceExt;
use uuid::Uuid;

use crate::Answer;

/// Seconds after which a test gives up on an answer.
const ANSWER_SECONDS_MAX: u64 = 110;

/// Somebody who speaks HTTP with the services, whether they run elsewhere or are routes in the test's own process.
#[derive(Debug, Clone)]
pub struct Client {
    services: Services,
    key: Option<String>,
}

#[derive(Debug, Clone)]
enum Services {
    Here(Router),
    At { base: String, http: reqwest::Client },
}

fn network(timeout: Duration) -> reqwest::Client {
    let http = reqwest::Client::builder().timeout(timeout).no_proxy();
    http.build().expect("a client without TLS settings")
}

impl Client {
    /// Nobody's client of the services at an address.
    #[must_use]
    pub fn at(base: String) -> Self {
        let http = network(Duration::from_secs(ANSWER_SECONDS_MAX));
        Self {
            services: Services::At { base, http },
            key: None,
        }
    }

    /// Nobody's client of routes, which are asked without a network.
    #[must_use]
    pub const fn of(router: Router) -> Self {
        Self {
            services: Services::Here(router),
            key: None,
        }
    }

    /// The same services, asked by the owner of this API key.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        Self {
            key: Some(key.to_owned()),
            ..self.clone()
        }
    }

    /// The same, for answers that take up to an hour to arrive.
    #[must_use]
    pub fn with_patience(&self) -> Self {
        let mut patient = self.clone();
        if let Services::At { http, .. } = &mut patient.services {
            *http = network(Duration::from_hours(1));
        }
        patient
    }

    /// Where the services answer.
    #[must_use]
    pub fn base(&self) -> &str {
        match &self.services {
            Services::Here(_) => "",
            Services::At { base, .. } => base,
        }
    }

    /// The routes that it asks.
    pub fn router(&self) -> Router {
        match &self.services {
            Services::Here(router) => router.clone(),
            Services::At { base, .. } => panic!("{base} is an address"),
        }
    }

    /// The API key that it shows.
    #[must_use]
    pub fn key(&self) -> &str {
        self.key.as_deref().unwrap_or_default()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    /// GET of a file of any size, written as it arrives.
    pub async fn downloads(&self, path: &str, to: &Path) {
        let Services::At { base, http } = &self.services else {
            panic!("a file is loaded down from an address");
        };
        let request = http.get(format!("{base}{path}")).bearer_auth(self.key());
        let mut response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200, "GET {path}");
        let mut file = BufWriter::new(File::create(to).expect("a file"));
        while let Some(chunk) = response.chunk().await.expect("the file arrives") {
            file.write_all(&chunk).expect("room on the disk");
        }
        file.flush().expect("room on the disk");
    }

    pub async fn post(&self, path: &str, body: impl Serialize + Send) -> Answer {
        let body = serde_json::to_vec(&body).expect("plain data");
        self.send(Method::POST, path, Some((body, "application/json"))).await
    }

    pub async fn put_json(&self, path: &str, body: impl Serialize + Send) -> Answer {
        let body = serde_json::to_vec(&body).expect("plain data");
        self.send(Method::PUT, path, Some((body, "application/json"))).await
    }

    pub async fn put(&self, path: &str, content_type: &'static str, body: impl AsRef<[u8]> + Send) -> Answer {
        self.send(Method::PUT, path, Some((body.as_ref().to_vec(), content_type)))
            .await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<(Vec<u8>, &'static str)>) -> Answer {
        let asked = format!("{method} {path}");
        match &self.services {
            Services::Here(_) => {
                let mut request = request::Builder::new().method(method).uri(path);
                if let Some((_, content_type)) = &body {
                    request = request.header(CONTENT_TYPE, *content_type);
                }
                let body = body.map_or_else(Body::empty, |(bytes, _)| Body::from(bytes));
                Answer::of(asked, self.respond(request, body).await).await
            }
            Services::At { base, http } => {
                let mut request = http.request(method, format!("{base}{path}"));
                if let Some(key) = &self.key {
                    request = request.header(AUTHORIZATION, format!("Bearer {key}"));
                }
                if let Some((bytes, content_type)) = body {
                    request = request.header(CONTENT_TYPE, content_type).body(bytes);
                }
                match request.send().await {
                    Ok(response) => Answer::read(asked, response).await,
                    Err(error) => panic!("{asked}: no answer: {error:?}"),
                }
            }
        }
    }

    /// Asks routes with its key, and gives the answer as it comes: its head, and a body that may never end.
    pub async fn respond(&self, request: request::Builder, body: impl Into<Body>) -> Response {
        let request = match &self.key {
            Some(key) => request.header(AUTHORIZATION, format!("Bearer {key}")),
            None => request,
        };
        let request = request.body(body.into()).expect("a well-formed request");
        self.router().oneshot(request).await.expect("routes always answer")
    }

    /// The operator makes an API key of this id for an organisation, and hands it over.
    pub async fn gives_key(&self, organisation: Uuid, key: Uuid) -> Self {
        let path = format!("/issuer/v1/organisations/{organisation}/api-keys");
        let made = self.post(&path, serde_json::json!({"id": key})).await.created();
        self.with_key(made["secret"].as_str().expect("the first answer shows the secret"))
    }

    /// The operator creates an organisation; the client that holds its key.
    pub async fn admits(&self, id: Uuid, name: &str, roles: &[&str]) -> Self {
        let body = serde_json::json!({"id": id, "name": name, "roles": roles});
        self.post("/issuer/v1/organisations", &body).await.created();
        let key = ids::derive_uuid(b"first key", &[id.as_bytes()]);
        self.gives_key(id, key).await
    }
}
