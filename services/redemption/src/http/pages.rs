//! The public pages: what a phone's camera opens (`/v`), where vouchers are accepted (`/lieux`), and the way to both (`/`).
//!
//! ```text
//! https://<host>/v#<209 digits>     what stands behind # stays in the phone
//!   /v                      the same page for everybody: plain French, every verdict's words, cacheable
//!   /assets/start.js        takes the digits out of the address and the history entry
//!   /assets/page.mjs        keys (/.well-known/jwks.json) → signature, checked in the browser → verdict
//!   /redemption/sl/{series}/{shard}    used, blocked, not given yet: the signed list of a million vouchers, read in the browser
//!   /redemption/v1/public/series/{n}   value's programme, sponsor, printed date: of a whole series, never of a voucher
//!   /lieux?departement=21   places, as HTML that needs no script; the phone sorts by distance
//! ```
//!
//! **The invariant.** No request of these pages holds a digit of a token, anything about a person, or leaves the origin: the
//! policy of [`headers`] forbids what the code does not do. Nobody signs in, no cookie is set, nothing is written.
//!
//! **What a page cannot do.** It clears the address, the tab's history, « back » and what is shared. The list of visits that a browser
//! keeps for its owner is written before any script runs, with what stands behind #, and a browser that synchronises carries it
//! further. A voucher that was lost or copied is blocked by whoever handed it over.
//!
//! **Rejected.** Drawing the verdict on the server: it would have to be sent the token, which is money. A framework: the page is
//! a few kilobytes for old phones on slow networks.

mod area_query;
mod assets;
mod cached;
mod frame;
mod headers;
mod home;
mod lieux;
mod place_card;
mod places_api;
mod series;
mod voucher;

use axum::middleware::map_response;
use axum::routing::get;
use sqlx::PgPool;
use tower_http::compression::CompressionLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Pages and the little JSON they read, without a key.
pub(crate) fn routes(pool: PgPool) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(series::get_series))
        .routes(routes!(places_api::list_places))
        .route("/", get(home::page))
        .route("/v", get(voucher::page))
        .route("/lieux", get(lieux::page))
        .route("/assets/{name}", get(assets::asset))
        .layer(CompressionLayer::new())
        .layer(map_response(headers::secure))
        .with_state(pool)
}
