//! The front door: parses, calls one use case, renders. It holds no rule.

mod batches;
mod beneficiaries;
mod booklets;
mod calendar;
mod hand_overs;
mod key_sets;
mod keys;
mod papers;
mod phones;
mod prescribers;
mod printer_files;
mod prints;
mod programmes;
mod proofs;
mod vouchers;

use access::Caller;
use axum::extract::FromRef;
use catalogue::{Programme, ProgrammeId};
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use voucher::Host;
use web::{Clock, Problem};

use crate::paper::print::Press;
use crate::{
    keys::key_sets::KeySets, keys::signers::Signers, keys::voucher_keys::VoucherKeys,
    keys::voucher_keys::VoucherSecrets, people::identity::IdentityKey, programmes::admit_prescriber,
};

/// What the issuer's routes need.
#[derive(Debug, Clone, FromRef)]
pub struct Config {
    /// Connected as the issuer's role.
    pub pool: PgPool,
    /// The process's clock.
    pub clock: Clock,
    /// What the QR codes point to.
    pub host: Host,
    /// Sign vouchers and key sets. No other service has such keys.
    pub signers: Signers,
    /// Make vouchers' ids and codes, with what the database holds of each.
    pub voucher_secrets: VoucherSecrets,
    /// The roots, and the sets signed under them.
    pub key_sets: KeySets,
    /// Makes identities comparable.
    pub identity_key: IdentityKey,
}

impl FromRef<Config> for VoucherKeys {
    fn from_ref(config: &Config) -> Self {
        Self {
            signers: config.signers.clone(),
            secrets: config.voucher_secrets.clone(),
        }
    }
}

impl FromRef<Config> for Press {
    fn from_ref(config: &Config) -> Self {
        Self {
            keys: VoucherKeys::from_ref(config),
            host: config.host.clone(),
        }
    }
}

/// The issuer's routes.
pub fn routes(config: Config) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(programmes::create))
        .routes(routes!(keys::list, keys::create))
        .routes(routes!(keys::delegation))
        .routes(routes!(keys::withdrawal))
        .routes(routes!(key_sets::jwks))
        .routes(routes!(key_sets::cose))
        .routes(routes!(key_sets::signed))
        .routes(routes!(key_sets::signed_jwks))
        .routes(routes!(prescribers::admit))
        .routes(routes!(beneficiaries::import))
        .routes(routes!(beneficiaries::list))
        .routes(routes!(batches::order))
        .routes(routes!(batches::list))
        .routes(routes!(batches::get))
        .routes(routes!(batches::mint))
        .routes(routes!(batches::fund))
        .routes(routes!(batches::activate))
        .routes(routes!(batches::cancel))
        .routes(routes!(booklets::find))
        .routes(routes!(booklets::get))
        .routes(routes!(prints::booklets))
        .routes(routes!(prints::print_run))
        .routes(routes!(prints::vouchers))
        .routes(routes!(phones::voucher_image))
        .routes(routes!(papers::get, papers::put))
        .routes(routes!(papers::put_logo, papers::get_logo, papers::delete_logo))
        .routes(routes!(proofs::make))
        .routes(routes!(proofs::get))
        .routes(routes!(proofs::pdf))
        .routes(routes!(proofs::approve))
        .routes(routes!(printer_files::make))
        .routes(routes!(printer_files::get))
        .routes(routes!(printer_files::reissue))
        .routes(routes!(hand_overs::hand_over))
        .routes(routes!(hand_overs::replace))
        .routes(routes!(vouchers::revoke))
        .routes(routes!(vouchers::expire))
        .routes(routes!(calendar::set))
        .routes(routes!(calendar::decide))
        .routes(routes!(calendar::accept))
        .routes(routes!(calendar::round))
        .routes(routes!(vouchers::counts))
        .routes(routes!(vouchers::states))
        .with_state(config)
}

async fn programme(pool: &PgPool, id: ProgrammeId) -> Result<Programme, Problem> {
    catalogue::programme(pool, id)
        .await
        .map_err(|error| Problem::internal(&error))?
        .ok_or_else(|| Problem::not_found("Ce dispositif"))
}

/// The programme, if this caller runs it.
async fn own_programme(pool: &PgPool, who: &Caller, id: ProgrammeId) -> Result<Programme, Problem> {
    let programme = programme(pool, id).await?;
    if programme.sponsor_id == who.organisation() {
        Ok(programme)
    } else {
        Err(Problem::not_found("Ce dispositif"))
    }
}

/// The programme, if its sponsor admitted this caller as a prescriber.
async fn prescribed_programme(pool: &PgPool, who: &Caller, id: ProgrammeId) -> Result<Programme, Problem> {
    let programme = programme(pool, id).await?;
    let admitted = admit_prescriber::is_admitted(pool, id, who.organisation()).await;
    if admitted.map_err(internal)? {
        Ok(programme)
    } else {
        Err(Problem::not_found("Ce dispositif"))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` hands it over")]
fn internal(error: sqlx::Error) -> Problem {
    Problem::internal(&error)
}
