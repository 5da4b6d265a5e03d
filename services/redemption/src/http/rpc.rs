//! The claim's second front door: gRPC, as `proto/ccn/redemption/v1/claims.proto` tells. The same pipeline as REST, and no rule here.

use access::Structure;
use axum::Router;
use axum::extract::FromRequestParts;
use chrono::{DateTime, Utc};
use futures_util::stream::{StreamExt, try_unfold};
use http::request::Parts;
use proto::redemption::v1::claim_answer::Answer;
use proto::redemption::v1::claims_server::{Claims, ClaimsServer};
use proto::redemption::v1::{ClaimAnswer, ClaimRequest};
use proto::{Entered, MESSAGE_BYTES_MAX, enter, mount};
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status, Streaming};
use tracing::{Instrument, Span};
use web::{Created, Problem, RequestId};

use crate::claims::claim::Claimant;
use crate::http::App;

mod message;

/// Claims of one stream that are decided side by side; the next ones wait in the network.
const STREAM_CLAIMS_AT_ONCE: usize = 64;

/// Seconds for which a stream's key is believed before it is looked up again: a revoked key claims no longer than that.
const KEY_SECONDS_MAX: i64 = 60;

pub(crate) fn rpc_routes(app: App) -> Router {
    mount(ClaimsServer::new(Door(app)).max_decoding_message_size(MESSAGE_BYTES_MAX))
}

struct Door(App);

#[tonic::async_trait]
impl Claims for Door {
    type ClaimStreamStream = BoxStream<ClaimAnswer>;

    async fn claim(&self, call: Request<ClaimRequest>) -> Result<Response<ClaimAnswer>, Status> {
        let Entered {
            who, request, message, ..
        } = enter::<_, Structure, _>(&self.0, call).await?;
        Ok(Response::new(
            answer(&self.0, Claimant::from(&*who), request, message).await,
        ))
    }

    async fn claim_stream(
        &self,
        call: Request<Streaming<ClaimRequest>>,
    ) -> Result<Response<Self::ClaimStreamStream>, Status> {
        let Entered {
            who,
            head,
            request,
            message,
        } = enter::<_, Structure, _>(&self.0, call).await?;
        let (app, who) = (self.0.clone(), Claimant::from(&*who));
        let listening = Listening {
            app: app.clone(),
            head,
            believed_at: app.clock.now(),
            claims: message,
        };
        // The answers are given after this function has returned, outside the request's span and its id.
        let span = Span::current();
        let answers = try_unfold(listening, Listening::next).map(move |next| {
            let (app, span) = (app.clone(), span.clone());
            async move { Ok(answer(&app, who, request, next?).await) }.instrument(span)
        });
        Ok(Response::new(Box::pin(answers.buffered(STREAM_CLAIMS_AT_ONCE))))
    }
}

/// A stream of claims and the key it came with.
struct Listening {
    app: App,
    head: Parts,
    believed_at: DateTime<Utc>,
    claims: Streaming<ClaimRequest>,
}

impl Listening {
    /// The next claim; an error ends the stream, after the answers to the claims before it.
    async fn next(mut self) -> Result<Option<(ClaimRequest, Self)>, Status> {
        let Some(claim) = self.claims.message().await? else {
            return Ok(None);
        };
        let at = self.app.clock.now();
        if (at - self.believed_at).num_seconds() >= KEY_SECONDS_MAX {
            Structure::from_request_parts(&mut self.head, &self.app)
                .await
                .map_err(proto::status)?;
            self.believed_at = at;
        }
        Ok(Some((claim, self)))
    }
}

async fn answer(app: &App, who: Claimant, request: RequestId, claim: ClaimRequest) -> ClaimAnswer {
    let id = claim.id.clone();
    let made = match message::new_claim(claim) {
        Ok(new) => app
            .pipeline
            .claim(who, &new, app.clock.now())
            .await
            .map_err(Problem::from),
        Err(problem) => Err(problem),
    };
    let before = matches!(made, Ok(Created::Existing(_)));
    let answer = match made {
        Ok(made) => Answer::Receipt(message::receipt(made.into_inner())),
        Err(problem) => Answer::Problem(proto::v1::Problem {
            request_id: request.0.to_string(),
            ..problem.into()
        }),
    };
    ClaimAnswer {
        id,
        before,
        answer: Some(answer),
    }
}
