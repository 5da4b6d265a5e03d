//! The number of a public accountant's mandate, and how it is found in what a bank writes.

use crate::support::remittance_text::{RemittanceWord, contains, same, words};
use bounds::{Form, TextKind};

bounds::text_kind! {
    /// The number of a public accountant's mandate, or of its bordereau.
    pub struct AccountantsNumber: 1..=35, Form::Number;
}

/// What stands before a mandate's number, in capitals.
const MANDATE_WORDS: [&str; 6] = ["MANDAT", "MANDATS", "MDT", "MAND", "MANDT", "MDTS"];

/// What stands before a bordereau's number.
const BORDEREAU_WORDS: [&str; 5] = ["BORDEREAU", "BORD", "BRD", "BDX", "BJ"];

/// What stands before each further number of a list.
const AND: &str = "ET";

/// What may stand between the word and the number.
const FILLERS: [&str; 6] = ["N", "NO", "NR", "NUM", "NUMERO", AND];

/// Below this many characters, a number with letters is only believed after the word « mandat ».
const TELLING_CHARS_MIN: usize = 6;

/// How surely a text names a mandate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// By its number alone, which every accountant gives again each year.
    Number,
    /// With its bordereau too, or by a number with letters that nothing else looks like.
    Whole,
}

/// A mandate's number, as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MandateNumber {
    year: String,
    bordereau: Vec<String>,
    number: Vec<String>,
}

impl MandateNumber {
    /// Nothing without a digit, too long, or with other characters than letters, digits, spaces and `/ - . _`.
    #[must_use]
    pub fn parse(year: i32, bordereau: Option<&str>, number: &str) -> Option<Self> {
        let parts =
            |text: &str| AccountantsNumber::fits(text).then(|| words(text).into_iter().map(|word| word.text).collect());
        Some(Self {
            year: year.to_string(),
            bordereau: bordereau.map_or(Some(Vec::new()), parts)?,
            number: parts(number)?,
        })
    }

    /// The number without punctuation and leading zeros.
    #[must_use]
    pub fn plain(&self) -> String {
        self.number.join(" ")
    }

    /// The bordereau the same way; none when it has none.
    #[must_use]
    pub fn plain_bordereau(&self) -> Option<String> {
        (!self.bordereau.is_empty()).then(|| self.bordereau.join(" "))
    }

    /// How people and exports know it: `mandat 2026 12/345`.
    #[must_use]
    pub fn reference(&self) -> String {
        let before = self
            .plain_bordereau()
            .map(|text| format!("{text}/"))
            .unwrap_or_default();
        format!("mandat {} {before}{}", self.year, self.plain())
    }

    /// Whether a text names this mandate: the word « mandat » (or what banks make of it), then the number, alone or after its
    /// year or bordereau, or further in a list (« mandats 345 et 346 »); a bordereau that the text names must be its own. A number
    /// with letters that nothing else looks like is enough by itself. An empty text names nothing.
    #[must_use]
    pub fn named_in(&self, text: &[RemittanceWord]) -> Option<Naming> {
        let telling = self.number.iter().map(String::len).sum::<usize>() >= TELLING_CHARS_MIN
            && self
                .number
                .iter()
                .any(|part| !part.starts_with(|first: char| first.is_ascii_digit()));
        let named: Vec<Naming> = starts(text)
            .filter_map(|rest| self.begins(rest))
            .chain((telling && contains(text, &self.number)).then_some(Naming::Whole))
            .collect();
        match self.bordereau_said(text) {
            Some(false) => None,
            Some(true) => named.first().map(|_| Naming::Whole),
            None if named.contains(&Naming::Whole) => Some(Naming::Whole),
            None => named.first().copied(),
        }
    }

    fn begins(&self, rest: &[RemittanceWord]) -> Option<Naming> {
        let stands = |form: &[&[String]]| {
            let parts: Vec<String> = form.concat();
            rest.get(..parts.len()).is_some_and(|head| same(head, &parts)) && self.ends(&rest[parts.len()..])
        };
        let year = std::slice::from_ref(&self.year);
        let whole = !self.bordereau.is_empty()
            && (stands(&[&self.bordereau, &self.number]) || stands(&[year, &self.bordereau, &self.number]));
        if whole {
            return Some(Naming::Whole);
        }
        (stands(&[&self.number]) || stands(&[year, &self.number])).then_some(Naming::Number)
    }

    /// « 12/345 » is not mandate 12: what is glued to the number is part of it, unless it is the year.
    fn ends(&self, rest: &[RemittanceWord]) -> bool {
        let glued = rest.first().filter(|next| next.glued && next.is_number());
        glued.is_none_or(|next| next.text == self.year)
    }

    /// Whether the bordereau that the text names is its own; nothing when the text names none, or it has none.
    fn bordereau_said(&self, text: &[RemittanceWord]) -> Option<bool> {
        let starts = (0..text.len()).filter(|&place| BORDEREAU_WORDS.contains(&text[place].text.as_str()));
        let said: Vec<&[RemittanceWord]> = starts
            .map(|place| skip_fillers(&text[place + 1..]))
            .filter(|rest| rest.first().is_some_and(RemittanceWord::is_number))
            .collect();
        let own = |rest: &[RemittanceWord]| {
            rest.get(..self.bordereau.len())
                .is_some_and(|head| same(head, &self.bordereau))
        };
        (!said.is_empty() && !self.bordereau.is_empty()).then(|| said.into_iter().any(own))
    }
}

/// Where a mandate's number may stand: after the word, and after each « et » of the numbers that follow it.
fn starts(text: &[RemittanceWord]) -> impl Iterator<Item = &[RemittanceWord]> {
    let mut listing = false;
    (0..text.len()).filter_map(move |place| {
        let word = text[place].text.as_str();
        let starts = MANDATE_WORDS.contains(&word) || (listing && word == AND);
        listing = starts || (listing && (text[place].is_number() || FILLERS.contains(&word)));
        starts.then(|| skip_fillers(&text[place + 1..]))
    })
}

fn skip_fillers(words: &[RemittanceWord]) -> &[RemittanceWord] {
    let fillers = words.iter().take_while(|word| FILLERS.contains(&word.text.as_str()));
    &words[fillers.count()..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(bordereau: Option<&str>, number: &str, text: &str) -> bool {
        naming(bordereau, number, text).is_some()
    }

    fn naming(bordereau: Option<&str>, number: &str, text: &str) -> Option<Naming> {
        MandateNumber::parse(2026, bordereau, number)
            .unwrap()
            .named_in(&words(text))
    }

    #[test]
    fn a_mandate_is_found_however_the_bank_writes_it() {
        for text in [
            "MANDAT 345",
            "Mandat n° 00345 du 12/03",
            "VIR DRFIP BFC MDT345 BORD 12",
            "BORDEREAU 0012 MANDAT NO 345",
            "mandat 12/345",
            "MANDAT 345/2026",
            "MANDAT 2026-345",
            "TRESOR/MAND. 2026 12 345/",
        ] {
            assert!(found(Some("12"), "345", text), "{text}");
        }
        assert!(found(None, "2026-CD21-0077", "DEP 21 REF 2026CD21 077"));
    }

    #[test]
    fn another_number_is_not_the_mandate() {
        for text in [
            "",
            "345",
            "FACTURE 345",
            "MANDAT 3456",
            "MANDAT 1345",
            "MANDAT 345/12",
            "MANDAT 345 BORD 13",
            "MANDAT 13/345",
            "MANDAT",
        ] {
            assert!(!found(Some("12"), "345", text), "{text}");
        }
        assert!(!found(None, "345", "MANDAT 345-7"));
    }

    #[test]
    fn every_mandate_of_a_list_is_named() {
        for text in [
            "MANDATS 344 ET 345",
            "MANDATS N° 343 ET N° 344 ET N° 345",
            "MDTS 345 ET 346",
        ] {
            assert!(found(None, "345", text), "{text}");
        }
        for text in ["MANDATS 344 ET FACTURE 345", "MANDAT 344 DU 12/03 ET 34", "345 ET 346"] {
            assert!(!found(None, "345", text), "{text}");
        }
    }

    #[test]
    fn a_number_alone_is_told_from_one_that_nothing_else_looks_like() {
        for (bordereau, number, text, naming) in [
            (Some("12"), "345", "MANDAT 345", Some(Naming::Number)),
            (Some("12"), "345", "MANDAT 2026-345", Some(Naming::Number)),
            (None, "345", "MANDAT 345 BORD 12", Some(Naming::Number)),
            (Some("12"), "345", "MANDAT 345 BORD 12", Some(Naming::Whole)),
            (Some("12"), "345", "MANDAT 12/345", Some(Naming::Whole)),
            (None, "2026-CD21-0077", "REF 2026CD21 077", Some(Naming::Whole)),
            (Some("12"), "345", "MANDAT 345 BORD 13", None),
        ] {
            assert_eq!(self::naming(bordereau, number, text), naming, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for number in ["", "ABC", "12;34", "1\t2", &"1".repeat(36)] {
            assert_eq!(MandateNumber::parse(2026, None, number), None, "{number}");
        }
        let number = MandateNumber::parse(2026, Some("0012"), "00345").unwrap();
        assert_eq!(number.reference(), "mandat 2026 12/345");
    }
}
