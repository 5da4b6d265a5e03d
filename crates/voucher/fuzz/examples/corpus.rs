//! Writes the corpus again: `cargo run --example corpus` in this folder. Always the same files.

use std::error::Error;
use std::fs;

use minicbor::Decoder;
use voucher::{
    Bounds, Delegation, Idx, JwkSet, KeyPolicy, KeySet, LastDay, PublicKey, Purpose, SeriesFacts, SigningKey, Status,
    StatusList, StatusShard, Terms, VoucherId,
};
use voucher_fuzz::{AT, LIST_URI, host, key, public};

const BOUNDS: Bounds = Bounds {
    series: 200..=300,
    max_cents: 20_00,
    latest_day: LastDay::new(4000),
};

fn main() -> Result<(), Box<dyn Error>> {
    let terms = Terms {
        series: 263,
        idx: Idx::new(734_219).ok_or("24 bits")?,
        cents: 10_00,
        day: LastDay::new(3287),
        id: VoucherId::new([0xf3, 0x43, 0x6f, 0x50, 0xb2, 0xf7, 0xf1, 0x61]),
    };
    let token = key(1).sign(&terms);
    seed("token_text", "address", token.to_url(&host()).as_bytes())?;
    seed("token_text", "digits", token.digits().as_bytes())?;
    seed("token_text", "other-host", b"https://evil.example/v#0123")?;
    seed(
        "signed_token",
        "terms",
        &[token.to_bytes()[5..22].to_vec(), vec![0, 9]].concat(),
    )?;
    seed("short_code", "printed", b"F6GVF-A2SFF-WB1XY")?;
    seed("short_code", "typed", b"f6gvf a2sff wblxy")?;
    seed("short_code", "illegible", b"F6G?F-A2SFF-W?1XY")?;
    seed("names", "host", b"cheque.example.fr")?;
    seed("names", "kid", b"cbf65c8a")?;

    let voucher = bounded(&key(1), Purpose::Voucher)?;
    let status = bounded(&key(5), Purpose::Status)?;
    let keys = vec![voucher, status];
    seed("jwk_set", "ours", serde_json::to_string(&JwkSet::of(&keys))?.as_bytes())?;
    let plain = r#"{"keys":[{"kty":"RSA","n":"AQAB"},{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    seed("jwk_set", "plain", plain.as_bytes())?;

    let delegation = Delegation {
        delegate: key(4).public_bytes(),
        valid_from: AT - 86_400,
        valid_until: AT + 300 * 86_400,
        bounds: BOUNDS,
    };
    document("delegation", &delegation.sign(&key(3))?)?;
    let set = KeySet {
        issued_at: AT - 3600,
        expires_at: AT + 86_400,
        keys,
        series: vec![SeriesFacts {
            series: 263,
            programme: [9; 16],
            name: "Coup de pouce numérique".to_owned(),
            printed_day: LastDay::new(3287),
        }],
    };
    document("key_set", &set.sign(&delegation.sign(&key(3))?, &key(4))?)?;
    let mut shard = StatusShard::new();
    shard.set(7, Status::Valid);
    shard.set(1 << 19, Status::Invalid);
    let list = StatusList::new(shard, AT - 60, AT + 86_400, 300);
    document("status_list", &list.sign(LIST_URI, &key(5))?)?;
    Ok(())
}

fn bounded(key: &SigningKey, purpose: Purpose) -> Result<PublicKey, Box<dyn Error>> {
    let policy = KeyPolicy {
        valid_from: Some(AT - 86_400),
        bounds: BOUNDS,
        ..public(key, purpose).policy().clone()
    };
    Ok(PublicKey::new(&key.public_bytes(), policy)?)
}

/// A whole document for `envelope`, its payload for the target that signs payloads itself.
fn document(target: &str, signed: &[u8]) -> Result<(), Box<dyn Error>> {
    seed("envelope", target, signed)?;
    let mut decoder = Decoder::new(signed);
    decoder.tag()?;
    decoder.array()?;
    decoder.bytes()?;
    decoder.map()?;
    seed(target, "payload", decoder.bytes()?)
}

fn seed(target: &str, name: &str, content: &[u8]) -> Result<(), Box<dyn Error>> {
    let folder = format!("{}/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
    fs::create_dir_all(&folder)?;
    fs::write(format!("{folder}/seed-{name}"), content)?;
    Ok(())
}
