use super::*;

fn payment(end_to_end: &str, cents: i64) -> Payment {
    Payment {
        end_to_end: end_to_end.into(),
        creditor_name: "Médiathèque « Champollion » & Cie".into(),
        iban: "FR7630006424462601815908634".parse().unwrap(),
        bic: None,
        amount: Cents::new(cents),
        remittance: "Chèques culture numérique, mai 2026 – 4 chèques".into(),
    }
}

fn file(payments: Vec<Payment>) -> PaymentFile {
    PaymentFile {
        message_id: "CCN-2026-06-001".into(),
        created_at: "2026-06-05T08:30:00Z".parse().unwrap(),
        debtor_name: "Fonds de soutien pour l'inclusion numérique".into(),
        debtor_iban: "FR7630006000011234567890189".parse().unwrap(),
        debtor_bic: Some("AGRIFRPPXXX".parse().unwrap()),
        requested_execution: "2026-06-08".parse().unwrap(),
        payments,
    }
}

fn written(payments: Vec<Payment>) -> String {
    String::from_utf8(file(payments).write().unwrap()).unwrap()
}

#[test]
fn a_file_says_who_pays_whom_how_much_and_why() {
    let mut second = payment("CCN-2026-05-0002", 1000);
    second.bic = Some("AGRIFRPPXXX".parse().unwrap());
    let xml = written(vec![payment("CCN-2026-05-0001", 4000), second]);
    for part in [
        "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09",
        "<MsgId>CCN-2026-06-001</MsgId>",
        "<CreDtTm>2026-06-05T08:30:00Z</CreDtTm>",
        "<NbOfTxs>2</NbOfTxs>",
        "<CtrlSum>50.00</CtrlSum>",
        "<ReqdExctnDt><Dt>2026-06-08</Dt></ReqdExctnDt>",
        "<Dbtr><Nm>Fonds de soutien pour l&apos;inclusion numerique</Nm></Dbtr>",
        "<DbtrAgt><FinInstnId><BICFI>AGRIFRPPXXX</BICFI>",
        "<InstdAmt Ccy=\"EUR\">40.00</InstdAmt>",
        "<EndToEndId>CCN-2026-05-0002</EndToEndId>",
        "<IBAN>FR7630006424462601815908634</IBAN>",
    ] {
        assert!(xml.contains(part), "{part} is not in\n{xml}");
    }
}

#[test]
fn every_text_is_in_the_sepa_character_set() {
    let xml = written(vec![payment("E1", 4000)]);
    assert!(xml.is_ascii(), "{xml}");
    assert!(xml.contains("Cheques culture numerique, mai 2026 . 4 cheques"), "{xml}");
}

#[test]
fn letters_that_banks_do_not_carry_become_those_they_do() {
    for (name, carried) in [
        ("Œuvre de Łódź & Cie", "Ouvre de Lodz + Cie"),
        ("Association Ġgantija – Đurić", "Association Ggantija - Duric"),
        ("C.C.A.S. de L’Haÿ-les-Roses", "C.C.A.S. de L'Hay-les-Roses"),
        ("Me\u{301}diathe\u{300}que", "Mediatheque"),
    ] {
        let mut one = payment("E1", 1);
        one.creditor_name = name.into();
        let xml = written(vec![one]);
        let nm = format!("<Nm>{}</Nm>", carried.replace('\'', "&apos;"));
        assert!(xml.contains(&nm), "{nm} is not in\n{xml}");
    }
}

#[test]
fn the_same_payments_give_the_same_bytes() {
    assert_eq!(written(vec![payment("E1", 4000)]), written(vec![payment("E1", 4000)]));
}

#[test]
fn a_long_name_is_shortened_to_what_sepa_carries() {
    let mut long = payment("E1", 1);
    long.creditor_name = "É".repeat(90);
    assert!(written(vec![long]).contains(&format!("<Nm>{}</Nm>", "E".repeat(NAME_CHARS_MAX))));
}

#[test]
fn nothing_zero_negative_or_enormous_is_paid() {
    assert_eq!(file(vec![]).write(), Err(PaymentFileError::Empty));
    for cents in [0, -1, AMOUNT_MAX.get() + 1, i64::MIN] {
        let refused = file(vec![payment("E1", 100), payment("E2", cents)]).write();
        assert_eq!(
            refused,
            Err(PaymentFileError::Amount {
                end_to_end: "E2".into(),
                amount: Cents::new(cents)
            })
        );
    }
    assert!(written(vec![payment("E1", AMOUNT_MAX.get())]).contains(">999999999.99<"));
}

#[test]
fn a_reference_is_used_once() {
    let refused = file(vec![payment("E1", 100), payment("E1", 100)]).write();
    assert_eq!(
        refused,
        Err(PaymentFileError::Duplicate {
            end_to_end: "E1".into()
        })
    );
}

#[test]
fn wrong_texts_are_refused_and_the_payment_named() {
    let refusal = |payment: Payment| {
        file(vec![self::payment("E1", 1), payment])
            .write()
            .unwrap_err()
            .to_string()
    };
    let long_id = "X".repeat(ID_CHARS_MAX + 1);
    assert!(refusal(payment(&long_id, 1)).contains(&long_id));
    assert!(refusal(payment("É2", 1)).contains("le virement É2"));
    for remittance in [String::new(), "x".repeat(REMITTANCE_CHARS_MAX + 1)] {
        let mut wrong = payment("E2", 1);
        wrong.remittance = remittance;
        assert!(refusal(wrong).contains("le virement E2"));
    }
    let mut unnamed = file(vec![payment("E1", 1)]);
    unnamed.message_id = String::new();
    assert_eq!(
        unnamed.write().unwrap_err().to_string(),
        "l'en-tête du fichier ne convient pas au format bancaire : GrpHdr/MsgId est vide"
    );
}

#[test]
fn an_account_outside_sepa_is_refused_without_showing_it() {
    let mut turkish = payment("E1", 1);
    turkish.iban = "TR330006100519786457841326".parse().unwrap();
    let refusal = file(vec![turkish]).write().unwrap_err();
    assert!(refusal.to_string().contains("TR33…1326"));
    assert!(!format!("{refusal:?}").contains("TR330006"));
}

#[test]
fn too_many_payments_are_refused() {
    let payments = (0..=PAYMENTS_MAX)
        .map(|number| payment(&format!("E{number}"), 1))
        .collect();
    assert_eq!(
        file(payments).write(),
        Err(PaymentFileError::TooMany {
            found: PAYMENTS_MAX + 1
        })
    );
}
