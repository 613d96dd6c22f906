//! The statements of the tests.

use serde_json::Value;
use shared::database::Statement;

pub(crate) fn insert(word: &str) -> Statement<()> {
    Statement::new("test.insert", "INSERT INTO public.effects (word) VALUES ($1)").bind(word.to_owned())
}

/// Adds a word that is not there yet.
pub(crate) fn insert_unless_there(word: &str) -> Statement<()> {
    let statement = Statement::new(
        "test.insert_unless_there",
        "INSERT INTO public.effects (word)
         SELECT $1 WHERE NOT EXISTS (SELECT 1 FROM public.effects WHERE word = $1)",
    );
    statement.bind(word.to_owned())
}

/// Adds as a word what a setting of ours says.
pub(crate) fn insert_setting(name: &'static str) -> Statement<()> {
    Statement::new("test.insert_setting", "INSERT INTO public.effects (word) VALUES (current_setting($1))")
        .bind(name)
}

/// Takes the row's lock and changes nothing of it.
pub(crate) fn touch(word: &str) -> Statement<()> {
    Statement::new("test.touch", "UPDATE public.effects SET word = word WHERE word = $1")
        .bind(word.to_owned())
}

pub(crate) fn sleep(milliseconds: i32) -> Statement<()> {
    Statement::new("test.sleep", "SELECT pg_sleep($1 / 1000.0)").bind(milliseconds)
}

/// Takes the server's limits away, in this transaction.
pub(crate) fn no_limits() -> Statement<()> {
    Statement::new(
        "test.no_limits",
        "SELECT set_config('statement_timeout', '0', true), set_config('transaction_timeout', '0', true)",
    )
}

/// Fails as the server does in that SQLSTATE.
pub(crate) fn fail(state: &'static str) -> Statement<()> {
    Statement::new("test.fail", "SELECT public.fail($1)").bind(state)
}

pub(crate) fn ensure(condition: bool, failure: &'static str) -> Statement<()> {
    Statement::new("test.ensure", "SELECT kernel.ensure($1, $2)").bind(condition).bind(failure)
}

pub(crate) fn backend() -> Statement<i32> {
    Statement::new("test.backend", "SELECT pg_backend_pid() AS pid").decode(|row| row.get("pid"))
}

pub(crate) fn words() -> Statement<i64> {
    Statement::new("test.words", "SELECT count(*) AS words FROM public.effects")
        .decode(|row| row.get("words"))
}

/// A time limit in force, in milliseconds.
pub(crate) fn limit(name: &'static str) -> Statement<i32> {
    Statement::new(
        "test.limit",
        "SELECT setting::int4 AS milliseconds FROM pg_settings WHERE name = $1 AND unit = 'ms'",
    )
    .bind(name)
    .decode(|row| row.get("milliseconds"))
}

/// A setting of ours; the empty text when it was never set.
pub(crate) fn setting(name: &'static str) -> Statement<String> {
    Statement::new("test.setting", "SELECT coalesce(current_setting($1, true), '') AS value")
        .bind(name)
        .decode(|row| row.get("value"))
}

/// The rows of a tenant table that the caller sees.
pub(crate) fn tenant_rows() -> Statement<i64> {
    Statement::new("test.tenant_rows", "SELECT count(*) AS rows FROM kernel.idempotency_keys")
        .decode(|row| row.get("rows"))
}

/// A reply with what JSON text may spell in more than one way.
pub(crate) fn reply(word: &str) -> Statement<Value> {
    Statement::new(
        "test.reply",
        "SELECT set_config('app.reply', jsonb_build_object(
                    'word', $1, 'price', 1.50, 'when', clock_timestamp(), 'a', NULL)::text, true) AS reply",
    )
    .bind(word.to_owned())
    .reply()
}

/// A reply statement that finds nothing to answer.
pub(crate) fn no_reply() -> Statement<Value> {
    Statement::new("test.no_reply", "SELECT set_config('app.reply', '{}', true) AS reply WHERE false").reply()
}
