//! An XML element that knows its line, and the refusals that name it.

use chrono::NaiveDate;
use roxmltree::Node;

use super::Imbalance;
use crate::iban::IbanError;
use crate::money::Cents;

/// Why a statement was refused, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("ligne {line}, élément <{element}> : {problem}")]
pub struct Camt053Error {
    /// Physical line of the file, from 1.
    pub line: u64,
    /// The element at fault, or the one in which something is missing.
    pub element: String,
    /// What is wrong.
    pub problem: Camt053Problem,
}

/// What can be wrong with a statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Camt053Problem {
    /// More than [`super::BYTES_MAX`], [`super::NODES_MAX`], [`super::TAG_BYTES_MAX`] or [`super::NAMESPACES_MAX`].
    #[error("le fichier est trop grand, ou construit comme aucun relevé ne l'est")]
    TooLarge,
    /// Bytes that are no UTF-8.
    #[error("le fichier n'est pas encodé en UTF-8")]
    NotUtf8,
    /// A document type or entity: never needed, and a known way of attack.
    #[error("le fichier contient une déclaration DTD, refusée par sécurité")]
    Dtd,
    /// Not well-formed; the parser's words.
    #[error("le XML est mal formé ({0})")]
    Xml(String),
    /// Another root element or namespace.
    #[error("ce n'est pas un relevé camt.053, versions 001.02 à 001.08 (espace de noms « {0} »)")]
    NotCamt053(String),
    /// A child that must be there.
    #[error("l'élément <{0}> manque ou est vide")]
    Missing(&'static str),
    /// A child that may be there once.
    #[error("l'élément <{0}> est répété")]
    Repeated(&'static str),
    /// Not digits with at most two decimals.
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
    /// Not a whole number.
    #[error("« {0} » n'est pas un nombre entier")]
    Number(String),
    /// An unknown status of an entry.
    #[error("« {0} » n'est pas un état de mouvement connu")]
    Status(String),
    /// The account.
    #[error(transparent)]
    Iban(IbanError),
    /// The sums.
    #[error(transparent)]
    Imbalance(#[from] Imbalance),
}

/// A node of the statement's namespace.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'d>(pub(super) Node<'d, 'd>);

impl<'d> Element<'d> {
    pub(super) fn error(self, problem: Camt053Problem) -> Camt053Error {
        let position = self.0.document().text_pos_at(self.0.range().start);
        Camt053Error {
            line: position.row.into(),
            element: self.0.tag_name().name().to_owned(),
            problem,
        }
    }

    pub(super) fn children(self, name: &'static str) -> impl Iterator<Item = Self> + use<'d> {
        let namespace = self.0.tag_name().namespace();
        self.0
            .children()
            .filter(move |node| {
                node.is_element() && node.tag_name().name() == name && node.tag_name().namespace() == namespace
            })
            .map(Self)
    }

    /// The only child of a name.
    pub(super) fn child(self, name: &'static str) -> Result<Option<Self>, Camt053Error> {
        let mut children = self.children(name);
        let first = children.next();
        match children.next() {
            Some(second) => Err(second.error(Camt053Problem::Repeated(name))),
            None => Ok(first),
        }
    }

    /// The only child of a name, which must be there.
    pub(super) fn required(self, name: &'static str) -> Result<Self, Camt053Error> {
        self.child(name)?
            .ok_or_else(|| self.error(Camt053Problem::Missing(name)))
    }

    /// A descendant by its path of names.
    pub(super) fn path(self, names: &[&'static str]) -> Result<Option<Self>, Camt053Error> {
        let mut found = Some(self);
        for &name in names {
            let Some(element) = found else { return Ok(None) };
            found = element.child(name)?;
        }
        Ok(found)
    }

    /// The text without the white space around it, or `None` if there is none.
    pub(super) fn text(self) -> Option<&'d str> {
        self.0.text().map(str::trim).filter(|text| !text.is_empty())
    }

    /// The text of a descendant.
    pub(super) fn text_at(self, names: &[&'static str]) -> Result<Option<String>, Camt053Error> {
        Ok(self.path(names)?.and_then(Self::text).map(str::to_owned))
    }

    /// The text of a child that must have one.
    pub(super) fn text_of(self, name: &'static str) -> Result<&'d str, Camt053Error> {
        self.required(name)?
            .text()
            .ok_or_else(|| self.error(Camt053Problem::Missing(name)))
    }

    /// This element as an unsigned amount in euro.
    pub(super) fn euros(self) -> Result<Cents, Camt053Error> {
        let currency = self.0.attribute("Ccy").unwrap_or_default();
        if currency != "EUR" {
            return Err(self.error(Camt053Problem::Currency(currency.to_owned())));
        }
        let text = self.text().unwrap_or_default();
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "00"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let cents = (digits(whole) && digits(decimals) && decimals.len() <= 2)
            .then(|| format!("{whole}{decimals:0<2}").parse().ok().map(Cents::new))
            .flatten();
        cents.ok_or_else(|| self.error(Camt053Problem::Amount(text.to_owned())))
    }

    /// An amount under this element's `CdtDbtInd`: credit positive, debit negative.
    pub(super) fn signed(self, amount: Cents) -> Result<Cents, Camt053Error> {
        match self.text_of("CdtDbtInd")? {
            "CRDT" => Ok(amount),
            // An amount read is never negative, so its opposite exists.
            "DBIT" => amount
                .checked_neg()
                .ok_or_else(|| self.error(Imbalance::Overflow.into())),
            other => Err(self.error(Camt053Problem::Sign(other.to_owned()))),
        }
    }

    /// The day in this element's `Dt` or `DtTm`, as the bank wrote it.
    pub(super) fn day(self) -> Result<NaiveDate, Camt053Error> {
        let text = match self.child("Dt")? {
            Some(date) => date.text(),
            None => self
                .required("DtTm")?
                .text()
                .and_then(|instant| instant.split('T').next()),
        };
        let text = text.unwrap_or_default();
        text.parse()
            .map_err(|_| self.error(Camt053Problem::Date(text.to_owned())))
    }

    /// A whole number.
    pub(super) fn number(self) -> Result<u64, Camt053Error> {
        let text = self.text().unwrap_or_default();
        text.parse()
            .map_err(|_| self.error(Camt053Problem::Number(text.to_owned())))
    }
}
