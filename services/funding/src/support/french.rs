//! How figures are written for people, on paper.

use rust_decimal::Decimal;
use standards::{Iban, Siret};

/// `3,33 %`.
pub(crate) fn percent(rate: Decimal) -> String {
    let percent = (rate * Decimal::ONE_HUNDRED).normalize().to_string();
    format!("{}\u{A0}%", percent.replace('.', ","))
}

/// `100 000`, with the narrow no-break spaces of amounts.
pub(crate) fn counted(count: i32) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202F}');
        }
        text.push(digit);
    }
    text
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
        assert_eq!(
            (counted(999), counted(100_000)),
            ("999".to_owned(), "100\u{202F}000".to_owned())
        );
        let iban = "FR7630006000011234567890189".parse().unwrap();
        assert_eq!(
            grouped(&iban).replace('\u{A0}', " "),
            "FR76 3000 6000 0112 3456 7890 189"
        );
    }
}
