//! A command line that does not work, or asks for help: clap says it in English. What stops a clerk is said in French, and a wrong address
//! of a database without the password that may stand in it.

use std::io::{self, Write};

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// The option whose value may hold a password.
const SECRET: &str = "--database-url";

/// What clap writes around the words of a help text, in French.
const WORDS: [(&str, &str); 5] = [
    ("\nOptions:\n", "\nOptions :\n"),
    ("\nArguments:\n", "\nArguments :\n"),
    ("[default:", "[par défaut :"),
    ("[env:", "[variable :"),
    ("Possible values:", "Valeurs possibles :"),
];

/// Prints the error or the help and ends the process as clap does: 0 for help that was asked for, 2 for a wrong command line.
pub fn exit(error: &Error) -> ! {
    let text = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // Whoever was reading has read enough.
            let _ = io::stdout().write_all(french_help(&error.render().to_string()).as_bytes());
            std::process::exit(0)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => french_help(&error.render().to_string()),
        _ => french(error),
    };
    let _ = io::stderr().write_all(text.as_bytes());
    std::process::exit(error.exit_code())
}

/// A help text without clap's English words.
#[must_use]
pub fn french_help(text: &str) -> String {
    let heading = |line: &str| {
        line.strip_suffix(':')
            .filter(|title| !title.starts_with(' ') && !title.ends_with(' '))
            .map(|title| format!("{title} :"))
    };
    let text = WORDS
        .iter()
        .fold(text.to_owned(), |text, (english, french)| text.replace(english, french));
    let text = french_choices(&text);
    let lines = text
        .lines()
        .map(|line| heading(line).unwrap_or_else(|| line.to_owned()));
    lines.map(|line| line + "\n").collect()
}

/// `[possible values: a, b]`, which clap may break between its words.
fn french_choices(text: &str) -> String {
    let mut parts = text.split("[possible");
    let mut french = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let words = part.trim_start();
        let space = &part[..part.len() - words.len()];
        match words.strip_prefix("values:") {
            Some(rest) => french.extend(["[valeurs", space, "possibles :", rest]),
            None => french.extend(["[possible", part]),
        }
    }
    french
}

fn context(error: &Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(one) => Some(one.clone()),
        ContextValue::Strings(several) => Some(several.join(", ")),
        _ => None,
    }
}

/// What is wrong, and what to type.
fn french(error: &Error) -> String {
    let argument = context(error, ContextKind::InvalidArg).unwrap_or_default();
    let value = context(error, ContextKind::InvalidValue).unwrap_or_default();
    let what = match error.kind() {
        ErrorKind::MissingRequiredArgument => format!("il manque {argument}"),
        ErrorKind::ValueValidation if argument.starts_with(SECRET) => {
            format!(
                "la valeur de {argument} ne convient pas : une adresse s'écrit postgresql://utilisateur@machine/base"
            )
        }
        ErrorKind::InvalidValue if value.is_empty() => format!("il manque la valeur de {argument}"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error)
                .map(|why| format!(" : {why}"))
                .unwrap_or_default();
            format!("« {value} » ne convient pas pour {argument}{why}")
        }
        ErrorKind::UnknownArgument => format!("l'argument « {argument} » n'est pas connu"),
        ErrorKind::InvalidSubcommand => {
            format!(
                "la commande « {} » n'existe pas",
                context(error, ContextKind::InvalidSubcommand).unwrap_or_default()
            )
        }
        ErrorKind::MissingSubcommand => "il manque la commande".to_owned(),
        ErrorKind::ArgumentConflict => match context(error, ContextKind::PriorArg) {
            Some(other) if other != argument => format!("{argument} ne va pas avec {other}"),
            _ => format!("{argument} est donné deux fois"),
        },
        ErrorKind::TooManyValues | ErrorKind::WrongNumberOfValues | ErrorKind::TooFewValues => {
            format!("{argument} n'a pas le bon nombre de valeurs")
        }
        ErrorKind::NoEquals => format!("{argument} s'écrit avec « = »"),
        ErrorKind::InvalidUtf8 => "un argument n'est pas un texte (UTF-8)".to_owned(),
        _ => "cette commande ne se comprend pas".to_owned(),
    };
    let choices = [
        ContextKind::ValidValue,
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedArg,
        ContextKind::SuggestedValue,
    ];
    let choices: Vec<String> = choices
        .into_iter()
        .filter_map(|kind| context(error, kind))
        .filter(|words| !words.is_empty())
        .collect();
    let choices = match choices.as_slice() {
        [] => String::new(),
        words => format!("\nVous pouvez écrire : {}", words.join(", ")),
    };
    format!("Erreur : {what}{choices}\n\nTout est expliqué par la même commande, avec --help.\n")
}
