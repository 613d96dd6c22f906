//! The database as a part, under the role of the function.

use super::Database;
use crate::parts::{Noted, Part, Reader, Requirements};
use crate::settings::{Given, Setting, SettingError};

const DATABASE_URL: Setting = Setting::required(
    "DATABASE_URL",
    "the database under the function's own role. TLS is required for every host but this machine; channel binding for \
     Neon",
)
.secret("DATABASE_URL_SECRET_ARN")
.form("an address such as postgresql://user:password@host:5432/database")
.by(Given::RoleSecret);

const DATABASE_CONNECTIONS: Setting =
    Setting::optional("DATABASE_CONNECTIONS", "the most connections that a process holds; 1 unless given")
        .form("a whole number from 1 to 100");

impl Part for Database {
    const NAME: &'static str = "database";
    const REQUIREMENTS: Requirements = Requirements::settings(&[DATABASE_URL, DATABASE_CONNECTIONS]);
    type Parts = ();

    fn open(settings: &Reader<'_>, (): ()) -> Result<Self, Noted> {
        let connections = settings.optional(&DATABASE_CONNECTIONS, |text| {
            let count = text.parse().ok().filter(|count| (1..=100).contains(count));
            count.ok_or(SettingError::Malformed)
        });
        let size = connections.as_ref().ok().copied().flatten().unwrap_or(1);
        let secret = settings.stored(&DATABASE_URL);
        let database = settings.required(&DATABASE_URL, |url| Self::kept(url, secret, size))?;
        connections.map(|_| database)
    }
}
