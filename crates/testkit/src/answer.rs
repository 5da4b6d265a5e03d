mod french;

use axum::body::to_bytes;
use axum::response::Response;
use http::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::refusal::Expected;

pub use french::english_words;

/// What the services answered. An error that is not a well-formed problem fails the test as it arrives.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What was asked.
    pub asked: String,
    /// The HTTP status.
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl PartialEq for Answer {
    /// Twice the same answer, though each request has an id of its own.
    fn eq(&self, other: &Self) -> bool {
        self.status == other.status
            && self.content_type() == other.content_type()
            && self.retry_after() == other.retry_after()
            && (self.bytes == other.bytes
                || (self.status >= 400 && self.without_request_id() == other.without_request_id()))
    }
}

#[expect(clippy::must_use_candidate, reason = "expectations: what they refuse ends the test")]
impl Answer {
    pub(crate) async fn read(asked: String, response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.expect("the body arrives").to_vec();
        Self::checked(asked, status, headers, bytes)
    }

    pub(crate) async fn of(asked: String, response: Response) -> Self {
        let (head, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.expect("the body arrives").to_vec();
        Self::checked(asked, head.status.as_u16(), head.headers, bytes)
    }

    fn checked(asked: String, status: u16, headers: HeaderMap, bytes: Vec<u8>) -> Self {
        let answer = Self {
            asked,
            status,
            headers,
            bytes,
        };
        answer.check();
        answer
    }

    fn header(&self, name: &str) -> Option<&str> {
        let value = self.headers.get(name)?;
        Some(value.to_str().expect("ASCII headers"))
    }

    /// Header `x-request-id`.
    pub fn request_id(&self) -> &str {
        self.header("x-request-id").unwrap_or_default()
    }

    /// Header `content-type`.
    pub fn content_type(&self) -> &str {
        self.header("content-type").unwrap_or_default()
    }

    /// Header `retry-after`, in seconds.
    pub fn retry_after(&self) -> Option<&str> {
        self.header("retry-after")
    }

    fn without_request_id(&self) -> Value {
        let mut body = self.json();
        body["request_id"].take();
        body
    }

    /// RFC 9457, and the request's own name in header and body.
    fn check(&self) {
        assert_eq!(self.request_id().len(), 36, "{} has no x-request-id", self.asked);
        assert_ne!(self.status, 500, "{}", self.told());
        if self.status < 400 {
            return;
        }
        assert_eq!(self.content_type(), "application/problem+json", "{}", self.told());
        let problem = self.json();
        assert_eq!(problem["request_id"], self.request_id(), "{}", self.told());
        assert_eq!(problem["status"], self.status, "{}", self.told());
        assert!(
            problem["type"]
                .as_str()
                .is_some_and(|word| word.starts_with("urn:ccn:problem:")),
            "{}",
            self.told()
        );
        assert!(
            problem["title"]
                .as_str()
                .is_some_and(|title| title.ends_with(['.', '?', '!'])),
            "{}",
            self.told()
        );
    }

    /// The request and its answer, for messages.
    #[must_use]
    pub fn told(&self) -> String {
        format!("{} → {} {}", self.asked, self.status, self.text())
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The body as JSON, whatever the status.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_slice(&self.bytes) {
            Ok(json) => json,
            Err(error) => panic!("{}: not JSON: {error}", self.told()),
        }
    }

    /// The last word of the problem's type; empty for an answer that is no error.
    #[must_use]
    pub fn kind(&self) -> String {
        if self.status < 400 {
            return String::new();
        }
        self.json()["type"]
            .as_str()
            .unwrap_or_default()
            .rsplit(':')
            .next()
            .unwrap_or_default()
            .to_owned()
    }

    /// Yes, whether now or before.
    #[track_caller]
    pub fn accepted(self) -> Value {
        self.file();
        self.json()
    }

    /// Yes, and made by this very request.
    #[track_caller]
    pub fn created(self) -> Value {
        assert_eq!(self.status, 201, "{}", self.told());
        self.json()
    }

    /// Yes: read, or made by an earlier request.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.told());
        self.json()
    }

    /// Yes, with a file.
    #[track_caller]
    pub fn file(&self) -> Vec<u8> {
        assert!(matches!(self.status, 200 | 201 | 204), "{}", self.told());
        self.bytes.clone()
    }

    /// Yes, as a value of this type.
    #[track_caller]
    pub fn read_as<T: DeserializeOwned>(self) -> T {
        let told = self.told();
        match serde_json::from_value(self.accepted()) {
            Ok(value) => value,
            Err(error) => panic!("{told}: {error}"),
        }
    }

    /// The vouchers that a claim was refused for: each one's place in the request, and why.
    #[track_caller]
    pub fn bad_vouchers(&self) -> Vec<(u64, String)> {
        let body = self.json();
        let bad = body["vouchers"].as_array().expect("it names vouchers");
        let read = |bad: &Value| Some((bad["index"].as_u64()?, bad["reason"].as_str()?.to_owned()));
        bad.iter()
            .map(|bad| read(bad).expect("its place, and a reason"))
            .collect()
    }

    /// No, for exactly this reason: a [`Refusal`](crate::Refusal), or the last word of the problem's type. Gives the whole problem.
    #[track_caller]
    pub fn refused(self, reason: impl Into<Expected>) -> Value {
        let Expected { word, status } = reason.into();
        assert_eq!(
            (self.status, self.kind().as_str()),
            (status.unwrap_or(self.status), word),
            "{}",
            self.told()
        );
        self.json()
    }

    /// No, with this status; for refusals whose word does not matter here.
    #[track_caller]
    pub fn refused_with(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.told());
        self.json()
    }
}
