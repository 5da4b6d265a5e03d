use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Seconds after which the demo gives up on an answer.
const ANSWER_SECONDS_MAX: u64 = 120;

/// One organisation's client of the REST interface: all that the demo does, it does through this.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    secret: Option<String>,
}

/// The services said no, as problem+json.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The last word of the problem's `type`.
    pub kind: String,
    /// The whole problem.
    pub problem: Value,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = |name: &str| self.problem[name].as_str().unwrap_or_default().to_owned();
        write!(f, "{} {} [{}]", text("title"), text("detail"), self.kind)
    }
}

/// Yes with its content, or no with its reason; a broken connection is neither and ends the demo.
pub type Answer<T> = anyhow::Result<Result<T, Refusal>>;

impl Client {
    /// A client of the services at `base`, with nobody's key yet.
    pub fn new(base: String) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(ANSWER_SECONDS_MAX))
            .no_proxy()
            .build()?;
        Ok(Self {
            http,
            base,
            secret: None,
        })
    }

    /// The same services, asked by the owner of this key.
    pub fn with_key(&self, secret: &str) -> Self {
        Self {
            secret: Some(secret.to_owned()),
            ..self.clone()
        }
    }

    /// The key that this client shows.
    pub fn key(&self) -> &str {
        self.secret.as_deref().unwrap_or_default()
    }

    /// GET, for JSON.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        let bytes = expect_yes(self.send(Method::GET, path, None).await?)?;
        Ok(serde_json::from_slice(&bytes)?)
    }

    /// GET, for a file.
    pub async fn file(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        expect_yes(self.send(Method::GET, path, None).await?)
    }

    /// POST of JSON that must be accepted.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> anyhow::Result<T> {
        expect_yes(self.try_post(path, body).await?)
    }

    /// POST of JSON, for a file.
    pub async fn post_for_file(&self, path: &str, body: &Value) -> anyhow::Result<Vec<u8>> {
        let body = (serde_json::to_vec(body)?, "application/json");
        expect_yes(self.send(Method::POST, path, Some(body)).await?)
    }

    /// POST of JSON that may be refused.
    pub async fn try_post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Answer<T> {
        let body = (serde_json::to_vec(body)?, "application/json");
        read(self.send(Method::POST, path, Some(body)).await?)
    }

    /// PUT of a file that may be refused.
    pub async fn try_put<T: DeserializeOwned>(
        &self,
        path: &str,
        content_type: &'static str,
        bytes: Vec<u8>,
    ) -> Answer<T> {
        read(self.send(Method::PUT, path, Some((bytes, content_type))).await?)
    }

    async fn send(&self, method: Method, path: &str, body: Option<(Vec<u8>, &'static str)>) -> Answer<Vec<u8>> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(secret) = &self.secret {
            request = request.bearer_auth(secret);
        }
        if let Some((bytes, content_type)) = body {
            request = request.header("content-type", content_type).body(bytes);
        }
        let response = request.send().await?;
        let status = response.status();
        let bytes = response.bytes().await?.to_vec();
        if status.is_success() {
            return Ok(Ok(bytes));
        }
        let problem: Value = serde_json::from_slice(&bytes)
            .map_err(|_| anyhow::anyhow!("{path} : réponse {status} sans problem+json"))?;
        anyhow::ensure!(status != StatusCode::INTERNAL_SERVER_ERROR, "{path} : {problem}");
        let kind = problem["type"]
            .as_str()
            .unwrap_or_default()
            .rsplit(':')
            .next()
            .unwrap_or_default()
            .to_owned();
        Ok(Err(Refusal { kind, problem }))
    }
}

fn read<T: DeserializeOwned>(answer: Result<Vec<u8>, Refusal>) -> Answer<T> {
    Ok(match answer {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
        Err(refusal) => Err(refusal),
    })
}

/// For requests that have no good reason to be refused.
pub fn expect_yes<T>(answer: Result<T, Refusal>) -> anyhow::Result<T> {
    answer.map_err(|refusal| anyhow::anyhow!("refus inattendu : {refusal}"))
}
