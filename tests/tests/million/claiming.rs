//! Structures claim: most by the gRPC stream, one in ten by REST, all at once.

use e2e::{Batch, Refusal, Scene, Structure};
use futures_util::StreamExt;
use futures_util::stream::iter;
use proto::redemption::v1::claim_answer::Answer;
use proto::redemption::v1::claims_client::ClaimsClient;
use proto::redemption::v1::{ClaimRequest, Receipt};
use standards::Cents;
use standards::calendar::paris_date;
use tonic::transport::{Channel, Endpoint};
use uuid::Uuid;

use crate::tally::{Claim, FACE_VALUE};

/// Structures at work at once.
const STRUCTURES_AT_ONCE: usize = 12;

/// Claims of one structure that wait at once, by REST.
const REQUESTS_AT_ONCE: usize = 4;

/// Every so many claims is of two to four vouchers.
const SEVERAL_EVERY: u64 = 25;

/// Of every so many vouchers, one stays with its owner.
const KEPT_EVERY: u32 = 97;

/// The first structure gets a tenth of all claims: its advice is long.
const LARGE_EVERY: u64 = 10;

/// A claim to be made.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    request: u64,
    structure: usize,
    first: u32,
    vouchers: u32,
}

/// Which claims a batch of `vouchers` vouchers is spent on, by structure; at most `claims_max` of them, the first of them request `next`.
pub fn plan(vouchers: u32, mut next: u64, claims_max: u64, structures: usize) -> Vec<Vec<Wanted>> {
    let mut plan = vec![Vec::new(); structures];
    let end = next + claims_max;
    let mut serial = 1;
    while serial <= vouchers && next < end {
        if serial.is_multiple_of(KEPT_EVERY) {
            serial += 1;
            continue;
        }
        let several = if next.is_multiple_of(SEVERAL_EVERY) {
            2 + u32::try_from(next / SEVERAL_EVERY % 3).unwrap()
        } else {
            1
        };
        let several = several.min(vouchers - serial + 1);
        let structure = if next.is_multiple_of(LARGE_EVERY) {
            0
        } else {
            1 + usize::try_from(next).unwrap() % (structures - 1)
        };
        plan[structure].push(Wanted {
            request: next,
            structure,
            first: serial,
            vouchers: several,
        });
        serial += several;
        next += 1;
    }
    plan
}

/// How a structure's machine names its claims.
pub fn request_id(request: u64) -> Uuid {
    Uuid::from_u128(0x00c1_a155_0000_4000_8000_0000_0000_0000 + u128::from(request))
}

/// The structures' side of the interface.
pub struct Desks {
    channels: Vec<Channel>,
}

impl Desks {
    pub async fn connect(scene: &Scene) -> Self {
        let mut channels = Vec::new();
        for _ in 0..4 {
            let endpoint = Endpoint::from_shared(format!("http://{}", scene.deployment.addr())).unwrap();
            channels.push(endpoint.connect().await.unwrap());
        }
        Self { channels }
    }

    /// Makes all claims of a plan; gives those that were acknowledged, which are all, each once.
    pub async fn claim(&self, scene: &Scene, batch: &Batch, plan: Vec<Vec<Wanted>>, month: u32) -> Vec<Claim> {
        let work = plan.into_iter().enumerate().filter(|(_, wanted)| !wanted.is_empty());
        let all = iter(work).map(|(number, wanted)| {
            let structure = &scene.structures[number];
            let channel = self.channels[number % self.channels.len()].clone();
            async move {
                let mut claims = if number % 10 == 3 {
                    by_rest(structure, batch, &wanted).await
                } else {
                    by_stream(channel, structure, batch, &wanted).await
                };
                for claim in &mut claims {
                    claim.month = month;
                }
                insists(structure, batch, &wanted, &claims).await;
                claims
            }
        });
        let made: Vec<Vec<Claim>> = all.buffer_unordered(STRUCTURES_AT_ONCE).collect().await;
        made.concat()
    }
}

fn tokens(batch: &Batch, wanted: Wanted) -> &[e2e::Voucher] {
    let first = usize::try_from(wanted.first - 1).unwrap();
    &batch.vouchers[first..first + usize::try_from(wanted.vouchers).unwrap()]
}

async fn by_stream(channel: Channel, structure: &Structure, batch: &Batch, wanted: &[Wanted]) -> Vec<Claim> {
    let date = paris_date(structure.clock.now()).to_string();
    let messages: Vec<ClaimRequest> = wanted
        .iter()
        .map(|wanted| ClaimRequest {
            id: request_id(wanted.request).to_string(),
            tokens: tokens(batch, *wanted)
                .iter()
                .map(|voucher| voucher.token.clone())
                .collect(),
            service: "atelier-premiers-pas".to_owned(),
            date: date.clone(),
            short_codes: Vec::new(),
            status_list_at: None,
        })
        .collect();
    let mut call = tonic::Request::new(iter(messages));
    let bearer = format!("Bearer {}", structure.client.key());
    call.metadata_mut().insert("authorization", bearer.parse().unwrap());
    let answers = ClaimsClient::new(channel)
        .claim_stream(call)
        .await
        .unwrap()
        .into_inner();
    let answers: Vec<_> = answers.map(Result::unwrap).collect().await;
    assert_eq!(answers.len(), wanted.len(), "an answer a claim");
    let claims = answers.into_iter().zip(wanted).map(|(answer, wanted)| {
        assert_eq!(
            (answer.id, answer.before),
            (request_id(wanted.request).to_string(), false)
        );
        match answer.answer {
            Some(Answer::Receipt(Receipt { claim_id, total, .. })) => acknowledged(*wanted, &claim_id, &total),
            other => panic!("{wanted:?}: {other:?}"),
        }
    });
    claims.collect()
}

async fn by_rest(structure: &Structure, batch: &Batch, wanted: &[Wanted]) -> Vec<Claim> {
    let claims = iter(wanted).map(|wanted| async move {
        let answer = structure
            .claims_as(request_id(wanted.request), tokens(batch, *wanted))
            .await;
        let receipt = answer.created();
        let text = |name: &str| receipt[name].as_str().unwrap().to_owned();
        acknowledged(*wanted, &text("claim_id"), &text("total"))
    });
    claims.buffered(REQUESTS_AT_ONCE).collect().await
}

/// Who sends a claim again gets the same receipt; who presents a voucher again gets nothing.
async fn insists(structure: &Structure, batch: &Batch, wanted: &[Wanted], claims: &[Claim]) {
    let (wanted, claim) = (wanted[wanted.len() - 1], claims[claims.len() - 1]);
    let vouchers = tokens(batch, wanted);
    let again = structure.claims_as(request_id(wanted.request), vouchers).await.ok();
    assert_eq!(again["claim_id"], claim.id.to_string());
    structure
        .claims(&vouchers[..1])
        .await
        .refused(Refusal::AlreadyUsedByYou);
}

fn acknowledged(wanted: Wanted, claim_id: &str, total: &str) -> Claim {
    let claim = Claim {
        request: wanted.request,
        id: claim_id.parse().unwrap(),
        structure: wanted.structure,
        first: wanted.first,
        vouchers: wanted.vouchers,
        month: 0,
        reversed: false,
        paid_in: None,
    };
    assert_eq!(
        total.parse::<Cents>().unwrap().get(),
        claim.cents(),
        "{FACE_VALUE} cents a voucher"
    );
    claim
}
