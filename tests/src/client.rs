use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde::Serialize;

use crate::Answer;

/// Seconds after which a test gives up on an answer.
const ANSWER_SECONDS_MAX: u64 = 110;

/// Somebody who speaks HTTP with the services.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    key: Option<String>,
}

impl Client {
    /// Nobody's client of the services at `base`.
    #[must_use]
    pub fn new(base: String) -> Self {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(ANSWER_SECONDS_MAX))
            .no_proxy();
        Self {
            http: http.build().expect("a client without TLS settings"),
            base,
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
        let http = reqwest::Client::builder().timeout(Duration::from_hours(1)).no_proxy();
        Self {
            http: http.build().expect("a client without TLS settings"),
            ..self.clone()
        }
    }

    /// Where the services answer.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// GET of a file that is longer than memory, into `to`.
    pub async fn downloads(&self, path: &str, to: &Path) {
        let mut request = self.http.get(format!("{}{path}", self.base));
        if let Some(key) = &self.key {
            request = request.header(AUTHORIZATION, format!("Bearer {key}"));
        }
        let mut response = request.send().await.expect("an answer");
        assert_eq!(response.status().as_u16(), 200, "GET {path}");
        let mut file = BufWriter::new(File::create(to).expect("a file"));
        while let Some(piece) = response.chunk().await.expect("the body arrives whole") {
            file.write_all(&piece).expect("room on the disk");
        }
        file.flush().expect("room on the disk");
    }

    /// The key that it shows.
    #[must_use]
    pub fn key(&self) -> &str {
        self.key.as_deref().unwrap_or_default()
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: &(impl Serialize + Sync)) -> Answer {
        let body = serde_json::to_vec(body).expect("plain data");
        self.send(Method::POST, path, Some((body, "application/json"))).await
    }

    /// PUT of a file.
    pub async fn put(&self, path: &str, content_type: &'static str, body: &[u8]) -> Answer {
        self.send(Method::PUT, path, Some((body.to_vec(), content_type))).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// Any request.
    pub async fn send(&self, method: Method, path: &str, body: Option<(Vec<u8>, &'static str)>) -> Answer {
        let asked = format!("{method} {path}");
        let mut request = self.http.request(method, format!("{}{path}", self.base));
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
