//! The books from outside: exported, checked by other people's tools, altered in every way, and found out each time.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

mod close;
mod fixture;
mod reconcile;

use fixture::{export, key, post, two_years};
use sqlx::{Executor, PgPool};
use verify::books::{BooksVerdict, Proven};

const LATER: &str = "2027-03-01T09:00:00Z";

#[testkit::test]
async fn an_export_is_intact_and_others_agree(pool: PgPool) {
    two_years(&pool).await;
    let books = export(&pool, LATER).await;
    assert_eq!(books.exported.changed, 0);
    let verdict = books.verdict();
    assert_eq!(verdict.faults, Vec::<String>::new());
    assert_eq!(verdict.transfers, books.exported.transfers);
    let fecs: Vec<&String> = books
        .exported
        .files
        .iter()
        .filter(|name| name.contains("FEC"))
        .collect();
    assert_eq!(fecs, ["732829320FEC20261231.txt", "732829320FEC20271231.txt"]);
    let said = books.checked_by_others();
    assert!(said.contains("2 funders, 2 FEC agree"), "{said}");
}

/// A later export extends an earlier checkpoint; one made from rewritten books does not.
#[testkit::test]
async fn a_rewritten_past_is_found_by_who_kept_a_checkpoint(pool: PgPool) {
    two_years(&pool).await;
    let before = export(&pool, LATER).await;
    let [funder, _] = fixture::FUNDERS;
    let leg = (
        ledger::TransferKind::Received,
        ledger::Account::bank(),
        ledger::Account::deposited(funder),
        7,
    );
    post(&pool, "later", &[leg], None, LATER).await;
    let after = export(&pool, LATER).await;
    let older = before.path("checkpoint");
    assert_eq!(after.verdict_since(Some(&older)).faults, Vec::<String>::new());

    // One old amount, by who may do everything.
    pool.execute(
        "update ledger.transfer set cents = 501 where id = (select entry_id from ledger.leaf where seq = 100)",
    )
    .await
    .unwrap();
    let wrong = export(&pool, LATER).await;
    assert_eq!(
        (wrong.exported.changed, wrong.exported.changed_first.clone()),
        (1, vec![100])
    );
    let verdict = wrong.verdict_since(Some(&older));
    assert!(
        verdict.faults[0].contains("ligne 101 (rang 100"),
        "{:?}",
        verdict.faults
    );
    assert!(
        verdict.faults.iter().any(|fault| fault.contains("la racine")),
        "{:?}",
        verdict.faults
    );

    // A whole new log of other facts, signed with the same key: a fork. Amounts are left alone, or the sealer itself refuses.
    pool.execute("update ledger.transfer set cents = 500, reference = 'autre' where id = (select entry_id from ledger.leaf where seq = 100)").await.unwrap();
    pool.execute("delete from ledger.leaf").await.unwrap();
    pool.execute("delete from ledger.tile").await.unwrap();
    pool.execute("delete from ledger.checkpoint").await.unwrap();
    let fork = export(&pool, LATER).await;
    assert_eq!(fork.verdict().faults, Vec::<String>::new());
    let verdict = fork.verdict_since(Some(&older));
    assert!(
        verdict.faults.iter().any(|fault| fault.contains("ont été réécrits")),
        "{:?}",
        verdict.faults
    );
}

#[testkit::test]
async fn every_alteration_of_the_files_is_found_at_its_place(pool: PgPool) {
    two_years(&pool).await;
    let books = export(&pool, LATER).await;
    let whole = books.read("transfers.ndjson");
    let lines: Vec<&str> = whole.lines().collect();
    let found = |content: Vec<&str>, told: &str| {
        books.write("transfers.ndjson", &(content.join("\n") + "\n"));
        let verdict = books.verdict();
        assert!(!verdict.holds());
        assert!(
            verdict.faults.iter().any(|fault| fault.contains(told)),
            "{told}: {:?}",
            verdict.faults
        );
    };
    let with = |place: usize, line: &'static str| {
        let mut changed = lines.clone();
        changed[place] = line;
        changed
    };
    // Truncation, deletion, exchange, insertion, noise.
    found(lines[..lines.len() - 2].to_vec(), "il manque 2 écritures à la fin");
    found(
        [&lines[..50], &lines[51..]].concat(),
        "ligne 51 : l'écriture de rang 51 est à la place du rang 50",
    );
    let mut exchanged = lines.clone();
    exchanged.swap(10, 11);
    found(exchanged, "ligne 11 : l'écriture de rang 11 est à la place du rang 10");
    found(
        [&lines[..20], &lines[19..]].concat(),
        "ligne 21 : l'écriture de rang 19",
    );
    found(with(30, "{}"), "ligne 31 (rang 30) : la feuille");
    found(with(30, "not json"), "ligne 31 (rang 30) : ce n'est pas du JSON");
    // A claim that it is late, or that it is not, follows from its days.
    let punctual: &'static str = lines[61].replace("\"leaf\":", "\"late\":true,\"leaf\":").leak();
    found(with(61, punctual), "ligne 62 (rang 61) : « late » dit true");
    // An edit of what people read, and of both.
    let edited: &'static str = lines[60].replace("\"cents\":500", "\"cents\":600").leak();
    found(
        with(60, edited),
        "ligne 61 (rang 60) : « cents » dit 600, la feuille dit 500",
    );
    let consistent: &'static str = {
        let raw = data_encoding::BASE64
            .decode(
                serde_json::from_str::<serde_json::Value>(lines[60]).unwrap()["leaf"]
                    .as_str()
                    .unwrap()
                    .as_bytes(),
            )
            .unwrap();
        let sealed_log::AnyLeaf::Transfer(mut leaf) = sealed_log::AnyLeaf::from_bytes(&raw).unwrap() else {
            panic!("not a transfer");
        };
        leaf.cents = standards::Cents::new(600);
        leaf.to_json().to_string().leak()
    };
    found(with(60, consistent), "ligne 61 (rang 60, écriture");
    books.write("transfers.ndjson", &whole);
    assert!(books.verdict().holds());

    // Another checkpoint, another key, other sealed hashes.
    let checkpoint = books.read("checkpoint");
    books.write("checkpoint", &checkpoint.replacen('6', "7", 1));
    assert!(books.verdict().faults[0].contains("n'est pas signé"));
    books.write("checkpoint", &checkpoint);
    let mut hashes = std::fs::read(books.path("leaf-hashes")).unwrap();
    hashes[0] ^= 1;
    std::fs::write(books.path("leaf-hashes"), hashes).unwrap();
    assert!(books.verdict().faults.iter().any(|fault| fault.contains("leaf-hashes")));
    std::fs::remove_file(books.path("leaf-hashes")).unwrap();
    assert!(books.verdict().holds());
}

/// Each file that says again what the entries say, falsified alone: whoever reads only that one is warned.
#[testkit::test]
async fn a_falsified_report_journal_or_fec_is_found_by_both_verifiers(pool: PgPool) {
    two_years(&pool).await;
    let books = export(&pool, LATER).await;
    let verdict = books.verdict();
    assert_eq!(verdict.faults, Vec::<String>::new());
    assert_eq!(verdict.not_looked_at, ["waterfall.pdf", "waterfall.xlsx"]);
    let compared = verdict.compared.join("\n");
    for name in [
        "journal.hledger",
        "732829320FEC20261231.txt",
        "732829320FEC20271231.txt",
        "waterfall.csv",
    ] {
        assert!(compared.contains(name), "{compared}");
    }
    let falsified = |name: &str, from: &str, to: &str| {
        // The FEC is in ISO 8859-15: its bytes as characters, and back.
        let whole = std::fs::read(books.path(name)).unwrap();
        let text: String = whole.iter().copied().map(char::from).collect();
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{name}: {from:?}");
        let changed: Vec<u8> = changed.chars().map(|c| u8::try_from(c).unwrap()).collect();
        std::fs::write(books.path(name), changed).unwrap();
        let verdict = books.verdict();
        assert!(
            verdict.faults.iter().any(|fault| fault.contains(name)),
            "{name}, {from:?}: {:?}",
            verdict.faults
        );
        let outsider = books.verified_by_outsider();
        std::fs::write(books.path(name), &whole).unwrap();
        outsider
    };
    let everybody_sees = |name: &str, from: &str, to: &str| {
        assert!(
            falsified(name, from, to).is_err(),
            "the outsider overlooks {from:?} in {name}"
        );
    };
    everybody_sees("journal.hledger", "fonds:bank  5000.00 EUR", "fonds:bank  5000.01 EUR");
    everybody_sees("journal.hledger", " * (7) ", " * (8) ");
    everybody_sees(
        "journal.hledger",
        "\naccount ",
        "\n2027-01-01 * (1) received\n    fonds:bank  1.00 EUR\n    b  -1.00 EUR\n\naccount ",
    );
    everybody_sees(
        "journal.hledger",
        "decimal-mark .\n",
        "decimal-mark .\nalias fonds:bank = fonds:caisse\n",
    );
    for fec in ["732829320FEC20261231.txt", "732829320FEC20271231.txt"] {
        everybody_sees(fec, ",00\t0,00\t", ",01\t0,00\t");
        everybody_sees(fec, "\t4670\t", "\t4671\t");
        everybody_sees(fec, "\r\n", "\r\nBQ\tBanque\t1\t20260101\r\n");
    }
    // A funder's claims, and its money in the bank.
    let report = books.read("waterfall.csv");
    let columns: Vec<&str> = report.lines().next().unwrap().split(',').collect();
    let row: Vec<&str> = report.lines().nth(1).unwrap().split(',').collect();
    for column in ["received", "funded", "claimed", "expired", "free"] {
        let place = columns.iter().position(|name| *name == column).unwrap();
        let mut changed = row.clone();
        changed[place] = "123456.78";
        everybody_sees("waterfall.csv", &row.join(","), &changed.join(","));
    }
    assert_eq!(books.verdict().faults, Vec::<String>::new());
    books.write("notes.txt", "à moi");
    assert!(books.verdict().not_looked_at.contains(&"notes.txt".to_owned()));
}

#[testkit::test]
async fn a_newer_checkpoint_given_as_the_older_one_is_a_mix_up_and_no_forgery(pool: PgPool) {
    two_years(&pool).await;
    let before = export(&pool, LATER).await;
    let [funder, _] = fixture::FUNDERS;
    let (bank, deposited) = (ledger::Account::bank(), ledger::Account::deposited(funder));
    post(
        &pool,
        "later",
        &[(ledger::TransferKind::Received, bank, deposited, 7)],
        None,
        LATER,
    )
    .await;
    let after = export(&pool, LATER).await;
    let vkey = key().verifier().to_string();
    let newer = after.path("checkpoint");
    let trusted = verify::books::Trusted {
        key: Some(&vkey),
        older: Some(&newer),
        cosigners: &[],
    };
    let told = verify::books::verify_books(before.folder.path(), &trusted)
        .unwrap_err()
        .to_string();
    assert!(
        told.contains("est plus récent que ces livres") && told.contains("rien n'a été jugé"),
        "{told}"
    );
    let told = before.verified_by_outsider_since(&newer).unwrap_err();
    assert!(told.starts_with("NOTHING JUDGED") && told.contains("newer"), "{told}");
}

#[testkit::test]
async fn one_transfer_is_proven_by_its_file_alone(pool: PgPool) {
    two_years(&pool).await;
    export(&pool, LATER).await;
    let id = sqlx::query_scalar::<_, ledger::TransferId>("select entry_id from ledger.leaf where seq = 300")
        .fetch_one(&pool)
        .await
        .unwrap();
    let proof = ledger::seal::prove_transfer(&mut pool.acquire().await.unwrap(), id)
        .await
        .unwrap();
    let file = serde_json::to_string(&funding::ProofView::from(proof)).unwrap();
    let vkey = key().verifier().to_string();
    let verify = |file: &str| verify::books::verify_proof(file.as_bytes(), Some(&vkey));
    let Ok(Proven::Entries(leaves, checkpoint)) = verify(&file) else {
        panic!("not proven");
    };
    assert_eq!((leaves[0].id(), leaves[0].seq()), (id.uuid(), 300));
    assert!(checkpoint.size > 600);
    for (from, to) in [
        ("\"cents\":500", "\"cents\":501"),
        ("\"seq\":300", "\"seq\":301"),
        ("\"path\":[\"", "\"path\":[\"AA"),
        ("test.example", "best.example"),
    ] {
        assert!(file.contains(from), "{from}");
        assert!(verify(&file.replacen(from, to, 1)).is_err(), "{from}");
    }
}

/// Whoever takes the last closes away, or makes others, meets the checkpoints signed since.
#[testkit::test]
async fn closes_that_a_signed_checkpoint_knows_are_not_left_out(pool: PgPool) {
    two_years(&pool).await;
    let books = export(&pool, LATER).await;
    let signed = |closed: Option<(&str, u64)>| {
        let note = books.read("checkpoint");
        let mut own = sealed_log::Checkpoint::open(&note, &key().verifier()).unwrap();
        own.last_closed = closed.map(|(month, size)| (month.parse().unwrap(), size));
        own
    };
    let last = signed(Some(("2026-10", 300)));
    books.write("checkpoint", &last.sign(&key()).unwrap());
    let told = "ne dit rien de la clôture de 2026-10 à 300 écritures";
    let missing = |verdict: &BooksVerdict| verdict.faults.iter().any(|fault| fault.contains(told));
    assert!(missing(&books.verdict()));
    assert!(books.verified_by_outsider().is_err());
    let hashes = std::fs::read(books.path("leaf-hashes")).unwrap();
    let mut tree = sealed_log::Frontier::new();
    for hash in hashes.chunks(32).take(300) {
        tree.push(sealed_log::Hash::from_slice(hash).unwrap());
    }
    let close = sealed_log::Checkpoint::of_close("test.example/log", 300, tree.root(), "2026-10".parse().unwrap());
    let note = close.sign(&key()).unwrap();
    let line = serde_json::json!({"checkpoint": note}).to_string();
    books.write("closes.ndjson", &format!("{line}\n"));
    assert_eq!(books.verdict().faults, Vec::<String>::new());
    assert_eq!(books.verified_by_outsider(), Ok(()));
    // An auditor kept the note of the close; the books that come later speak of none.
    books.write("checkpoint", &signed(None).sign(&key()).unwrap());
    books.write("closes.ndjson", "");
    books.write("kept", &note);
    assert!(missing(&books.verdict_since(Some(&books.path("kept")))));
    // A line may be long: many may co-sign.
    let long = serde_json::json!({"checkpoint": note, "told": "x".repeat(100_000)}).to_string();
    books.write("closes.ndjson", &format!("{long}\n"));
    assert_eq!(books.verdict().faults, Vec::<String>::new());
}

/// A close is a promise: the log had this root then, and nothing after it is booked in the month.
#[testkit::test]
async fn what_is_booked_into_a_closed_month_is_found(pool: PgPool) {
    two_years(&pool).await;
    let books = export(&pool, LATER).await;
    assert_eq!(books.read("closes.ndjson"), "");
    let hashes = std::fs::read(books.path("leaf-hashes")).unwrap();
    let mut tree = sealed_log::Frontier::new();
    for hash in hashes.chunks(32).take(300) {
        tree.push(sealed_log::Hash::from_slice(hash).unwrap());
    }
    let close = |size, root, month: &str| {
        let close = sealed_log::Checkpoint::of_close("test.example/log", size, root, month.parse().unwrap());
        serde_json::json!({"checkpoint": close.sign(&key()).unwrap()}).to_string()
    };
    let found = |lines: &[String], told: &str| {
        books.write("closes.ndjson", &(lines.join("\n") + "\n"));
        let verdict = books.verdict();
        assert!(
            verdict.faults.iter().any(|fault| fault.contains(told)),
            "{told}: {:?}",
            verdict.faults
        );
    };
    // What really was: all of November, and nothing later in it.
    let november = close(300, tree.root(), "2026-10");
    books.write("closes.ndjson", &format!("{november}\n"));
    assert_eq!(books.verdict().faults, Vec::<String>::new());
    found(
        &[close(300, tree.root(), "2026-11")],
        "ligne 301 (rang 300) : écrite au 02/11/2026 alors que 2026-11 était clos",
    );
    found(
        &[close(299, tree.root(), "2026-10")],
        "les 299 premières écritures ne sont pas celles de la clôture de 2026-10",
    );
    found(
        &[close(100_000, tree.root(), "2026-10")],
        "la clôture de 2026-10 compte 100000 écritures",
    );
    found(
        &[november.clone(), close(300, tree.root(), "2026-12")],
        "ligne 2 : 2026-12 ne suit pas 2026-10",
    );
    found(
        &[november.replace("2026-10", "2026-09")],
        "ligne 1 : elle n'est pas signée",
    );
    found(&["{}".to_owned()], "ligne 1 : ce n'est pas une clôture");
}
