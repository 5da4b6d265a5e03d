//! The exports over gRPC: a real socket, HTTP/2 in clear, the generated client.

use futures_util::StreamExt;
use proto::funding::v1::entries_answer::Answer;
use proto::funding::v1::exports_client::ExportsClient;
use proto::funding::v1::{EntriesRequest, LogCheckpoint, SealedEntry, WaterfallRequest, WaterfallRow};
use sealed_log::{AnyLeaf, Checkpoint, Frontier, NoteKey, VerifierKey};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::net::TcpListener;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

use crate::bank::naming;
use crate::cycle::{PAID, march};
use crate::fixture::{FUNDERS, Fixture, PROGRAMME, id, instant};
use crate::fixture_exports;

/// An auditor's machine, with its key.
struct Machine {
    client: ExportsClient<Channel>,
    secret: String,
}

impl Machine {
    async fn with_key(fixture: &Fixture, secret: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(axum::serve(listener, fixture.app.clone()).into_future());
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        Self {
            client: ExportsClient::new(endpoint.connect().await.unwrap()),
            secret: secret.to_owned(),
        }
    }

    fn call<T>(&self, message: T) -> Request<T> {
        let mut call = Request::new(message);
        let bearer = format!("Bearer {}", self.secret).parse().unwrap();
        call.metadata_mut().insert("authorization", bearer);
        call
    }

    /// The entries from a place on, and the checkpoint that ends them.
    async fn copies(&mut self, from_seq: u64) -> Result<(Vec<SealedEntry>, Option<LogCheckpoint>), Status> {
        let call = self.call(EntriesRequest { from_seq });
        let mut stream = self.client.entries(call).await?.into_inner();
        let (mut entries, mut checkpoint) = (Vec::new(), None);
        while let Some(answer) = stream.next().await {
            match answer?.answer.unwrap() {
                Answer::Entry(entry) => entries.push(entry),
                Answer::Checkpoint(last) => checkpoint = Some(last),
            }
        }
        Ok((entries, checkpoint))
    }

    async fn reads(&mut self, asked: WaterfallRequest) -> Result<Vec<WaterfallRow>, Code> {
        let call = self.call(asked);
        let stream = self.client.waterfall(call).await.map_err(|status| status.code())?;
        Ok(stream.into_inner().map(Result::unwrap).collect().await)
    }
}

fn key() -> NoteKey {
    NoteKey::from_seed("test.example/log", &[7; 32]).unwrap()
}

async fn seals(fixture: &Fixture) {
    fixture_exports::seals(fixture, &key(), instant("2026-04-02T08:00:00Z")).await;
}

/// Whoever keeps what the stream gives can prove it with the public key alone.
#[testkit::test]
async fn a_copy_of_the_log_proves_itself_and_goes_on_where_it_ended(admin: PgPool) {
    let fixture = march(admin).await;
    seals(&fixture).await;
    let mut machine = Machine::with_key(&fixture, &fixture.secret).await;
    let (first, checkpoint) = machine.copies(0).await.unwrap();
    fixture.settle(1, "2026-03", "2026-04-03").await;
    seals(&fixture).await;
    let (later, last) = machine.copies(first.len() as u64).await.unwrap();
    assert!(
        later.iter().any(|entry| entry.claim.is_some()),
        "which claims are paid is in the log"
    );

    let vkey: VerifierKey = key().verifier().to_string().parse().unwrap();
    let mut tree = Frontier::new();
    for (seq, entry) in (0..).zip(first.iter().chain(&later)) {
        let leaf = AnyLeaf::from_bytes(&entry.leaf).unwrap();
        assert_eq!((leaf.seq(), entry.seq), (seq, seq));
        assert_eq!(leaf.id().to_string(), entry.id);
        let told = leaf.to_json();
        assert_eq!(
            (json!(entry.at), json!(entry.kind)),
            (told["at"].clone(), told["kind"].clone())
        );
        if let Some(account) = &entry.debit {
            assert_eq!(
                (json!(account.kind), json!(account.book), json!(entry.cents)),
                (
                    told["debit"]["kind"].clone(),
                    told["debit"]["book"].clone(),
                    told["cents"].clone()
                )
            );
        } else {
            assert_eq!(
                (entry.kind.as_str(), entry.digest.as_ref().map(Vec::len)),
                ("audit_line", Some(32))
            );
        }
        tree.push(leaf.hash());
        if seq + 1 == first.len() as u64 {
            let note = checkpoint.as_ref().unwrap().note.clone();
            assert_eq!(Checkpoint::open(&note, &vkey).unwrap().root, tree.root());
        }
    }
    let last = last.unwrap();
    assert_eq!(Checkpoint::open(&last.note, &vkey).unwrap().root, tree.root());
    assert_eq!(last.vkey, vkey.to_string());
    // Nothing since: the same checkpoint, alone.
    assert_eq!(machine.copies(tree.size()).await.unwrap(), (Vec::new(), Some(last)));
    let beyond = machine.copies(tree.size() + 1).await.unwrap_err();
    assert_eq!(beyond.code(), Code::OutOfRange);
}

#[testkit::test]
async fn a_rewritten_entry_ends_the_stream_at_its_place(admin: PgPool) {
    let fixture = march(admin).await;
    seals(&fixture).await;
    let rewrite =
        "update ledger.transfer t set reference = 'autre' from ledger.leaf l where l.entry_id = t.id and l.seq = (
             select max(l.seq) from ledger.leaf l join ledger.transfer t on t.id = l.entry_id) returning l.seq";
    let place: i64 = sqlx::query_scalar(rewrite).fetch_one(&fixture.admin).await.unwrap();
    let place = u64::try_from(place).unwrap();
    let mut machine = Machine::with_key(&fixture, &fixture.secret).await;
    let lost = machine.copies(0).await.unwrap_err();
    assert_eq!(lost.code(), Code::DataLoss);
    assert!(lost.message().contains(&format!("rang {place} ")), "{}", lost.message());
    assert!(machine.copies(place + 1).await.is_ok());
}

#[testkit::test]
async fn rows_of_the_waterfall_are_those_of_rest(admin: PgPool) {
    let fixture = march(admin).await;
    let settled = fixture.settle(1, "2026-03", "2026-04-03").await;
    fixture
        .loads(
            2,
            "200.00",
            vec![naming("-20.00", &settled["payments"][0]["end_to_end"])],
        )
        .await;
    let mut machine = Machine::with_key(&fixture, &fixture.secret).await;
    let rows = machine.reads(WaterfallRequest::default()).await.unwrap();
    let rest = fixture.get_json("/funding/v1/reports/waterfall").await;
    let rest = rest["rows"].as_array().unwrap();
    assert_eq!(rows.len(), rest.len());
    for (row, rest) in rows.iter().zip(rest) {
        let shown = [
            &row.funder_id,
            &row.received,
            &row.claimed,
            &row.paid,
            &row.owed,
            &row.revoked,
        ];
        let columns = ["funder_id", "received", "claimed", "paid", "owed", "revoked"];
        assert_eq!(
            shown.map(|text| json!(text)),
            columns.map(|column| rest[column].clone())
        );
        assert_eq!(json!(row.programme_id), rest["programme_id"]);
    }
    let asked = WaterfallRequest {
        programme_id: Some(PROGRAMME.to_string()),
        funder_id: Some(FUNDERS[1].to_string()),
        territory: Some("R27".to_owned()),
        to: Some("2026-03-31".to_owned()),
        from: None,
    };
    let narrowed = machine.reads(asked.clone()).await.unwrap();
    assert_eq!((narrowed.len(), narrowed[0].claimed.as_str()), (1, "19.98"));
    let wrong = WaterfallRequest {
        territory: Some("Dijon".to_owned()),
        ..asked
    };
    assert_eq!(machine.reads(wrong).await, Err(Code::InvalidArgument));
}

#[testkit::test]
async fn keys_and_roles_are_asked_as_in_rest(admin: PgPool) {
    let fixture = march(admin).await;
    seals(&fixture).await;
    let mut stranger = Machine::with_key(&fixture, "ccn_nobody").await;
    assert_eq!(stranger.copies(0).await.unwrap_err().code(), Code::Unauthenticated);
    assert_eq!(
        stranger.reads(WaterfallRequest::default()).await,
        Err(Code::Unauthenticated)
    );
    let funder = fixture.key_of(FUNDERS[0], None).await;
    let mut funder = Machine::with_key(&fixture, &funder).await;
    assert_eq!(funder.copies(0).await.unwrap_err().code(), Code::PermissionDenied);
    let own = funder.reads(WaterfallRequest::default()).await.unwrap();
    assert!(own.len() == 2 && own.iter().all(|row| row.funder_id == FUNDERS[0].to_string()));
    let roles = |roles: Value| json!({"id": PAID, "name": "Médiathèque", "roles": roles});
    let structure = fixture.key_of(PAID, Some(roles(json!(["structure"])))).await;
    let mut structure = Machine::with_key(&fixture, &structure).await;
    assert_eq!(
        structure.reads(WaterfallRequest::default()).await,
        Err(Code::PermissionDenied)
    );
    let auditor = json!({"id": id(0x77), "name": "Cour des comptes", "roles": ["auditor"]});
    let auditor = fixture.key_of(id(0x77), Some(auditor)).await;
    assert!(
        Machine::with_key(&fixture, &auditor)
            .await
            .copies(0)
            .await
            .unwrap()
            .1
            .is_some()
    );
}
