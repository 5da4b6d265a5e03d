//! How help is laid out, with French words.

pub(super) const TEMPLATE: &str = verify::command::TEMPLATE;
pub(super) const COMMANDS: &str = "Commandes";
pub(super) const OPTIONS: &str = "Options";
pub(super) const ARGUMENTS: &str = "Arguments";
