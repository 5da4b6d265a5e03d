/// How help is laid out, with French words.
pub const TEMPLATE: &str = "{about-with-newline}\nUsage : {usage}\n\n{all-args}{after-help}";

pub(super) const OPTIONS: &str = "Options";
pub(super) const ARGUMENTS: &str = "Arguments";
