//! Writes the Rust of `proto/`. `protox` reads it in place of `protoc`, which a fresh machine does not have.

use std::path::PathBuf;
use std::{env, error, fs};

use prost::Message as _;

const ROOT: &str = "../../proto";

/// Messages that are built from what REST gives as JSON, whose members have the same names.
const READ_FROM_JSON: [&str; 4] = [
    "ccn.v1.Problem",
    "ccn.v1.BadVoucher",
    "ccn.v1.ProgrammePart",
    "ccn.funding.v1.WaterfallRow",
];

fn main() -> Result<(), Box<dyn error::Error>> {
    println!("cargo:rerun-if-changed={ROOT}");
    let files = protox::compile(
        ["ccn/redemption/v1/claims.proto", "ccn/funding/v1/exports.proto"],
        [ROOT],
    )?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), files.encode_to_vec())?;
    // The caller connects as it likes: no transport.
    let mut builder = tonic_prost_build::configure().build_transport(false);
    for message in READ_FROM_JSON {
        builder = builder.message_attribute(message, "#[derive(serde::Deserialize)] #[serde(default)]");
    }
    // A request holds tokens, which are worth money: no `Debug` may print one.
    builder = builder.skip_debug(["ccn.redemption.v1.ClaimRequest"]);
    builder.compile_fds(files)?;
    Ok(())
}
