//! What serde and axum say of a request that they cannot read, in French: where, and what was expected.
//!
//! Their messages are English sentences and no data. Those that people meet are told in French, a message that is not known here
//! stays as it is. What was found in the request is never repeated: it may be a token or a name.

/// What axum writes before serde's message.
const OPENINGS: [&str; 4] = [
    "Failed to deserialize the JSON body into the target type: ",
    "Failed to parse the request body as JSON: ",
    "Failed to deserialize query string: ",
    "Invalid URL: ",
];

/// Says a message of serde, or of axum around it, in French: where, and what was expected, never what was found.
#[must_use]
pub fn french(message: &str) -> String {
    let message = OPENINGS
        .iter()
        .find_map(|opening| message.strip_prefix(opening))
        .unwrap_or(message);
    let (message, place) = without_place(message);
    let (field, what) = field_and_what(message);
    let what = sentence(&without_value(what));
    let field = field.map(|field| format!("« {field} » : ")).unwrap_or_default();
    format!("{field}{what}{place}.")
}

/// Takes « at line 1 column 34 » from the end.
fn without_place(message: &str) -> (&str, String) {
    let split = message.rsplit_once(" at line ").and_then(|(before, place)| {
        let (line, column) = place.split_once(" column ")?;
        let numbers = line.parse::<u32>().is_ok() && column.parse::<u32>().is_ok();
        numbers.then(|| (before, format!(" (ligne {line}, colonne {column})")))
    });
    split.unwrap_or((message, String::new()))
}

/// `shares[0].rate: missing field …` names the field first, and so does « Cannot parse `id` with value `x`: … ».
fn field_and_what(message: &str) -> (Option<&str>, &str) {
    if let Some(rest) = message.strip_prefix("Cannot parse `")
        && let Some((field, rest)) = rest.split_once('`')
    {
        let rest = rest.strip_prefix(" with value `").unwrap_or(rest);
        // The value may hold anything, and what is wrong comes last.
        let what = match rest.rsplit_once("` to a `") {
            Some((_, kind)) => kind.trim_end_matches('`'),
            None => rest.rsplit_once("`: ").map_or("", |(_, what)| what),
        };
        return (Some(field), what);
    }
    match message.split_once(": ") {
        Some((field, what)) if is_path(field) => (Some(field), what),
        _ => (None, message),
    }
}

/// A path of serde's: names, dots and numbers in brackets.
fn is_path(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '[')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '[' | ']' | '-'))
}

/// serde quotes what it found: a token or a name, perhaps.
fn without_value(message: &str) -> String {
    for wrong in ["invalid type: ", "invalid value: ", "unknown variant "] {
        if let (Some(found), Some(expected)) = (message.find(wrong), message.rfind(", expected ")) {
            let (before, after) = (message.get(..found), message.get(expected + 2..));
            return format!("{}{}", before.unwrap_or_default(), after.unwrap_or_default());
        }
    }
    message.to_owned()
}

/// The sentence without its full stop.
fn sentence(what: &str) -> String {
    if let Some(field) = quoted_after(what, "missing field `") {
        return format!("le champ « {field} » manque");
    }
    if let Some(field) = quoted_after(what, "duplicate field `") {
        return format!("le champ « {field} » est écrit deux fois");
    }
    if let Some(field) = quoted_after(what, "unknown field `") {
        let known = what.split_once("`, expected ").map(|(_, known)| names(known));
        return match known {
            Some(known) => format!("le champ « {field} » n'existe pas ; les champs possibles : {known}"),
            None => format!("le champ « {field} » n'existe pas"),
        };
    }
    if let Some(expected) = what.strip_prefix("expected ") {
        return wanted(expected);
    }
    if what.starts_with("UUID parsing failed") {
        return UUID.to_owned();
    }
    if what.starts_with("EOF while parsing") {
        return "il s'arrête avant la fin".to_owned();
    }
    match what {
        "input contains invalid characters" | "premature end of input" | "input is out of range" | "trailing input" => {
            DATE.to_owned()
        }
        "trailing comma" => "une virgule est de trop".to_owned(),
        "trailing characters" => "il y a quelque chose après sa fin".to_owned(),
        "key must be a string" => "un nom de champ s'écrit entre guillemets".to_owned(),
        "invalid digit found in string" | "u32" | "u64" | "u16" | "i64" | "i32" => NUMBER.to_owned(),
        other => other.to_owned(),
    }
}

const UUID: &str = "on attend un identifiant (UUID), par exemple 5c9f2f4e-6a3c-4b7e-9d55-0c2f5b8a1e77";
const DATE: &str = "on attend une date, par exemple 2026-03-31";
const NUMBER: &str = "on attend un nombre entier";

/// What serde expected.
fn wanted(expected: &str) -> String {
    match expected {
        "value" => "une valeur manque, ou ce n'est pas du JSON".to_owned(),
        "ident" => "on attend true, false ou null, ou un texte entre guillemets".to_owned(),
        "`,` or `]`" => "une virgule ou un « ] » manque".to_owned(),
        "`,` or `}`" => "une virgule ou un « } » manque".to_owned(),
        "`:`" => "un « : » manque après le nom du champ".to_owned(),
        "`\"`" => "un guillemet manque".to_owned(),
        "a sequence" => "on attend une liste entre crochets".to_owned(),
        "a map" => "on attend un objet entre accolades".to_owned(),
        "a string" | "string" | "a borrowed string" => "on attend un texte entre guillemets".to_owned(),
        "a boolean" => "on attend true ou false".to_owned(),
        "a formatted date string" => DATE.to_owned(),
        "an RFC 3339 formatted date and time string" => {
            "on attend un instant, par exemple 2026-03-31T12:00:00Z".to_owned()
        }
        "a formatted UUID string" | "a UUID string" => UUID.to_owned(),
        "a Decimal type representing a fixed-point number" => "on attend un nombre, par exemple \"0.35\"".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "usize" | "i16" | "i32" | "i64" => NUMBER.to_owned(),
        _ if expected.starts_with("struct ") => "on attend un objet entre accolades".to_owned(),
        _ if expected.starts_with("one of `") || expected.starts_with('`') => {
            format!("on attend {}", names(expected))
        }
        _ => format!("on attend {expected}"),
    }
}

/// « one of `a`, `b` » and « `a` or `b` » as a list.
fn names(expected: &str) -> String {
    let names: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    names.join(", ")
}

fn quoted_after<'a>(text: &'a str, opening: &str) -> Option<&'a str> {
    text.strip_prefix(opening)?.split('`').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only refused")]
    struct Claim {
        tokens: Vec<String>,
        #[serde(default)]
        way: Option<Way>,
        #[serde(default)]
        count: u32,
        #[serde(default)]
        own: bool,
    }

    #[derive(Debug, serde::Deserialize)]
    enum Way {
        Bank,
        Credit,
    }

    fn told(json: &str) -> String {
        french(&serde_json::from_str::<Claim>(json).unwrap_err().to_string())
    }

    #[test]
    fn a_refusal_says_what_was_expected_and_where_but_not_what_was_found() {
        for (json, expected) in [
            (
                r#"{"tokens": "secret, expected \" x"}"#,
                "on attend une liste entre crochets (ligne 1, colonne 34).",
            ),
            (
                r#"{"tokens": [17]}"#,
                "on attend un texte entre guillemets (ligne 1, colonne 14).",
            ),
            (
                r#"{"tokens": [], "way": "secret"}"#,
                "on attend Bank, Credit (ligne 1, colonne 30).",
            ),
            (
                r#"{"tokens": [], "count": "secret"}"#,
                "on attend un nombre entier (ligne 1, colonne 32).",
            ),
            (
                r#"{"tokens": [], "own": "secret"}"#,
                "on attend true ou false (ligne 1, colonne 30).",
            ),
            (r"{}", "le champ « tokens » manque (ligne 1, colonne 2)."),
            (
                r#"{"tokens": [], "tokens": []}"#,
                "le champ « tokens » est écrit deux fois (ligne 1, colonne 23).",
            ),
            (r#"{"tokens": ["#, "il s'arrête avant la fin (ligne 1, colonne 12)."),
            (r#"{"tokens": [],}"#, "une virgule est de trop (ligne 1, colonne 15)."),
            (
                r#"{"tokens": [] "way": null}"#,
                "une virgule ou un « } » manque (ligne 1, colonne 15).",
            ),
            ("", "il s'arrête avant la fin (ligne 1, colonne 0)."),
        ] {
            assert_eq!(told(json), expected, "{json}");
            assert!(!told(json).contains("secret"), "{json}");
        }
        assert_eq!(
            told(r#"{"tokens": [], "jeton": 1}"#),
            "le champ « jeton » n'existe pas ; les champs possibles : tokens, way, count, own (ligne 1, colonne 22)."
        );
    }

    #[test]
    fn what_axum_says_around_it_is_left_out() {
        let json = "Failed to deserialize the JSON body into the target type: shares[0].rate: missing field `rate` at line 2 column 5";
        assert_eq!(
            french(json),
            "« shares[0].rate » : le champ « rate » manque (ligne 2, colonne 5)."
        );
        let path = "Invalid URL: Cannot parse `id` with value `Dupont`: UUID parsing failed: invalid character: found `u` at 1";
        assert_eq!(french(path), format!("« id » : {UUID}."));
        let number = "Invalid URL: Cannot parse `size` with value `Dupont` to a `u64`";
        assert_eq!(french(number), "« size » : on attend un nombre entier.");
        let query = "Failed to deserialize query string: from: premature end of input";
        assert_eq!(french(query), format!("« from » : {DATE}."));
    }

    #[test]
    fn a_message_that_nobody_knows_stays() {
        assert_eq!(french("le SIRET a 14 chiffres"), "le SIRET a 14 chiffres.");
    }
}
