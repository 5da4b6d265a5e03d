//! How figures are written for people, on paper.

use rust_decimal::Decimal;
use standards::{Iban, Siret};

/// `3,33 %`.
pub(crate) fn percent(rate: Decimal) -> String {
    let percent = (rate * Decimal::ONE_HUNDRED).normalize().to_string();
    format!("{}\u{A0}%", percent.replace('.', ","))
}

/// In groups of four, as on a bank's own papers; in one piece.
pub(crate) fn grouped(iban: &Iban) -> String {
    let characters: Vec<char> = iban.electronic().chars().collect();
    let groups: Vec<String> = characters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join("\u{A0}")
}

/// `SIRET 212 103 013 00013`, in one piece; as it is when it is none.
pub(crate) fn siret(number: &str) -> String {
    let read = number.parse::<Siret>();
    let number = read.map_or_else(|_| number.to_owned(), |siret| siret.to_french());
    format!("SIRET\u{A0}{number}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_people_write_them() {
        assert_eq!(percent(Decimal::new(333, 4)), "3,33\u{A0}%");
        assert_eq!(percent(Decimal::new(200_000, 6)), "20\u{A0}%");
        assert_eq!(percent(Decimal::ZERO), "0\u{A0}%");
        let iban = "FR7630006000011234567890189".parse().unwrap();
        assert_eq!(
            grouped(&iban).replace('\u{A0}', " "),
            "FR76 3000 6000 0112 3456 7890 189"
        );
    }
}
