//! Our SIREN, SIRET and IBAN decisions against other people's.

use e2e::{check, write_temporarily};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use standards::{Iban, Siren, Siret};

/// Numbers of each kind: one in ten is right by chance or design.
const NUMBERS: usize = 20_000;

/// Countries with account numbers of digits and letters, of several lengths.
const IBANS: [&str; 8] = [
    "FR7630006000011234567890189",
    "FR1420041010050500013M02606",
    "DE89370400440532013000",
    "BE68539007547034",
    "ES9121000418450200051332",
    "IT60X0542811101000000123456",
    "NL91ABNA0417164300",
    "GB29NWBK60161331926819",
];

#[test]
fn our_decisions_on_numbers_are_those_of_an_independent_library() {
    let mut random = StdRng::seed_from_u64(7);
    let mut table = csv::Writer::from_writer(Vec::new());
    let mut row = |kind: &str, number: String, valid: bool| {
        table
            .write_record([kind, &number, if valid { "true" } else { "false" }])
            .expect("memory");
    };
    row("kind", "number".to_owned(), true);
    for _ in 0..NUMBERS {
        let number = digits(&mut random, 9);
        let valid = number.parse::<Siren>().is_ok();
        row("siren", number, valid);
        let number = format!(
            "{}{}",
            e2e::siren(random.random_range(0..100_000)),
            digits(&mut random, 5)
        );
        let valid = number.parse::<Siret>().is_ok();
        row("siret", number, valid);
        let number = iban(&mut random);
        let valid = number.parse::<Iban>().is_ok();
        row("iban", number, valid);
    }
    let table = table.into_inner().expect("memory");
    let table = String::from_utf8(table)
        .expect("ASCII")
        .replacen("kind,number,true", "kind,number,valid", 1);
    let file = write_temporarily(table.as_bytes());
    check("check_ids.py", &[&file.path()]);
}

fn digits(random: &mut StdRng, length: usize) -> String {
    (0..length)
        .map(|_| char::from(random.random_range(b'0'..=b'9')))
        .collect()
}

/// A true one, or one with a digit or two changed, swapped or lost.
fn iban(random: &mut StdRng) -> String {
    let mut number = if random.random_ratio(1, 2) {
        e2e::iban(random.random_range(0..1_000_000))
    } else {
        IBANS[random.random_range(0..IBANS.len())].to_owned()
    };
    let place = random.random_range(2..number.len());
    match random.random_range(0..5) {
        0 => {}
        1 => number.replace_range(place..=place, &digits(random, 1)),
        2 => {
            let digit = number.remove(place);
            number.insert(random.random_range(2..=number.len()), digit);
        }
        3 => {
            number.remove(place);
        }
        _ => number.replace_range(2..4, &digits(random, 2)),
    }
    number
}
