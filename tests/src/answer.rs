use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Refusal;

/// What the services answered. An error that is not a well-formed problem fails the test as it arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What was asked.
    pub asked: String,
    /// The HTTP status.
    pub status: u16,
    /// Header `x-request-id`.
    pub request_id: String,
    /// Header `content-type`.
    pub content_type: String,
    /// The body.
    pub bytes: Vec<u8>,
}

#[expect(clippy::must_use_candidate, reason = "expectations: what they refuse ends the test")]
impl Answer {
    pub(crate) async fn read(asked: String, response: reqwest::Response) -> Self {
        let header = |name: &str| {
            let value = response.headers().get(name);
            value
                .map(|value| value.to_str().expect("ASCII headers").to_owned())
                .unwrap_or_default()
        };
        let (request_id, content_type) = (header("x-request-id"), header("content-type"));
        let status = response.status().as_u16();
        let bytes = response.bytes().await.expect("the body arrives").to_vec();
        let answer = Self {
            asked,
            status,
            request_id,
            content_type,
            bytes,
        };
        answer.check();
        answer
    }

    /// RFC 9457, and the request's own name in header and body.
    fn check(&self) {
        assert_eq!(self.request_id.len(), 36, "{} has no x-request-id", self.asked);
        assert_ne!(self.status, 500, "{}", self.told());
        if self.status < 400 {
            return;
        }
        assert_eq!(self.content_type, "application/problem+json", "{}", self.told());
        let problem = self.json();
        assert_eq!(problem["request_id"], *self.request_id, "{}", self.told());
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
    pub fn made_now(self) -> Value {
        assert_eq!(self.status, 201, "{}", self.told());
        self.json()
    }

    /// Yes, and made by an earlier request.
    #[track_caller]
    pub fn made_before(self) -> Value {
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

    /// No, for exactly this reason. Gives the whole problem.
    #[track_caller]
    pub fn refused(self, refusal: Refusal) -> Value {
        assert_eq!(
            (self.status, self.kind().as_str()),
            (refusal.status(), refusal.word()),
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
