use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use access::Secret;
use axum::body::{Body, to_bytes};
use funding::reconciliation::Nightly;
use funding::{Config, FundAccount};
use http::Request;
use ledger::{EventId, PartyId};
use sqlx::PgPool;
use standards::Cents;
use tower::ServiceExt;
use uuid::Uuid;
use verify::evidence::{EvidenceUnreadable, Tokens, verify_evidence};
use web::Clock;

use crate::fixture::{BOOK, export, instant, key, two_years};

const LATER: &str = "2027-03-01T09:00:00Z";
const STRUCTURE: PartyId = PartyId::from_uuid(Uuid::from_u128(0x51));

/// The bundle of the structure, as it is downloaded.
async fn downloaded(pool: &PgPool, folder: &Path) -> PathBuf {
    two_years(pool).await;
    sqlx::query(
        "insert into redemption.structure (id, pivot, siret, name, commune, place, import_id, imported_at)
         values ($1, '21210231300013', '21210231300013', 'Médiathèque', 'Dijon', '{}', $1, now())",
    )
    .bind(STRUCTURE.uuid())
    .execute(pool)
    .await
    .unwrap();
    for n in 0..40 {
        let claim = EventId::derive(b"test", &[format!("claimed {n}").as_bytes()]);
        sqlx::query(
            "insert into redemption.claim
                 (book_id, id, request_id, structure_id, service, service_date, numbers, face_values, cents, evidence, at)
             select book_id, claim_id, claim_id, $2, 'bureautique', '2026-12-31', array_agg(number), array_agg(cents), sum(cents),
                 array_agg('\\x00'::bytea), at
             from ledger.claimed_voucher where claim_id = $1 group by book_id, claim_id, at",
        )
        .bind(claim.uuid())
        .bind(STRUCTURE.uuid())
        .execute(pool)
        .await
        .unwrap();
    }
    export(pool, LATER).await;
    let secret = Secret::generate().unwrap();
    access::ensure_operator(pool, &secret, instant(LATER)).await.unwrap();
    let fund = FundAccount {
        name: "Fonds".into(),
        iban: "FR7630006000011234567890189".parse().unwrap(),
        bic: None,
    };
    let (clock, _) = Clock::set(instant(LATER));
    let nightly = Nightly {
        at: None,
        break_days_max: 30,
    };
    let routes = funding::routes(Config::new(
        pool.clone(),
        clock,
        fund,
        testkit::evidence_keys().into(),
        nightly,
    ));
    let request = Request::get(format!("/funding/v1/structures/{STRUCTURE}/evidence"))
        .header("authorization", format!("Bearer {}", secret.reveal()));
    let app = web::frame(routes.split_for_parts().0);
    let response = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 200);
    let path = folder.join("preuves.zip");
    std::fs::write(&path, to_bytes(response.into_body(), usize::MAX).await.unwrap()).unwrap();
    path
}

/// The same archive with one member changed.
fn altered(path: &Path, member: &str, change: impl Fn(String) -> String) -> PathBuf {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    let out = path.with_extension("altered.zip");
    let mut writer = zip::ZipWriter::new(std::fs::File::create(&out).unwrap());
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).unwrap();
        let name = file.name().unwrap().into_owned();
        let mut content = String::new();
        file.read_to_string(&mut content).unwrap();
        let content = if name == member { change(content) } else { content };
        let options: zip::write::SimpleFileOptions = zip::write::SimpleFileOptions::default();
        writer.start_file(name, options).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap();
    out
}

#[testkit::test]
async fn a_bundle_is_proven_by_public_keys_and_every_alteration_is_found(pool: PgPool) {
    let folder = tempfile::tempdir().unwrap();
    let path = downloaded(&pool, folder.path()).await;
    let vkey = key().verifier().to_string();
    let verdict = verify_evidence(&path, Some(&vkey), None).unwrap();
    assert_eq!(verdict.faults, Vec::<String>::new());
    assert_eq!((verdict.claims, verdict.claimed), (40, Cents::new(40_000)));
    assert_eq!((verdict.reversed, verdict.owed), (Cents::new(1000), Cents::new(39_000)));
    assert_eq!(verdict.structure, Some(STRUCTURE.to_string()));
    assert!(!BOOK.is_fund());

    let found = |member: &str, change: &dyn Fn(String) -> String, told: &str| {
        let verdict = verify_evidence(&altered(&path, member, change), Some(&vkey), None).unwrap();
        assert!(
            verdict.faults.iter().any(|fault| fault.contains(told)),
            "{told}: {:?}",
            verdict.faults
        );
    };
    found(
        "ecritures.ndjson",
        &|text| text.replacen("\"cents\":1000", "\"cents\":2000", 1),
        "la feuille dit 1000",
    );
    found(
        "ecritures.ndjson",
        &|text| text.replacen("\"path\":[\"", "\"path\":[\"AA", 1),
        "empreinte",
    );
    found(
        "ecritures.ndjson",
        &|text| text.lines().skip(1).collect::<Vec<_>>().join("\n"),
        "n'a pas de preuve",
    );
    found(
        "ecritures.ndjson",
        &|text| format!("{0}\n{text}", text.lines().next().unwrap()),
        "y est deux fois",
    );
    found(
        "encaissements.csv",
        &|text| text.replacen(",10.00,", ",20.00,", 1),
        "les écritures prouvent 10.00 €",
    );
    found(
        "encaissements.csv",
        &|text| text.lines().take(5).collect::<Vec<_>>().join("\n"),
        "36 encaissements prouvés ne sont pas",
    );
    found(
        "checkpoint",
        &|text| text.replacen("test.example", "best.example", 1),
        "n'est pas signé",
    );

    let other = sealed_log::NoteKey::from_seed("test.example/log", &[8; 32])
        .unwrap()
        .verifier();
    let verdict = verify_evidence(&path, Some(&other.to_string()), None).unwrap();
    assert!(
        verdict.faults[0].contains("n'est pas signé par la clé"),
        "{:?}",
        verdict.faults
    );
    let codes = folder.path().join("codes.txt");
    std::fs::write(&codes, "bonjour\n").unwrap();
    // These books have no published key, so no token can be checked.
    let unreadable = verify_evidence(
        &path,
        Some(&vkey),
        Some(Tokens {
            texts: &codes,
            keys: None,
        }),
    )
    .unwrap_err();
    assert!(matches!(unreadable, EvidenceUnreadable::Keys(_)), "{unreadable}");

    // A download that broke off does not open.
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let unreadable = verify_evidence(&path, Some(&vkey), None).unwrap_err();
    assert!(matches!(unreadable, EvidenceUnreadable::Archive(..)), "{unreadable}");
}
