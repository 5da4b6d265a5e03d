//! Claims over gRPC: a real socket, HTTP/2 in clear, the generated client.

use futures_util::StreamExt;
use futures_util::stream::{iter, poll_fn};
use proto::redemption::v1::claim_answer::Answer;
use proto::redemption::v1::claims_client::ClaimsClient;
use proto::redemption::v1::{ClaimAnswer, ClaimRequest, Receipt};
use proto::v1::Problem;
use serde_json::json;
use sqlx::PgPool;
use standards::Cents;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request};
use uuid::Uuid;

use crate::fixture::{Fixture, instant};
use testkit::Client;

/// A machine with an API key, connected.
struct Machine {
    client: ClaimsClient<Channel>,
    secret: String,
}

impl Machine {
    async fn of(actor: &Client) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(axum::serve(listener, actor.router()).into_future());
        let channel = Endpoint::from_shared(format!("http://{address}"))
            .unwrap()
            .connect()
            .await
            .unwrap();
        Self {
            client: ClaimsClient::new(channel),
            secret: actor.key().to_owned(),
        }
    }

    fn call<T>(&self, message: T) -> Request<T> {
        let mut call = Request::new(message);
        call.metadata_mut()
            .insert("authorization", format!("Bearer {}", self.secret).parse().unwrap());
        call
    }

    async fn claims(&mut self, claim: ClaimRequest) -> Result<ClaimAnswer, Code> {
        let call = self.call(claim);
        self.client
            .claim(call)
            .await
            .map(tonic::Response::into_inner)
            .map_err(|status| status.code())
    }

    async fn streams(&mut self, claims: Vec<ClaimRequest>) -> Vec<ClaimAnswer> {
        let call = self.call(iter(claims));
        let answers = self.client.claim_stream(call).await.unwrap().into_inner();
        answers.map(Result::unwrap).collect().await
    }
}

fn claim(id: u128, tokens: &[String]) -> ClaimRequest {
    let (service, date) = ("atelier-premiers-pas".to_owned(), "2026-03-10".to_owned());
    ClaimRequest {
        id: Uuid::from_u128(id).to_string(),
        tokens: tokens.to_vec(),
        service,
        date,
        short_codes: Vec::new(),
        status_list_at: None,
    }
}

fn accepted(answer: ClaimAnswer) -> Receipt {
    match answer.answer {
        Some(Answer::Receipt(receipt)) => receipt,
        other => panic!("{other:?}"),
    }
}

fn refused(answer: ClaimAnswer) -> Problem {
    match answer.answer {
        Some(Answer::Problem(problem)) => problem,
        other => panic!("{other:?}"),
    }
}

#[testkit::test]
async fn a_claim_over_grpc_has_the_receipt_that_rest_gives(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = fixture.activates(programme, 1..=4).await;
    let mut machine = Machine::of(&structure.client).await;
    let answer = machine.claims(claim(1, &tokens)).await.unwrap();
    assert!(!answer.before);
    let receipt = accepted(answer);
    assert_eq!(fixture.owed(programme, structure.structure).await, Cents::new(4000));

    let again = machine.claims(claim(1, &tokens)).await.unwrap();
    assert!(again.before);
    assert_eq!(accepted(again), receipt);
    let vouchers: Vec<_> = receipt
        .vouchers
        .iter()
        .map(|voucher| json!({ "series": voucher.series, "idx": voucher.idx, "value": voucher.value }))
        .collect();
    let as_json = json!({
        "id": receipt.id, "claim_id": receipt.claim_id, "programme_id": receipt.programme_id,
        "structure_id": receipt.structure_id, "service": receipt.service, "date": receipt.date, "total": receipt.total,
        "vouchers": vouchers, "at": receipt.at, "reversed_at": receipt.reversed_at, "status_list_at": receipt.status_list_at,
    });
    assert_eq!(structure.claims(1, &tokens).await.ok(), as_json);
}

#[testkit::test]
async fn a_refusal_is_an_answer_in_the_stream_and_answers_keep_their_order(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = fixture.activates(programme, 1..=200).await;
    let mut claims: Vec<_> = (0..100).map(|n| claim(n as u128, &tokens[2 * n..2 * n + 2])).collect();
    claims[50].tokens.push(fixture.token(programme, 999));
    claims[60].date = "hier".to_owned();
    claims[70].id = "un".to_owned();
    let ids: Vec<_> = claims.iter().map(|claim| claim.id.clone()).collect();
    let answers = Machine::of(&structure.client).await.streams(claims).await;

    assert_eq!(answers.iter().map(|answer| answer.id.clone()).collect::<Vec<_>>(), ids);
    for (place, answer) in answers.into_iter().enumerate() {
        match place {
            50 => {
                let problem = refused(answer);
                assert_eq!(
                    (problem.r#type.as_str(), problem.status),
                    ("urn:ccn:problem:unknown", 422)
                );
                assert_eq!(problem.vouchers.len(), 1);
                assert_eq!(
                    (problem.vouchers[0].index, problem.vouchers[0].reason.as_str()),
                    (2, "unknown")
                );
                assert!(problem.request_id.parse::<Uuid>().is_ok());
            }
            60 | 70 => assert_eq!(refused(answer).r#type, "urn:ccn:problem:bad-request"),
            _ => assert_eq!(accepted(answer).total, "20.00"),
        }
    }
    assert_eq!(
        fixture.owed(programme, structure.structure).await,
        Cents::new(97 * 2000)
    );
    assert_eq!(fixture.claims_booked(programme).await, 97);
}

#[testkit::test]
async fn a_problem_over_grpc_is_word_for_word_that_of_rest(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (one, other) = (fixture.programme(1).await, fixture.programme(2).await);
    let structure = fixture.structure(0).await;
    let first = fixture.activates(one, 1..=1).await.remove(0);
    let mixed = [first.clone(), fixture.activates(other, 1..=1).await.remove(0)];
    let twice = [first.clone(), first];
    let mut machine = Machine::of(&structure.client).await;
    for tokens in [&mixed[..], &twice[..], &[]] {
        let rest = structure.claims(1, tokens).await;
        let problem = refused(machine.claims(claim(1, tokens)).await.unwrap());
        assert_eq!(json!(problem.r#type), rest.json()["type"]);
        assert_eq!(json!(problem.title), rest.json()["title"]);
        assert_eq!(json!(problem.detail), rest.json()["detail"]);
        assert_eq!(json!(problem.status), rest.json()["status"]);
        for (index, part) in problem.programmes.iter().enumerate() {
            assert_eq!(
                json!(part.programme_id),
                rest.json()["programmes"][index]["programme_id"]
            );
            assert_eq!(json!(part.indexes), rest.json()["programmes"][index]["indexes"]);
        }
        assert_eq!(
            problem.programmes.len(),
            rest.json()["programmes"].as_array().map_or(0, Vec::len)
        );
        if let Some(bad) = problem.vouchers.first() {
            assert_eq!(
                (bad.index, bad.reason.as_str(), bad.same_as),
                (1, "twice-in-one-claim", Some(0))
            );
        }
    }
}

#[testkit::test]
async fn only_a_structure_with_its_key_is_let_in(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let structure = fixture.structure(0).await;
    let mut machine = Machine::of(&structure.client).await;
    assert_eq!(
        refused(machine.claims(claim(1, &[])).await.unwrap()).r#type,
        "urn:ccn:problem:no-voucher"
    );

    fixture.operator.key().clone_into(&mut machine.secret);
    assert_eq!(machine.claims(claim(1, &[])).await, Err(Code::PermissionDenied));
    machine.secret = access::Secret::generate().unwrap().reveal().to_owned();
    assert_eq!(machine.claims(claim(1, &[])).await, Err(Code::Unauthenticated));
    let refused = machine
        .client
        .claim_stream(machine.call(iter([claim(1, &[])])))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
    assert!(
        refused.message().starts_with("Clé d'accès absente ou inconnue."),
        "{}",
        refused.message()
    );
    let nobody = machine.client.claim(Request::new(claim(1, &[]))).await.unwrap_err();
    assert_eq!(nobody.code(), Code::Unauthenticated);
}

#[testkit::test]
async fn a_key_revoked_during_a_stream_claims_nothing_more(pool: PgPool) {
    let fixture = Fixture::new(pool).await;
    let (programme, structure) = (fixture.programme(1).await, fixture.structure(0).await);
    let tokens = fixture.activates(programme, 1..=3).await;
    let mut machine = Machine::of(&structure.client).await;
    let (sender, mut receiver) = mpsc::channel(1);
    let call = machine.call(poll_fn(move |context| receiver.poll_recv(context)));
    sender.send(claim(1, &tokens[..1])).await.unwrap();
    let mut answers = machine.client.claim_stream(call).await.unwrap().into_inner();
    accepted(answers.message().await.unwrap().unwrap());

    fixture.hand.move_to(instant("2026-03-10T10:05:00Z"));
    sender.send(claim(2, &tokens[1..2])).await.unwrap();
    accepted(answers.message().await.unwrap().unwrap());

    let key = format!("/issuer/v1/api-keys/{}", Uuid::from_u128(0xbb00));
    let revoked = fixture.operator.delete(&key).await;
    assert_eq!(revoked.status, 204);
    fixture.hand.move_to(instant("2026-03-10T10:06:00Z"));
    sender.send(claim(3, &tokens[2..])).await.unwrap();
    assert_eq!(answers.message().await.unwrap_err().code(), Code::Unauthenticated);
    assert_eq!(fixture.claims_booked(programme).await, 2);
}
