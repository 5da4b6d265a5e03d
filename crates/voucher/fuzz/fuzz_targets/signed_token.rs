#![no_main]
//! Any terms, signed: the token verifies, and with any one bit changed it does not.

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use voucher::{Idx, Keyring, LastDay, SigningKey, Terms, Token, VoucherId};
use voucher_fuzz::{host, key, keyring};

static KEY: LazyLock<SigningKey> = LazyLock::new(|| key(1));
static RING: LazyLock<Keyring> = LazyLock::new(keyring);

fuzz_target!(|data: [u8; 19]| {
    let [s0, s1, i0, i1, i2, c0, c1, d0, d1, id @ .., b0, b1] = data;
    let terms = Terms {
        series: u16::from_be_bytes([s0, s1]),
        idx: Idx::new(u32::from_be_bytes([0, i0, i1, i2])).expect("24 bits"),
        cents: u16::from_be_bytes([c0, c1]),
        day: LastDay::new(u16::from_be_bytes([d0, d1])),
        id: VoucherId::new(id),
    };
    let token = KEY.sign(&terms);
    let at = terms.day.exp_unix_seconds();
    let verified = RING.verify(&token.to_url(&host()), at - 1).expect("signed, in time");
    assert_eq!(verified.terms(), &terms);
    assert_eq!(verified.short_code().id(), terms.id);
    assert!(
        RING.verify(&token.digits(), at).is_err(),
        "accepted after its last second"
    );
    let mut bytes = token.to_bytes();
    let bit = usize::from(u16::from_be_bytes([b0, b1])) % (8 * bytes.len());
    bytes[bit / 8] ^= 1 << (bit % 8);
    if let Ok(changed) = Token::from_bytes(&bytes) {
        assert!(
            RING.verify(&changed.digits(), i64::MIN).is_err(),
            "bit {bit} changed, and still accepted"
        );
    }
});
