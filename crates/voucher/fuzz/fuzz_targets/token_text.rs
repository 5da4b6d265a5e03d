#![no_main]
//! Any text as what a camera read: no panic, one text a token, and nothing is proven that nobody signed.

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use voucher::{Host, Keyring, Token};
use voucher_fuzz::{AT, host, keyring};

static HOST: LazyLock<Host> = LazyLock::new(host);
static RING: LazyLock<Keyring> = LazyLock::new(keyring);

fuzz_target!(|text: &str| {
    let verified = RING.verify(text, AT);
    match Token::from_text(text, &HOST) {
        Ok(token) => {
            assert!(
                text == token.digits() || text == token.to_url(&HOST),
                "a second text for one token"
            );
            assert_eq!(Token::from_bytes(&token.to_bytes()).as_ref(), Ok(&token));
            assert_eq!(token.expand().first(), Some(&0xd2));
            if let Ok(verified) = verified {
                assert_eq!(verified.token(), &token);
            }
        }
        Err(_) => assert!(verified.is_err()),
    }
});
