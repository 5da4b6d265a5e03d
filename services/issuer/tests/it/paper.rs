use axum::body::Body;
use futures_util::StreamExt;
use http::request;
use serde_json::{Value, json};
use sqlx::PgPool;
use voucher::{Keyring, VerifyError};

use testkit::{Answer, Answers};

use crate::fixture::{Fixture, HOST, instant, uuid};

const RED: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 40 20\"><circle cx=\"20\" cy=\"10\" r=\"9\" fill=\"red\"/></svg>";

impl Fixture {
    async fn gives_logo(&self, organisation: u128, media_type: &'static str, file: impl AsRef<[u8]> + Send) -> Answer {
        let path = self.path(&format!("logos/{}", uuid(organisation)));
        self.sponsor.put(&path, media_type, file).await
    }

    async fn says(&self, contact: Value) -> Answer {
        let path = self.path("paper");
        self.sponsor.put_json(&path, contact).await
    }

    async fn approves(&self, proof: u128, format: &str) {
        self.approves_in(proof, format, "grey").await;
    }

    async fn approves_in(&self, proof: u128, format: &str, logos: &str) {
        let made = json!({"id": uuid(proof), "format": format, "logos": logos});
        self.sponsor.post(&self.path("proofs"), made).await.created();
        let path = self.path(&format!("proofs/{}/approval", uuid(proof)));
        self.sponsor.post(&path, json!({})).await.created();
    }

    async fn orders_print(&self, batch: uuid::Uuid, print: u128, more: &Value) -> Answer {
        let mut body = json!({"id": uuid(print)});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.sponsor
            .post(&self.path(&format!("batches/{batch}/printer-files")), body)
            .await
    }

    async fn archive(&self, batch: uuid::Uuid, print: u128) -> Answer {
        let path = self.path(&format!("batches/{batch}/printer-files/{}/carnets.zip", uuid(print)));
        self.sponsor.get(&path).await
    }

    pub async fn csv(&self, batch: uuid::Uuid) -> String {
        self.sponsor
            .get(&self.path(&format!("batches/{batch}/vouchers.csv")))
            .await
            .text()
    }
}

fn keep(name: &str, bytes: &[u8]) {
    if let Ok(folder) = std::env::var("CCN_KEEP_PDF") {
        std::fs::write(format!("{folder}/{name}"), bytes).unwrap();
    }
}

#[testkit::test]
async fn logos_are_given_by_the_sponsor_for_partners_only_and_kept_as_png(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    assert_eq!(
        fixture.gives_logo(1, "image/svg+xml", RED).await.ok(),
        json!({"width": 1000, "height": 500})
    );
    fixture.gives_logo(11, "image/svg+xml; charset=utf-8", RED).await.ok();
    let path = fixture.path(&format!("logos/{}", uuid(1)));
    let kept = fixture.sponsor.get(&path).await;
    assert!(kept.status < 300 && kept.bytes.starts_with(b"\x89PNG"));
    // Kept as it is when given again.
    fixture.gives_logo(1, "image/png", kept.bytes.clone()).await.ok();
    fixture
        .gives_logo(2, "image/svg+xml", RED)
        .await
        .refused("not-a-partner");
    fixture.gives_logo(1, "image/png", RED).await.refused("logo-format");
    fixture
        .gives_logo(1, "image/png", "GIF89a")
        .await
        .refused("logo-format");
    fixture
        .gives_logo(1, "application/pdf", "%PDF")
        .await
        .refused("unsupported-media-type");
    fixture
        .gives_logo(1, "image/svg+xml", RED.replace("circle", "script"))
        .await
        .refused("logo-forbidden");
    let other = fixture.prescriber.put(&path, "image/svg+xml", RED).await;
    assert_eq!(other.status, 403);

    let paper = fixture.sponsor.get(&fixture.path("paper")).await.ok();
    let logos: Vec<bool> = paper["partners"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["has_logo"].as_bool().unwrap())
        .collect();
    assert_eq!(logos, [true, true, false, false]);
    for _ in 0..2 {
        let gone = fixture.sponsor.delete(&path).await;
        assert_eq!(gone.status, 204);
    }
    assert_eq!(fixture.sponsor.get(&path).await.status, 404);
    assert_eq!(
        (fixture.traces("logo.put").await, fixture.traces("logo.delete").await),
        (2, 1)
    );
}

#[testkit::test]
async fn a_printer_gets_nothing_before_the_sponsor_approved_a_proof_of_the_settings_as_they_are(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.minted(1, 2).await;
    fixture
        .orders_print(batch, 500, &json!({}))
        .await
        .refused("proof-not-approved");
    fixture.approves(600, "sheet").await;
    fixture
        .orders_print(batch, 500, &json!({"format": "large_print"}))
        .await
        .refused("proof-not-approved");
    let told = fixture.orders_print(batch, 500, &json!({})).await.created();
    assert_eq!((&told["vouchers"], &told["parts"]), (&json!(20), &json!(1)));
    assert!(fixture.archive(batch, 500).await.status < 300);

    fixture
        .says(json!({"phone": "03 80 12 34 56", "web_page": "https://www.exemple.fr/cheques"}))
        .await
        .ok();
    fixture.archive(batch, 500).await.refused("proof-not-approved");
    let proof = fixture
        .sponsor
        .get(&fixture.path(&format!("proofs/{}", uuid(600))))
        .await
        .ok();
    assert_eq!(proof["current"], json!(false));
    let approval = fixture.path(&format!("proofs/{}/approval", uuid(600)));
    fixture
        .sponsor
        .post(&approval, json!({}))
        .await
        .refused("proof-outdated");
    fixture.approves(601, "sheet").await;
    fixture.gives_logo(11, "image/svg+xml", RED).await.ok();
    fixture
        .orders_print(batch, 501, &json!({"reason": "damaged"}))
        .await
        .refused("proof-not-approved");
    fixture.says(json!({"phone": "appelez"})).await.refused("paper-field");
    assert_eq!(fixture.traces("proof.approve").await, 2);
}

#[testkit::test]
async fn nothing_on_a_proof_can_be_spent(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let new = json!({"id": uuid(600), "format": "sheet"});
    fixture
        .sponsor
        .post(&fixture.path("proofs"), new.clone())
        .await
        .created();
    fixture.sponsor.post(&fixture.path("proofs"), new).await.ok();
    let other = json!({"id": uuid(600), "format": "large_print"});
    fixture
        .sponsor
        .post(&fixture.path("proofs"), other)
        .await
        .refused("same-id-other-content");
    let pdf = fixture
        .sponsor
        .get(&fixture.path(&format!("proofs/{}/proof.pdf", uuid(600))))
        .await;
    assert!(pdf.status < 300 && pdf.bytes.starts_with(b"%PDF-1.7"), "{}", pdf.text());
    keep("epreuve.pdf", &pdf.bytes);
    check_pdf(&pdf.bytes, 11, 0);
    let jwks = fixture.sponsor.get("/.well-known/jwks.json").await.text();
    let keyring = Keyring::new(HOST.parse().unwrap(), voucher::JwkSet::read(&jwks).unwrap());
    let specimen = issuer::specimen(3, &HOST.parse().unwrap());
    assert_eq!(specimen.short_code.id().to_bytes(), *b"SPECIMEN");
    let text = issuer::specimen_token(3).to_url(&HOST.parse().unwrap());
    let refused = keyring.verify(&text, instant("2026-06-01T08:00:00Z").timestamp());
    assert!(matches!(refused, Err(VerifyError::UnknownKey(_))), "{refused:?}");
}

#[testkit::test]
async fn the_archive_is_whole_its_sums_hold_and_its_rows_are_those_of_the_batch(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.minted(1, 102).await;
    fixture.gives_logo(1, "image/svg+xml", RED).await.ok();
    fixture.approves(600, "sheet").await;
    let first = fixture.orders_print(batch, 500, &json!({})).await.created();
    assert_eq!(fixture.orders_print(batch, 500, &json!({})).await.ok(), first);
    fixture
        .orders_print(batch, 500, &json!({"to": 3}))
        .await
        .refused("same-id-other-content");
    fixture
        .orders_print(batch, 501, &json!({"from": 0}))
        .await
        .refused("print-range");
    let archive = fixture.archive(batch, 500).await;
    assert!(archive.status < 300);
    keep("carnets.zip", &archive.bytes);
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(archive.bytes)).unwrap();
    let names: Vec<String> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
    assert_eq!(
        names,
        [
            "LISEZ-MOI.txt",
            "carnets-000001-000100.pdf",
            "cheques-000001-000100.csv",
            "carnets-000101-000102.pdf",
            "cheques-000101-000102.csv",
            "SHA256SUMS"
        ]
    );
    let mut read = |name: &str| {
        let mut bytes = Vec::new();
        std::io::copy(&mut zip.by_name(name).unwrap(), &mut bytes).unwrap();
        bytes
    };
    let sums = String::from_utf8(read("SHA256SUMS")).unwrap();
    for line in sums.lines() {
        let (sum, name) = line.split_once("  ").unwrap();
        let found = data_encoding::HEXLOWER.encode(&<sha2::Sha256 as sha2::Digest>::digest(read(name)));
        assert_eq!(sum, found, "{name}");
    }
    assert_eq!(sums.lines().count(), 5);
    let header = "serial,token,short_code,face_value,booklet\n";
    let parts = ["cheques-000001-000100.csv", "cheques-000101-000102.csv"];
    let rows: String = parts
        .iter()
        .map(|name| String::from_utf8(read(name)).unwrap().replace(header, ""))
        .collect();
    assert_eq!(format!("{header}{rows}"), fixture.csv(batch).await);
    assert_eq!(
        (
            fixture.traces("batch.printer_file").await,
            fixture.traces("print.download").await
        ),
        (1, 1)
    );
}

#[testkit::test]
async fn the_printer_is_told_the_truth_about_the_file_in_every_format_and_ink(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.minted(1, 102).await;
    fixture.gives_logo(1, "image/svg+xml", RED).await.ok();
    let jobs = [
        (500, json!({"format": "sheet", "to": 101})),
        (501, json!({"format": "large_print", "to": 2, "reason": "other_format"})),
        (
            502,
            json!({"format": "sheet", "to": 1, "logos": "colour", "reason": "misprinted"}),
        ),
    ];
    for (id, job) in jobs {
        let logos = job["logos"].as_str().unwrap_or("grey");
        fixture
            .approves_in(id + 100, job["format"].as_str().unwrap(), logos)
            .await;
        fixture.orders_print(batch, id, &job).await.created();
        let archive = fixture.archive(batch, id).await;
        keep(&format!("imprimeur-{id}.zip"), &archive.bytes);
        check("check_printer_file.py", &archive.bytes, &[]);
    }
}

#[testkit::test]
async fn a_cover_that_says_nowhere_to_ask_is_not_printed(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.minted(1, 2).await;
    let proof = |id| json!({"id": uuid(id), "format": "sheet"});
    let booklets = fixture.path(&format!("batches/{batch}/booklets.pdf"));
    for nowhere in [json!({}), json!({"phone": " "}), json!({"web_page": "www.exemple.fr"})] {
        fixture.says(nowhere).await.ok();
        fixture
            .sponsor
            .post(&fixture.path("proofs"), proof(600))
            .await
            .refused("no-contact");
        fixture.sponsor.get(&booklets).await.refused("no-contact");
    }
    for (id, somewhere) in [
        (601, json!({"phone": "3939"})),
        (602, json!({"address": "Mairie, 21140 Semur-en-Auxois"})),
    ] {
        fixture.says(somewhere).await.ok();
        fixture.sponsor.post(&fixture.path("proofs"), proof(id)).await.created();
    }
    assert!(fixture.sponsor.get(&booklets).await.status < 300);
}

#[testkit::test]
async fn paper_for_a_host_of_ones_own_machine_is_made_only_when_asked_for_by_name(pool: PgPool) {
    let fixture = Fixture::on_host(pool, "hand_over", "cheque.localhost").await;
    let batch = fixture.minted(1, 2).await;
    let path = |query: &str| fixture.path(&format!("batches/{batch}/{query}"));
    let proof = |accept: Value| json!({"id": uuid(600), "format": "sheet", "accept": accept});
    let proofs = fixture.path("proofs");
    for refused in [json!([]), json!(["expired_programme"])] {
        fixture
            .sponsor
            .post(&proofs, proof(refused))
            .await
            .refused("local-host");
    }
    let run = |accept: Value| json!({"parts": [{"programme_id": fixture.programme, "batch_id": batch, "reason": "damaged"}], "accept": accept});
    fixture.sponsor.get(&path("booklets.pdf")).await.refused("local-host");
    fixture.sponsor.get(&path("vouchers.csv")).await.refused("local-host");
    fixture
        .sponsor
        .post("/issuer/v1/print-runs", run(json!([])))
        .await
        .refused("local-host");
    fixture.orders_print(batch, 500, &json!({})).await.refused("local-host");
    assert_eq!(
        fixture.sponsor.get(&path("booklets.pdf?accept=anything")).await.status,
        400
    );

    let by_name = json!(["local_host"]);
    fixture.sponsor.post(&proofs, proof(by_name.clone())).await.created();
    // The same proof, however it was asked for.
    fixture
        .sponsor
        .post(&proofs, proof(json!(["expired_programme", "local_host"])))
        .await
        .ok();
    let approval = fixture.path(&format!("proofs/{}/approval", uuid(600)));
    fixture.sponsor.post(&approval, json!({})).await.created();
    fixture
        .orders_print(batch, 500, &json!({"accept": by_name}))
        .await
        .created();
    assert!(fixture.archive(batch, 500).await.status < 300);
    assert!(
        fixture
            .sponsor
            .get(&path("vouchers.csv?accept=local_host"))
            .await
            .status
            < 300
    );
    assert!(
        fixture
            .sponsor
            .get(&path("booklets.pdf?accept=local_host&reason=damaged"))
            .await
            .status
            < 300
    );
    assert!(fixture.sponsor.post("/issuer/v1/print-runs", run(by_name)).await.status < 300);
}

#[testkit::test]
async fn paper_of_an_expired_programme_is_made_only_when_asked_for_by_name(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.minted(1, 2).await;
    let proof = |accept: Value| json!({"id": uuid(600), "format": "sheet", "accept": accept});
    let proofs = fixture.path("proofs");
    // The last day, in Paris.
    fixture.clock.move_to(instant("2026-12-31T22:59:00Z"));
    assert!(
        fixture
            .sponsor
            .get(&fixture.path(&format!("batches/{batch}/booklets.pdf?to=1")))
            .await
            .status
            < 300
    );
    fixture.clock.move_to(instant("2026-12-31T23:00:00Z"));
    for refused in [json!([]), json!(["local_host"])] {
        fixture
            .sponsor
            .post(&proofs, proof(refused))
            .await
            .refused("expired-programme");
    }
    fixture
        .sponsor
        .get(&fixture.path(&format!("batches/{batch}/booklets.pdf?from=2")))
        .await
        .refused("expired-programme");
    fixture
        .orders_print(batch, 500, &json!({}))
        .await
        .refused("expired-programme");
    fixture
        .sponsor
        .post(&proofs, proof(json!(["expired_programme"])))
        .await
        .created();
    let approval = fixture.path(&format!("proofs/{}/approval", uuid(600)));
    fixture.sponsor.post(&approval, json!({})).await.created();
    let wanted = json!({"accept": ["expired_programme"], "reason": "other_format"});
    fixture.orders_print(batch, 500, &wanted).await.created();
}

#[testkit::test]
async fn a_booklet_is_found_from_its_number_and_from_its_cover_typed_or_scanned(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.funded(1, 3).await;
    let person = fixture.people(1, 1).await[0];
    fixture.hands_over(700, batch, 2, person).await.created();
    let found = fixture.sponsor.get(&fixture.path("booklets/2")).await.ok();
    let code = found["cover_code"].as_str().unwrap().to_owned();
    assert_eq!(
        (
            &found["batch_id"],
            &found["first_serial"],
            &found["last_serial"],
            &found["revoked"]
        ),
        (&json!(batch), &json!(11), &json!(20), &json!(0))
    );
    assert!(found["handed_over_at"].is_string());
    // Whose the hand-over is, is theirs to know.
    assert_eq!(found["hand_over_id"], json!(null));
    let scanned = format!("https%3A%2F%2F{HOST}%2Fv%23{code}");
    for text in [code.as_str(), &code.to_lowercase().replace('-', "%20"), &scanned] {
        let path = format!("/issuer/v1/booklets?cover={text}");
        assert_eq!(fixture.sponsor.get(&path).await.ok(), found, "{text}");
        assert_eq!(fixture.operator.get(&path).await.ok()["booklet"], json!(2));
        assert_eq!(
            fixture.prescriber.get(&path).await.ok()["hand_over_id"],
            json!(uuid(700))
        );
        assert_eq!(
            fixture.other_prescriber.get(&path).await.ok()["hand_over_id"],
            json!(null)
        );
    }
    let elsewhere = fixture
        .operator
        .admits(uuid(20), "Autre département", &["sponsor", "prescriber"])
        .await;
    for path in [fixture.path("booklets/2"), format!("/issuer/v1/booklets?cover={code}")] {
        assert_eq!(elsewhere.get(&path).await.status, 404);
    }
    for nobodys in ["0", "4", "4000000000"] {
        assert_eq!(
            fixture
                .sponsor
                .get(&fixture.path(&format!("booklets/{nobodys}")))
                .await
                .status,
            404
        );
    }
    // The codes of vouchers lead nowhere here, and the cover's leads to no voucher.
    let row = fixture.csv(batch).await.lines().nth(1).unwrap().to_owned();
    let voucher: Vec<&str> = row.split(',').collect();
    for of_voucher in [
        voucher[1].replace('#', "%23"),
        voucher[2].to_owned(),
        "COUV-1-2-00".to_owned(),
    ] {
        let path = format!("/issuer/v1/booklets?cover={of_voucher}");
        fixture.sponsor.get(&path).await.refused("cover-code");
    }
    let revoked = json!({"id": uuid(900), "batch_id": batch, "booklet": 2, "reason": "lost"});
    fixture
        .prescriber
        .post(&fixture.path("revocations"), revoked)
        .await
        .created();
    assert_eq!(
        fixture.sponsor.get(&fixture.path("booklets/2")).await.ok()["revoked"],
        json!(10)
    );
}

#[testkit::test]
async fn an_archive_that_breaks_midway_is_no_archive(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.minted(1, 450).await;
    fixture.approves(600, "sheet").await;
    fixture.orders_print(batch, 500, &json!({})).await.created();
    sqlx::query("update issuer.voucher set kid = '\\x00000000' where serial > 4300")
        .execute(&fixture.owner)
        .await
        .unwrap();
    let path = fixture.path(&format!("batches/{batch}/printer-files/{}/carnets.zip", uuid(500)));
    let answer = fixture
        .sponsor
        .respond(request::Builder::new().uri(&path), Body::empty())
        .await;
    assert_eq!(answer.status(), 200, "the first parts were on their way");
    assert!(
        axum::body::to_bytes(answer.into_body(), usize::MAX).await.is_err(),
        "the connection breaks, it does not end"
    );
}

#[testkit::test]
async fn booklets_printed_before_are_printed_again_only_with_a_reason(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.minted(1, 4).await;
    let path = |query: &str| fixture.path(&format!("batches/{batch}/booklets.pdf{query}"));
    assert!(fixture.sponsor.get(&path("?from=2&to=3")).await.status < 300);
    fixture
        .sponsor
        .get(&path("?from=3&to=4"))
        .await
        .refused("printed-before");
    assert!(fixture.sponsor.get(&path("?from=4&to=4")).await.status < 300);
    assert!(
        fixture
            .sponsor
            .get(&path("?from=3&to=4&reason=damaged&format=large_print"))
            .await
            .status
            < 300
    );
    let bad = fixture.sponsor.get(&path("?reason=because")).await;
    assert_eq!(bad.status, 400);
    let run = json!({"parts": [{"programme_id": fixture.programme, "batch_id": batch}]});
    fixture
        .sponsor
        .post("/issuer/v1/print-runs", run)
        .await
        .refused("printed-before");
    fixture.approves(600, "sheet").await;
    fixture
        .orders_print(batch, 500, &json!({}))
        .await
        .refused("printed-before");
    fixture
        .orders_print(batch, 500, &json!({"reason": "misprinted"}))
        .await
        .created();
    let again: Vec<String> =
        sqlx::query_scalar("select detail::text from access.audit where action = 'batch.reprint_booklets' order by id")
            .fetch_all(&fixture.owner)
            .await
            .unwrap();
    assert_eq!(again, [r#"{"reason": "damaged", "booklets": [3, 4]}"#]);
}

#[testkit::test]
async fn a_stolen_carton_gets_new_numbers_and_the_old_ones_read_as_revoked(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.funded(1, 4).await;
    let person = fixture.people(1, 2).await[0];
    fixture.hands_over(700, batch, 1, person).await.created();
    let old = fixture.number(batch, 11).await;
    let before = fixture.csv(batch).await;
    let path = fixture.path(&format!("batches/{batch}/reissues"));
    let stolen = |id: u128, from: u32, to: u32| json!({"id": uuid(id), "from": from, "to": to, "reason": "stolen"});
    fixture
        .sponsor
        .post(&path, stolen(800, 1, 4))
        .await
        .refused("already-handed-over");
    fixture
        .sponsor
        .post(&path, stolen(800, 2, 9))
        .await
        .refused("reissue-range");
    fixture
        .sponsor
        .post(&path, stolen(800, 3, 2))
        .await
        .refused("reissue-range");
    let done = fixture.sponsor.post(&path, stolen(800, 2, 3)).await.created();
    assert_eq!(done["vouchers"], json!(20));
    assert_eq!(fixture.sponsor.post(&path, stolen(800, 2, 3)).await.ok(), done);
    fixture
        .sponsor
        .post(&path, stolen(800, 2, 4))
        .await
        .refused("same-id-other-content");

    let after = fixture.csv(batch).await;
    for ((was, is), serial) in before.lines().zip(after.lines()).skip(1).zip(1..) {
        assert_eq!(
            was != is,
            (11..=30).contains(&serial),
            "only what was stolen changes: {serial}"
        );
    }
    let blocked: Option<String> =
        sqlx::query_scalar("select blocked_reason from issuer.voucher_block where book_id = $1 and number = $2")
            .bind(fixture.programme)
            .bind(old.get())
            .fetch_one(&fixture.owner)
            .await
            .unwrap();
    assert_eq!(blocked.as_deref(), Some("revoked"));
    let listed: i64 = sqlx::query_scalar("select count(*) from issuer.voucher_blocked where number = $1 and xact > 0")
        .bind(old.get())
        .fetch_one(&fixture.owner)
        .await
        .unwrap();
    assert_eq!(listed, 1, "refused without a network too");
    let explained: i64 = sqlx::query_scalar(
        "select count(*) from issuer.withdrawn_voucher w, issuer.vouchers_of_codes(array[w.code_digest]) v
         where v.number = w.number",
    )
    .fetch_one(&fixture.owner)
    .await
    .unwrap();
    assert_eq!(
        explained, 20,
        "a short code of the old paper is known, and refused as revoked"
    );
    assert_ne!(fixture.number(batch, 11).await, old);
    // The booklet is what it was: it can be given, with its money.
    fixture.hands_over(701, batch, 2, person).await.created();
    assert_eq!(fixture.states().await["activated"], json!(20));
    fixture
        .sponsor
        .post(&path, stolen(801, 2, 2))
        .await
        .refused("already-handed-over");
    // A revoked booklet does not come back to life.
    let revoked = json!({"id": uuid(900), "batch_id": batch, "booklet": 4, "reason": "stolen"});
    fixture
        .sponsor
        .post(&fixture.path("revocations"), revoked)
        .await
        .created();
    fixture.sponsor.post(&path, stolen(802, 4, 4)).await.refused("revoked");
    assert_eq!(fixture.traces("batch.reissue").await, 1);
}

#[testkit::test]
async fn a_whole_batch_is_withdrawn_with_one_call_and_no_number_is_ever_given_twice(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.minted(1, 600).await;
    let (path, other) = (
        fixture.path(&format!("batches/{batch}/reissues")),
        fixture.minted(2, 2).await,
    );
    let untouched = fixture.csv(other).await;
    for id in [800, 801] {
        let whole = json!({"id": uuid(id), "reason": "lost_in_transit"});
        assert_eq!(
            fixture.sponsor.post(&path, whole).await.created()["vouchers"],
            json!(6000)
        );
    }
    let (numbers, ids): (i64, i64) = sqlx::query_as(
        "select count(distinct number), count(distinct code_digest)
         from (select number, code_digest from issuer.voucher union all select number, code_digest from issuer.withdrawn_voucher) as every",
    )
    .fetch_one(&fixture.owner)
    .await
    .unwrap();
    assert_eq!((numbers, ids), (18_020, 18_020));
    assert_eq!(fixture.csv(other).await, untouched);
    let elsewhere = json!({"id": uuid(800), "reason": "lost_in_transit"});
    let elsewhere = fixture
        .sponsor
        .post(&fixture.path(&format!("batches/{other}/reissues")), elsewhere)
        .await;
    elsewhere.refused("same-id-other-content");
}

/// `tests/checkers/check_pdf.py` must find the document accessible, this many QR codes in it, and colour on this many pages.
#[track_caller]
fn check_pdf(pdf: &[u8], codes: u32, in_colour: u32) {
    check("check_pdf.py", pdf, &[&codes.to_string(), &in_colour.to_string()]);
}

/// A program of `tests/checkers` must find the file to be what the arguments say.
#[track_caller]
fn check(program: &str, file: &[u8], arguments: &[&str]) {
    let python = std::env::var("TEST_PYTHON")
        .expect("TEST_PYTHON is not set: run scripts/test (tests/requirements.txt says more)");
    let path = std::env::temp_dir().join(format!(
        "ccn-{}",
        uuid::Uuid::from_u128(u128::from(std::process::id()) << 64 | file.len() as u128)
    ));
    std::fs::write(&path, file).unwrap();
    let script = format!("{}/../../tests/checkers/{program}", env!("CARGO_MANIFEST_DIR"));
    let mut command = std::process::Command::new(python);
    let output = command
        .args(["-B", &script])
        .arg(&path)
        .args(arguments)
        .output()
        .unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[testkit::test]
async fn every_format_is_accessible_black_on_one_plate_and_both_readers_find_every_code_at_150_300_and_600_dpi(
    pool: PgPool,
) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.minted(1, 2).await;
    fixture.gives_logo(1, "image/svg+xml", RED).await.ok();
    fixture
        .says(json!({"phone": "03 80 12 34 56", "web_page": "www.exemple.fr", "address": "10 rue de la Gare, Semur"}))
        .await
        .ok();
    for (format, reason) in [("sheet", ""), ("large_print", "&reason=other_format")] {
        let path = fixture.path(&format!("batches/{batch}/booklets.pdf?format={format}{reason}"));
        let pdf = fixture.sponsor.get(&path).await;
        assert!(pdf.status < 300, "{}", pdf.text());
        keep(&format!("carnets-{format}.pdf"), &pdf.bytes);
        check_pdf(&pdf.bytes, 22, 0);
        check("check_clearances.py", &pdf.bytes, &["20"]);
    }
    let path = fixture.path(&format!("batches/{batch}/booklets.pdf?logos=colour&reason=misprinted"));
    let pdf = fixture.sponsor.get(&path).await;
    assert!(pdf.status < 300, "{}", pdf.text());
    check_pdf(&pdf.bytes, 22, 2);
}

#[testkit::test]
async fn logos_in_colour_need_a_proof_that_shows_them_in_colour_and_the_printer_is_told(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.minted(1, 2).await;
    fixture.gives_logo(1, "image/svg+xml", RED).await.ok();
    let colour = json!({"logos": "colour"});
    fixture.approves(600, "sheet").await;
    fixture
        .orders_print(batch, 500, &colour)
        .await
        .refused("proof-not-approved");
    fixture.approves_in(601, "sheet", "colour").await;
    let other = json!({"id": uuid(601), "format": "sheet", "logos": "grey"});
    fixture
        .sponsor
        .post(&fixture.path("proofs"), other)
        .await
        .refused("same-id-other-content");
    let made = fixture.orders_print(batch, 500, &colour).await.created();
    assert_eq!(fixture.orders_print(batch, 500, &colour).await.ok(), made);
    fixture
        .orders_print(batch, 500, &json!({}))
        .await
        .refused("same-id-other-content");
    let archive = fixture.archive(batch, 500).await;
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(archive.bytes)).unwrap();
    let read_me = std::io::read_to_string(zip.by_name("LISEZ-MOI.txt").unwrap()).unwrap();
    assert!(read_me.contains("les logos des couvertures, en couleur"), "{read_me}");
}

/// A number of `/proc/self/status`, in kB.
fn memory_kib(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim_start_matches(':')
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap()
}

/// `scripts/bench-print`: how long a hand-over of `CCN_BENCH_BOOKLETS` booklets takes, and how much memory.
#[testkit::test]
#[ignore = "a measurement of some minutes"]
async fn measures_the_printers_file(pool: PgPool) {
    let booklets: u32 = std::env::var("CCN_BENCH_BOOKLETS").map_or(10_000, |text| text.parse().unwrap());
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.minted(1, booklets).await;
    fixture.gives_logo(1, "image/svg+xml", RED).await.ok();
    fixture.approves(600, "sheet").await;
    fixture.orders_print(batch, 500, &json!({})).await.created();
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let (before, started) = (memory_kib("VmRSS"), std::time::Instant::now());
    let path = fixture.path(&format!("batches/{batch}/printer-files/{}/carnets.zip", uuid(500)));
    let answer = fixture
        .sponsor
        .respond(request::Builder::new().uri(&path), Body::empty())
        .await;
    assert_eq!(answer.status(), 200);
    let (mut pieces, mut bytes) = (answer.into_body().into_data_stream(), 0);
    while let Some(piece) = pieces.next().await {
        bytes += piece.unwrap().len();
    }
    let seconds = started.elapsed().as_secs().max(1);
    println!(
        "{} vouchers, {} pages, {} MB in {seconds} s: {} pages/s; memory {} MB before, {} MB at most",
        booklets * 10,
        booklets * 2,
        bytes / 1_000_000,
        u64::from(booklets) * 2 / seconds,
        before / 1024,
        memory_kib("VmHWM") / 1024
    );
}

#[testkit::test]
async fn one_voucher_is_an_image_for_a_phone_and_leaves_a_trace(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.minted(1, 2).await;
    let path = |image: &str| fixture.path(&format!("batches/{batch}/vouchers/{image}"));
    let png = fixture.sponsor.get(&path("12.png")).await;
    assert!(png.status < 300 && png.bytes.starts_with(b"\x89PNG"), "{}", png.text());
    keep("cheque-12.png", &png.bytes);
    let svg = fixture.sponsor.get(&path("12.svg")).await.text();
    assert!(svg.contains("10 €") && svg.contains("31 décembre 2026") && svg.contains("<title"));
    assert_eq!(fixture.traces("voucher.image").await, 2);
    for image in ["12.gif", "x.png", "12"] {
        assert_eq!(fixture.sponsor.get(&path(image)).await.status, 404);
    }
    fixture.sponsor.get(&path("21.png")).await.refused("print-range");
    assert_eq!(fixture.prescriber.get(&path("12.png")).await.status, 403);
}

#[testkit::test]
async fn a_print_is_answered_like_this(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.minted(1, 3).await;
    let proof = fixture.path(&format!("proofs/{}", uuid(600)));
    let mut answers = Answers::default();
    answers.add("without a proof", fixture.orders_print(batch, 500, &json!({})).await);
    let made = json!({"id": uuid(600), "format": "sheet"});
    let made = fixture.sponsor.post(&fixture.path("proofs"), made).await;
    answers.add("proof", made).created();
    fixture.clock.move_to(instant("2026-05-05T08:00:00Z"));
    let approved = fixture.sponsor.post(&format!("{proof}/approval"), json!({})).await;
    answers.add("proof approved", approved).created();
    answers
        .add("printed", fixture.orders_print(batch, 500, &json!({})).await)
        .created();
    answers.add("printed again", fixture.orders_print(batch, 501, &json!({})).await);
    let stolen = json!({"id": uuid(800), "from": 2, "to": 3, "reason": "stolen"});
    let path = fixture.path(&format!("batches/{batch}/reissues"));
    answers
        .add("reissued", fixture.sponsor.post(&path, stolen).await)
        .created();
    let contact = json!({"phone": "03 80 12 34 56", "web_page": "https://www.exemple.fr/cheques"});
    answers.add("other settings", fixture.says(contact).await).ok();
    answers
        .add("proof of the settings before", fixture.sponsor.get(&proof).await)
        .ok();
    let late = fixture.sponsor.post(&format!("{proof}/approval"), json!({})).await;
    answers.add("approved too late", late);
    insta::assert_json_snapshot!("print", answers);
}
