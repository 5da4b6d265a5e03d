use maud::{DOCTYPE, Markup, html};

/// What every page stands in. Our own look: the State's design system is reserved to the State.
pub(super) fn framed(title: &str, scripts: &Markup, main: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="fr" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " – Chèque culture numérique" }
                // Before the style: nothing may happen while the token is in the address.
                (scripts)
                link rel="stylesheet" href="/assets/style.css";
                link rel="icon" href="/assets/icon.svg" type="image/svg+xml";
                meta name="robots" content="noindex";
            }
            body {
                a.skip href="#contenu" { "Aller au contenu" }
                header { p { "Chèque culture numérique" } }
                main id="contenu" tabindex="-1" { (main) }
                footer {
                    p { "Cette page ne vous demande pas votre nom. Elle ne garde rien sur vous." }
                }
            }
        }
    }
}

/// The form that finds places, the same on both pages; it needs no script.
pub(super) fn search(asked: &str) -> Markup {
    html! {
        form action="/lieux" method="get" role="search" {
            label for="ou" { "Votre ville ou votre code postal" }
            p.hint id="ou-aide" { "Par exemple : Dijon, ou 21000. Vous pouvez aussi écrire votre département." }
            input type="text" id="ou" name="ou" value=(asked) aria-describedby="ou-aide" autocomplete="off" maxlength="80" required;
            button type="submit" { "Trouver un lieu" }
        }
    }
}
