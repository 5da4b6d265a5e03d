use std::error::Error;
use std::fmt;

use serde_json::Value;
use standards::french_errors;

/// Why a request has no answer that can be used. The messages are for people.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The HTTP library cannot be set up.
    #[error("Le client HTTP ne démarre pas")]
    Start(#[source] reqwest::Error),
    /// The body of the request is no JSON.
    #[error("La demande ne peut pas être écrite en JSON")]
    Request(#[source] serde_json::Error),
    /// Nobody answers at this address, or not in time.
    #[error("Le serveur {server} ne répond pas ({reason}).")]
    NoAnswer {
        /// Scheme, host and port.
        server: String,
        /// The last cause, in French where it is the operating system's.
        reason: String,
    },
    /// The server says no, and why.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The server, or a proxy before it, says no without a problem.
    #[error("Le serveur refuse ({0}).")]
    RefusedWithoutReason(reqwest::StatusCode),
    /// The connection broke before the end of the answer.
    #[error("La réponse du serveur n'est pas arrivée en entier")]
    Incomplete(#[source] reqwest::Error),
    /// Longer than [`Limits::answer_bytes_max`](crate::Limits::answer_bytes_max).
    #[error("La réponse du serveur est trop longue")]
    TooLong,
    /// Not UTF-8 where a text was expected.
    #[error("La réponse du serveur n'est pas un texte")]
    NotText,
    /// Not JSON, or not the JSON of the type that was asked for.
    #[error("Le serveur n'a pas répondu en JSON")]
    NotJson(#[source] serde_json::Error),
}

impl ClientError {
    /// The server's refusal, if it is one.
    #[must_use]
    pub const fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// The last cause says it all; what the HTTP library says before it is not for people.
    pub(crate) fn no_answer(error: &reqwest::Error) -> Self {
        let mut last: &(dyn Error + 'static) = error;
        while let Some(deeper) = last.source() {
            last = deeper;
        }
        Self::NoAnswer {
            server: error
                .url()
                .map(|url| url.origin().ascii_serialization())
                .unwrap_or_default(),
            reason: french_errors::cause(last),
        }
    }
}

/// The server's no, as problem+json. Shown as its title and detail; with `{:#}`, also its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The last word of the problem's `type`.
    pub kind: String,
    /// The whole problem.
    pub problem: Value,
}

impl Refusal {
    /// Reads a problem's members; those that are missing are empty.
    #[must_use]
    pub fn from_problem(problem: Value) -> Self {
        let kind = problem["type"].as_str().unwrap_or_default();
        Self {
            kind: kind.rsplit(':').next().unwrap_or_default().to_owned(),
            problem,
        }
    }

    /// What kind of problem it is, in French.
    #[must_use]
    pub fn title(&self) -> &str {
        self.problem["title"].as_str().unwrap_or_default()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())?;
        if let Some(detail) = self.problem["detail"].as_str().filter(|detail| !detail.is_empty()) {
            write!(f, " {detail}")?;
        }
        if f.alternate() {
            write!(f, " [{}]", self.kind)?;
        }
        Ok(())
    }
}

impl Error for Refusal {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_reads_as_its_title_and_detail() {
        let problem =
            json!({"type": "urn:ccn:problem:not-funded", "title": "Pas financé.", "detail": "Il manque 3,00 €."});
        let refusal = Refusal::from_problem(problem);
        assert_eq!(refusal.kind, "not-funded");
        assert_eq!(refusal.to_string(), "Pas financé. Il manque 3,00 €.");
        assert_eq!(format!("{refusal:#}"), "Pas financé. Il manque 3,00 €. [not-funded]");
        assert_eq!(Refusal::from_problem(json!({"title": "Non."})).to_string(), "Non.");
    }
}
