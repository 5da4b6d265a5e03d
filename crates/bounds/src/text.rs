use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

/// What a text may be made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Whatever it is.
    Any,
    /// One line: no control characters.
    Line,
    /// Lines.
    Lines,
    /// Digits.
    Digits,
    /// Hexadecimal digits.
    Hex,
    /// A telephone number as people write it: digits and ` .+()-`.
    Phone,
    /// `FR` and digits: a French VAT number.
    French,
    /// Letters without accents, digits and ` /-._`, with at least one digit.
    Number,
}

impl Form {
    fn admits(self, text: &str) -> bool {
        let all = |admitted: fn(char) -> bool| text.chars().all(admitted);
        match self {
            Self::Any => true,
            Self::Line => !text.contains(char::is_control),
            Self::Lines => all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t')),
            Self::Digits => all(|c| c.is_ascii_digit()),
            Self::Hex => all(|c| c.is_ascii_hexdigit()),
            Self::French => text
                .strip_prefix("FR")
                .is_some_and(|digits| digits.chars().all(|c| c.is_ascii_digit())),
            Self::Phone => all(|c| c.is_ascii_digit() || " .+()-".contains(c)),
            Self::Number => {
                all(|c| c.is_ascii_alphanumeric() || " /-._".contains(c)) && text.contains(|c: char| c.is_ascii_digit())
            }
        }
    }

    /// The same as a regular expression that JavaScript and others read alike.
    const fn pattern(self) -> Option<&'static str> {
        Some(match self {
            Self::Any => return None,
            Self::Line => r"^[^\u0000-\u001f\u007f-\u009f]*$",
            Self::Lines => r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$",
            Self::Digits => "^[0-9]*$",
            Self::Hex => "^[0-9A-Fa-f]*$",
            Self::French => "^FR[0-9]*$",
            Self::Phone => r"^[0-9 .+()\-]*$",
            Self::Number => r"^[A-Za-z0-9 /\-._]*[0-9][A-Za-z0-9 /\-._]*$",
        })
    }
}

/// A kind of text; [`text_kind!`](crate::text_kind) makes one.
pub trait TextKind {
    /// Characters of the shortest. From 1 on, spaces alone are nothing.
    const CHARS_MIN: usize;
    /// Characters of the longest.
    const CHARS_MAX: usize;
    const FORM: Form;

    /// Whether a text is of this kind.
    #[must_use]
    fn fits(text: &str) -> bool {
        // A text that is far too long is not read to its end.
        let chars = text.chars().take(Self::CHARS_MAX + 1).count();
        (Self::CHARS_MIN..=Self::CHARS_MAX).contains(&chars)
            && (Self::CHARS_MIN == 0 || !text.trim().is_empty())
            && Self::FORM.admits(text)
    }
}

/// How a kind of text is described.
#[doc(hidden)]
#[must_use]
pub fn text_schema<K: TextKind>(doc: &[&str]) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(crate::description(doc)))
        .min_length((K::CHARS_MIN > 0).then_some(K::CHARS_MIN))
        .max_length(Some(K::CHARS_MAX))
        .pattern(K::FORM.pattern())
        .into()
}

/// Defines kinds of text: how many characters, and of what [`Form`].
///
/// ```
/// use bounds::{Form, TextKind, text_kind};
///
/// text_kind! {
///     /// A code on an order.
///     struct OrderCode: 1..=10, Form::Line;
/// }
/// assert!(OrderCode::fits("FINANCES"));
/// assert!(!OrderCode::fits("  ") && !OrderCode::fits("a\nb") && !OrderCode::fits("FINANCES-21"));
/// ```
#[macro_export]
macro_rules! text_kind {
    ($($(#[doc = $doc:literal])+ $vis:vis struct $name:ident: $least:literal..=$most:expr, $form:expr;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy)]
        $vis enum $name {}

        impl $crate::TextKind for $name {
            const CHARS_MIN: usize = $least;
            const CHARS_MAX: usize = $most;
            const FORM: $crate::Form = $form;
        }

        impl $crate::utoipa::PartialSchema for $name {
            fn schema() -> $crate::utoipa::openapi::RefOr<$crate::utoipa::openapi::Schema> {
                $crate::text_schema::<Self>(&[$($doc),+])
            }
        }

        impl $crate::utoipa::ToSchema for $name {}
    )+};
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema;

    use super::*;
    use crate::{Reason, Words};

    crate::text_kind! {
        /// A postcode.
        struct Five: 5..=5, Form::Digits;
        /// What may be left empty.
        struct Perhaps: 0..=3, Form::Phone;
        /// A mandate's number.
        struct Numbered: 1..=8, Form::Number;
    }

    #[test]
    fn a_text_fits_its_kind_or_does_not() {
        assert!(Words::fits(&"é".repeat(500)) && !Words::fits(&"é".repeat(501)));
        assert!(!Words::fits(" \u{A0}") && !Words::fits("a\nb") && Reason::fits("a\nb") && !Reason::fits("a\0b"));
        assert!(Five::fits("21000") && !Five::fits("2100") && !Five::fits("2A000") && !Five::fits("210000"));
        assert!(Perhaps::fits("") && Perhaps::fits("+33") && !Perhaps::fits("+33 ") && !Perhaps::fits("abc"));
        assert!(Numbered::fits("12/345") && !Numbered::fits("abc") && !Numbered::fits("é1"));
    }

    #[test]
    fn the_document_says_the_same() {
        let described = serde_json::to_value(Words::schema()).unwrap();
        assert_eq!(described["minLength"], 1);
        assert_eq!(described["maxLength"], 500);
        assert_eq!(
            described["description"],
            "Words on one line: an explanation, an owner, a label."
        );
        let described = serde_json::to_value(Perhaps::schema()).unwrap();
        assert!(described["minLength"].is_null(), "{described}");
    }
}
