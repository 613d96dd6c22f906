//! What comes in, what goes out.

use super::logic::{self, Window, Wrong};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::failure::Problem;
use shared::http::{Fields, FilteredCursor, Listed, PageQuery, WINDOW_EMPTY, refused_at};
use shared::validation::{DateTime, Id, Text};
use std::borrow::Cow;
use uuid::Uuid;
use validator::{Validate, ValidationError};

const WINDOW_TOO_LONG: Problem = Problem::new(
    400,
    "WINDOW_TOO_LONG",
    "Window too long",
    "There are more than 31 days between from and to. Ask for one stretch after the other.",
)
.at("/from");

const INVALID_SUBJECT: Problem = Problem::new(
    400,
    "INVALID_SUBJECT",
    "Invalid subject",
    "Send the kind of thing as the log names it, in small letters and underscores, such as patient or webhook_endpoint.",
)
.at("/subject");

/// Which part of the log, and which page of it.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[validate(schema(function = window_is_right, skip_on_field_errors = false))]
#[validate(schema(function = cursor_is_of_filters, skip_on_field_errors = false))]
pub struct AuditQuery {
    /// Only what happened then or later; 31 days before `to`, or before now, unless given. A plus sign is `%2B` in a query.
    #[schemars(example = "2026-11-01T00:00:00Z")]
    pub from: Option<DateTime>,
    /// Only what happened before; 31 days after `from` unless given, and until now where neither is.
    #[schemars(example = "2026-12-01T00:00:00Z")]
    pub to: Option<DateTime>,
    /// Only what this member did; the nil UUID is nobody.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub actor_id: Option<Id>,
    /// Only what was done to things of this kind.
    #[validate(length(min = 1, max = 64), custom(function = is_kind))]
    #[schemars(regex(pattern = "^[a-z_]+$"), example = &"patient")]
    pub subject: Option<Text>,
    /// Only what read or changed data of this person.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub about: Option<Id>,
    /// How many a page, 1–100; 20 unless given.
    #[validate(range(min = 1, max = 100))]
    #[schemars(example = 20, extend("default" = 20))]
    pub limit: Option<i64>,
    /// `meta.nextCursor` of the page before, which had the same filters.
    pub cursor: Option<FilteredCursor<AuditEntry>>,
    /// Whether to count them all, up to 10 001.
    #[schemars(extend("default" = false))]
    pub include_total: Option<bool>,
}

impl Fields for AuditQuery {
    const RULES: &'static [Problem] = &[WINDOW_EMPTY, WINDOW_TOO_LONG, INVALID_SUBJECT];
}

impl AuditQuery {
    /// The page asked for.
    pub(super) fn page(&self) -> PageQuery<AuditEntry> {
        PageQuery::filtered(self.limit, self.cursor.as_ref(), self.include_total, self.filters())
    }

    /// The stretch of time asked for.
    pub(super) fn window(&self, now: Timestamp) -> Window {
        Window::of(self.from.map(Timestamp::from), self.to.map(Timestamp::from), now)
    }

    /// The filters as a query has them.
    fn filters(&self) -> String {
        let given = [
            self.from.map(|from| format!("from={from}")),
            self.to.map(|to| format!("to={to}")),
            self.actor_id.map(|actor| format!("actorId={}", Uuid::from(actor))),
            self.subject.as_ref().map(|subject| format!("subject={}", subject.as_str())),
            self.about.map(|about| format!("about={}", Uuid::from(about))),
        ];
        given.into_iter().flatten().collect::<Vec<_>>().join("&")
    }
}

fn window_is_right(query: &AuditQuery) -> Result<(), ValidationError> {
    let judged = logic::judge(query.from.map(Timestamp::from), query.to.map(Timestamp::from));
    judged.map_err(|wrong| match wrong {
        Wrong::Empty => refused_at("to", &WINDOW_EMPTY, "must be later than from"),
        Wrong::TooLong => refused_at("from", &WINDOW_TOO_LONG, "must be 31 days before to at most"),
    })
}

fn cursor_is_of_filters(query: &AuditQuery) -> Result<(), ValidationError> {
    FilteredCursor::check(query.cursor.as_ref(), &query.filters())
}

/// Small letters and underscores. Which kinds there are, the log knows.
fn is_kind(subject: &Text) -> Result<(), ValidationError> {
    if subject.as_str().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
        return Ok(());
    }
    Err(ValidationError::new(INVALID_SUBJECT.code)
        .with_message(Cow::Borrowed("must be small letters and underscores such as webhook_endpoint")))
}

/// Something that was done, or tried.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// `UUIDv7`.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub id: Uuid,
    /// UTC.
    #[schemars(example = "2026-11-21T10:00:00.123456Z")]
    pub created_at: Timestamp,
    /// Who did it: a member, or a webhook endpoint of whose status the row tells; null where it was nobody known, as whoever
    /// sent a wrong password.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub actor_id: Option<Uuid>,
    /// What was done.
    #[schemars(example = "patient.read")]
    pub action: String,
    /// The kind of thing that it was done to.
    #[schemars(example = &"patient")]
    pub subject: String,
    /// The thing that it was done to.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub subject_id: Uuid,
    /// The person whose data was read or changed; null where it was nobody's.
    #[schemars(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub about: Option<Uuid>,
    /// The address that a sign-in, good or bad, came from; null for everything else.
    #[schemars(example = None::<String>)]
    pub client_address: Option<Text>,
    /// The request by which it was done, as in the log and in `X-Request-Id`.
    #[schemars(example = "01a1fc88-bd77-7cd6-a572-93dc3d1d01d2")]
    pub request_id: String,
}

impl Listed for AuditEntry {
    const LIST: &'static str = "/api/v1/audit-log";

    fn place(&self) -> (Timestamp, Uuid) {
        (self.created_at, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_small_letters_and_underscores() {
        for good in ["patient", "webhook_endpoint", "_"] {
            assert!(is_kind(&Text::try_from(good).unwrap()).is_ok(), "{good}");
        }
        for bad in ["Patient", "patient.read", "job-result", "patient1", "ação", "a b", "a%"] {
            let refused = is_kind(&Text::try_from(bad).unwrap()).unwrap_err();
            assert_eq!(refused.code, "INVALID_SUBJECT", "{bad}");
        }
    }
}
