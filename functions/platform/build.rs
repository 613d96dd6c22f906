//! Packs the script of the reference page: its bundle is 4.9 MB of JavaScript, and a Lambda reply takes 6 MB in base64.
//! It comes out of its crate as it was published and is packed once, here, not for every reply.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{Error, Write as _};
use std::path::PathBuf;

fn main() -> Result<(), Error> {
    println!("cargo::rerun-if-changed=build.rs");
    let script = scalar_api_reference::get_asset("scalar.js").ok_or_else(|| Error::other("no script"))?;
    let folder = std::env::var_os("OUT_DIR").ok_or_else(|| Error::other("no OUT_DIR"))?;
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&script)?;
    std::fs::write(PathBuf::from(folder).join("scalar.js.gz"), packed.finish()?)
}
