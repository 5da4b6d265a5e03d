use redemption::ClaimRequestId;
use redemption::claims::claim::{ClaimError, ClaimPipeline, ClaimRejection, Claimant, NewClaim};
use serde_json::{Value, json};
use sqlx::PgPool;
use standards::Cents;
use testkit::Answers;
use uuid::Uuid;
use web::Created;

use crate::fixture::{Fixture, MORNING, claim_secrets, instant, paper};
use crate::reversing::reverses;

#[testkit::test]
async fn a_claim_is_a_receipt_and_money_owed(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = fixture.activates(programme, 1..=4).await;
    let receipt = structure.claims(1, &tokens).await.created();
    assert_eq!(receipt["total"], "40.00");
    assert_eq!(receipt["structure_id"], json!(structure.structure));
    assert_eq!(
        receipt["vouchers"][3],
        json!({ "series": programme.series, "idx": 4, "value": "10.00" })
    );
    assert_eq!(receipt["at"], "2026-03-10T10:00:00Z");
    assert_eq!(fixture.owed(programme, structure.structure).await, Cents::new(4000));

    let by_phone = format!(
        "/redemption/v1/claims/{}?programme={}",
        receipt["id"].as_str().unwrap(),
        programme.id
    );
    assert_eq!(structure.client.get(&by_phone).await.ok(), receipt);
    let by_claim = format!(
        "/redemption/v1/claims/{}?programme={}",
        receipt["claim_id"].as_str().unwrap(),
        programme.id
    );
    assert_eq!(fixture.operator.get(&by_claim).await.ok(), receipt);
    let list = structure
        .client
        .get(&format!("/redemption/v1/claims?programme={}", programme.id))
        .await
        .ok();
    assert_eq!(list, json!({ "items": [receipt], "next": null }));
}

#[testkit::test]
async fn a_genuine_voucher_is_claimed_whatever_the_scanner_adds(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = fixture.activates(programme, 1..=8).await;
    let azerty = |token: &str| {
        let digits = token.rsplit('#').next().unwrap().bytes();
        let keys: Vec<char> = "à&é\"'(-è_ç".chars().collect();
        digits.map(|digit| keys[usize::from(digit - b'0')]).collect::<String>()
    };
    let typed = [
        format!("{}\r", tokens[0]),
        format!("{}\r\n", tokens[1]),
        format!("\t{} ", tokens[2]),
        format!("]Q1{}\n", tokens[3]),
        tokens[4].to_uppercase(),
        tokens[5].replace('#', "%23"),
        azerty(&tokens[6]),
        tokens[7].replace("https", "HTTPS"),
    ];
    structure.claims(1, &typed).await.created();
    let cut = structure.claims(2, &[tokens[0][..100].to_owned()]).await;
    assert_eq!((cut.status, cut.kind().as_str()), (422, "unreadable"));
    let told = cut.json();
    let detail = told["detail"].as_str().unwrap();
    assert!(detail.contains("Ce n'est pas le signe d'un faux"), "{detail}");
}

#[testkit::test]
async fn a_retry_gets_the_same_receipt_and_other_content_is_a_conflict(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure, other) = (
        fixture.programme(1).await,
        fixture.structure(0).await,
        fixture.structure(1).await,
    );
    let tokens = fixture.activates(programme, 1..=3).await;
    let receipt = structure.claims(1, &tokens[..2]).await.created();
    fixture.hand.move_to(instant("2026-03-12T10:00:00Z"));
    assert_eq!(structure.claims(1, &tokens[..2]).await.ok(), receipt);
    // Scanned in another order, it is the same claim.
    assert_eq!(
        structure.claims(1, &[tokens[1].clone(), tokens[0].clone()]).await.ok(),
        receipt
    );

    for answer in [
        structure.claims(1, &tokens).await,
        structure.claims(1, &tokens[2..]).await,
        structure.claims_for(1, &tokens[..2], "bureautique", "2026-03-10").await,
        structure
            .claims_for(1, &tokens[..2], "atelier-premiers-pas", "2026-03-09")
            .await,
        other.claims(1, &tokens[..2]).await,
        other.claims(1, &tokens[2..]).await,
    ] {
        assert_eq!((answer.status, answer.kind().as_str()), (409, "same-id-other-content"));
    }
    assert_eq!(fixture.owed(programme, structure.structure).await, Cents::new(2000));
    assert_eq!(fixture.claims_booked(programme).await, 1);
}

#[testkit::test]
async fn a_retry_is_answered_even_when_the_structure_was_suspended_since(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = fixture.activates(programme, 1..=1).await;
    let receipt = structure.claims(1, &tokens).await.created();
    let path = format!("/redemption/v1/structures/{}/suspensions", structure.structure);
    fixture
        .operator
        .post(&path, json!({ "id": Uuid::from_u128(5), "reason": "contrôle" }))
        .await
        .created();
    assert_eq!(structure.claims(1, &tokens).await.ok(), receipt);
}

#[testkit::test]
async fn three_good_vouchers_and_a_bad_one_claim_nothing(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let mut tokens = fixture.activates(programme, 1..=3).await;
    tokens.push(fixture.token(programme, 99));
    let answer = structure.claims(1, &tokens).await;
    assert_eq!((answer.status, answer.kind().as_str()), (422, "unknown"));
    assert_eq!(answer.bad_vouchers(), [(3, "unknown".to_owned())]);
    assert_eq!(fixture.owed(programme, structure.structure).await, Cents::ZERO);
    // The refusal used up neither the id nor the good vouchers.
    structure.claims(1, &tokens[..3]).await.created();
}

#[testkit::test]
async fn each_refusal_says_why_and_for_which_voucher(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, you, elsewhere) = (
        fixture.programme(1).await,
        fixture.structure(0).await,
        fixture.structure(1).await,
    );
    fixture.prints(programme, [1]).await;
    let tokens = fixture.activates(programme, 2..=6).await;
    let [yours, theirs, revoked, revoked_after_use, good] = &tokens[..] else {
        panic!("five")
    };
    let not_active = fixture.token(programme, 1);
    you.claims(1, std::slice::from_ref(yours)).await.created();
    elsewhere.claims(2, std::slice::from_ref(theirs)).await.created();
    elsewhere
        .claims(3, std::slice::from_ref(revoked_after_use))
        .await
        .created();
    fixture.revokes(programme, 4).await;
    fixture.revokes(programme, 5).await;
    fixture.hand.move_to(instant("2026-03-11T23:30:00Z"));

    let all = [yours, good, theirs, revoked, &not_active, revoked_after_use].map(Clone::clone);
    let answer = you.claims(4, &all).await;
    assert_eq!(answer.kind().as_str(), "already-used-by-you");
    let expected = [
        (0, "already-used-by-you"),
        (2, "already-used-elsewhere"),
        (3, "revoked"),
        (4, "not-active"),
        (5, "already-used-elsewhere"),
    ];
    assert_eq!(
        answer.bad_vouchers(),
        expected.map(|(index, reason)| (index, reason.to_owned()))
    );
    assert_eq!(answer.json()["vouchers"][0]["used_on"], "2026-03-10");
    assert_eq!(answer.json()["vouchers"][1]["used_on"], Value::Null);

    fixture.expires(programme, [6]).await;
    assert_eq!(you.claims(5, std::slice::from_ref(good)).await.kind(), "expired");
    assert_eq!(you.claims(6, &[not_active]).await.kind(), "expired");
    let other_value = fixture.token_of(programme.series, 6, 2000, "2027-01-31");
    assert_eq!(you.claims(7, &[other_value]).await.status, 422);
}

#[testkit::test]
async fn a_signature_that_is_not_ours_stops_a_claim(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = fixture.activates(programme, 1..=1).await;
    let forged = forged(programme.series, 1, "2027-01-31");
    let late = fixture.token_of(programme.series, 1, 1000, "2026-03-08");
    let answer = structure
        .claims(1, &[tokens[0].clone(), forged, "bonjour".to_owned(), late])
        .await;
    assert_eq!(answer.kind().as_str(), "forged");
    let expected = [(1, "forged"), (2, "unreadable"), (3, "expired")];
    assert_eq!(
        answer.bad_vouchers(),
        expected.map(|(index, reason)| (index, reason.to_owned()))
    );
    assert!(!answer.json().to_string().contains(&tokens[0]));
}

#[testkit::test]
async fn the_last_day_has_a_day_of_grace(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    fixture.activates_until(programme, 1..=2, "2026-03-09").await;
    let token = |idx| fixture.token_of(programme.series, idx, 1000, "2026-03-09");
    structure.claims(1, &[token(1)]).await.created();
    fixture.hand.move_to(instant("2026-03-11T00:00:00Z"));
    assert_eq!(structure.claims(2, &[token(2)]).await.kind(), "expired");
}

/// A workshop without a network on the last day, and a phone that finds one two and a half days later: the sweep waits 72 hours for it.
#[testkit::test]
async fn a_service_of_the_last_day_is_claimed_as_long_as_the_sweep_waits(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    fixture.activates_until(programme, 1..=4, "2026-03-31").await;
    let token = |idx| [fixture.token_of(programme.series, idx, 1000, "2026-03-31")];
    let claim = async |n: u32, day: &str| structure.claims_for(n.into(), &token(n), "bureautique", day).await;
    fixture.hand.move_to(instant("2026-04-03T04:00:00Z"));
    claim(1, "2026-03-31").await.created();
    // Given after the last day: the day of grace is over.
    assert_eq!(claim(2, "2026-04-01").await.kind(), "expired");
    // The hour at which the sweep begins: what it has not taken yet is still there.
    fixture.hand.move_to(instant("2026-04-03T21:59:59Z"));
    claim(3, "2026-03-31").await.created();
    fixture.hand.move_to(instant("2026-04-04T00:00:00Z"));
    assert_eq!(claim(4, "2026-03-31").await.kind(), "expired");
}

/// The same terms, signed by somebody else.
fn forged(series: u16, idx: u32, last_day: &str) -> String {
    let stranger = voucher::SigningKey::from_seed(&zeroize::Zeroizing::new([8; 32]));
    let terms = voucher::Terms {
        series,
        idx: voucher::Idx::new(idx).unwrap(),
        cents: 1000,
        day: voucher::LastDay::from_date(last_day.parse().unwrap()).unwrap(),
        id: paper(series, idx).terms().id,
    };
    stranger.sign(&terms).to_url(&"cheque.example.fr".parse().unwrap())
}

#[testkit::test]
async fn a_retry_gets_its_receipt_however_late_it_comes(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure, other) = (
        fixture.programme(1).await,
        fixture.structure(0).await,
        fixture.structure(1).await,
    );
    fixture.activates_until(programme, 1..=3, "2026-03-20").await;
    let token = |idx| fixture.token_of(programme.series, idx, 1000, "2026-03-20");
    let (tokens, scanned_otherwise) = ([token(1), token(2)], [token(2), token(1)]);
    let receipt = structure.claims(1, &tokens).await.created();

    // After the last day of grace, and within the 31 days of the service.
    fixture.hand.move_to(instant("2026-03-22T10:00:00Z"));
    assert_eq!(structure.claims(1, &tokens).await.ok(), receipt);
    // On day 40.
    fixture.hand.move_to(instant("2026-04-19T10:00:00Z"));
    assert_eq!(structure.claims(1, &tokens).await.ok(), receipt);
    assert_eq!(structure.claims(1, &scanned_otherwise).await.ok(), receipt);

    // Another content under its id, and another structure's.
    let same_id = "same-id-other-content";
    assert_eq!(structure.claims(1, &tokens[..1]).await.kind(), same_id);
    assert_eq!(structure.claims(1, &[token(1), token(3)]).await.kind(), same_id);
    let answer = structure.claims_for(1, &tokens, "bureautique", "2026-03-10").await;
    assert_eq!((answer.status, answer.kind().as_str()), (409, same_id));
    let answer = structure.claims_for(1, &tokens, "coiffure", "2026-03-10").await;
    assert_eq!(answer.kind().as_str(), same_id);
    let answer = structure
        .claims_for(1, &tokens, "atelier-premiers-pas", "2026-04-20")
        .await;
    assert_eq!(answer.kind().as_str(), same_id);
    assert_eq!(other.claims(1, &tokens).await.kind(), same_id);

    // A new claim is refused as ever.
    assert_eq!(structure.claims(2, &tokens).await.kind(), "date-out-of-range");
    let answer = structure.claims_for(2, &[token(3)], "bureautique", "2026-04-19").await;
    assert_eq!((answer.kind().as_str(), answer.bad_vouchers().len()), ("expired", 1));
    assert_eq!(fixture.claims_booked(programme).await, 1);
}

#[testkit::test]
async fn a_forged_voucher_gets_no_receipt_under_any_id(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = fixture.activates(programme, 1..=2).await;
    structure.claims(1, &tokens).await.created();
    for instant_of_retry in ["2026-03-10T11:00:00Z", "2026-04-19T10:00:00Z", "2027-02-10T10:00:00Z"] {
        fixture.hand.move_to(instant(instant_of_retry));
        let forged = [tokens[0].clone(), forged(programme.series, 2, "2027-01-31")];
        let answer = structure.claims(1, &forged).await;
        assert!(
            answer.bad_vouchers().contains(&(1, "forged".to_owned())),
            "{:#}",
            answer.json()
        );
        let mut altered = tokens.clone();
        let last = altered[1].pop().unwrap();
        altered[1].push(if last == '0' { '1' } else { '0' });
        assert_eq!(structure.claims(1, &altered).await.status, 422);
    }
}

#[testkit::test]
async fn a_withdrawn_key_and_a_suspension_take_no_receipt_back(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = fixture.activates(programme, 1..=3).await;
    let receipt = structure.claims(1, &tokens[..2]).await.created();
    let suspension = json!({ "id": Uuid::from_u128(5), "reason": "contrôle en cours" });
    let path = format!("/redemption/v1/structures/{}/suspensions", structure.structure);
    fixture.operator.post(&path, suspension).await.created();
    assert_eq!(structure.claims(1, &tokens[..2]).await.ok(), receipt);
    assert_eq!(structure.claims(2, &tokens[2..]).await.kind(), "structure-suspended");

    let mut tx = fixture.admin.begin().await.unwrap();
    let stolen = catalogue::Withdrawal {
        id: catalogue::WithdrawalId::derive(b"test", &[]),
        reason: "clé copiée".to_owned(),
    };
    catalogue::withdraw_key(&mut tx, fixture.key.kid(), &stolen, instant(MORNING))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    // A pipeline that has not yet read the key as it was.
    let pipeline = ClaimPipeline::start(&fixture.pool, fixture.host.clone(), claim_secrets());
    let claim = |id, tokens: &[String]| NewClaim {
        id: ClaimRequestId::from_uuid(Uuid::from_u128(id)),
        tokens: tokens.to_vec(),
        short_codes: Vec::new(),
        status_list_at: None,
        service: "atelier-premiers-pas".to_owned(),
        date: "2026-03-10".parse().unwrap(),
    };
    let who = Claimant {
        structure: structure.structure,
        key: Uuid::nil(),
    };
    let again = pipeline
        .claim(who, &claim(1, &tokens[..2]), instant(MORNING))
        .await
        .unwrap();
    assert!(matches!(&again, Created::Existing(again) if serde_json::to_value(again).unwrap() == receipt));
    let new = pipeline.claim(who, &claim(2, &tokens[2..]), instant(MORNING)).await;
    assert!(matches!(new, Err(ClaimError::Rejected(ClaimRejection::Vouchers(bad))) if bad[0].reason == "forged"));
}

#[testkit::test]
async fn vouchers_of_two_programmes_make_two_claims(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (one, two, structure) = (
        fixture.programme(1).await,
        fixture.programme(2).await,
        fixture.structure(0).await,
    );
    let (first, second) = (fixture.activates(one, 1..=2).await, fixture.activates(two, 1..=1).await);
    let mixed = [first[0].clone(), second[0].clone(), first[1].clone()];
    let answer = structure.claims(1, &mixed).await;
    assert_eq!(answer.kind().as_str(), "mixed-programmes");
    let parts = json!([{ "programme_id": one.id, "indexes": [0, 2] }, { "programme_id": two.id, "indexes": [1] }]);
    assert_eq!(answer.json()["programmes"], parts);
    // One phone's id in two programmes is two claims.
    structure.claims(1, &first).await.created();
    structure.claims(1, &second).await.created();
}

#[testkit::test]
async fn what_no_voucher_is_to_blame_for_is_told_apart(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let token = fixture.activates(programme, 1..=1).await.remove(0);
    let twice = structure.claims(1, &[token.clone(), token.clone()]).await;
    assert_eq!(twice.kind().as_str(), "twice-in-one-claim");
    assert_eq!(
        twice.json()["vouchers"],
        json!([{ "index": 1, "reason": "twice-in-one-claim", "same_as": 0 }])
    );
    assert_eq!(
        structure.claims(1, &vec![token.clone(); 51]).await.kind(),
        "too-many-vouchers"
    );
    assert_eq!(structure.claims(1, &[]).await.kind(), "no-voucher");
    let tokens = [token];
    assert_eq!(
        structure.claims_for(1, &tokens, "coiffure", "2026-03-10").await.kind(),
        "unknown-service"
    );
    for date in ["2026-03-11", "2026-02-06"] {
        assert_eq!(
            structure.claims_for(1, &tokens, "bureautique", date).await.kind(),
            "date-out-of-range"
        );
    }
    structure
        .claims_for(1, &tokens, "bureautique", "2026-02-07")
        .await
        .created();
    assert_eq!(
        fixture.operator.post("/redemption/v1/claims", json!({})).await.status,
        403
    );
}

#[testkit::test]
async fn a_structure_sees_no_other_structures_claims(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure, other) = (
        fixture.programme(1).await,
        fixture.structure(0).await,
        fixture.structure(1).await,
    );
    let tokens = fixture.activates(programme, 1..=1).await;
    let receipt = structure.claims(1, &tokens).await.created();
    let path = format!(
        "/redemption/v1/claims/{}?programme={}",
        receipt["claim_id"].as_str().unwrap(),
        programme.id
    );
    assert_eq!(other.client.get(&path).await.kind(), "not-found");
    let list = other
        .client
        .get(&format!("/redemption/v1/claims?programme={}", programme.id))
        .await
        .ok();
    assert_eq!(list["items"], json!([]));
}

#[testkit::test]
async fn a_claim_is_answered_like_this(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, you, elsewhere) = (
        fixture.programme(1).await,
        fixture.structure(0).await,
        fixture.structure(1).await,
    );
    fixture.prints(programme, [1]).await;
    let mut tokens = fixture.activates(programme, 2..=6).await;
    let mut answers = Answers::default();
    let receipt = answers.add("accepted", you.claims(11, &tokens[..2]).await).created();
    answers.add("replayed", you.claims(11, &tokens[..2]).await).ok();
    answers.add("its id for other vouchers", you.claims(11, &tokens[..1]).await);

    elsewhere.claims(12, &tokens[2..3]).await.created();
    fixture.revokes(programme, 5).await;
    tokens.extend([fixture.token(programme, 1), fixture.token(programme, 99)]);
    answers.add("refused, voucher by voucher", you.claims(13, &tokens).await);
    tokens.push(forged(programme.series, 2, "2027-01-31"));
    answers.add("refused for its signature", you.claims(13, &tokens).await);
    let path = format!("/redemption/v1/claims?programme={}", programme.id);
    answers.add("listed", you.client.get(&path).await).ok();

    fixture.hand.move_to(instant("2026-03-11T10:00:00Z"));
    let reversal = reverses(&you.client, programme, &receipt, 1).await;
    answers.add("reversed", reversal).created();
    answers
        .add("listed after its reversal", you.client.get(&path).await)
        .ok();
    answers.add("reversed again", reverses(&you.client, programme, &receipt, 2).await);
    insta::assert_json_snapshot!("claim", answers);
}
