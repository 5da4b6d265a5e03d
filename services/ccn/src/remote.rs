//! A server's REST interface, as commands speak it: one client, one rule for where a key may go.

use std::path::Path;
use std::time::Duration;

use access::Secret;
use anyhow::Context;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use web::Problem;
use zeroize::Zeroizing;

use crate::keys::access_key;
use crate::run::runtime;
use crate::told;

/// Names of this machine: nothing secret leaves it in clear.
const LOCAL: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];

/// Holds an API key, where no file does.
pub(crate) const API_KEY_VARIABLE: &str = "CCN_API_KEY";

/// Seconds to reach the server. The answer may take longer: a reconciliation reads the whole book.
const CONNECT_SECONDS_MAX: u64 = 10;

/// Bytes of the longest answer: that of the largest file that a command asks for.
const ANSWER_BYTES_MAX: usize = funding::reconciliation::RECONCILIATION_BYTES_MAX + (1 << 20);

/// The kind of what the server says when something takes longer than a request.
pub(crate) const TIMEOUT: &str = "timeout";

/// The server's no, in its own words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", said(.title, .detail))]
pub(crate) struct Refusal {
    /// The last word of the problem's `type`.
    pub kind: String,
    title: String,
    detail: String,
}

/// Not every problem has a detail.
fn said(title: &str, detail: &str) -> String {
    format!("{title} {detail}").trim_end().to_owned()
}

impl From<Problem> for Refusal {
    /// The same words, where the service is asked without a server.
    fn from(problem: Problem) -> Self {
        Self::of(&Value::Object(problem.into_members()))
    }
}

impl Refusal {
    fn of(problem: &Value) -> Self {
        let say = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
        Self {
            kind: say("type").rsplit(':').next().unwrap_or_default().to_owned(),
            title: say("title"),
            detail: say("detail"),
        }
    }
}

/// A server and somebody's key to it.
pub(crate) struct Client {
    server: String,
    key: Zeroizing<String>,
}

impl Client {
    /// The key in a file, or else in [`API_KEY_VARIABLE`]; never an argument, which every process of the machine may read.
    pub(crate) fn new(server: &str, key_file: Option<&Path>) -> anyhow::Result<Self> {
        let server = local(server)?;
        let secret = match key_file {
            Some(path) => access_key(path)?,
            None => key_of_environment()?,
        };
        Ok(Self {
            server,
            key: Zeroizing::new(secret.reveal().to_owned()),
        })
    }

    pub(crate) fn get(&self, path: &str) -> anyhow::Result<Value> {
        json(&self.send(Method::GET, path, |request| request)?)
    }

    pub(crate) fn text(&self, path: &str) -> anyhow::Result<String> {
        self.send(Method::GET, path, |request| request)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        json(&self.send(Method::POST, path, |request| request.json(body))?)
    }

    pub(crate) fn post_bytes(&self, path: &str, body: Vec<u8>) -> anyhow::Result<Value> {
        let typed = |request: RequestBuilder| request.header("content-type", "application/cose");
        json(&self.send(Method::POST, path, |request| typed(request).body(body))?)
    }

    fn send(
        &self,
        method: Method,
        path: &str,
        fill: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> anyhow::Result<String> {
        let request = client()?
            .request(method, format!("{}{path}", self.server))
            .bearer_auth(self.key.as_str());
        answer(fill(request))
    }
}

/// What anybody may read.
pub(crate) fn public(server: &str, path: &str) -> anyhow::Result<String> {
    answer(client()?.get(format!("{}{path}", local(server)?)))
}

fn key_of_environment() -> anyhow::Result<Secret> {
    let secret = Zeroizing::new(std::env::var(API_KEY_VARIABLE).ok().with_context(|| {
        format!("Donnez la clé d'accès : --api-key-file FICHIER, ou la variable d'environnement {API_KEY_VARIABLE}")
    })?);
    Secret::parse(secret.trim()).with_context(|| {
        format!("La variable {API_KEY_VARIABLE} ne contient pas une clé d'accès (« ccn_ » et 43 caractères)")
    })
}

fn client() -> anyhow::Result<reqwest::Client> {
    // No proxy: the key is for this machine.
    reqwest::Client::builder()
        .no_proxy()
        .connect_timeout(Duration::from_secs(CONNECT_SECONDS_MAX))
        .build()
        .context("Le client HTTP ne démarre pas")
}

/// The server's address without its last slash. This program speaks no TLS, which is the work of a proxy or a tunnel: so a key goes to
/// this machine, or nowhere.
fn local(server: &str) -> anyhow::Result<String> {
    let authority = server.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
    let host = authority.map(|authority| authority.rsplit_once(':').map_or(authority, |(host, _)| host));
    anyhow::ensure!(
        host.is_some_and(|host| LOCAL.contains(&host)),
        "Le serveur « {server} » n'est pas sur cette machine : la clé d'accès n'y est pas envoyée en clair.\nOuvrez un tunnel (ssh -L 8080:127.0.0.1:8080 serveur), puis --server http://127.0.0.1:8080"
    );
    Ok(server.trim_end_matches('/').to_owned())
}

fn json(text: &str) -> anyhow::Result<Value> {
    serde_json::from_str(text).context("Le serveur n'a pas répondu en JSON")
}

/// The body, or the problem in the server's own words.
fn answer(request: RequestBuilder) -> anyhow::Result<String> {
    runtime()?.block_on(async {
        let response = request.send().await.map_err(|error| no_answer(&error))?;
        let status = response.status();
        let text = body(response).await?;
        if status.is_success() {
            return Ok(text);
        }
        let problem: Value = serde_json::from_str(&text).unwrap_or_default();
        let refusal = Refusal::of(&problem);
        anyhow::ensure!(!refusal.title.is_empty(), "Le serveur refuse ({status}).");
        Err(refusal.into())
    })
}

/// The last cause says it all; what the client library says before it is not for people.
fn no_answer(error: &reqwest::Error) -> anyhow::Error {
    let mut last: &(dyn std::error::Error + 'static) = error;
    while let Some(deeper) = last.source() {
        last = deeper;
    }
    let server = error
        .url()
        .map(|url| url.origin().ascii_serialization())
        .unwrap_or_default();
    anyhow::anyhow!(
        "Le serveur {server} ne répond pas ({}). Est-il démarré ? S'il écoute ailleurs, donnez son adresse avec --server.",
        told::cause(last)
    )
}

async fn body(mut response: Response) -> anyhow::Result<String> {
    let broken = "La réponse du serveur n'est pas arrivée en entier";
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.context(broken)? {
        anyhow::ensure!(
            bytes.len() + chunk.len() <= ANSWER_BYTES_MAX,
            "La réponse du serveur est trop longue"
        );
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes).context("La réponse du serveur n'est pas un texte")
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn a_key_goes_to_this_machine_only() {
        for good in [
            "http://127.0.0.1:8080",
            "http://localhost:8080/",
            "http://[::1]:8080",
            "http://localhost",
        ] {
            local(good).unwrap();
        }
        for bad in [
            "http://192.0.2.1:8080",
            "https://cheque.example.fr",
            "http://localhost.example.fr",
            "127.0.0.1:8080",
            "http://user@127.0.0.1:80",
        ] {
            assert!(local(bad).unwrap_err().to_string().contains("ssh -L"), "{bad}");
        }
    }
}
