use std::fs;
use std::path::Path;

use crate::phone::npm;

#[test]
fn the_copies_of_other_peoples_files_are_unchanged() {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../services/redemption/assets");
    let font =
        |weight| format!("@fontsource/atkinson-hyperlegible/files/atkinson-hyperlegible-latin-{weight}-normal.woff2");
    for (copy, original) in [
        ("ed25519.mjs", "@noble/ed25519/index.js".to_owned()),
        ("ed25519.LICENSE.txt", "@noble/ed25519/LICENSE".to_owned()),
        ("fflate.mjs", "fflate/esm/browser.js".to_owned()),
        ("fflate.LICENSE.txt", "fflate/LICENSE".to_owned()),
        ("atkinson-400.woff2", font(400)),
        ("atkinson-700.woff2", font(700)),
        (
            "atkinson.OFL.txt",
            "@fontsource/atkinson-hyperlegible/LICENSE".to_owned(),
        ),
    ] {
        let same = fs::read(assets.join(copy)).expect("ours") == fs::read(npm(&original)).expect("theirs");
        assert!(same, "{copy} is not {original}");
    }
}
