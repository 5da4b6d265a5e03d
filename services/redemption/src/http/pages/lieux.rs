use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use sqlx::PgPool;
use standards::cog::{Cog, Commune};
use web::{Problem, Query};

use super::area_query::AreaQuery;
use super::cached::{Fresh, IfNoneMatch};
use super::frame::{framed, search};
use super::place_card::card;
use super::places_api::is_first;
use crate::public::places::{self, Area, Found, PublicPlace};

/// `GET /lieux`: where vouchers are accepted, without any script.
pub(super) async fn page(
    State(pool): State<PgPool>,
    Query(query): Query<AreaQuery>,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    let asked = query.ou.as_deref().unwrap_or_default();
    let found = match query.found() {
        Some(Found::One(area)) => {
            let places = places::in_departement(&pool, area.departement.code)
                .await
                .map_err(|error| Problem::internal(&error))?;
            list(&area, &places)
        }
        Some(Found::Several(communes)) => choice(&communes),
        Some(Found::Nothing) => html! {
            div.card.care role="status" {
                p.title { "Nous ne trouvons pas cet endroit." }
                p { "Écrivez le nom entier de la ville, ou les 5 chiffres du code postal." }
            }
        },
        None => html! {},
    };
    let main = html! {
        h1 { "Où utiliser votre chèque ?" }
        (search(asked))
        (found)
        p { a href="/v" { "Comment utiliser le chèque ?" } }
    };
    let scripts = html! { script type="module" src="/assets/lieux.mjs" {} };
    let page = framed("Où utiliser votre chèque", &scripts, &main).into_string();
    Ok(known.answer("text/html; charset=utf-8", Fresh::Minutes, page))
}

fn list(area: &Area, places: &[PublicPlace]) -> Markup {
    let (first, others): (Vec<_>, Vec<_>) = places.iter().partition(|place| is_first(area, place));
    let here = match (&area.commune, &area.postal_code) {
        (Some(commune), _) => commune.name,
        (None, Some(code)) => code,
        (None, None) => "",
    };
    html! {
        section id="places" aria-labelledby="places-titre" {
            h2 id="places-titre" { "Lieux : " (area.departement.name) }
            @match (places.len(), first.len()) {
                (0, _) => p { "Aucun lieu n'accepte encore le chèque dans ce département. Essayez un département voisin." },
                (all, 0) if !here.is_empty() => p { "Aucun lieu à " (here) ". Il y a " (count(all)) " dans le département." },
                (_, 1) => p { "1 lieu à " (here) ", en premier dans la liste." },
                (_, near) if near > 0 => p { (count(near)) " à " (here) ", en premier dans la liste." },
                (all, _) => p { (count(all)) "." },
            }
            @if !places.is_empty() {
                ul.places { @for place in first.into_iter().chain(others) { li.place
                    data-latitude=[place.latitude.filter(|_| place.longitude.is_some())]
                    data-longitude=[place.longitude.filter(|_| place.latitude.is_some())] { (card(place)) } } }
            }
        }
    }
}

fn count(places: usize) -> String {
    match places {
        1 => "1 lieu".to_owned(),
        places => format!("{places} lieux"),
    }
}

fn choice(communes: &[&Commune]) -> Markup {
    let departement = |commune: &Commune| Cog::embedded().departement(commune.departement).map(|known| known.name);
    html! {
        section aria-labelledby="choix" {
            h2 id="choix" { "Quelle ville ?" }
            p { "Plusieurs villes ont ce nom. Choisissez la vôtre." }
            ul { @for commune in communes {
                li { a href=(format!("/lieux?commune={}", commune.code)) {
                    (commune.name) @if let Some(name) = departement(commune) { " (" (name) ")" }
                } }
            } }
        }
    }
}
