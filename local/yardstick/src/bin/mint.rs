//! Makes what the requests of a run carry, in the folder given: `public-key.txt` (PASERK), `token.txt` (an access
//! token of a day, of the member that `seed.sql` makes) and `cursors.txt` (places in the list of patients).

use jiff::{SignedDuration, Timestamp};
use pasetors::keys::{AsymmetricKeyPair, AsymmetricSecretKey, Generate as _};
use pasetors::paserk::{FormatAsPaserk as _, Id};
use pasetors::version4::{PublicToken, V4};
use shared::clock::{Clock as _, SystemClock};
use shared::http::Cursor;
use std::error::Error;
use std::path::PathBuf;
use uuid::Uuid;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("mint FOLDER")?);
    let now = SystemClock.now();
    let pair = AsymmetricKeyPair::<V4>::generate().map_err(|_| "no randomness")?;
    let (mut public, mut name) = (String::new(), String::new());
    pair.public.fmt(&mut public)?;
    Id::from(&pair.public).fmt(&mut name)?;
    std::fs::write(folder.join("public-key.txt"), &public)?;
    std::fs::write(folder.join("token.txt"), token(&pair.secret, &name, now)?)?;
    std::fs::write(folder.join("cursors.txt"), cursors(now))?;
    Ok(())
}

fn token(secret: &AsymmetricSecretKey<V4>, name: &str, now: Timestamp) -> Result<String, Box<dyn Error>> {
    let claims = serde_json::json!({
        "iss": "https://app.example.com",
        "sub": "00000000-0000-7000-a000-00000000000a",
        "sid": "00000000-0000-7000-b000-00000000000a",
        "ver": 1,
        "aal": 1,
        "plan": "free",
        "auth": now,
        "nbf": now,
        "jti": "00000000-0000-7000-b000-00000000000a",
        "clinic": "00000000-0000-7000-8000-000000000001",
        "role": "owner",
        "aud": "grafono",
        "iat": now,
        "exp": now + SignedDuration::from_hours(24),
    });
    let footer = serde_json::json!({ "kid": name }).to_string();
    let signed = PublicToken::sign(secret, claims.to_string().as_bytes(), Some(footer.as_bytes()), None);
    Ok(signed.map_err(|_| "the token could not be signed")?)
}

/// One line a minute of the last day, over which the seeded patients are spread.
fn cursors(now: Timestamp) -> String {
    let cursor = |minutes| Cursor { page: 2, at: now - SignedDuration::from_mins(minutes), id: Uuid::max() };
    let lines: Vec<String> = (0..1_200).map(|minutes| cursor(minutes).encode("/api/v1/patients")).collect();
    lines.join("\n")
}
