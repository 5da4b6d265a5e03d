//! A command line that does not work: clap says why. What stops a clerk is said in French: what is missing; and so is a wrong address
//! of a database, of which the password is not repeated.

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// The option whose value may hold a password.
const SECRET: &str = "--database-url";

/// Prints the error and ends the process as clap does: 0 for help that was asked for, 2 for a wrong command line.
pub(super) fn exit(error: &Error) -> ! {
    match french(error) {
        Some(text) => {
            eprint!("{text}");
            std::process::exit(error.exit_code());
        }
        None => error.exit(),
    }
}

/// The whole text; nothing where it is clap's.
fn french(error: &Error) -> Option<String> {
    let arguments = match error.get(ContextKind::InvalidArg)? {
        ContextValue::String(argument) => argument.clone(),
        ContextValue::Strings(arguments) => arguments.join(", "),
        _ => return None,
    };
    let what = match error.kind() {
        ErrorKind::MissingRequiredArgument => format!("il manque {arguments}"),
        ErrorKind::ValueValidation if arguments.starts_with(SECRET) => {
            format!(
                "la valeur de {arguments} ne convient pas : une adresse s'écrit postgresql://utilisateur@machine/base"
            )
        }
        _ => return None,
    };
    Some(format!(
        "Erreur : {what}\n\nTout est expliqué par la même commande, avec --help.\n"
    ))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::commands::Cli;

    fn french_of(line: &str) -> Option<String> {
        french(&Cli::try_parse_from(line.split(' ')).unwrap_err())
    }

    #[test]
    fn what_is_missing_is_said_in_french() {
        let text = french_of("ccn export").unwrap();
        assert!(
            text.contains("il manque --out <DOSSIER>") && text.contains("--help"),
            "{text}"
        );
    }

    #[test]
    fn a_password_in_an_address_is_not_repeated() {
        let text = french_of("ccn all --database-url postgresql://ccn:secret@base:port/ccn").unwrap();
        assert!(!text.contains("secret"), "{text}");
        assert!(text.contains("postgresql://utilisateur@machine/base"), "{text}");
    }

    #[test]
    fn help_and_mistyped_words_stay_claps() {
        for line in ["ccn --help", "ccn exprot", "ccn export --autre x", "ccn all --log xml"] {
            assert_eq!(french_of(line), None, "{line}");
        }
    }
}
