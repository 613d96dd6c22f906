//! `POST /api/v1/transactions`: claim, balance, transfer, outbox, audit, stored reply, COMMIT, and the stored reply
//! read back, in one flush.

use crate::Call;
use crate::database::{Rows, Settings, Step};
use crate::event::Reply;
use jiff::{SignedDuration, Timestamp};
use lambda_runtime::Error;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use shared::clock::{Ids as _, SystemIds};
use uuid::Uuid;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Asked {
    pub(crate) patient_id: Uuid,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) amount_minor: i64,
    pub(crate) currency: String,
    pub(crate) method: String,
    pub(crate) description: Option<String>,
}

impl Asked {
    fn is_valid(&self) -> bool {
        (1..=99_999_999_999).contains(&self.amount_minor)
            && self.currency.len() == 3
            && matches!(self.kind.as_str(), "income" | "expense")
            && matches!(self.method.as_str(), "cash" | "card" | "pix" | "bank_transfer" | "other")
            && self.description.as_ref().is_none_or(|text| (1..=500).contains(&text.chars().count()))
    }
}

/// Everything the statements bind.
pub(crate) struct Writes<'a> {
    pub(crate) call: &'a Call<'a>,
    pub(crate) asked: &'a Asked,
    pub(crate) key: &'a str,
    pub(crate) fingerprint: Vec<u8>,
    pub(crate) expires: Timestamp,
    pub(crate) delta: i64,
    pub(crate) debit: &'static str,
    pub(crate) credit: &'static str,
    pub(crate) id: Uuid,
    pub(crate) event: Uuid,
    pub(crate) audit: Uuid,
    pub(crate) traceparent: String,
}

pub(crate) async fn answer(call: &Call<'_>) -> Result<Reply, Error> {
    let Some(key) = call.event.headers.get("idempotency-key").filter(|key| (1..=255).contains(&key.len()))
    else {
        return Ok(Reply::problem(400, "IDEMPOTENCY_KEY_REQUIRED"));
    };
    let asked = match serde_json::from_str::<Asked>(&call.event.body) {
        Ok(asked) if asked.is_valid() => asked,
        _ => return Ok(Reply::problem(400, "VALIDATION_FAILED")),
    };
    let writes = Writes::new(call, &asked, key);
    let settings = Settings::of(call);
    let steps = writes.steps(&settings);
    let end = steps.iter().position(Step::is_commit).unwrap_or_default();
    let replies = call.floor.database.flush(&steps).await?;
    writes.judge(replies, end)
}

impl<'a> Writes<'a> {
    fn new(call: &'a Call<'a>, asked: &'a Asked, key: &'a str) -> Self {
        let (delta, debit, credit) = match asked.kind.as_str() {
            "income" => (asked.amount_minor, "cash", "patient"),
            _ => (-asked.amount_minor, "patient", "cash"),
        };
        let fingerprint = Sha256::digest(&call.event.body).to_vec();
        let expires = call.now + SignedDuration::from_hours(24);
        let [id, event, audit, trace] = std::array::from_fn(|_| SystemIds.new_id(call.now));
        let hexadecimal = trace.simple().to_string();
        let traceparent = format!("00-{hexadecimal}-{}-00", hexadecimal.split_at(16).1);
        Self { call, asked, key, fingerprint, expires, delta, debit, credit, id, event, audit, traceparent }
    }

    fn steps<'b>(&'b self, settings: &'b Settings) -> Vec<Step<'b>> {
        let has = |extra| self.call.floor.has(extra);
        let mut steps: Vec<_> = settings.take(self.call).into_iter().collect();
        steps.push(Step::control("BEGIN"));
        steps.extend(settings.step(self.call));
        if has("key") {
            steps.extend(self.claim());
        }
        steps.extend(self.transfer());
        if has("records") {
            steps.extend(self.records());
        }
        steps.push(self.reply());
        if has("key") {
            steps.push(self.store());
        }
        steps.push(Step::control("COMMIT"));
        if has("key") && has("read-back") {
            steps.push(Step::control("BEGIN"));
            steps.extend(settings.step(self.call));
            steps.extend([self.stored(), Step::control("COMMIT")]);
        }
        steps
    }

    /// A taken key fails here, everything behind it falls through, and the read-back finds the first reply.
    fn judge(&self, replies: Vec<Rows>, end: usize) -> Result<Reply, Error> {
        let mut rows = Vec::new();
        let mut taken = false;
        for (index, reply) in replies.into_iter().enumerate() {
            match reply {
                Ok(found) => rows.extend(found.into_iter().map(|row| (index, row))),
                Err(error) if index <= end && !taken => {
                    match error.as_db_error().and_then(tokio_postgres::error::DbError::constraint) {
                        Some("idempotency_keys_claimed_once") => taken = true,
                        Some("balances_patient_fkey") => return Ok(Reply::problem(404, "PATIENT_NOT_FOUND")),
                        _ => return Err(error.into()),
                    }
                }
                Err(error) if index > end => return Err(error.into()),
                Err(_) => {}
            }
        }
        let Some((index, row)) = rows.pop() else { return Err("no reply".into()) };
        if index > end && row.try_get::<_, &[u8]>("fingerprint")? != self.fingerprint {
            return Ok(Reply::problem(422, "IDEMPOTENCY_KEY_REUSED"));
        }
        Ok(Reply::data(201, row.try_get("reply")?))
    }
}
