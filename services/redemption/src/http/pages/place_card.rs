use maud::{Markup, html};

use crate::public::places::PublicPlace;

/// A place as a person reads it.
pub(super) fn card(place: &PublicPlace) -> Markup {
    html! {
        h3 { (place.name) }
        p {
            (place.address) br;
            @if let Some(more) = &place.address_more { (more) br; }
            (place.postal_code) " " (place.commune)
        }
        @if let Some(phone) = &place.phone {
            p { "Téléphone : " a.phone href=(format!("tel:{phone}")) { (spoken(phone)) } }
        }
        @if place.opening_hours_french.is_empty() {
            @if let Some(hours) = &place.opening_hours { p { "Horaires : " (hours) } }
        } @else {
            p { "Ouvert :" }
            ul { @for line in &place.opening_hours_french { li { (line) } } }
        }
        @if !place.services.is_empty() { p { "On vous y aide pour : " (place.services.join(", ").to_lowercase()) } }
        @if !place.price.is_empty() { p { "Prix sans chèque : " (place.price.join(", ").to_lowercase()) } }
        @if let Some(site) = place.websites.first() { p { (link(site, "Site internet", &place.name)) } }
        @if let Some(address) = &place.appointment { p { (link(address, "Prendre rendez-vous", &place.name)) } }
        @if let Some(address) = &place.accessibility { p { (link(address, "Accès pour les personnes handicapées", &place.name)) } }
    }
}

/// A link whose words stand alone: a screen reader lists links without what surrounds them.
fn link(address: &str, words: &str, name: &str) -> Markup {
    html! { a href=(address) rel="noreferrer" { (words) " : " (name) } }
}

/// `+33380000000` as it is told in France: « 03 80 00 00 00 ». Other country codes stay as they are.
fn spoken(phone: &str) -> String {
    let Some(number) = phone.strip_prefix("+33").filter(|number| number.len() == 9) else {
        return phone.to_owned();
    };
    let national = format!("0{number}");
    let pairs: Vec<_> = (0..national.len())
        .step_by(2)
        .filter_map(|at| national.get(at..at + 2))
        .collect();
    pairs.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_told_in_pairs() {
        assert_eq!(spoken("+33380000001"), "03 80 00 00 01");
        assert_eq!(spoken("+590590000001"), "+590590000001");
    }
}
