//! Variables that start with `CCN_` and that nobody reads are refused: a typing error must not become a default.

use std::collections::BTreeSet;
use std::ffi::OsString;

use super::api_client::API_KEY_VARIABLE;

/// What our variables start with.
const PREFIX: &str = "CCN_";

/// How alike (0 to 1, Jaro–Winkler) a name must be to be proposed.
const ALIKE_MIN: f64 = 0.85;

/// A variable that no command reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("La variable d'environnement {name} n'existe pas.{}", hint(.nearest.as_deref()))]
pub(super) struct UnknownVariable {
    name: String,
    /// The one that was probably meant.
    nearest: Option<String>,
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(
        || " La liste se lit avec : ccn all --help".to_owned(),
        |nearest| format!(" Vouliez-vous dire {nearest} ?"),
    )
}

/// Every variable that `command` or one of its subcommands reads.
fn known(command: &clap::Command) -> BTreeSet<String> {
    let own = command
        .get_arguments()
        .filter_map(|arg| arg.get_env()?.to_str().map(str::to_owned));
    // A secret is no argument, so this one is no option's.
    own.chain(command.get_subcommands().flat_map(known))
        .chain([API_KEY_VARIABLE.to_owned()])
        .collect()
}

/// Refuses the first of `names` that starts with `CCN_` and is not read by `command`.
pub(super) fn check(command: &clap::Command, names: impl IntoIterator<Item = OsString>) -> Result<(), UnknownVariable> {
    let known = known(command);
    let unknown = names
        .into_iter()
        .map(|name| name.to_string_lossy().into_owned())
        .find(|name| name.starts_with(PREFIX) && !known.contains(name));
    let Some(name) = unknown else { return Ok(()) };
    let nearest = known
        .into_iter()
        .map(|known| (strsim::jaro_winkler(own_part(&known), own_part(&name)), known))
        .filter(|(alike, _)| *alike >= ALIKE_MIN)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, known)| known);
    Err(UnknownVariable { name, nearest })
}

/// What tells a variable from its sisters; the prefix would make all of them look alike.
fn own_part(name: &str) -> &str {
    name.strip_prefix(PREFIX).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn check_names(names: &[&str]) -> Result<(), UnknownVariable> {
        check(&crate::commands::Cli::command(), names.iter().map(OsString::from))
    }

    #[test]
    fn a_mistyped_variable_is_refused_with_the_nearest_name() {
        let error = check_names(&["PATH", "CCN_LISTEN", "CCN_SIGNING_KEYFILE"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "La variable d'environnement CCN_SIGNING_KEYFILE n'existe pas. Vouliez-vous dire CCN_SIGNING_KEY_FILE ?"
        );
    }

    #[test]
    fn no_name_is_proposed_where_none_is_near() {
        let error = check_names(&["CCN_X"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "La variable d'environnement CCN_X n'existe pas. La liste se lit avec : ccn all --help"
        );
    }

    #[test]
    fn what_others_call_their_variables_is_none_of_our_business() {
        assert_eq!(
            check_names(&["HOME", "XCCN_LISTEN", "RUST_LOG", "DATABASE_URL"]),
            Ok(())
        );
    }
}
