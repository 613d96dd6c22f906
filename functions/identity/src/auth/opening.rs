//! What opens a session when somebody signs up or signs in: its rows, its tokens, and the cookies of browsers.

use super::cookies;
use super::email;
use super::session::{IDLE, LONGEST, Membership, RefreshIn, Session, Tokens};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use shared::access::link_token::hash_of;
use shared::access::{LinkToken, Principal, TokenSigner, random};
use shared::database::Statement;
use shared::failure::Fault;
use shared::http::{Call, Reply};
use shared::parts::Parts;
use shared::validation::Text;
use uuid::Uuid;

/// A session that is about to be opened. Its secrets are made before it is known in which clinic.
pub(crate) struct Opening {
    id: Uuid,
    bits: [u8; 32],
    refresh_in: RefreshIn,
    device_name: Option<Text>,
    device_token: String,
    now: Timestamp,
}

impl Opening {
    /// A session on a device of that name, by somebody who signs in with the address of this key.
    pub(crate) fn new(
        call: &Call<'_, impl Parts>,
        signer: &TokenSigner,
        email_key: &str,
        refresh_in: Option<RefreshIn>,
        device_name: Option<Text>,
    ) -> Result<Self, Fault> {
        Ok(Self {
            id: call.new_id(),
            bits: random::bytes()?,
            refresh_in: refresh_in.unwrap_or_default(),
            device_name,
            device_token: signer.issue_device(&email::trace(email_key), call.new_id(), call.now)?,
            now: call.now,
        })
    }

    /// The rows, for the account's membership in the clinic that the transaction is in; none without one.
    pub(crate) fn rows(&self, account: Uuid) -> [Statement<()>; 2] {
        [self.insert_session(account), self.insert_token()]
    }

    fn insert_session(&self, account: Uuid) -> Statement<()> {
        Statement::new(
            "identity.insert_session",
            "INSERT INTO identity.sessions
                    (id, clinic_id, user_id, account_id, transport, device_name, device_token_hash, used_at,
                     expires_at, created_at, updated_at)
             SELECT $1, clinic_id, id, account_id, $3, $4, $5, $6, $7, $6, $6
               FROM identity.memberships
              WHERE account_id = $2
                AND clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid
                AND disabled_at IS NULL",
        )
        .bind(self.id)
        .bind(account)
        .bind(self.refresh_in.name())
        .bind(self.device_name.as_ref().map(|name| name.as_str().to_owned()))
        .bind(Sha256::digest(&self.device_token).to_vec())
        .bind(self.now)
        .bind(self.now + LONGEST)
    }

    fn insert_token(&self) -> Statement<()> {
        Statement::new(
            "identity.insert_refresh_token",
            "INSERT INTO identity.refresh_tokens
                    (clinic_id, token_hash, session_id, generation, expires_at, created_at, updated_at)
             SELECT clinic_id, $2, id, 1, $3, $4, $4
               FROM identity.sessions
              WHERE clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid
                AND id = $1",
        )
        .bind(self.id)
        .bind(hash_of(&self.bits))
        .bind(self.now + IDLE)
        .bind(self.now)
    }

    /// What the member is answered: by the reply that this makes of it, with the cookies of a browser.
    pub(crate) fn reply(
        self,
        call: &Call<'_, impl Parts>,
        signer: &TokenSigner,
        member: Membership,
        reply: fn(Session) -> Reply<Session>,
    ) -> Result<Reply<Session>, Fault> {
        let Membership { clinic, user, access_version, plan } = member;
        let principal = Principal {
            user_id: user.id,
            clinic_id: clinic.id,
            session_id: self.id,
            role: user.role,
            access_version,
            assurance: 1,
            plan,
            authenticated_at: self.now,
        };
        let refresh_token = LinkToken::of(clinic.id, self.bits).text().expose().to_owned();
        let (tokens, refresh_cookie) =
            Tokens::issue(call, signer, &principal, refresh_token, IDLE, self.refresh_in)?;
        let device_cookie = refresh_cookie.as_ref().map(|_| cookies::device(&self.device_token));
        let session = Session { clinic, user, tokens, device_token: self.device_token };
        Ok(reply(session).cookie(refresh_cookie).cookie(device_cookie))
    }
}
