use std::sync::LazyLock;

use axum::response::Response;
use maud::{Markup, html};

use super::cached::{Fresh, IfNoneMatch};
use super::frame::{framed, search};

/// `GET /v`: what the QR code opens. One page for all vouchers, because the server is not told which one it is.
pub(super) async fn page(known: IfNoneMatch) -> Response {
    static PAGE: LazyLock<String> = LazyLock::new(|| whole().into_string());
    known.answer("text/html; charset=utf-8", Fresh::Revalidated, PAGE.as_str())
}

fn whole() -> Markup {
    let scripts = html! {
        script src="/assets/start.js" {}
        script type="module" src="/assets/page.mjs" {}
    };
    let main = html! {
        h1 { "Votre chèque culture numérique" }
        div id="verdict" role="status" {}
        noscript {
            div.card.care {
                (title("", "Cette page ne peut pas vérifier le chèque."))
                p { "Votre navigateur ne le permet pas." }
                p { "Ce n'est pas grave : " strong { "le papier suffit" } ". Le lieu vérifiera votre chèque." }
            }
        }
        p { button.quiet type="button" id="listen" hidden { "Écouter ce message" } }
        (about())
        (verdicts())
    };
    framed("Votre chèque", &scripts, &main)
}

/// What is true of every voucher, scripts or not.
fn about() -> Markup {
    html! {
        section aria-labelledby="quoi" {
            h2 id="quoi" { "C'est quoi ?" }
            p { "C'est un chèque pour apprendre à utiliser internet, un ordinateur ou un téléphone." }
            p { "Vous pouvez aussi vous faire aider, par exemple pour un papier à remplir sur internet." }
        }
        section aria-labelledby="comment" {
            h2 id="comment" { "Comment l'utiliser ?" }
            ol {
                li { "Choisissez un lieu dans la liste." }
                li { "Appelez ce lieu, ou allez-y." }
                li { "Apportez votre chèque en papier. Donnez-le au lieu." }
            }
            p { strong { "Le papier suffit." } " Vous n'avez besoin ni de compte, ni d'application, ni de téléphone." }
        }
        section aria-labelledby="ou-titre" {
            h2 id="ou-titre" { "Où l'utiliser près de chez vous\u{a0}?" }
            div id="places-here" {}
            (search(""))
        }
        section aria-labelledby="perdu" {
            h2 id="perdu" { "Vous avez perdu votre chèque ?" }
            p { "Dites-le vite à la personne qui vous l'a donné. Elle peut bloquer le chèque perdu. Elle peut vous donner un autre carnet." }
            p { "Gardez bien vos chèques, comme de l'argent : ne montrez pas le carré noir et blanc à un inconnu, ne l'envoyez pas en photo." }
        }
        section.aside aria-labelledby="mediation" {
            h2 id="mediation" { "Vous travaillez dans un lieu qui accepte le chèque ?" }
            p { "Cette page n'encaisse pas le chèque. Elle montre seulement ce qu'il est. Pour l'encaisser, scannez-le avec l'outil de votre structure." }
        }
    }
}

/// The words of every verdict; the script picks one and fills its slots. A slot that is not known goes with its line. Only what the signed
/// list says to be spendable is green.
fn verdicts() -> Markup {
    html! {
        template id="verdict-reading" { div.card { (title("", "Nous vérifions le chèque…")) } }
        template id="verdict-unknown" {
            div.card.care {
                (title("!", "Nous ne savons pas si ce chèque a déjà servi."))
                p { "C'est un vrai chèque. Mais nous n'arrivons pas à lire la liste des chèques utilisés ou bloqués." }
                p { "Le lieu le vérifiera quand vous donnerez le papier." }
                (facts("S'il n'a pas servi, il vaut"))
                p.hint data-line { "La dernière liste date du " span data-slot="known" {} "." }
                p { button type="button" data-again { "Essayer encore" } }
            }
        }
        template id="verdict-unused" {
            div.card.good {
                (title("✓", "C'est un vrai chèque. Il n'a pas encore servi."))
                (facts("Il vaut"))
                (as_of())
            }
        }
        template id="verdict-used" {
            div.card.care {
                (title("!", "Ce chèque a déjà servi."))
                p { "C'est un vrai chèque, mais il ne peut servir qu'une fois." }
                p { "Si ce n'est pas vous, dites-le à la personne qui vous l'a donné." }
                (as_of())
            }
        }
        template id="verdict-inactive" {
            div.card.care {
                (title("!", "Ce chèque n'est pas encore prêt."))
                p { "C'est un vrai chèque, mais il n'a pas encore été remis à quelqu'un." }
                p { "On vient de vous le donner ? Attendez quelques minutes, puis scannez-le encore une fois." }
                (as_of())
            }
        }
        template id="verdict-blocked" {
            div.card.bad {
                (title("✕", "Ce chèque est bloqué."))
                p { "C'est un vrai chèque, mais il n'est plus accepté. Il a peut-être été perdu et remplacé." }
                p { "Montrez-le à la personne qui vous l'a donné." }
                (as_of())
            }
        }
        template id="verdict-expired" {
            div.card.care {
                (title("!", "La date de ce chèque est passée."))
                p data-line { "Il fallait l'utiliser avant la fin du " strong data-slot="until" {} "." }
                p { "C'était un vrai chèque, mais il n'a plus de valeur. Demandez à la personne qui vous l'a donné si vous pouvez en avoir d'autres." }
            }
        }
        template id="verdict-withdrawn" {
            div.card.bad {
                (title("✕", "Ce chèque a été annulé."))
                p { "Les chèques imprimés avec lui ne sont plus acceptés. Ce n'est pas votre faute." }
                p { "Montrez-le à la personne qui vous l'a donné. Elle peut le remplacer." }
            }
        }
        template id="verdict-early" {
            div.card.care {
                (title("!", "Ce chèque ne peut pas encore être utilisé."))
                p { "Gardez-le. Essayez de nouveau dans quelques jours, ou demandez à la personne qui vous l'a donné." }
            }
        }
        template id="verdict-forged" {
            div.card.bad {
                (title("✕", "Attention : ce n'est pas un vrai chèque."))
                p { "Il a été changé ou fabriqué par quelqu'un d'autre, ou bien le téléphone l'a mal lu." }
                p { "Essayez de scanner encore une fois. Si ce message revient, montrez le papier à la personne qui vous l'a donné." }
            }
        }
        template id="verdict-unreadable" {
            div.card.care {
                (title("!", "Nous n'arrivons pas à lire ce chèque."))
                p { "Le papier est peut-être plié ou taché. Posez-le bien à plat, dans la lumière, et scannez encore une fois." }
                p { "Le chèque peut rester bon : le lieu peut taper le code écrit sous le carré noir et blanc." }
            }
        }
        (without_a_voucher())
    }
}

/// What is said where there is no voucher to judge, or nothing to judge it with.
fn without_a_voucher() -> Markup {
    html! {
        template id="verdict-cover" {
            div.card {
                (title("", "Ceci est la couverture du carnet."))
                p { "Ce n'est pas un chèque. Les chèques sont sur les pages suivantes du carnet." }
                p data-line { "C'est le carnet n° " span data-slot="booklet" {} "." }
                p { "Gardez cette couverture. Elle aide à retrouver votre carnet si vous le perdez." }
            }
        }
        template id="verdict-offline" {
            div.card.care {
                (title("!", "Nous ne pouvons pas vérifier maintenant."))
                p { "Internet ne répond pas bien. Votre chèque reste bon : " strong { "le papier suffit" } "." }
                p { button type="button" data-again { "Essayer encore" } }
            }
        }
        template id="verdict-old" {
            div.card.care {
                (title("", "Cette page ne peut pas vérifier le chèque."))
                p { "Le navigateur de ce téléphone est trop ancien, ou l'adresse de la page ne commence pas par « https ». Ce n'est pas grave : " strong { "le papier suffit" } ". Le lieu vérifiera votre chèque." }
            }
        }
        template id="verdict-none" {
            div.card {
                (title("", "Aucun chèque n'est lu en ce moment."))
                p { "Pour voir votre chèque ici, scannez le carré noir et blanc du papier avec l'appareil photo du téléphone." }
            }
        }
    }
}

/// The heading of a verdict; its words become the page's title.
fn title(icon: &str, words: &str) -> Markup {
    html! {
        h2.title {
            @if !icon.is_empty() { span aria-hidden="true" { (icon) } }
            span data-words { (words) }
        }
    }
}

/// When the list was true that said so.
fn as_of() -> Markup {
    html! { p.hint data-line { "Vérifié le " span data-slot="known" {} "." } }
}

/// What a voucher is worth, until when, and whose it is.
fn facts(worth: &str) -> Markup {
    html! {
        dl.facts {
            div { dt { (worth) } dd.value data-slot="value" {} }
            div data-line { dt { "Vous pouvez l'utiliser jusqu'au" } dd data-slot="until" {} }
            div data-line { dt { "Programme" } dd data-slot="programme" {} }
            div data-line { dt { "Offert par" } dd data-slot="sponsor" {} }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_voucher_that_the_list_says_to_be_unused_is_green() {
        let verdicts = verdicts().into_string();
        let green: Vec<&str> = verdicts
            .split("<template ")
            .filter(|verdict| verdict.contains("class=\"card good\""))
            .collect();
        assert_eq!(green.len(), 1, "{green:#?}");
        assert!(green[0].starts_with("id=\"verdict-unused\""), "{}", green[0]);
    }

    #[test]
    fn every_verdict_has_a_title_of_its_own() {
        let verdicts = verdicts().into_string();
        let mut titles: Vec<&str> = verdicts
            .split("<span data-words>")
            .skip(1)
            .filter_map(|rest| rest.split_once("</span>").map(|(title, _)| title))
            .collect();
        assert_eq!(titles.len(), verdicts.matches("<template ").count());
        titles.sort_unstable();
        let all = titles.len();
        titles.dedup();
        assert_eq!(titles.len(), all, "{titles:#?}");
    }
}
