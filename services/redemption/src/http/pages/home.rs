use axum::response::Response;
use maud::{Markup, html};

use super::cached::{Fresh, IfNoneMatch};
use super::frame::{framed, search};

/// `GET /`: for who typed the address of the site.
pub(super) async fn page(known: IfNoneMatch) -> Response {
    let page = framed("Accueil", &html! {}, &main()).into_string();
    known.answer("text/html; charset=utf-8", Fresh::Revalidated, page)
}

fn main() -> Markup {
    html! {
        h1 { "Le chèque culture numérique" }
        p { "C'est un chèque en papier, pour apprendre à utiliser internet, un ordinateur ou un téléphone. Vous pouvez aussi vous faire aider, par exemple pour un papier à remplir sur internet." }
        section aria-labelledby="avec" {
            h2 id="avec" { "Vous avez un chèque\u{a0}?" }
            p { "Pour voir ce qu'il vaut et jusqu'à quand, scannez le carré noir et blanc du papier avec l'appareil photo du téléphone." }
            p { a href="/v" { "Comment utiliser le chèque\u{a0}?" } }
        }
        section aria-labelledby="ou-titre" {
            h2 id="ou-titre" { "Où l'utiliser près de chez vous\u{a0}?" }
            (search(""))
        }
        section.aside aria-labelledby="travail" {
            h2 id="travail" { "Vous travaillez avec le chèque\u{a0}?" }
            p { "Structures, commanditaires, financeurs et prescripteurs passent par l'outil de leur organisation. "
                a href="/etat" { "État du service et description de l'interface" } }
        }
    }
}
