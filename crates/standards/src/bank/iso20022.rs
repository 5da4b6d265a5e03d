//! What all ISO 20022 files have in common: an XML element that knows its line, the refusals that name it, and a parser with
//! bounds. DTDs and entities are refused by `roxmltree`, nesting does not use the stack, and every node knows its line; bytes,
//! nodes, tags and namespaces are bounded here.

mod documents;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Europe::Paris;
use roxmltree::{Document, Error, Node, ParsingOptions};

use crate::bank::camt053::Imbalance;
use crate::bank::encoding;
use crate::bank::iban::IbanError;
use crate::calendar::paris_date;
use crate::money::Cents;
use documents::Documents;

/// Most bytes of a file.
pub const BYTES_MAX: usize = 32 * 1024 * 1024;
/// Most XML nodes of a file, some forty a transfer.
pub const NODES_MAX: u32 = 2_000_000;
/// Most bytes of one tag and the text after it; the longest text of the schemas has 500 characters.
pub const TAG_BYTES_MAX: usize = 4_096;
/// Most namespace declarations of a document, which needs one.
pub const NAMESPACES_MAX: usize = 64;

/// Why a file was refused, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("ligne {line}, élément <{element}> : {problem}")]
pub struct XmlError {
    /// Physical line of the file, from 1.
    pub line: u64,
    /// The element at fault, or the one in which something is missing.
    pub element: String,
    pub problem: XmlProblem,
}

/// The parser speaks English; a download that broke off is what people meet.
fn not_well_formed(parser: &str) -> String {
    if parser.contains("never closed") || parser.contains("unexpected end") {
        "le XML est mal formé : le fichier s'arrête avant sa fin, téléchargez-le à nouveau".to_owned()
    } else {
        "le XML est mal formé : téléchargez le fichier à nouveau et envoyez-le sans l'ouvrir dans un autre programme"
            .to_owned()
    }
}

/// What can be wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum XmlProblem {
    /// More than [`BYTES_MAX`], [`NODES_MAX`], [`TAG_BYTES_MAX`] or [`NAMESPACES_MAX`].
    #[error("le fichier est trop grand, ou construit comme aucune banque ne le fait")]
    TooLarge,
    /// An encoding that is not read, by the name that the file gives it.
    #[error("l'encodage « {0} » n'est pas lu ; demandez à la banque un fichier en UTF-8")]
    Encoding(String),
    /// Nothing at all.
    #[error("le fichier est vide ; téléchargez-le à nouveau")]
    Empty,
    /// A document type or entity: never needed, and a known way of attack.
    #[error("le fichier contient une déclaration DTD, refusée par sécurité")]
    Dtd,
    /// Not well-formed; the parser's words.
    #[error("{}", not_well_formed(.0))]
    Xml(String),
    /// Another root element or namespace.
    #[error("ce n'est pas {expected} (espace de noms « {found} »)")]
    OtherDocument {
        /// What is read here, in French.
        expected: &'static str,
        /// The namespace found.
        found: String,
    },
    /// A child that must be there.
    #[error("l'élément <{0}> manque ou est vide")]
    Missing(&'static str),
    /// A child that may be there once.
    #[error("l'élément <{0}> est répété")]
    Repeated(&'static str),
    /// Not digits with at most two decimals, zeros behind them aside.
    #[error("« {0} » n'est pas un montant à deux décimales au plus")]
    Amount(String),
    /// Another currency than the euro.
    #[error("la devise « {0} » n'est pas l'euro")]
    Currency(String),
    /// Neither `CRDT` nor `DBIT`.
    #[error("« {0} » n'est ni CRDT ni DBIT")]
    Sign(String),
    /// Not a date.
    #[error("« {0} » n'est pas une date")]
    Date(String),
    /// Not an instant.
    #[error("« {0} » n'est pas un instant (2026-04-03T09:00:00)")]
    Instant(String),
    /// An unknown status of an entry or of a payment.
    #[error("« {0} » n'est pas un état connu")]
    Status(String),
    /// A payment that is not rejected in a file or group that is.
    #[error("l'état « {found} » contredit l'état « {whole} » du fichier ou du groupe entier")]
    Contradiction {
        /// Of the payment.
        found: &'static str,
        /// Of the file or group.
        whole: &'static str,
    },
    #[error(transparent)]
    Iban(IbanError),
    #[error(transparent)]
    Imbalance(#[from] Imbalance),
}

/// An instant as a bank writes it (`ISODateTime`): with its distance from UTC, or without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BankInstant {
    at: DateTime<Utc>,
    latest: DateTime<Utc>,
}

impl BankInstant {
    fn parse(text: &str) -> Option<Self> {
        if let Ok(at) = DateTime::parse_from_rfc3339(text) {
            let at = at.to_utc();
            return Some(Self { at, latest: at });
        }
        let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok()?;
        let in_paris = Paris.from_local_datetime(&local).earliest().map(|local| local.to_utc());
        let in_utc = local.and_utc();
        Some(Self {
            // An hour that the change to summer time skips is read in UTC.
            at: in_paris.unwrap_or(in_utc),
            latest: in_utc,
        })
    }

    /// The instant; of one without a zone, read in Paris, where the fund's bank is.
    #[must_use]
    pub const fn at(self) -> DateTime<Utc> {
        self.at
    }

    /// The latest instant that can be meant: a bank that writes no zone may write UTC.
    #[must_use]
    pub const fn latest(self) -> DateTime<Utc> {
        self.latest
    }
}

/// Parses a file of one or more documents and gives the root element of each, the `Document` of a namespace that `known` knows, to `read`.
pub(crate) fn parse_all<T>(
    bytes: &[u8],
    expected: &'static str,
    known: impl Fn(&str) -> bool,
    mut read: impl FnMut(Element<'_>) -> Result<T, XmlError>,
) -> Result<Vec<T>, XmlError> {
    let too_large = || whole(1, XmlProblem::TooLarge);
    if bytes.len() > BYTES_MAX {
        return Err(too_large());
    }
    let text = encoding::xml(bytes).map_err(|label| whole(1, XmlProblem::Encoding(label)))?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
    if text.len() > BYTES_MAX || is_bomb(text) {
        return Err(too_large());
    }
    let mut all = Vec::new();
    for (before, text) in Documents::of(text) {
        if text.matches("xmlns").nth(NAMESPACES_MAX).is_some() {
            return Err(too_large());
        }
        let options = ParsingOptions {
            allow_dtd: false,
            nodes_limit: NODES_MAX,
            entity_resolver: None,
        };
        let document = Document::parse_with_options(text, options).map_err(|error| {
            let problem = match error {
                Error::DtdDetected => XmlProblem::Dtd,
                Error::NodesLimitReached => XmlProblem::TooLarge,
                ref other => XmlProblem::Xml(other.to_string()),
            };
            whole(before + u64::from(error.pos().row), problem)
        })?;
        let root = Element(document.root_element(), before);
        let namespace = root.0.tag_name().namespace().unwrap_or_default();
        if !known(namespace) || root.0.tag_name().name() != "Document" {
            let found = namespace.to_owned();
            return Err(root.error(XmlProblem::OtherDocument { expected, found }));
        }
        all.push(read(root)?);
    }
    if all.is_empty() {
        return Err(whole(1, XmlProblem::Empty));
    }
    Ok(all)
}

fn whole(line: u64, problem: XmlProblem) -> XmlError {
    XmlError {
        line,
        element: "Document".to_owned(),
        problem,
    }
}

/// Whether a file is made to exhaust the parser, whose time grows with the square of one element's attributes and of nested
/// namespace declarations (which are counted document by document), and which first takes memory for a node for each `<` and an attribute for each `=`. No `<` may stand
/// inside a tag, so the pieces between them bound both; comments and texts count too, which can only refuse what no bank sends.
fn is_bomb(text: &str) -> bool {
    let nodes_max = usize::try_from(NODES_MAX).unwrap_or(usize::MAX);
    let too_many = |mark: u8| text.bytes().filter(|byte| *byte == mark).nth(nodes_max).is_some();
    too_many(b'<') || too_many(b'=') || text.split('<').any(|piece| piece.len() > TAG_BYTES_MAX)
}

/// Physical lines of many elements, asked for in the order of the file: each byte is looked at once. [`Element::line`] begins at the top
/// each time, which is good for one error and takes hours for thousands of payments.
pub(crate) struct ElementLines<'d> {
    text: &'d str,
    at: usize,
    line: u64,
}

impl<'d> ElementLines<'d> {
    pub(crate) fn of(root: Element<'d>) -> Self {
        Self {
            text: root.0.document().input_text(),
            at: 0,
            line: root.1 + 1,
        }
    }

    /// Of the element's start tag, from 1. It stands after the one before.
    pub(crate) fn at(&mut self, element: Element<'_>) -> u64 {
        let start = element.0.range().start;
        let passed = self.text.as_bytes().get(self.at..start).unwrap_or_default();
        let newlines = passed.split(|byte| *byte == b'\n').skip(1).count();
        self.line += u64::try_from(newlines).unwrap_or(u64::MAX);
        self.at = self.at.max(start);
        self.line
    }
}

/// A node of the file's namespace, and how many lines of the file stand before its document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element<'d>(pub(crate) Node<'d, 'd>, u64);

impl<'d> Element<'d> {
    /// Physical line of its start tag, from 1.
    pub(crate) fn line(self) -> u64 {
        self.1 + u64::from(self.0.document().text_pos_at(self.0.range().start).row)
    }

    pub(crate) fn error(self, problem: XmlProblem) -> XmlError {
        XmlError {
            line: self.line(),
            element: self.0.tag_name().name().to_owned(),
            problem,
        }
    }

    pub(crate) fn children(self, name: &'static str) -> impl Iterator<Item = Self> + use<'d> {
        let namespace = self.0.tag_name().namespace();
        self.0
            .children()
            .filter(move |node| {
                node.is_element() && node.tag_name().name() == name && node.tag_name().namespace() == namespace
            })
            .map(move |node| Self(node, self.1))
    }

    /// The only child of a name.
    pub(crate) fn child(self, name: &'static str) -> Result<Option<Self>, XmlError> {
        let mut children = self.children(name);
        let first = children.next();
        match children.next() {
            Some(second) => Err(second.error(XmlProblem::Repeated(name))),
            None => Ok(first),
        }
    }

    /// The only child of a name, which must be there.
    pub(crate) fn required(self, name: &'static str) -> Result<Self, XmlError> {
        self.child(name)?.ok_or_else(|| self.error(XmlProblem::Missing(name)))
    }

    /// A descendant by its path of names.
    pub(crate) fn path(self, names: &[&'static str]) -> Result<Option<Self>, XmlError> {
        let mut found = Some(self);
        for &name in names {
            let Some(element) = found else { return Ok(None) };
            found = element.child(name)?;
        }
        Ok(found)
    }

    /// The text without the white space around it, or `None` if there is none. A comment or an element inside cuts it, and half
    /// an amount is no amount.
    pub(crate) fn text(self) -> Option<&'d str> {
        let whole = self.0.children().nth(1).is_none();
        let text = self.0.text().filter(|_| whole).map(str::trim);
        text.filter(|text| !text.is_empty())
    }

    /// The text of a descendant.
    pub(crate) fn text_at(self, names: &[&'static str]) -> Result<Option<String>, XmlError> {
        Ok(self.path(names)?.and_then(Self::text).map(str::to_owned))
    }

    /// All descendants at a path of names: information, of which nothing is required and anything may be repeated.
    pub(crate) fn all(self, names: &[&'static str]) -> Vec<Self> {
        match names {
            [] => vec![self],
            [name, rest @ ..] => self.children(name).flat_map(|child| child.all(rest)).collect(),
        }
    }

    /// Their texts.
    pub(crate) fn texts(self, names: &[&'static str]) -> Vec<&'d str> {
        self.all(names).into_iter().filter_map(Self::text).collect()
    }

    /// The first of them.
    pub(crate) fn information(self, names: &[&'static str]) -> Option<&'d str> {
        self.texts(names).into_iter().next()
    }

    /// The text of a child that must have one.
    pub(crate) fn text_of(self, name: &'static str) -> Result<&'d str, XmlError> {
        self.required(name)?
            .text()
            .ok_or_else(|| self.error(XmlProblem::Missing(name)))
    }

    /// This element as an unsigned amount in euro.
    pub(crate) fn euros(self) -> Result<Cents, XmlError> {
        let currency = self.0.attribute("Ccy").unwrap_or_default().trim();
        if currency != "EUR" {
            return Err(self.error(XmlProblem::Currency(currency.to_owned())));
        }
        let text = self.text().unwrap_or_default();
        cents(text).ok_or_else(|| self.error(XmlProblem::Amount(text.to_owned())))
    }

    /// An amount under this element's `CdtDbtInd`: credit positive, debit negative; nothing has no side.
    pub(crate) fn signed(self, amount: Cents) -> Result<Cents, XmlError> {
        if amount.is_zero() {
            return Ok(amount);
        }
        match self.text_of("CdtDbtInd")? {
            "CRDT" => Ok(amount),
            // An amount read is never negative, so its opposite exists.
            "DBIT" => amount
                .checked_neg()
                .ok_or_else(|| self.error(Imbalance::Overflow.into())),
            other => Err(self.error(XmlProblem::Sign(other.to_owned()))),
        }
    }

    /// The day in this element's `Dt`, as the bank wrote it, or in its `DtTm`, in Paris.
    pub(crate) fn day(self) -> Result<NaiveDate, XmlError> {
        let text = self.information(&["Dt"]).or_else(|| self.information(&["DtTm"]));
        let text = text.ok_or_else(|| self.error(XmlProblem::Missing("Dt")))?;
        day(text).ok_or_else(|| self.error(XmlProblem::Date(text.to_owned())))
    }

    /// This element as an instant (`ISODateTime`).
    pub(crate) fn instant(self) -> Result<BankInstant, XmlError> {
        let text = self.text().unwrap_or_default();
        BankInstant::parse(text).ok_or_else(|| self.error(XmlProblem::Instant(text.to_owned())))
    }

    /// The instant of a descendant, where there is one.
    pub(crate) fn instant_at(self, names: &[&'static str]) -> Result<Option<BankInstant>, XmlError> {
        self.path(names)?.map(Self::instant).transpose()
    }
}

/// A decimal number (`xs:decimal`) of whole cents: ISO 20022 allows five decimals, of which those beyond the second are zeros.
fn cents(text: &str) -> Option<Cents> {
    let text = text.strip_prefix('+').unwrap_or(text);
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let decimals = decimals.trim_end_matches('0');
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = text.contains(|one: char| one.is_ascii_digit()) && digits(whole) && digits(decimals);
    if !is_number || decimals.len() > 2 {
        return None;
    }
    format!("{whole}{decimals:0<2}").parse().ok().map(Cents::new)
}

/// A day with or without its zone, which does not change it, or the Paris day of an instant; an instant without a zone is local.
fn day(text: &str) -> Option<NaiveDate> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(paris_date(at.to_utc()));
    }
    let (date, rest) = text.split_at_checked("2026-11-30".len())?;
    let zone = rest.starts_with(['T', 'Z', '+', '-']);
    date.parse().ok().filter(|_| rest.is_empty() || zone)
}

#[cfg(test)]
mod tests {
    use super::{BankInstant, Cents, cents, day};

    #[test]
    fn zeros_beyond_the_cents_are_dropped_and_a_third_decimal_is_refused() {
        for (text, read) in [
            ("8.850", Some(885)),
            ("8.85000", Some(885)),
            ("8", Some(800)),
            ("8.", Some(800)),
            (".5", Some(50)),
            ("+8.5", Some(850)),
            ("0.000", Some(0)),
            ("8.851", None),
            ("8.8501", None),
            ("-8", None),
            ("8,85", None),
            ("1e3", None),
            (".", None),
            ("", None),
            ("8.8.5", None),
        ] {
            assert_eq!(cents(text), read.map(Cents::new), "{text}");
        }
    }

    #[test]
    fn a_day_with_a_zone_is_that_day_and_an_instant_is_of_its_paris_day() {
        for (text, read) in [
            ("2026-11-30", "2026-11-30"),
            ("2026-11-30Z", "2026-11-30"),
            ("2026-11-30+01:00", "2026-11-30"),
            ("2026-11-30T23:30:00", "2026-11-30"),
            ("2026-11-30T23:30:00Z", "2026-12-01"),
            ("2026-11-30T23:30:00+01:00", "2026-11-30"),
            ("2026-06-30T22:00:00.5Z", "2026-07-01"),
            ("2026-12-01T00:30:00+02:00", "2026-11-30"),
        ] {
            assert_eq!(day(text), read.parse().ok(), "{text}");
        }
        for text in ["", "30/11/2026", "2026-11-31", "2026-11-300", "20261130"] {
            assert_eq!(day(text), None, "{text}");
        }
    }

    #[test]
    fn an_instant_without_a_zone_is_read_in_paris_and_may_be_later() {
        for (text, at, latest) in [
            ("2026-04-03T09:00:00Z", "2026-04-03T09:00:00Z", "2026-04-03T09:00:00Z"),
            (
                "2026-04-03T09:00:00.123+02:00",
                "2026-04-03T07:00:00.123Z",
                "2026-04-03T07:00:00.123Z",
            ),
            ("2026-04-03T09:00:00", "2026-04-03T07:00:00Z", "2026-04-03T09:00:00Z"),
            (
                "2026-01-03T09:00:00.5",
                "2026-01-03T08:00:00.5Z",
                "2026-01-03T09:00:00.5Z",
            ),
            // 29 March 2026: 2:30 does not exist in Paris.
            ("2026-03-29T02:30:00", "2026-03-29T02:30:00Z", "2026-03-29T02:30:00Z"),
        ] {
            let read = BankInstant::parse(text).unwrap();
            assert_eq!(
                (read.at(), read.latest()),
                (at.parse().unwrap(), latest.parse().unwrap()),
                "{text}"
            );
        }
        for text in [
            "",
            "2026-04-03",
            "2026-02-30T09:00:00",
            "2026-04-03T25:00:00",
            "2026-04-03 09:00:00 ",
            "demain",
        ] {
            assert_eq!(BankInstant::parse(text), None, "{text}");
        }
    }
}
