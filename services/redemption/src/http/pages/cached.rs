use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};

/// Characters of the digest that name a content: enough that no two of ours share them.
const TAG_CHARS: usize = 24;

/// For how long an answer may be used without asking again.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fresh {
    /// Asks each time, and is mostly told that nothing changed: pages and scripts that must fit one another.
    Revalidated,
    /// Some minutes: a place that is suspended leaves the list soon.
    Minutes,
    /// A month: a typeface.
    Month,
}

impl Fresh {
    const fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Revalidated => "no-cache",
            Self::Minutes => "public, max-age=300",
            Self::Month => "public, max-age=2592000",
        })
    }
}

/// What the browser has already.
#[derive(Debug, Clone)]
pub(super) struct IfNoneMatch(Option<HeaderValue>);

impl<S: Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.headers.get(header::IF_NONE_MATCH).cloned()))
    }
}

impl IfNoneMatch {
    /// Weak comparison (RFC 9110 § 13.1.2).
    fn has(&self, tag: &str) -> bool {
        let text = self
            .0
            .as_ref()
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        text.split(',').map(str::trim).any(|known| known == "*" || known == tag)
    }

    /// The content under its tag, or 304 without it. The tag is weak: compression changes the bytes and not what they say.
    pub(super) fn answer(
        &self,
        content_type: &'static str,
        fresh: Fresh,
        content: impl Into<Body> + AsRef<[u8]>,
    ) -> Response {
        let digest = HEXLOWER.encode(&Sha256::digest(content.as_ref()));
        let tag = format!("W/\"{}\"", digest.get(..TAG_CHARS).unwrap_or(&digest));
        let mut response = if self.has(&tag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            Response::new(content.into())
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(header::CACHE_CONTROL, fresh.header());
        let tag = HeaderValue::try_from(tag).expect("hexadecimal in quotes");
        headers.insert(header::ETAG, tag);
        response
    }
}
