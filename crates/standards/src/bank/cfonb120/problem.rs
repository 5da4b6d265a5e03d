//! The refusals, which name the line and the columns and say what to do.

use crate::bank::camt053::Imbalance;
use crate::bank::iban::IbanError;

/// Why a statement was refused, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("ligne {line}, colonnes {} à {} : {problem}", .columns.0, .columns.1)]
pub struct CfonbError {
    /// The record's line, from 1 (its number, in a file without line ends).
    pub line: u64,
    /// First and last column at fault, from 1.
    pub columns: (usize, usize),
    /// What is wrong, and what to do.
    pub problem: CfonbProblem,
}

/// What can be wrong with a statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CfonbProblem {
    /// More than [`super::BYTES_MAX`].
    #[error("le fichier est trop grand ; demandez à la banque un relevé par jour")]
    TooLarge,
    /// EBCDIC, or bytes that are no text.
    #[error("le fichier n'est pas du texte lisible ; demandez à la banque un fichier ASCII, UTF-8 ou ISO 8859-1")]
    Encoding,
    /// No record at all.
    #[error("le fichier est vide ; téléchargez-le de nouveau")]
    Empty,
    /// Not a multiple of 120 characters, or text after column 120.
    #[error("l'enregistrement a {0} caractères au lieu de 120 ; téléchargez le fichier de nouveau, sans le modifier")]
    Length(usize),
    /// Another record code.
    #[error("« {0} » n'est pas un code d'enregistrement (01, 04, 05 ou 07) ; vérifiez que c'est un relevé CFONB 120")]
    Code(String),
    /// A record where another must be.
    #[error(
        "l'enregistrement {found} n'est pas à sa place, {expected} est attendu ; le fichier est incomplet, téléchargez-le de nouveau"
    )]
    Order {
        /// The record found.
        found: &'static str,
        /// The records that may stand here.
        expected: &'static str,
    },
    /// The file ends before record 07.
    #[error("le fichier s'arrête avant le nouveau solde (enregistrement 07) ; il est coupé, téléchargez-le de nouveau")]
    Truncated,
    /// Something else than digits.
    #[error("« {0} » n'est pas un nombre ; signalez-le à la banque")]
    Digits(String),
    /// Not 13 digits and a digit that carries the sign.
    #[error(
        "« {0} » n'est pas un montant (13 chiffres, puis un chiffre signé : {{ A à I au crédit, }} J à R au débit) ; signalez-le à la banque"
    )]
    Amount(String),
    /// More than two decimals.
    #[error(
        "« {0} » décimales : un montant en euros en a deux au plus ; demandez à la banque un relevé en euros et centimes"
    )]
    Decimals(String),
    /// Another currency than the euro.
    #[error("la devise « {0} » n'est pas l'euro ; chargez le relevé du compte en euros")]
    Currency(String),
    /// A day that does not exist.
    #[error("« {0} » n'est pas une date JJMMAA qui existe ; signalez-le à la banque")]
    Date(String),
    /// The new balance is older than the old one.
    #[error("le nouveau solde est daté avant l'ancien ; signalez-le à la banque")]
    DatesInOrder,
    /// A record of another account than record 01.
    #[error(
        "« {0} » n'est pas le compte de l'enregistrement 01 ; le fichier mélange deux comptes, téléchargez un relevé par compte"
    )]
    Account(String),
    /// Bank, branch and account number make no IBAN.
    #[error("la banque, le guichet et le compte ne forment pas un IBAN : {0}")]
    Iban(IbanError),
    #[error("{0} ; il manque des mouvements, téléchargez le fichier de nouveau")]
    Imbalance(#[from] Imbalance),
}
