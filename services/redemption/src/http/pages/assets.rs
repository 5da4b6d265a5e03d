use axum::response::Response;
use web::{Path, Problem};

use super::cached::{Fresh, IfNoneMatch};

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const FONT: &str = "font/woff2";

/// A file of `assets/`, carried in the executable; its README says where each comes from.
struct Asset {
    name: &'static str,
    content_type: &'static str,
    fresh: Fresh,
    content: &'static [u8],
}

macro_rules! asset {
    ($name:literal, $content_type:expr, $fresh:expr) => {
        Asset {
            name: $name,
            content_type: $content_type,
            fresh: $fresh,
            content: include_bytes!(concat!("../../../assets/", $name)),
        }
    };
}

const ASSETS: [Asset; 13] = [
    asset!("style.css", "text/css; charset=utf-8", Fresh::Revalidated),
    asset!("start.js", JAVASCRIPT, Fresh::Revalidated),
    asset!("page.mjs", JAVASCRIPT, Fresh::Revalidated),
    asset!("keys.mjs", JAVASCRIPT, Fresh::Revalidated),
    asset!("voucher.mjs", JAVASCRIPT, Fresh::Revalidated),
    asset!("ed25519.mjs", JAVASCRIPT, Fresh::Revalidated),
    asset!("state.mjs", JAVASCRIPT, Fresh::Revalidated),
    asset!("fflate.mjs", JAVASCRIPT, Fresh::Revalidated),
    asset!("near.mjs", JAVASCRIPT, Fresh::Revalidated),
    asset!("lieux.mjs", JAVASCRIPT, Fresh::Revalidated),
    asset!("atkinson-400.woff2", FONT, Fresh::Month),
    asset!("atkinson-700.woff2", FONT, Fresh::Month),
    asset!("icon.svg", "image/svg+xml", Fresh::Month),
];

/// One of the pages' own files.
pub(super) async fn asset(Path(name): Path<String>, known: IfNoneMatch) -> Result<Response, Problem> {
    let asset = ASSETS.iter().find(|asset| asset.name == name);
    let asset = asset.ok_or_else(|| Problem::not_found("Ce fichier"))?;
    Ok(known.answer(asset.content_type, asset.fresh, asset.content))
}
