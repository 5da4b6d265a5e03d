//! The issuer's REST interface, as these commands speak it.

use anyhow::Context;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::cli::keys::Remote;
use crate::run::runtime;

/// Names of this machine: nothing secret leaves it in clear.
const LOCAL: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];

/// A server and the operator's key to it.
pub(super) struct Operator {
    server: String,
    key: Zeroizing<String>,
}

impl Operator {
    pub(super) fn of(remote: &Remote) -> anyhow::Result<Self> {
        let server = local(&remote.server)?;
        let secret = crate::keys::operator_key(&remote.operator_key_file)?;
        Ok(Self {
            server,
            key: Zeroizing::new(secret.reveal().to_owned()),
        })
    }

    pub(super) fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.send(Method::GET, path, |request| request)
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send(Method::POST, path, |request| request.json(body))
    }

    pub(super) fn post_bytes(&self, path: &str, body: Vec<u8>) -> anyhow::Result<Value> {
        let typed = |request: RequestBuilder| request.header("content-type", "application/cose");
        self.send(Method::POST, path, |request| typed(request).body(body))
    }

    fn send(
        &self,
        method: Method,
        path: &str,
        fill: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> anyhow::Result<Value> {
        let request = client()?
            .request(method, format!("{}{path}", self.server))
            .bearer_auth(self.key.as_str());
        let text = answer(fill(request))?;
        serde_json::from_str(&text).context("Le serveur n'a pas répondu en JSON")
    }
}

/// What anybody may read.
pub(super) fn public(server: &str, path: &str) -> anyhow::Result<String> {
    answer(client()?.get(format!("{}{path}", local(server)?)))
}

fn client() -> anyhow::Result<reqwest::Client> {
    // No proxy: the key is for this machine.
    reqwest::Client::builder()
        .no_proxy()
        .build()
        .context("Le client HTTP ne démarre pas")
}

fn local(server: &str) -> anyhow::Result<String> {
    let authority = server.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
    let host = authority.map(|authority| authority.rsplit_once(':').map_or(authority, |(host, _)| host));
    anyhow::ensure!(
        host.is_some_and(|host| LOCAL.contains(&host)),
        "Le serveur « {server} » n'est pas sur cette machine : la clé de l'opérateur n'y est pas envoyée en clair.\nOuvrez un tunnel (ssh -L 8080:127.0.0.1:8080 serveur), puis --server http://127.0.0.1:8080"
    );
    Ok(server.trim_end_matches('/').to_owned())
}

/// The body, or the problem in the server's own words.
fn answer(request: RequestBuilder) -> anyhow::Result<String> {
    runtime()?.block_on(async {
        let response = request
            .send()
            .await
            .map_err(|error| no_answer(&error))?;
        let status = response.status();
        let text = response
            .text()
            .await
            .context("La réponse du serveur n'est pas arrivée en entier")?;
        if status.is_success() {
            return Ok(text);
        }
        let problem: Value = serde_json::from_str(&text).unwrap_or_default();
        let say = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
        match (say("title"), say("detail")) {
            (title, _) if title.is_empty() => anyhow::bail!("Le serveur refuse ({status})."),
            (title, detail) => anyhow::bail!("{}", format!("{title} {detail}").trim_end()),
        }
    })
}

/// The last cause says it all; what the client library says before it is not for people.
fn no_answer(error: &reqwest::Error) -> anyhow::Error {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let server = error.url().map(|url| url.origin().ascii_serialization()).unwrap_or_default();
    anyhow::anyhow!(
        "Le serveur {server} ne répond pas ({cause}). Est-il démarré ? S'il écoute ailleurs, donnez son adresse avec --server."
    )
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn the_operators_key_goes_to_this_machine_only() {
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
