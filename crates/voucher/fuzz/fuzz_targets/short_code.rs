#![no_main]
//! Any typed text as a short code, with or without illegible symbols.

use libfuzzer_sys::fuzz_target;
use voucher::ShortCode;

fuzz_target!(|text: &str| {
    let typed = text.parse::<ShortCode>();
    let restored = ShortCode::restore(text);
    if let Ok(code) = typed {
        assert!(!text.contains('?'));
        assert_eq!(
            restored,
            Ok(code),
            "without an illegible symbol there is nothing to restore"
        );
    }
    if let Ok(code) = restored {
        let printed = code.to_string();
        assert_eq!(printed.parse(), Ok(code));
        assert_eq!(code.id().short_code(), code);
        // What was legible is kept.
        let canonical = |sign: char| match sign.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        let signs = text.chars().filter(|sign| !matches!(sign, '-' | ' ')).map(canonical);
        for (sign, print) in signs.zip(printed.chars().filter(|&sign| sign != '-')) {
            assert!(sign == '?' || sign == print);
        }
    }
});
