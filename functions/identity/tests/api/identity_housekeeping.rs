use super::app;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use shared::access::Role;
use shared::clock::Clock as _;
use testkit::lambda::{Environment, FAR_AWAY, Outcome, program};
use testkit::{Tenant, TestApp};
use tokio_postgres::NoTls;

const WORKER: &str = "identity-housekeeping";
const ROLE: &str = "identity_housekeeper";

async fn keep_house(app: &TestApp) -> usize {
    app.work(WORKER, None).await.unwrap()
}

/// The instant of which what expired by then goes.
fn over(app: &TestApp) -> Timestamp {
    app.clock.now() - SignedDuration::from_hours(30 * 24)
}

/// So many verifications that expire then.
async fn verifications(app: &TestApp, tenant: &Tenant, count: u32, is_used: bool, expires_at: Timestamp) {
    let sql = format!(
        "INSERT INTO identity.email_verifications
                (id, clinic_id, account_id, user_id, token_hash, expires_at, used_at, created_at, updated_at)
         SELECT uuidv7(), clinic_id, account_id, id, sha256(uuid_send(uuidv7())), '{expires_at}',
                CASE WHEN {is_used} THEN now() END, now(), now()
           FROM identity.memberships, generate_series(1, {count}) WHERE id = '{}'",
        tenant.user(Role::Owner)
    );
    app.database.run(&sql).await;
}

/// So many sessions that are over then, with two tokens each.
async fn sessions(app: &TestApp, tenant: &Tenant, count: u32, expires_at: Timestamp) {
    let sql = format!(
        "WITH made AS (
             INSERT INTO identity.sessions
                    (id, clinic_id, user_id, account_id, transport, device_token_hash, used_at, expires_at, created_at,
                     updated_at)
             SELECT uuidv7(), clinic_id, id, account_id, 'body', sha256(''), now(), '{expires_at}', now(), now()
               FROM identity.memberships, generate_series(1, {count}) WHERE id = '{}'
             RETURNING clinic_id, id, expires_at)
         INSERT INTO identity.refresh_tokens
                (clinic_id, token_hash, session_id, generation, expires_at, created_at, updated_at)
         SELECT clinic_id, sha256(uuid_send(uuidv7())), id, generation, expires_at, now(), now()
           FROM made, generate_series(1, 2) AS generation",
        tenant.user(Role::Owner)
    );
    app.database.run(&sql).await;
}

async fn left(app: &TestApp) -> String {
    app.database.value("SELECT count(*) FROM identity.email_verifications").await
}

#[tokio::test]
async fn the_built_function_keeps_house_by_the_clock() {
    let app = app().await;
    verifications(&app, &app.tenant().await, 1, false, over(&app)).await;
    let url = app.database.function_url(ROLE);
    let function = Environment::start(&program(WORKER), &[("DATABASE_URL", url.as_str())]).await;
    let clock = include_str!("../../../../events/identity-housekeeping.json");
    assert_eq!(function.invoke(clock, FAR_AWAY).await, Outcome::Response(r#"{"done":1}"#.to_owned()));
    assert_eq!(left(&app).await, "0");
    function.stopped().await;
}

#[tokio::test]
async fn sessions_that_have_been_over_for_thirty_days_go_with_their_tokens_and_no_other() {
    let app = app().await;
    let tenant = app.tenant().await;
    let others = app.database.value("SELECT count(*) FROM identity.sessions").await;
    sessions(&app, &tenant, 3, over(&app)).await;
    sessions(&app, &tenant, 1, over(&app) + SignedDuration::from_micros(1)).await;
    assert_eq!(keep_house(&app).await, 3);
    let left = "SELECT (SELECT count(*) FROM identity.sessions) - {others}, (SELECT count(*) FROM identity.refresh_tokens)";
    assert_eq!(app.database.rows(&left.replace("{others}", &others)).await, [["1", "2"]]);
}

#[tokio::test]
async fn invitations_go_thirty_days_after_their_end_however_they_ended() {
    let app = app().await;
    let tenant = app.tenant().await;
    let sql = "INSERT INTO identity.invitations
                      (id, clinic_id, invited_by, name, email, email_key, role, expires_at, ended_at, end_reason, created_at,
                       updated_at)
               SELECT uuidv7(), clinic_id, id, 'Bia', key, key, 'admin', '{at}', ended_at, end_reason, now(), now()
                 FROM identity.memberships
                CROSS JOIN (VALUES ('{n}a@example.com', NULL::timestamptz, NULL),
                                   ('{n}b@example.com', '{at}', 'accepted'), ('{n}c@example.com', '{at}', 'withdrawn'))
                        AS it (key, ended_at, end_reason)
                WHERE id = '{owner}'";
    let sql = sql.replace("{owner}", &tenant.user(Role::Owner).to_string());
    for (number, at) in [over(&app), over(&app) + SignedDuration::from_micros(1)].iter().enumerate() {
        app.database.run(&sql.replace("{at}", &at.to_string()).replace("{n}", &number.to_string())).await;
    }
    assert_eq!(keep_house(&app).await, 3);
    let left = "SELECT count(*) FROM identity.invitations WHERE email LIKE '1%'";
    assert_eq!(app.database.value(left).await, "3");
}

#[tokio::test]
async fn links_to_choose_a_password_go_a_day_after_their_end_and_requests_after_a_day() {
    let app = app().await;
    let tenant = app.tenant().await;
    let day_ago = app.clock.now() - SignedDuration::from_hours(24);
    let sql = "INSERT INTO identity.password_resets (id, account_id, token_hash, expires_at, created_at, updated_at)
               SELECT uuidv7(), account_id, sha256(uuid_send(uuidv7())), '{at}', now(), now()
                 FROM identity.memberships WHERE id = '{owner}';
               INSERT INTO identity.password_reset_requests (id, email_key, created_at, updated_at)
               VALUES (uuidv7(), 'nobody@example.com', '{at}', now())";
    let sql = sql.replace("{owner}", &tenant.user(Role::Owner).to_string());
    for at in [day_ago, day_ago + SignedDuration::from_micros(1)] {
        app.database.run(&sql.replace("{at}", &at.to_string())).await;
    }
    assert_eq!(keep_house(&app).await, 2);
    for table in ["password_resets", "password_reset_requests"] {
        assert_eq!(
            app.database.value(&format!("SELECT count(*) FROM identity.{table}")).await,
            "1",
            "{table}"
        );
    }
}

mod race {
    use super::*;

    #[tokio::test]
    async fn many_housekeepers_at_once_share_the_work_and_none_fails() {
        let app = app().await;
        verifications(&app, &app.tenant().await, 2_500, false, over(&app)).await;
        let gone: usize = join_all((0..4).map(|_| keep_house(&app))).await.into_iter().sum();
        assert_eq!((gone, left(&app).await.as_str()), (2_500, "0"));
    }

    #[tokio::test]
    async fn what_somebody_has_locked_is_stepped_over_and_goes_the_next_time() {
        let app = app().await;
        verifications(&app, &app.tenant().await, 2, false, over(&app)).await;
        let (holder, connection) =
            tokio_postgres::connect(&app.database.url("postgres"), NoTls).await.unwrap();
        tokio::spawn(connection);
        let held = "BEGIN; SELECT 1 FROM identity.email_verifications LIMIT 1 FOR UPDATE";
        holder.batch_execute(held).await.unwrap();
        assert_eq!((keep_house(&app).await, left(&app).await.as_str()), (1, "1"));
        holder.batch_execute("ROLLBACK").await.unwrap();
        assert_eq!((keep_house(&app).await, left(&app).await.as_str()), (1, "0"));
    }
}

mod integrity {
    use super::*;

    const DENIED: &str = "42501";

    #[tokio::test]
    async fn its_role_deletes_what_is_over_and_does_nothing_else_and_platforms_does_nothing_here() {
        let app = app().await;
        let tenant = app.tenant().await;
        verifications(&app, &tenant, 1, true, app.clock.now() + SignedDuration::from_hours(1)).await;
        let deletes = [
            "identity.email_verifications",
            "identity.invitations",
            "identity.password_reset_requests",
            "identity.password_resets",
            "identity.sessions",
        ];
        assert_eq!(app.database.only_deletes(ROLE).await, deletes);
        assert!(
            app.database.only_deletes("housekeeper").await.iter().all(|table| table.starts_with("kernel."))
        );
        assert_eq!(left(&app).await, "1", "it is not over yet");

        verifications(&app, &tenant, 1, true, over(&app)).await;
        let change = "UPDATE identity.email_verifications SET updated_at = now()";
        assert_eq!(
            app.database.run_as(ROLE, change).await.unwrap_err(),
            DENIED,
            "over, and not to be changed"
        );
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn verifications_go_thirty_days_after_they_expired_used_or_not() {
        let app = app().await;
        let tenant = app.tenant().await;
        let later = over(&app) + SignedDuration::from_micros(1);
        for is_used in [true, false] {
            verifications(&app, &tenant, 1, is_used, over(&app)).await;
            verifications(&app, &tenant, 1, is_used, later).await;
        }
        assert_eq!((keep_house(&app).await, left(&app).await.as_str()), (2, "2"));
    }
}
