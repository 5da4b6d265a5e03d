//! The exports' second front door: gRPC, as `proto/ccn/funding/v1/exports.proto` tells. No rule here: entries are the log's, rows are the
//! report's.

mod message;

use std::mem;

use access::{OperatorOrAuditor, ReportReader};
use axum::Router;
use axum::extract::FromRequestParts;
use futures_util::stream::{TryStreamExt, iter, try_unfold};
use http::request::Parts;
use ledger::seal::{StoredCheckpoint, cosigned_note, entries, last_checkpoint};
use proto::funding::v1::entries_answer::Answer;
use proto::funding::v1::exports_server::{Exports, ExportsServer};
use proto::funding::v1::{EntriesAnswer, EntriesRequest, LogCheckpoint, WaterfallRequest, WaterfallRow};
use proto::{Entered, MESSAGE_BYTES_MAX, enter, mount};
use sqlx::PgPool;
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status};
use web::Problem;

use crate::http::App;
use crate::reports::waterfall;

/// Entries read at a time. Between two pages no connection is held, however slow the client is.
const PAGE_ENTRIES: u64 = 512;

pub(crate) fn rpc_routes(app: App) -> Router {
    mount(ExportsServer::new(Door(app)).max_decoding_message_size(MESSAGE_BYTES_MAX))
}

struct Door(App);

#[tonic::async_trait]
impl Exports for Door {
    type EntriesStream = BoxStream<EntriesAnswer>;
    type WaterfallStream = BoxStream<WaterfallRow>;

    async fn entries(&self, call: Request<EntriesRequest>) -> Result<Response<Self::EntriesStream>, Status> {
        let Entered { head, message, .. } = enter::<_, OperatorOrAuditor, _>(&self.0, call).await?;
        let mut connection = self.0.pool.acquire().await.map_err(internal)?;
        let checkpoint = last_checkpoint(&mut connection).await.map_err(internal)?;
        let checkpoint = checkpoint.ok_or_else(|| Status::not_found("Aucune écriture n'est encore scellée."))?;
        if message.from_seq > checkpoint.size {
            return Err(Status::out_of_range(format!(
                "Le journal scellé compte {} écritures : « from_seq » est au-delà.",
                checkpoint.size
            )));
        }
        let copying = Copying {
            app: self.0.clone(),
            head,
            from: message.from_seq,
            rest: Some(checkpoint),
        };
        let pages = try_unfold(copying, Copying::page).map_ok(|page| iter(page.into_iter().map(Ok)));
        Ok(Response::new(Box::pin(pages.try_flatten())))
    }

    async fn waterfall(&self, call: Request<WaterfallRequest>) -> Result<Response<Self::WaterfallStream>, Status> {
        let Entered { who, message, .. } = enter::<_, ReportReader, _>(&self.0, call).await?;
        let asked = message::asked(&message).map_err(proto::status)?;
        let report = waterfall::waterfall(&self.0.pool, &who, asked).await;
        let report = report.map_err(|error| proto::status(Problem::from(error)))?;
        let rows = report.rows.into_iter().map(|row| Ok(message::row(&row)));
        Ok(Response::new(Box::pin(iter(rows))))
    }
}

/// A copy of the log under way, and the key it was asked with.
struct Copying {
    app: App,
    head: Parts,
    from: u64,
    /// Where it ends; nothing when it has.
    rest: Option<StoredCheckpoint>,
}

impl Copying {
    /// The next page, or the checkpoint that ends it. The key is looked up again each time: a revoked one copies no further.
    async fn page(mut self) -> Result<Option<(Vec<EntriesAnswer>, Self)>, Status> {
        let Some(checkpoint) = &self.rest else {
            return Ok(None);
        };
        OperatorOrAuditor::from_request_parts(&mut self.head, &self.app)
            .await
            .map_err(proto::status)?;
        if self.from == checkpoint.size {
            let answer = Answer::Checkpoint(sealed(&self.app.pool, checkpoint).await.map_err(internal)?);
            self.rest = None;
            return Ok(Some((vec![message::answer(answer)], self)));
        }
        let end = checkpoint.size.min(self.from + PAGE_ENTRIES);
        let mut connection = self.app.pool.acquire().await.map_err(internal)?;
        let page = entries(&mut connection, self.from..end).await.map_err(internal)?;
        drop(connection);
        let expected = mem::replace(&mut self.from, end)..end;
        let mut answers = Vec::with_capacity(page.len());
        for (seq, entry) in expected.clone().zip(page) {
            let leaf = entry.leaf.as_ref().filter(|_| entry.holds() && entry.seq == seq);
            let leaf = leaf.ok_or_else(|| changed(seq))?;
            answers.push(message::answer(Answer::Entry(message::entry(leaf))));
        }
        match expected.start.checked_add(answers.len() as u64) {
            Some(reached) if reached == end => Ok(Some((answers, self))),
            _ => Err(changed(end)),
        }
    }
}

async fn sealed(pool: &PgPool, checkpoint: &StoredCheckpoint) -> sqlx::Result<LogCheckpoint> {
    let mut connection = pool.acquire().await?;
    Ok(LogCheckpoint {
        note: cosigned_note(&mut connection, checkpoint.size, &checkpoint.note).await?,
        vkey: checkpoint.verifier.clone(),
    })
}

fn changed(seq: u64) -> Status {
    tracing::error!(seq, "an entry is not what was sealed");
    Status::data_loss(format!(
        "L'écriture de rang {seq} n'est plus celle qui a été scellée : prévenez l'auditeur."
    ))
}

#[expect(clippy::needless_pass_by_value, reason = "map_err hands the error over")]
fn internal(error: sqlx::Error) -> Status {
    proto::status(Problem::internal(&error))
}
