//! Packs what is served packed, once, here, not for every reply. The script of the reference page comes out of its crate
//! as it was published: its bundle is 4.9 MB of JavaScript, and one and a half packed. The contract is packed beside it.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{Error, Write as _};
use std::path::Path;

fn main() -> Result<(), Error> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=openapi.json");
    let script = scalar_api_reference::get_asset("scalar.js").ok_or_else(|| Error::other("no script"))?;
    pack("scalar.js.gz", &script)?;
    pack("openapi.json.gz", &std::fs::read("openapi.json")?)
}

fn pack(name: &str, bytes: &[u8]) -> Result<(), Error> {
    let folder = std::env::var_os("OUT_DIR").ok_or_else(|| Error::other("no OUT_DIR"))?;
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(bytes)?;
    std::fs::write(Path::new(&folder).join(name), packed.finish()?)
}
