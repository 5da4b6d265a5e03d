//! Status lists: what is published is read back, and nothing else is.

use proptest::prelude::*;
use voucher::{
    Host, Idx, KeyPolicy, PublicKey, Purpose, SHARD_PLACES, SigningKey, Status, StatusList, StatusListError,
    StatusShard,
};

use crate::support::{AT, host, key, public, unbounded};

const EXP: i64 = AT + 72 * 3600;
const TTL: u32 = 60;

fn uri() -> String {
    host().status_list_uri(263, 0)
}

fn status_key() -> (SigningKey, PublicKey) {
    let key = key("05");
    let public = public(&key, KeyPolicy::unbounded(Purpose::Status));
    (key, public)
}

fn shard() -> StatusShard {
    let mut shard = StatusShard::new();
    shard.set(0, Status::Valid);
    shard.set(1, Status::Used);
    shard.set(SHARD_PLACES - 1, Status::Invalid);
    shard
}

fn signed() -> (Vec<u8>, PublicKey) {
    let (key, public) = status_key();
    let list = StatusList::new(shard(), AT, EXP, TTL);
    (list.sign(&uri(), &key).unwrap(), public)
}

#[test]
fn a_published_list_is_read_back_with_its_age() {
    let (cwt, public) = signed();
    let list = StatusList::verify(&cwt, &uri(), &[public], AT + 90).unwrap();
    assert_eq!(list.shard(), &shard());
    assert_eq!(list.age_seconds(AT + 90), 90);
    assert_eq!(list.ttl_seconds, TTL);
}

#[test]
fn signing_again_changes_the_dates_and_nothing_else() {
    let (key, public) = status_key();
    let (cwt, _) = signed();
    let keys = [public];
    let renewed = StatusList::open(&cwt, &uri(), &keys).unwrap().renewed(AT + 7, EXP + 7);
    let again = StatusList::verify(&renewed.sign(&uri(), &key).unwrap(), &uri(), &keys, AT + 7).unwrap();
    assert_eq!((again.shard(), again.issued_at), (&shard(), AT + 7));
}

#[test]
fn a_list_is_refused_at_its_end_and_before_its_time() {
    let (cwt, public) = signed();
    let keys = [public];
    let at = |at| StatusList::verify(&cwt, &uri(), &keys, at).map(drop);
    assert_eq!(at(EXP - 1), Ok(()));
    assert_eq!(at(EXP), Err(StatusListError::Stale));
    assert_eq!(at(AT - voucher::CLOCK_SKEW_SECONDS), Ok(()));
    assert_eq!(at(AT - voucher::CLOCK_SKEW_SECONDS - 1), Err(StatusListError::Stale));
    assert!(
        StatusList::open(&cwt, &uri(), &keys).is_ok(),
        "its maker goes on from it all the same"
    );
}

#[test]
fn a_list_of_other_vouchers_is_refused() {
    let (cwt, public) = signed();
    let keys = [public];
    let other: Host = "cheque.example.org".parse().unwrap();
    for uri in [
        host().status_list_uri(263, 1),
        host().status_list_uri(264, 0),
        other.status_list_uri(263, 0),
    ] {
        assert_eq!(
            StatusList::verify(&cwt, &uri, &keys, AT),
            Err(StatusListError::OtherList)
        );
    }
}

#[test]
fn only_a_status_key_in_service_can_sign_a_list() {
    let (cwt, public_key) = signed();
    let (key, _) = status_key();
    let withdrawn = KeyPolicy {
        withdrawn: true,
        ..KeyPolicy::unbounded(Purpose::Status)
    };
    let over = KeyPolicy {
        valid_until: Some(AT),
        ..KeyPolicy::unbounded(Purpose::Status)
    };
    for keys in [
        vec![],
        vec![unbounded(&key)],
        vec![public(&key, withdrawn)],
        vec![public(&key, over)],
    ] {
        assert_eq!(
            StatusList::verify(&cwt, &uri(), &keys, AT),
            Err(StatusListError::Forged)
        );
    }
    assert!(StatusList::verify(&cwt, &uri(), &[public_key], AT).is_ok());
}

/// A megabyte of zeros in a kilobyte, rightly signed: refused after one byte more than a shard.
#[test]
fn a_list_that_would_inflate_beyond_a_shard_is_refused() {
    use std::io::Write;

    use minicbor::Encoder;
    let (key, public) = status_key();
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    zlib.write_all(&vec![0; 1 << 20]).unwrap();
    let bomb = zlib.finish().unwrap();
    let mut payload = Encoder::new(Vec::new());
    payload.map(5).unwrap().u8(2).unwrap().str(&uri()).unwrap();
    payload.u8(4).unwrap().i64(EXP).unwrap().u8(6).unwrap().i64(AT).unwrap();
    payload.u16(65_533).unwrap().map(2).unwrap();
    payload
        .str("lst")
        .unwrap()
        .bytes(&bomb)
        .unwrap()
        .str("bits")
        .unwrap()
        .u8(2)
        .unwrap();
    payload.u16(65_534).unwrap().u32(TTL).unwrap();
    let cwt = crate::support::sign1(&key, "application/statuslist+cwt", &payload.into_writer());
    assert_eq!(
        StatusList::verify(&cwt, &uri(), &[public], AT),
        Err(StatusListError::Malformed)
    );
}

#[test]
fn every_changed_byte_of_a_list_is_noticed() {
    let (cwt, public) = signed();
    let keys = [public];
    for at in 0..cwt.len() {
        let mut changed = cwt.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(StatusList::verify(&changed, &uri(), &keys, AT).is_err(), "byte {at}");
    }
    for length in 0..cwt.len() {
        assert!(
            StatusList::verify(&cwt[..length], &uri(), &keys, AT).is_err(),
            "{length} bytes"
        );
    }
    let longer = [cwt.as_slice(), &[0]].concat();
    assert_eq!(
        StatusList::verify(&longer, &uri(), &keys, AT),
        Err(StatusListError::Malformed)
    );
}

proptest! {
    #[test]
    fn every_place_keeps_what_was_written(places in prop::collection::vec((0..SHARD_PLACES, 0..4_u8), 0..200)) {
        let status = |number| match number { 0 => Status::Valid, 1 => Status::Invalid, 2 => Status::Suspended, _ => Status::Used };
        let mut shard = StatusShard::new();
        let mut expected = std::collections::BTreeMap::new();
        for (place, number) in places {
            shard.set(place, status(number));
            expected.insert(place, status(number));
        }
        let (key, public) = status_key();
        let cwt = StatusList::new(shard, AT, EXP, TTL).sign(&uri(), &key).unwrap();
        let list = StatusList::verify(&cwt, &uri(), &[public], AT).unwrap();
        for (place, status) in &expected {
            prop_assert_eq!(list.shard().get(*place), *status);
        }
        let others = SHARD_PLACES - u32::try_from(expected.len()).unwrap();
        let suspended = expected.values().filter(|&&status| status == Status::Suspended).count();
        prop_assert_eq!(list.shard().count(Status::Suspended), others + u32::try_from(suspended).unwrap());
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let (_, public) = status_key();
        prop_assert!(StatusList::verify(&bytes, &uri(), &[public], AT).is_err());
    }

    #[test]
    fn an_index_is_its_shard_and_its_place(index in 0..=Idx::MAX.get()) {
        let idx = Idx::new(index).unwrap();
        prop_assert_eq!(u32::from(idx.shard()) * SHARD_PLACES + idx.place(), index);
    }
}
