//! What is told of an error: first the cause, when it is the system's or the database's, then what could not be done for it.

use std::error::Error;
use std::io;

use standards::french_errors;

/// One line each, the first to be told first.
pub(super) fn told(error: &anyhow::Error) -> Vec<String> {
    let chain: Vec<(String, bool)> = error.chain().map(|error| (french(error), is_systems(error))).collect();
    let cause = chain
        .iter()
        .rfind(|(_, systems)| *systems)
        .map(|(text, _)| text.clone());
    let mut lines: Vec<String> = Vec::new();
    // Where a message says its cause already, it is the better one.
    if let Some(cause) = cause.filter(|cause| {
        !chain
            .iter()
            .any(|(text, systems)| !systems && text.contains(cause.as_str()))
    }) {
        lines.push(cause);
    }
    for (text, systems) in chain {
        let told = lines.iter().any(|line| line.contains(&text));
        if !told && (!systems || lines.is_empty()) {
            lines.push(text);
        }
    }
    lines
}

fn is_systems(error: &(dyn Error + 'static)) -> bool {
    error.is::<io::Error>() || error.is::<sqlx::Error>()
}

fn french(error: &(dyn Error + 'static)) -> String {
    match error.downcast_ref::<sqlx::Error>() {
        Some(sqlx::Error::Database(refused)) => {
            let known = refused.code().and_then(|code| refusal(&code));
            known.map_or_else(
                || format!("la base de données refuse : {}", refused.message()),
                str::to_owned,
            )
        }
        Some(sqlx::Error::Io(error)) => french_errors::reason(error),
        Some(sqlx::Error::PoolTimedOut) => {
            "la base de données ne répond pas à temps, ou n'a pas de connexion libre".to_owned()
        }
        Some(sqlx::Error::Tls(_)) => "la base de données refuse le chiffrement demandé (sslmode)".to_owned(),
        _ => french_errors::cause(error),
    }
}

/// What PostgreSQL says in English, by its code (appendix A of its manual).
fn refusal(code: &str) -> Option<&'static str> {
    Some(match code {
        "28P01" => "la base de données refuse le mot de passe",
        "28000" => "la base de données refuse cet utilisateur",
        "3D000" => "cette base de données n'existe pas",
        "42501" => "cet utilisateur n'a pas ce droit dans la base de données",
        "42P01" | "3F000" => "cette base de données n'a pas les tables attendues : « ccn migrate » les crée",
        "25006" => "cette base de données est en lecture seule",
        "53100" => "le disque de la base de données est plein",
        "53300" => "la base de données a trop de connexions",
        "57P01" | "57P02" | "57P03" => "la base de données démarre ou s'arrête : réessayez dans un instant",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use anyhow::{Context, anyhow};

    use super::*;

    fn full() -> io::Error {
        io::Error::from(io::ErrorKind::StorageFull)
    }

    #[test]
    fn the_cause_comes_first_and_then_what_it_prevented() {
        let error = Err::<(), _>(full())
            .context("livres/transfers.ndjson : écriture impossible")
            .unwrap_err();
        assert_eq!(
            told(&error),
            ["le disque est plein", "livres/transfers.ndjson : écriture impossible"]
        );
        assert_eq!(told(&full().into()), ["le disque est plein"]);
    }

    #[test]
    fn what_has_no_cause_of_the_system_is_told_as_it_is() {
        let error = anyhow!("la seconde").context("la première");
        assert_eq!(told(&error), ["la première", "la seconde"]);
        let whole = Err::<(), _>(full())
            .context("Le fichier n'est pas écrit : le disque est plein")
            .unwrap_err();
        assert_eq!(told(&whole), ["Le fichier n'est pas écrit : le disque est plein"]);
    }

    #[test]
    fn a_database_that_answers_nothing_is_told_in_french() {
        let refused = sqlx::Error::Io(io::Error::from(io::ErrorKind::ConnectionRefused));
        let error = Err::<(), _>(refused)
            .context("La base de données ne répond pas")
            .unwrap_err();
        assert_eq!(
            told(&error),
            ["personne n'y répond", "La base de données ne répond pas"]
        );
    }
}
