//! One person, one hash: the same however the name was typed, and nothing to anybody without the key.
//!
//! The hash is HMAC-SHA256 under the platform's identity key over: birth name, first names, date and place of birth, each
//! preceded by its length. Names are compared as words: accents and case dropped (đ, ø, œ and their kind spelt in plain letters),
//! split at spaces, hyphens and apostrophes; first names are sorted, since forms ask for them in any order. Places are compared as one place
//! where papers write it in two ways ([`BirthPlace::folded`]).
//!
//! **Sex is left out.** Two people of one birth name, the same first names, one day and one place of birth are one person; a
//! sex that is not told, or told differently at two desks, must not let that person be served twice.
//!
//! **Rejected.** A plain hash: names and dates are few enough to try them all. Similar-sounding names: a wrong guess refuses a person
//! help; what is found here is found for certain.

use std::fmt;

use chrono::NaiveDate;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use standards::cog::BirthPlace;
use standards::written::words::words;
use zeroize::Zeroizing;

/// Separates this use of the key from any other one.
const DOMAIN: &[u8] = b"ccn identity v1";

/// The secret that makes identities comparable: whoever has it can test whether a known person is registered, so it is kept
/// apart from the database. Losing it loses the detection of duplicates; changing it means hashing all identities again.
#[derive(Clone)]
pub struct IdentityKey(Zeroizing<[u8; 32]>);

impl IdentityKey {
    /// The key of these 32 bytes, which must come from the system's CSPRNG.
    #[must_use]
    pub const fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityKey(…)")
    }
}

/// What is kept of an identity beside it: says whether two are the same person, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentityHash([u8; 32]);

impl IdentityHash {
    /// As it is stored.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Who somebody is, as far as two files must agree on it.
#[derive(Clone, Copy)]
pub struct Identity<'a> {
    pub birth_name: &'a str,
    /// All first names, in any order.
    pub first_names: &'a str,
    pub birth_date: NaiveDate,
    /// Commune or country of birth.
    pub birth_place: BirthPlace,
}

impl Identity<'_> {
    /// The hash of this person under a key.
    #[must_use]
    pub fn hash(&self, key: &IdentityKey) -> IdentityHash {
        let mut first_names = words(self.first_names);
        first_names.sort_unstable();
        let mut mac = Hmac::<Sha256>::new_from_slice(&*key.0).expect("HMAC takes a key of any length");
        let mut add = |part: &[u8]| {
            let length = u32::try_from(part.len()).expect("a cell is far shorter than 4 GiB");
            mac.update(&length.to_be_bytes());
            mac.update(part);
        };
        add(DOMAIN);
        add(words(self.birth_name).join(" ").as_bytes());
        add(first_names.join(" ").as_bytes());
        add(self.birth_date.to_string().as_bytes());
        add(self.birth_place.folded().to_string().as_bytes());
        IdentityHash(mac.finalize().into_bytes().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(birth_name: &str, first_names: &str) -> IdentityHash {
        let identity = Identity {
            birth_name,
            first_names,
            birth_date: NaiveDate::from_ymd_opt(1970, 2, 14).unwrap(),
            birth_place: "71133".parse().unwrap(),
        };
        identity.hash(&IdentityKey::new(Zeroizing::new([7; 32])))
    }

    #[test]
    fn one_person_is_found_however_the_name_was_typed() {
        for (birth_name, first_names) in [
            ("O'BRIEN", "AICHA MARIE THERESE"),
            ("O’Brien", "Marie-Thérèse Aïcha"),
            ("o brien", "Thérèse, Aïcha Marie"),
            ("O-Brien", "  Ai\u{308}cha  Marie–Thérèse "),
        ] {
            assert_eq!(
                hash(birth_name, first_names),
                hash("O'Brien", "Aïcha Marie-Thérèse"),
                "{birth_name} {first_names}"
            );
        }
    }

    #[test]
    fn one_person_is_found_whichever_code_of_the_place_was_written() {
        let born_in = |code: &str| {
            let identity = Identity {
                birth_name: "Lumiere",
                first_names: "Lucie Anne",
                birth_date: NaiveDate::from_ymd_opt(1948, 6, 9).unwrap(),
                birth_place: code.parse().unwrap(),
            };
            identity.hash(&IdentityKey::new(Zeroizing::new([7; 32])))
        };
        for (one, other) in [
            ("75115", "75056"),
            ("13205", "13055"),
            ("69387", "69123"),
            ("91352", "99352"),
            ("20004", "2A004"),
        ] {
            assert_eq!(born_in(one), born_in(other), "{one} {other}");
        }
        assert_ne!(born_in("75056"), born_in("13055"));
    }

    #[test]
    fn other_people_have_other_hashes() {
        let person = hash("Martin", "Jean");
        assert_ne!(person, hash("Martin", "Jeanne"));
        assert_ne!(person, hash("Jean", "Martin"), "a name is not a first name");
        assert_ne!(
            hash("Le Goff", "Anne"),
            hash("Le", "Goff Anne"),
            "words do not move between fields"
        );
    }

    #[test]
    fn another_key_makes_another_hash() {
        let identity = Identity {
            birth_name: "Martin",
            first_names: "Jean",
            birth_date: NaiveDate::from_ymd_opt(1970, 2, 14).unwrap(),
            birth_place: "99352".parse().unwrap(),
        };
        let key = |byte| IdentityKey::new(Zeroizing::new([byte; 32]));
        assert_ne!(identity.hash(&key(1)), identity.hash(&key(2)));
        assert_eq!(format!("{:?}", key(1)), "IdentityKey(…)");
    }
}
