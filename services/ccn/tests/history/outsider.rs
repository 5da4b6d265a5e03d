use ccn::commands::cosign::{NotCosigned, cosign};
use sealed_log::Cosigner;
use serde_json::json;
use sqlx::PgPool;
use verify::books::{Proven, verify_proof};

use crate::fixture::{FUNDERS, Fixture, id, instant, log_key};
use crate::story::{Books, export, outsider, whole_history};

/// The issue's own words: from the lines and the checkpoint alone, root, balances and a funder's waterfall.
#[testkit::test]
async fn an_outsider_finds_root_balances_and_every_funders_waterfall(admin: PgPool) {
    let fixture = whole_history(admin).await;
    let books = export(&fixture.admin.connect_options(), true).await;
    let verdict = books.verdict(None, &[]);
    assert_eq!(verdict.faults, Vec::<String>::new());
    assert_eq!(verdict.closes.len(), 5);
    // March; then April with its deduction; and one that came back.
    assert_eq!(verdict.records, 5);

    let found = books.outsider(&[]).unwrap();
    assert_eq!(found["hledger"], "entries and balances");
    assert_eq!(found["fec"].as_array().map(Vec::len), Some(1), "{found:#}");
    assert_eq!(
        found["not_looked_at"],
        json!(["checkpoint.vkey", "waterfall.pdf", "waterfall.xlsx"])
    );
    assert_eq!(found["root"], verdict.root);
    assert_eq!(found["settlement_lines"], 5);
    assert_eq!(
        found["closed"],
        json!(["2026-03", "2026-04", "2026-05", "2026-06", "2026-07"])
    );
    // What expired on the last night of July in Paris' August is not late.
    assert_eq!(found["late"], 0);
    let waterfall = fixture.get_json("/funding/v1/waterfall").await;
    for (n, funder) in FUNDERS.iter().enumerate() {
        let theirs = &found["funders"][funder.to_string()];
        for name in ["received", "claimed", "paid", "returned"] {
            let cents = theirs[name].as_i64().unwrap();
            let told = &waterfall["totals"][n][name];
            let euros: standards::Cents = told.as_str().unwrap().parse().unwrap();
            assert_eq!(cents, euros.get(), "{name}");
        }
    }
    // 50 € were claimed and not reversed, of which 10 € came back from the bank.
    let sum = |name: &str| -> i64 {
        FUNDERS
            .iter()
            .map(|funder| found["funders"][funder.to_string()][name].as_i64().unwrap())
            .sum()
    };
    assert_eq!((sum("claimed"), sum("paid")), (5000, 4000));
    let alone = books.path("alone");
    std::fs::create_dir(&alone).unwrap();
    for name in ["transfers.ndjson", "checkpoint"] {
        std::fs::copy(books.path(name), alone.join(name)).unwrap();
    }
    let again = outsider(&["verify_books.py", alone.to_str().unwrap()]).unwrap();
    assert_eq!(again["funders"], found["funders"]);
    let said = said_by_checker(&books);
    assert!(said.contains("agree"), "{said}");
}

fn said_by_checker(books: &Books) -> String {
    let output = std::process::Command::new(std::env::var_os("TEST_PYTHON").unwrap())
        .arg("-B")
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/checkers/check_export.py"
        ))
        .arg(books.folder.path())
        .arg("hledger")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Proofs are files that two programs, which share no line, believe.
#[testkit::test]
async fn proofs_are_believed_by_both_and_by_nobody_once_altered(admin: PgPool) {
    let fixture = whole_history(admin).await;
    let folder = tempfile::tempdir().unwrap();
    let before = String::from_utf8(fixture.get("/funding/log/checkpoint").await).unwrap();
    fixture.claims_late().await;
    let claim = fixture.get(&format!("/funding/v1/proofs/events/{}", id(201))).await;
    let size = before.lines().nth(1).unwrap().to_owned();
    let extends = fixture
        .get(&format!("/funding/v1/proofs/consistency?older={size}"))
        .await;
    let vkey = log_key().verifier().to_string();
    let both = |file: &[u8]| {
        let path = folder.path().join("proof.json");
        std::fs::write(&path, file).unwrap();
        let ours = verify_proof(file, Some(&vkey));
        let theirs = outsider(&["verify_proof.py", path.to_str().unwrap(), "--vkey", &vkey]);
        assert_eq!(ours.is_ok(), theirs.is_ok(), "{ours:?} {theirs:?}");
        ours
    };
    assert!(matches!(both(&claim), Ok(Proven::Entries(leaves, _)) if leaves.len() == 4));
    assert!(matches!(both(&extends), Ok(Proven::Extends(older, _)) if older.size.to_string() == size));
    let altered = |file: &[u8], from: &str, to: &str| {
        let text = String::from_utf8(file.to_vec()).unwrap();
        assert!(text.contains(from), "{from} in {text}");
        text.replacen(from, to, 1).into_bytes()
    };
    // The amount that is shown, and its leaf left as it is.
    assert!(both(&altered(&claim, "\"cents\": 1000", "\"cents\": 9000")).is_err());
    assert!(both(&altered(&claim, "\"leaf\": \"r", "\"leaf\": \"s")).is_err());
    assert!(both(&altered(&claim, "test.example/log\\n", "test.example/log\\n1")).is_err());
    assert!(
        both(&altered(
            &extends,
            "\"path\": [",
            "\"path\": [\"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\","
        ))
        .is_err()
    );
}

#[testkit::test]
async fn a_cosigner_signs_what_extends_what_it_saw_and_nothing_else(admin: PgPool) {
    let fixture = whole_history(admin).await;
    let (log, at) = (log_key().verifier(), instant("2026-08-10T09:00:00Z"));
    let key = Cosigner::from_seed("funder1.example/log", &[1; 32]).unwrap();
    let vkey = key.verifier().to_string();
    fixture
        .created(
            "/funding/v1/cosigners",
            json!({"vkey": vkey, "organisation_id": FUNDERS[0]}),
        )
        .await;
    let checkpoint = async || String::from_utf8(fixture.get("/funding/log/checkpoint").await).unwrap();
    let first = checkpoint().await;
    let (_, seen) = cosign(&key, &log, None, &first, at).unwrap();
    assert_eq!(seen, first);
    fixture.claims_late().await;
    fixture.get(&format!("/funding/v1/proofs/events/{}", id(909))).await;
    let second = checkpoint().await;
    assert_ne!(first, second);
    let size = |note: &str| note.lines().nth(1).unwrap().to_owned();
    assert!(matches!(
        cosign(&key, &log, Some(&seen), &second, at),
        Err(NotCosigned::NoProof(_))
    ));
    let path = format!("/funding/v1/proofs/consistency?older={}", size(&seen));
    let proof = String::from_utf8(fixture.get(&path).await).unwrap();
    let late = fixture
        .get_json(&format!("/funding/v1/proofs/transfers/{}", id(909)))
        .await;
    assert_eq!(
        (&late["transfer"]["late"], &late["transfer"]["booked_on"]),
        (&json!(true), &json!("2026-08-10"))
    );
    let (line, seen) = cosign(&key, &log, Some(&seen), &proof, at).unwrap();
    assert_eq!(seen, second);
    // A log that forked: the same size, another past.
    let fork = sealed_log::Checkpoint::new(
        "test.example/log",
        size(&first).parse().unwrap(),
        sealed_log::Hash::empty(),
    );
    let fork = fork.sign(&log_key()).unwrap();
    assert!(matches!(
        cosign(&key, &log, Some(&fork), &proof, at),
        Err(NotCosigned::OtherPast(..))
    ));
    let unsigned = second.replace("test.example", "best.example");
    assert!(matches!(
        cosign(&key, &log, None, &unsigned, at),
        Err(NotCosigned::Checkpoint(_))
    ));

    let path = format!("/funding/v1/checkpoints/{}/cosignatures", size(&second));
    fixture.created(&path, json!({"line": line})).await;
    let books = export(&fixture.admin.connect_options(), true).await;
    let verdict = books.verdict(None, std::slice::from_ref(&vkey));
    assert_eq!(verdict.faults, Vec::<String>::new());
    assert_eq!(verdict.cosigned.len(), 1);
    books.outsider(&["--cosigner", &vkey]).unwrap();
    let nobody = Cosigner::from_seed("funder2.example/log", &[2; 32]).unwrap().verifier();
    let nobody = nobody.to_string();
    let verdict = books.verdict(None, std::slice::from_ref(&nobody));
    assert!(
        verdict.faults[0].contains("pas co-signé par funder2"),
        "{:?}",
        verdict.faults
    );
    assert!(books.outsider(&["--cosigner", &nobody]).is_err());
}

impl Fixture {
    /// An offline claim of July that comes when July is closed.
    pub async fn claims_late(&self) {
        let late = [(
            ledger::TransferKind::Explained,
            ledger::Account::charges_owed(),
            ledger::Account::suspense(),
            standards::Cents::new(5),
        )];
        let transfers = late.map(|(kind, debit, credit, cents)| {
            let id = ledger::TransferId::from_uuid(id(909));
            ledger::Transfer::new(id, kind, debit, credit, cents).unwrap()
        });
        let posting = ledger::Posting::new(ledger::EventId::from_uuid(id(909)), transfers.to_vec()).unwrap();
        let mut tx = self.admin.begin().await.unwrap();
        ledger::post(&mut tx, &[posting], instant("2026-07-15T10:00:00Z"))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
}
