//! A command line that does not work, told in French: what is wrong, what would be right, and how the command is used.
//!
//! clap knows what happened and says it in English; the kinds that people meet are said here, the others as clap says them. A value that
//! may hold a password is not repeated.

use std::fmt::Write;

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// The option whose value may hold a password.
const SECRET: &str = "--database-url";

/// Says the error and ends the process as clap does: 0 for help that was asked for, 2 for a wrong command line.
pub fn exit(error: &Error) -> ! {
    match french(error) {
        Some(told) => {
            eprint!("{told}");
            std::process::exit(error.exit_code());
        }
        None => error.exit(),
    }
}

/// The whole text, or nothing when clap's own is as good: help, the version, and what nobody meets.
#[must_use]
pub fn french(error: &Error) -> Option<String> {
    let what = what(error)?;
    let mut told = format!("Erreur : {what}\n");
    for (kind, of) in [
        (ContextKind::SuggestedSubcommand, "la commande"),
        (ContextKind::SuggestedArg, "l'option"),
        (ContextKind::SuggestedValue, "la valeur"),
    ] {
        if let Some(suggested) = first(error, kind) {
            let _ = writeln!(told, "Vouliez-vous dire {of} « {suggested} » ?");
        }
    }
    let usage = error
        .get(ContextKind::Usage)
        .map(ToString::to_string)
        .unwrap_or_default();
    let usage = usage.trim().trim_start_matches("Usage:").trim();
    if !usage.is_empty() {
        let _ = writeln!(told, "\nUsage : {usage}");
    }
    let _ = writeln!(told, "\nTout est expliqué par la même commande, avec --help.");
    Some(told)
}

fn what(error: &Error) -> Option<String> {
    let arg = || first(error, ContextKind::InvalidArg);
    Some(match error.kind() {
        ErrorKind::MissingRequiredArgument => {
            format!("il manque {}", all(error, ContextKind::InvalidArg)?.join(", "))
        }
        ErrorKind::UnknownArgument => {
            let arg = arg()?;
            if arg.starts_with('-') {
                format!("l'option « {arg} » n'existe pas ici.")
            } else {
                format!("« {arg} » est de trop.")
            }
        }
        ErrorKind::InvalidSubcommand => {
            format!(
                "la commande « {} » n'existe pas.",
                first(error, ContextKind::InvalidSubcommand)?
            )
        }
        ErrorKind::InvalidValue => invalid_value(error, &arg()?)?,
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error)
                .map(ToString::to_string)
                .unwrap_or_default();
            let why = reason(&why);
            // It may repeat a part of the value.
            let why = if arg()?.starts_with(SECRET) {
                "une adresse s'écrit postgresql://utilisateur@machine/base"
            } else {
                &why
            };
            format!("{} : {why}", misfit(error, &arg()?)?)
        }
        ErrorKind::ArgumentConflict => {
            let arg = arg()?;
            match all(error, ContextKind::PriorArg) {
                Some(prior) if prior != [arg.clone()] => format!("{arg} ne va pas avec {}.", prior.join(", ")),
                _ => format!("{arg} est donné deux fois."),
            }
        }
        _ => return None,
    })
}

fn invalid_value(error: &Error, arg: &str) -> Option<String> {
    let possible = all(error, ContextKind::ValidValue).unwrap_or_default().join(", ");
    let possible = if possible.is_empty() {
        possible
    } else {
        format!("\nValeurs possibles : {possible}")
    };
    Some(if first(error, ContextKind::InvalidValue)?.is_empty() {
        format!("{arg} attend une valeur.{possible}")
    } else {
        format!("{}.{possible}", misfit(error, arg)?)
    })
}

fn misfit(error: &Error, arg: &str) -> Option<String> {
    let value = first(error, ContextKind::InvalidValue)?;
    Some(if arg.starts_with(SECRET) {
        format!("la valeur de {arg} ne convient pas")
    } else {
        format!("« {value} » ne convient pas à {arg}")
    })
}

/// What the standard library's parsers say, in French; ours speak it already.
fn reason(why: &str) -> String {
    if why.starts_with("invalid digit found") || why.starts_with("cannot parse integer") {
        return "un nombre entier est attendu".to_owned();
    }
    if why.starts_with("number too large") || why.starts_with("number too small") {
        return "ce nombre est trop grand".to_owned();
    }
    if why.starts_with("invalid socket address") {
        return "une adresse s'écrit 127.0.0.1:8080".to_owned();
    }
    if let Some((_, bounds)) = why.split_once(" is not in ")
        && let Some((from, to)) = bounds.split_once("..=")
    {
        return format!("un nombre de {from} à {to} est attendu");
    }
    if [
        "input contains",
        "premature end of input",
        "input is out of range",
        "trailing input",
    ]
    .iter()
    .any(|start| why.starts_with(start))
    {
        return "une date s'écrit 2027-01-31".to_owned();
    }
    why.to_owned()
}

fn first(error: &Error, kind: ContextKind) -> Option<String> {
    all(error, kind)?.into_iter().next()
}

fn all(error: &Error, kind: ContextKind) -> Option<Vec<String>> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(vec![text.clone()]),
        ContextValue::Strings(texts) => Some(texts.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    fn told(line: &str) -> String {
        french(&Cli::try_parse_from(line.split(' ')).unwrap_err()).unwrap()
    }

    #[test]
    fn a_wrong_command_line_is_told_in_french() {
        for (line, expected) in [
            (
                "ccn exprot",
                "la commande « exprot » n'existe pas.\nVouliez-vous dire la commande « export » ?",
            ),
            ("ccn export", "il manque --out <DOSSIER>"),
            ("ccn export --out", "--out <DOSSIER> attend une valeur."),
            ("ccn export --autre x", "l'option « --autre » n'existe pas ici."),
            ("ccn all --fund-nam x", "Vouliez-vous dire l'option « --fund-name » ?"),
            ("ccn reconcile maintenant", "« maintenant » est de trop."),
            (
                "ccn all --listen ici",
                "« ici » ne convient pas à --listen <ADRESSE:PORT> : une adresse s'écrit",
            ),
            (
                "ccn all --connections 0",
                "« 0 » ne convient pas à --connections <N> : un nombre de 1 à 1000 est attendu",
            ),
            ("ccn all --connections dix", "un nombre entier est attendu"),
            ("ccn all --log xml", "Valeurs possibles : text, json"),
            ("ccn export --out a --out b", "--out <DOSSIER> est donné deux fois."),
            (
                "ccn keys new --out a --key-passphrase-file b --key-identity-file c",
                "ne va pas avec --key-identity-file",
            ),
            (
                "ccn keys rotate --out a --operator-key-file b --latest-day demain",
                "une date s'écrit 2027-01-31",
            ),
        ] {
            let told = told(line);
            assert!(told.contains(expected), "{line} : {told}");
            assert!(told.contains("--help") && !told.contains("Usage:"), "{line} : {told}");
        }
    }

    #[test]
    fn a_password_in_an_address_is_not_repeated() {
        let told = told("ccn all --database-url postgresql://ccn:secret@base:port/ccn");
        assert!(!told.contains("secret"), "{told}");
        assert!(told.contains("postgresql://utilisateur@machine/base"), "{told}");
    }

    #[test]
    fn help_stays_claps() {
        assert_eq!(french(&Cli::try_parse_from(["ccn", "--help"]).unwrap_err()), None);
    }
}
