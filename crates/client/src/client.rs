use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::error::{ClientError, Refusal};

const JSON: &str = "application/json";

/// One request and its answer, as they went over the network.
#[derive(Debug, Clone)]
pub struct Exchange {
    pub method: Method,
    /// With what stands after `?`.
    pub path: String,
    /// The API key; empty for nobody's.
    pub key: String,
    /// The body that was sent, and its type.
    pub sent: Option<(Vec<u8>, String)>,
    pub status: u16,
    pub content_type: String,
    pub answer: Vec<u8>,
}

/// Is told of each exchange: a test compares what was said with the interface's document.
pub type Watcher = Arc<dyn Fn(Exchange) + Send + Sync>;

/// How long and how much a client waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Until the connection stands.
    pub connect: Duration,
    /// Until the end of the answer; nothing for as long as it takes.
    pub answer: Option<Duration>,
    /// Bytes of the longest answer.
    pub answer_bytes_max: usize,
}

impl Default for Limits {
    /// For answers of two minutes and 1 GiB at most.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            answer: Some(Duration::from_mins(2)),
            answer_bytes_max: 1 << 30,
        }
    }
}

/// One organisation's client of the services, or nobody's. Clones share their connections.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    key: Option<Arc<Zeroizing<String>>>,
    answer_bytes_max: usize,
    watcher: Option<Watcher>,
}

impl Client {
    /// A client of the services at `base` (`http://127.0.0.1:8080`) that shows no key.
    pub fn new(base: &str, limits: Limits) -> Result<Self, ClientError> {
        // No proxy: a key is for the server alone.
        let mut http = reqwest::Client::builder().no_proxy().connect_timeout(limits.connect);
        if let Some(answer) = limits.answer {
            http = http.timeout(answer);
        }
        Ok(Self {
            http: http.build().map_err(ClientError::Start)?,
            base: base.trim_end_matches('/').to_owned(),
            key: None,
            answer_bytes_max: limits.answer_bytes_max,
            watcher: None,
        })
    }

    /// The same services, asked by the owner of this API key.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        Self {
            key: Some(Arc::new(Zeroizing::new(key.to_owned()))),
            ..self.clone()
        }
    }

    /// The same client, and those made from it, with somebody who is told of each exchange.
    #[must_use]
    pub fn watched(&self, watcher: Watcher) -> Self {
        Self {
            watcher: Some(watcher),
            ..self.clone()
        }
    }

    /// The API key that this client shows; empty for nobody's.
    #[must_use]
    pub fn key(&self) -> &str {
        self.key.as_ref().map_or("", |key| key.as_str())
    }

    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        read(&self.file(path).await?)
    }

    /// GET, for a file.
    pub async fn file(&self, path: &str) -> Result<Vec<u8>, ClientError> {
        self.send(Method::GET, path, None).await
    }

    /// GET, for a text.
    pub async fn text(&self, path: &str) -> Result<String, ClientError> {
        String::from_utf8(self.file(path).await?).map_err(|_| ClientError::NotText)
    }

    /// POST of JSON, for JSON.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<T, ClientError> {
        read(&self.post_for_file(path, body).await?)
    }

    /// POST of JSON, for a file.
    pub async fn post_for_file(&self, path: &str, body: &(impl Serialize + Sync)) -> Result<Vec<u8>, ClientError> {
        self.send(Method::POST, path, Some((json(body)?, JSON))).await
    }

    /// POST of a file, for JSON.
    pub async fn post_file<T: DeserializeOwned>(
        &self,
        path: &str,
        content_type: &str,
        bytes: Vec<u8>,
    ) -> Result<T, ClientError> {
        read(&self.send(Method::POST, path, Some((bytes, content_type))).await?)
    }

    /// PUT of JSON, for JSON.
    pub async fn put<T: DeserializeOwned>(&self, path: &str, body: &(impl Serialize + Sync)) -> Result<T, ClientError> {
        self.put_file(path, JSON, json(body)?).await
    }

    /// PUT of a file, for JSON.
    pub async fn put_file<T: DeserializeOwned>(
        &self,
        path: &str,
        content_type: &str,
        bytes: Vec<u8>,
    ) -> Result<T, ClientError> {
        read(&self.send(Method::PUT, path, Some((bytes, content_type))).await?)
    }

    async fn send(&self, method: Method, path: &str, body: Option<(Vec<u8>, &str)>) -> Result<Vec<u8>, ClientError> {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        if let Some(key) = &self.key {
            request = request.bearer_auth(key.as_str());
        }
        let sent = self.watcher.is_some().then(|| body.clone()).flatten();
        if let Some((bytes, content_type)) = body {
            request = request.header("content-type", content_type).body(bytes);
        }
        let response = request.send().await.map_err(|error| ClientError::no_answer(&error))?;
        let status = response.status();
        let content_type = response.headers().get("content-type");
        let content_type = content_type
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let bytes = self.body(response).await?;
        if let Some(watcher) = &self.watcher {
            watcher(Exchange {
                method,
                path: path.to_owned(),
                key: self.key().to_owned(),
                sent: sent.map(|(bytes, content_type)| (bytes, content_type.to_owned())),
                status: status.as_u16(),
                content_type,
                answer: bytes.clone(),
            });
        }
        if status.is_success() {
            return Ok(bytes);
        }
        let refusal = Refusal::from_problem(serde_json::from_slice::<Value>(&bytes).unwrap_or_default());
        Err(if refusal.title().is_empty() {
            ClientError::RefusedWithoutReason(status)
        } else {
            refusal.into()
        })
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, ClientError> {
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(ClientError::Incomplete)? {
            if bytes.len() + chunk.len() > self.answer_bytes_max {
                return Err(ClientError::TooLong);
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

fn json(body: &impl Serialize) -> Result<Vec<u8>, ClientError> {
    serde_json::to_vec(body).map_err(ClientError::Request)
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ClientError> {
    serde_json::from_slice(bytes).map_err(ClientError::NotJson)
}
