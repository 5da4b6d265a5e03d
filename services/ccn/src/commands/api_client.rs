//! A server's REST interface, as commands speak it: one rule for where a key may go, and for where a key comes from.

use std::path::Path;

use access::Secret;
use anyhow::Context;
use client::{Client, ClientError, Limits};
use serde_json::Value;
use tokio::runtime::Runtime;
use zeroize::Zeroizing;

use super::process::runtime;
use crate::server::key_files::access_key;

/// Names of this machine: nothing secret leaves it in clear.
const LOCAL: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];

/// Holds an API key, where no file does.
pub(super) const API_KEY_VARIABLE: &str = "CCN_API_KEY";

/// Bytes of the longest answer: that of the largest file that a command asks for.
const ANSWER_BYTES_MAX: usize = verify::reconciliation::RECONCILIATION_BYTES_MAX + (1 << 20);

/// The kind of what the server says when something takes longer than a request.
pub(super) const TIMEOUT: &str = "timeout";

/// A server, somebody's key to it, and what waits for its answers.
pub(super) struct ApiClient {
    client: Client,
    runtime: Runtime,
}

impl ApiClient {
    /// The key in a file, or else in [`API_KEY_VARIABLE`]; never an argument, which every process of the machine may read.
    pub(super) fn with_key(server: &str, key_file: Option<&Path>) -> anyhow::Result<Self> {
        let public = Self::without_key(server)?;
        let secret = match key_file {
            Some(path) => access_key(path)?,
            None => key_of_environment()?,
        };
        Ok(Self {
            client: public.client.with_key(secret.reveal()),
            ..public
        })
    }

    /// For what anybody may read.
    pub(super) fn without_key(server: &str) -> anyhow::Result<Self> {
        let limits = Limits {
            // A reconciliation reads the whole book.
            answer: None,
            answer_bytes_max: ANSWER_BYTES_MAX,
            ..Limits::default()
        };
        Ok(Self {
            client: Client::new(local(server)?, limits)?,
            runtime: runtime()?,
        })
    }

    pub(super) fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.wait(self.client.get(path))
    }

    pub(super) fn text(&self, path: &str) -> anyhow::Result<String> {
        self.wait(self.client.text(path))
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.wait(self.client.post(path, body))
    }

    pub(super) fn post_file(&self, path: &str, content_type: &str, bytes: Vec<u8>) -> anyhow::Result<Value> {
        self.wait(self.client.post_file(path, content_type, bytes))
    }

    fn wait<T>(&self, answer: impl Future<Output = Result<T, ClientError>>) -> anyhow::Result<T> {
        self.runtime.block_on(answer).map_err(|error| match error {
            ClientError::NoAnswer { .. } => {
                anyhow::anyhow!("{error} Est-il démarré ? S'il écoute ailleurs, donnez son adresse avec --server.")
            }
            other => other.into(),
        })
    }
}

fn key_of_environment() -> anyhow::Result<Secret> {
    let secret = Zeroizing::new(std::env::var(API_KEY_VARIABLE).ok().with_context(|| {
        format!("Donnez la clé d'accès : --api-key-file FICHIER, ou la variable d'environnement {API_KEY_VARIABLE}")
    })?);
    Secret::parse(secret.trim()).with_context(|| {
        format!("La variable {API_KEY_VARIABLE} ne contient pas une clé d'accès (« ccn_ » et 43 caractères)")
    })
}

/// The server's address, if it is on this machine. This program speaks no TLS, which is the work of a proxy or a tunnel: so a key goes to
/// this machine, or nowhere.
fn local(server: &str) -> anyhow::Result<&str> {
    let authority = server.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
    let host = authority.map(|authority| authority.rsplit_once(':').map_or(authority, |(host, _)| host));
    anyhow::ensure!(
        host.is_some_and(|host| LOCAL.contains(&host)),
        "Le serveur « {server} » n'est pas sur cette machine : la clé d'accès n'y est pas envoyée en clair.\nOuvrez un tunnel (ssh -L 8080:127.0.0.1:8080 serveur), puis --server http://127.0.0.1:8080"
    );
    Ok(server)
}

/// The server's refusal, if that is what went wrong.
pub(super) fn refusal(error: &anyhow::Error) -> Option<&client::Refusal> {
    error.downcast_ref::<ClientError>().and_then(ClientError::refusal)
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
