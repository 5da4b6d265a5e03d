//! Paper that would be printed in vain: refused, unless the request says by name that it is wanted all the same.
//!
//! QR codes of a host that leads to the reader's own machine, or vouchers whose last day has passed, look like any others; nobody sees it
//! before thousands of sheets are out. A trial and a demo want the first, an archive may want the second: they say so.

use std::fmt;

use catalogue::Programme;
use chrono::{DateTime, NaiveDate, Utc};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use sqlx::PgTransaction;
use utoipa::ToSchema;
use voucher::Host;
use web::Problem;

use crate::batches::batch;

/// Why paper would be printed in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Acceptable {
    /// Its QR codes lead nowhere but to the reader's own machine.
    LocalHost,
    /// Its printed day has passed, or the programme's end was declared.
    ExpiredProgramme,
}

/// What a request takes by name: in JSON a list of words, in an address the same words with commas between them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Accepted {
    local_host: bool,
    expired_programme: bool,
}

impl Accepted {
    const fn and(mut self, word: Acceptable) -> Self {
        match word {
            Acceptable::LocalHost => self.local_host = true,
            Acceptable::ExpiredProgramme => self.expired_programme = true,
        }
        self
    }
}

impl<'de> Deserialize<'de> for Accepted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;

        impl<'de> Visitor<'de> for Words {
            type Value = Accepted;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`local_host`, `expired_programme`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Accepted, E> {
                let mut words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
                words.try_fold(Accepted::default(), |accepted, word| {
                    let word = de::value::StrDeserializer::<E>::new(word);
                    Ok(accepted.and(Acceptable::deserialize(word)?))
                })
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut words: A) -> Result<Accepted, A::Error> {
                let mut accepted = Accepted::default();
                while let Some(word) = words.next_element()? {
                    accepted = accepted.and(word);
                }
                Ok(accepted)
            }
        }

        deserializer.deserialize_any(Words)
    }
}

/// Why it was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InVain {
    LocalHost(Host),
    /// The day that would be printed.
    PrintedDayPassed(NaiveDate),
    ProgrammeOver,
}

impl From<InVain> for Problem {
    fn from(reason: InVain) -> Self {
        let refused = |kind| Self::refused(kind, "Ces chèques seraient imprimés pour rien.");
        let expired = |why: &str| {
            refused("expired-programme").detail(format!(
                "{why} : personne ne pourrait s'en servir. Si vous les voulez quand même, dites-le : « accept » avec « expired_programme »."
            ))
        };
        match reason {
            InVain::LocalHost(host) => refused("local-host").detail(format!(
                "Leurs codes QR mèneraient à « {host} », qui n'est l'adresse que de la machine de chacun. Donnez d'abord l'adresse publique \
                 à ccn (« --public-host »). Pour un essai, dites-le : « accept » avec « local_host »."
            )),
            InVain::PrintedDayPassed(day) => {
                expired(&format!("Ils seraient valables jusqu'au {}, qui est passé", day.format("%d/%m/%Y")))
            }
            InVain::ProgrammeOver => expired("La fin de ce dispositif est déclarée"),
        }
    }
}

/// Whether a host leads to the reader's own machine (RFC 6761 § 6.3, RFC 1122 § 3.2.1.3).
fn is_local(host: &Host) -> bool {
    let host = host.as_str();
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
}

/// Nothing, or the first reason that was not named.
pub(crate) async fn reason(
    tx: &mut PgTransaction<'_>,
    programme: &Programme,
    host: &Host,
    accepted: Accepted,
    at: DateTime<Utc>,
) -> Result<Option<InVain>, sqlx::Error> {
    if !accepted.local_host && is_local(host) {
        return Ok(Some(InVain::LocalHost(host.clone())));
    }
    if accepted.expired_programme {
        return Ok(None);
    }
    if standards::calendar::paris_date(at) > programme.printed_day {
        return Ok(Some(InVain::PrintedDayPassed(programme.printed_day)));
    }
    Ok(batch::is_over(tx, programme).await?.then_some(InVain::ProgrammeOver))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_ones_own_machine_are_local_and_no_others() {
        for (host, local) in [
            ("cheque.localhost", true),
            ("localhost", true),
            ("127.0.0.1", true),
            ("cheque.example.fr", false),
            ("localhost.example.fr", false),
            ("10.0.0.1", false),
        ] {
            assert_eq!(is_local(&host.parse().unwrap()), local, "{host}");
        }
    }

    #[test]
    fn what_is_accepted_is_a_list_in_json_and_words_with_commas_in_an_address() {
        let both = Accepted {
            local_host: true,
            expired_programme: true,
        };
        for json in [
            r#"["local_host", "expired_programme"]"#,
            r#""expired_programme,local_host""#,
        ] {
            assert_eq!(serde_json::from_str::<Accepted>(json).unwrap(), both);
        }
        assert_eq!(serde_json::from_str::<Accepted>("[]").unwrap(), Accepted::default());
        for wrong in [r#"["anything"]"#, r#""local-host""#, "true"] {
            assert!(serde_json::from_str::<Accepted>(wrong).is_err(), "{wrong}");
        }
    }
}
