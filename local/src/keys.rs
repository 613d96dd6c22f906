//! `token-keys`: a key pair for access tokens, for a deployment.

use crate::data::write_secret;
use crate::error::Error;
use shared::access::token::new_key_pair;
use std::io::Write;
use std::path::Path;

/// Makes a pair: the secret key goes into a new file that only its owner reads, the public key is written to `out`.
pub fn make(secret_file: &Path, out: &mut dyn Write) -> Result<(), Error> {
    let (secret, public) = new_key_pair().map_err(|error| Error::Key(secret_file.to_path_buf(), error))?;
    write_secret(secret_file, &secret)?;
    writeln!(out, "{public}").map_err(Error::Output)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::access::token::public_key;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_secret_key_is_its_owners_and_is_never_overwritten() {
        let file = std::env::temp_dir().join(format!("grafono-token-key-{}", std::process::id()));
        let mut out = Vec::new();
        make(&file, &mut out).unwrap();
        let secret = std::fs::read_to_string(&file).unwrap();
        let again = make(&file, &mut Vec::new());
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        std::fs::remove_file(&file).unwrap();

        assert_eq!(String::from_utf8(out).unwrap().trim(), public_key(&secret).unwrap());
        assert_eq!(mode & 0o777, 0o600);
        assert!(matches!(again, Err(Error::Io("write", _, _))));
    }
}
