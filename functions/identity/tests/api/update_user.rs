use super::{CHEAP, CHEAP_HASH, access, app, change_user, join, send_within_a_sign_in, sign_up, user};
use serde_json::{Value, json};
use shared::access::{Principal, Role};
use std::sync::Arc;
use testkit::{Tenant, TestApp, TestRequest, TestResponse};

const MEMBERSHIP: &str = "SELECT name, role, (disabled_at IS NOT NULL)::text, access_version, version FROM identity.memberships WHERE id = '{id}'";

/// What the database has of the member: name, role, whether it is disabled, access version, version.
async fn row(app: &TestApp, tenant: &Tenant, role: Role) -> Vec<String> {
    app.database.rows(&MEMBERSHIP.replace("{id}", &tenant.user(role).to_string())).await.remove(0)
}

async fn change(app: &TestApp, tenant: &Tenant, by: Role, of: Role, patch: Value) -> TestResponse {
    app.send(change_user(tenant, tenant.token(by), of, &patch)).await
}

/// A call that every member may make.
async fn call(app: &TestApp, token: &str) -> TestResponse {
    app.send(TestRequest::get("/api/v1/sessions").token(token)).await
}

/// The actions of the audit log, with who acted on whom.
async fn audited(app: &TestApp) -> Vec<Vec<String>> {
    let sql = "SELECT action, actor_id, subject, subject_id, COALESCE(about::text, '') FROM kernel.audit_log ORDER BY action";
    app.database.rows(sql).await
}

/// Makes the member with that role an owner, as which its new token knows it.
async fn raise(app: &TestApp, tenant: &Tenant, role: Role) -> String {
    assert_eq!(change(app, tenant, Role::Owner, role, json!({ "role": "owner" })).await.status, 200);
    let owner = Principal { role: Role::Owner, access_version: 2, ..tenant.principal(role) };
    app.signer.issue(&owner, owner.user_id, owner.authenticated_at).unwrap()
}

/// How many owners of the clinic are active.
async fn active_owners(app: &TestApp) -> String {
    let sql = "SELECT count(*) FROM identity.memberships WHERE role = 'owner' AND disabled_at IS NULL";
    app.database.value(sql).await
}

#[tokio::test]
async fn another_name_leaves_the_members_access_as_it_is() {
    let app = app().await;
    let tenant = app.tenant().await;
    let changed = change(&app, &tenant, Role::Admin, Role::Clinician, json!({ "name": " Ana  Lima " })).await;
    assert_eq!((changed.status, changed.header("etag")), (200, Some("\"2\"")), "{}", changed.text);
    assert_eq!((&changed.data()["name"], &changed.data()["version"]), (&json!("Ana  Lima"), &json!(2)));
    assert_eq!(row(&app, &tenant, Role::Clinician).await, ["Ana  Lima", "clinician", "false", "1", "2"]);
    assert_eq!(call(&app, tenant.token(Role::Clinician)).await.status, 200);
    let of = [tenant.user(Role::Admin), tenant.user(Role::Clinician)].map(|id| id.to_string());
    assert_eq!(audited(&app).await, [["user.updated", &of[0], "user", &of[1], ""]]);
    assert_eq!(app.database.value("SELECT count(*) FROM kernel.outbox").await, "0");
}

#[tokio::test]
async fn another_role_holds_at_the_next_call_of_the_member_and_of_nobody_else() {
    let app = app().await;
    let tenant = app.tenant().await;
    let patch = json!({ "role": "front_desk" });
    let changed = change(&app, &tenant, Role::Admin, Role::Clinician, patch).await;
    assert_eq!((changed.status, &changed.data()["role"]), (200, &json!("front_desk")), "{}", changed.text);
    assert_eq!(row(&app, &tenant, Role::Clinician).await, ["A clinician", "front_desk", "false", "2", "2"]);
    assert_eq!(call(&app, tenant.token(Role::Clinician)).await.refusal(), (401, "ACCESS_CHANGED"));
    for role in [Role::Owner, Role::Admin, Role::FrontDesk, Role::Accountant] {
        assert_eq!(call(&app, tenant.token(role)).await.status, 200, "{role:?}");
        assert_eq!(row(&app, &tenant, role).await[3..], ["1", "1"], "{role:?}");
    }
    let open = "SELECT count(*) FROM identity.sessions WHERE ended_at IS NULL";
    assert_eq!(app.database.value(open).await, "5", "the session goes on, by a token with the new role");
    let seen = app.send(TestRequest::get("/api/v1/me").token(tenant.token(Role::Clinician))).await;
    assert_eq!(seen.data()["user"]["role"], "front_desk");
}

#[tokio::test]
async fn a_disabled_member_has_no_session_and_enabling_opens_none() {
    let app = app().await;
    let tenant = app.tenant().await;
    let disabled = change(&app, &tenant, Role::Admin, Role::Clinician, json!({ "status": "disabled" })).await;
    assert_eq!((disabled.status, &disabled.data()["status"]), (200, &json!("disabled")), "{}", disabled.text);
    assert_eq!(row(&app, &tenant, Role::Clinician).await, ["A clinician", "clinician", "true", "2", "2"]);
    let sessions = "SELECT end_reason, (expires_at = ended_at)::text, (ended_at = m.disabled_at)::text
                      FROM identity.sessions AS s JOIN identity.memberships AS m ON m.id = s.user_id WHERE m.role = 'clinician'";
    assert_eq!(app.database.rows(sessions).await, [["disabled", "true", "true"]]);
    let open = "SELECT count(*) FROM identity.sessions WHERE ended_at IS NULL";
    assert_eq!(app.database.value(open).await, "4", "the others' go on");
    assert_eq!(call(&app, tenant.token(Role::Clinician)).await.refusal(), (401, "SESSION_ENDED"));
    let of = [tenant.user(Role::Admin), tenant.user(Role::Clinician)].map(|id| id.to_string());
    let rows = ["user.disabled", "user.updated"].map(|action| [action, &of[0], "user", &of[1], ""]);
    assert_eq!(audited(&app).await, rows);

    // A sign-in that was on its way while somebody disabled the member.
    let late = "UPDATE identity.sessions SET ended_at = NULL, end_reason = NULL, expires_at = 'infinity' WHERE ended_at IS NOT NULL";
    app.database.run(late).await;
    assert_eq!(call(&app, tenant.token(Role::Clinician)).await.refusal(), (401, "SESSION_ENDED"));
    let enabled = change(&app, &tenant, Role::Admin, Role::Clinician, json!({ "status": "active" })).await;
    assert_eq!((&enabled.data()["status"], enabled.header("etag")), (&json!("active"), Some("\"3\"")));
    assert_eq!(row(&app, &tenant, Role::Clinician).await, ["A clinician", "clinician", "false", "3", "3"]);
    assert_eq!(app.database.value(open).await, "4");
    assert_eq!(call(&app, tenant.token(Role::Clinician)).await.refusal(), (401, "SESSION_ENDED"));
    assert_eq!(audited(&app).await.len(), 3, "one was a disabling");
}

#[tokio::test]
async fn a_patch_that_says_what_is_there_changes_nothing() {
    let app = app().await;
    let tenant = app.tenant().await;
    let everything = "SELECT t::text FROM (SELECT m::text FROM identity.memberships AS m
                       UNION ALL SELECT s::text FROM identity.sessions AS s) AS t ORDER BY 1";
    let before = app.database.rows(everything).await;
    for patch in [
        json!({}),
        json!({ "name": " A clinician " }),
        json!({ "role": "clinician" }),
        json!({ "status": "active" }),
        json!({ "name": "A clinician", "role": "clinician", "status": "active" }),
    ] {
        let same = change(&app, &tenant, Role::Owner, Role::Clinician, patch.clone()).await;
        assert_eq!((same.status, same.header("etag")), (200, Some("\"1\"")), "{patch} {}", same.text);
    }
    assert_eq!(app.database.rows(everything).await, before);
    assert!(audited(&app).await.is_empty());
}

#[tokio::test]
async fn owners_make_and_unmake_owners_and_admins_everybody_else() {
    let app = app().await;
    let tenant = app.tenant().await;
    for patch in
        [json!({ "role": "admin" }), json!({ "name": "B" }), json!({ "status": "disabled" }), json!({})]
    {
        let refused = change(&app, &tenant, Role::Admin, Role::Owner, patch.clone()).await;
        assert_eq!(refused.refusal(), (403, "OWNER_REQUIRED"), "{patch}");
    }
    for of in [Role::Clinician, Role::Admin] {
        let refused = change(&app, &tenant, Role::Admin, of, json!({ "role": "owner" })).await;
        assert_eq!(refused.refusal(), (403, "OWNER_REQUIRED"), "{of:?}");
    }
    assert!(audited(&app).await.is_empty());
    for role in ["admin", "front_desk", "accountant", "clinician"] {
        let given = change(&app, &tenant, Role::Admin, Role::FrontDesk, json!({ "role": role })).await;
        assert_eq!((given.status, &given.data()["role"]), (200, &json!(role)));
    }
    let raised = raise(&app, &tenant, Role::Clinician).await;
    let demoted = app.send(change_user(&tenant, &raised, Role::Owner, &json!({ "role": "admin" }))).await;
    assert_eq!((demoted.status, &demoted.data()["role"]), (200, &json!("admin")));
    assert_eq!(active_owners(&app).await, "1");
}

mod race {
    use super::*;

    /// Has every change take a while between its writing and its check, and puts the two owners back.
    async fn slow_down(app: &TestApp) {
        app.database
            .run(
                "CREATE FUNCTION public.linger() RETURNS trigger LANGUAGE plpgsql AS $$
                 BEGIN PERFORM pg_sleep(0.01); RETURN NEW; END $$;
                 CREATE TRIGGER linger BEFORE INSERT ON kernel.audit_log FOR EACH ROW EXECUTE FUNCTION public.linger()",
            )
            .await;
    }

    /// Two owners of a clinic, with a token each, and the statement that puts everything back.
    async fn two_owners(app: &TestApp, tenant: &Tenant) -> ([(Role, String); 2], String) {
        let token = raise(app, tenant, Role::Admin).await;
        slow_down(app).await;
        let again = "UPDATE identity.memberships SET role = 'owner', disabled_at = NULL,
                            access_version = CASE id WHEN '{second}' THEN 2 ELSE 1 END WHERE id IN ('{first}', '{second}');
                     UPDATE identity.sessions SET ended_at = NULL, end_reason = NULL, expires_at = 'infinity'";
        let again = again.replace("{first}", &tenant.user(Role::Owner).to_string());
        let again = again.replace("{second}", &tenant.user(Role::Admin).to_string());
        ([(Role::Owner, tenant.owner().to_owned()), (Role::Admin, token)], again)
    }

    /// Sends both at once; the refusal of the one that was refused.
    async fn one_of(app: &Arc<TestApp>, requests: Vec<TestRequest>) -> (u16, String) {
        let answers = app.send_at_once(requests).await;
        assert_eq!(active_owners(app).await, "1");
        let mut refused = answers.iter().filter(|answer| answer.status != 200).map(TestResponse::refusal);
        let (status, code) = refused.next().unwrap();
        assert_eq!(refused.next(), None);
        (status, code.to_owned())
    }

    #[tokio::test]
    async fn of_two_owners_who_take_each_others_role_or_access_away_one_stays() {
        let app = app().await;
        let tenant = app.tenant().await;
        let ([first, second], again) = two_owners(&app, &tenant).await;
        for round in 0..40 {
            let (patch, refusal) = match round % 2 {
                0 => (json!({ "role": "clinician" }), "ACCESS_CHANGED"),
                _ => (json!({ "status": "disabled" }), "SESSION_ENDED"),
            };
            let requests = vec![
                change_user(&tenant, &first.1, second.0, &patch),
                change_user(&tenant, &second.1, first.0, &patch),
            ];
            assert_eq!(one_of(&app, requests).await, (401, refusal.to_owned()), "{round}");
            app.database.run(&again).await;
        }
    }

    #[tokio::test]
    async fn of_two_owners_who_step_down_at_once_one_stays() {
        let app = app().await;
        let tenant = app.tenant().await;
        let ([first, second], again) = two_owners(&app, &tenant).await;
        let patch = json!({ "role": "admin" });
        for round in 0..40 {
            let requests =
                [&first, &second].map(|(role, token)| change_user(&tenant, token, *role, &patch)).to_vec();
            assert_eq!(one_of(&app, requests).await, (409, "LAST_OWNER_STAYS".to_owned()), "{round}");
            app.database.run(&again).await;
        }
    }

    #[tokio::test]
    async fn of_writers_on_one_version_one_wins_and_the_others_are_stale() {
        let app = app().await;
        let tenant = app.tenant().await;
        let requests = (0..8).map(|number| {
            let patch = match number % 2 {
                0 => json!({ "name": format!("B{number}") }),
                _ => json!({ "role": "accountant", "name": format!("B{number}") }),
            };
            change_user(&tenant, tenant.owner(), Role::Clinician, &patch).header("if-match", "\"1\"")
        });
        let answers = app.send_at_once(requests.collect()).await;
        let won: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(won.len(), 1);
        for stale in answers.iter().filter(|answer| answer.status != 200) {
            assert_eq!(stale.refusal(), (412, "VERSION_STALE"));
        }
        let kept = row(&app, &tenant, Role::Clinician).await;
        assert_eq!((json!(kept[0]), &*kept[4]), (won[0].data()["name"].clone(), "2"));
        assert_eq!(audited(&app).await.len(), 1);
    }

    #[tokio::test]
    async fn a_sign_in_that_overlaps_a_disabling_opens_nothing_then_or_later() {
        let app = app().await;
        let clinic = app.send(sign_up("ana@example.com")).await;
        app.send(sign_up("bia@example.com")).await;
        join(&app, "bia@example.com", "ana@example.com").await;
        let cheap = "UPDATE identity.memberships SET role = 'owner'; UPDATE identity.accounts SET password_hash = '{hash}'";
        app.database.run(&cheap.replace("{hash}", CHEAP_HASH)).await;
        let body = json!({ "email": "bia@example.com", "password": CHEAP, "clinicId": clinic.data()["clinic"]["id"] });
        let bia = app.send(TestRequest::post("/api/v1/auth/login", &body)).await;
        let ana = format!("/api/v1/users/{}", clinic.data()["user"]["id"].as_str().unwrap());
        let set = |status: &str| {
            TestRequest::patch(&ana, &json!({ "status": status })).token(access(&bia)).header("if-match", "*")
        };

        let (signed_in, disabled) = send_within_a_sign_in(&app, set("disabled")).await;

        assert_eq!((signed_in.status, disabled.status), (200, 200), "{} {}", signed_in.text, disabled.text);
        let tokens = [&clinic, &signed_in];
        for status in ["disabled", "active"] {
            assert_eq!(app.send(set(status)).await.status, 200);
            for answer in tokens {
                assert_eq!(call(&app, access(answer)).await.refusal(), (401, "SESSION_ENDED"), "{status}");
                let body = json!({ "refreshToken": answer.data()["refreshToken"] });
                let refreshed = app.send(TestRequest::post("/api/v1/auth/refresh", &body)).await;
                assert_eq!(refreshed.refusal(), (401, "SESSION_ENDED"), "{status}");
            }
        }
    }

    #[tokio::test]
    async fn whoever_is_disabled_while_changing_the_password_is_out_and_nobody_waits_in_a_circle() {
        let app = app().await;
        let clinic = app.send(sign_up("ana@example.com")).await;
        app.send(sign_up("bia@example.com")).await;
        join(&app, "bia@example.com", "ana@example.com").await;
        let clinic = clinic.data()["clinic"]["id"].as_str().unwrap().to_owned();
        let sessions = |count: u32, ended: &str| {
            format!(
                "INSERT INTO identity.sessions
                        (id, clinic_id, user_id, account_id, transport, device_token_hash, used_at, expires_at, ended_at,
                         end_reason, created_at, updated_at)
                 SELECT uuidv7(), clinic_id, id, account_id, 'body', sha256(''), now(), now() + interval '1 day', {ended},
                        now() - n * interval '1 minute', now()
                   FROM identity.memberships, generate_series(1, {count}) AS n
                  WHERE name = 'Guest' ORDER BY n"
            )
        };
        // Enough of them that each statement would take them in an order of its own, as its index has it.
        app.database.run(&sessions(5_000, "now() + interval '1 day', 'logout'")).await;
        app.database
            .run(
                "CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS $$
                 BEGIN PERFORM pg_sleep(0.03); RETURN NEW; END $$;
                 CREATE TRIGGER slow BEFORE UPDATE ON identity.sessions FOR EACH ROW EXECUTE FUNCTION public.slow()",
            )
            .await;
        let log_in = |email: &str| {
            let body = json!({ "email": email, "password": CHEAP, "clinicId": clinic });
            TestRequest::post("/api/v1/auth/login", &body)
        };
        for round in 0..4 {
            let again = format!(
                "UPDATE identity.accounts SET password_hash = '{CHEAP_HASH}';
                 UPDATE identity.memberships SET disabled_at = NULL; {}; ANALYZE identity.sessions",
                sessions(6, "NULL, NULL")
            );
            app.database.run(&again).await;
            let (bia, ana) =
                (app.send(log_in("bia@example.com")).await, app.send(log_in("ana@example.com")).await);
            let address = format!("/api/v1/users/{}", bia.data()["user"]["id"].as_str().unwrap());
            let disable =
                TestRequest::patch(&address, &json!({ "status": "disabled" })).header("if-match", "*");
            let requests = vec![
                disable.token(access(&ana)),
                super::super::change(access(&bia), CHEAP, "another long and winding road"),
            ];
            let answers = app.send_at_once(requests).await;
            assert_eq!(answers[0].status, 200, "{round}: {}", answers[0].text);
            assert!([204, 401].contains(&answers[1].status), "{round}: {}", answers[1].text);
            assert_eq!(call(&app, access(&bia)).await.refusal(), (401, "SESSION_ENDED"), "{round}");
        }
    }

    #[tokio::test]
    async fn an_admin_who_is_none_any_more_changes_nobody() {
        let app = app().await;
        let tenant = app.tenant().await;
        slow_down(&app).await;
        // The admin makes an accomplice while the owner takes its role away: before, or not at all.
        for round in 0..10 {
            let requests = vec![
                change_user(&tenant, tenant.owner(), Role::Admin, &json!({ "role": "front_desk" })),
                change_user(&tenant, tenant.token(Role::Admin), Role::Clinician, &json!({ "role": "admin" })),
            ];
            let answers = app.send_at_once(requests).await;
            assert_eq!(answers[0].status, 200);
            let kept = row(&app, &tenant, Role::Clinician).await;
            match answers[1].status {
                200 => assert_eq!(kept[1], "admin", "{round}"),
                _ => assert_eq!(
                    (answers[1].refusal(), &*kept[1]),
                    ((401, "ACCESS_CHANGED"), "clinician"),
                    "{round}"
                ),
            }
            let again =
                change(&app, &tenant, Role::Admin, Role::Clinician, json!({ "role": "accountant" })).await;
            assert_eq!(again.refusal(), (401, "ACCESS_CHANGED"), "{round}");
            let back = "UPDATE identity.memberships SET role = r.role, access_version = 1
                          FROM (VALUES ('{admin}'::uuid, 'admin'), ('{clinician}', 'clinician')) AS r (id, role)
                         WHERE memberships.id = r.id";
            let back = back.replace("{admin}", &tenant.user(Role::Admin).to_string());
            app.database.run(&back.replace("{clinician}", &tenant.user(Role::Clinician).to_string())).await;
        }
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn the_last_active_owner_stays_whoever_else_was_one() {
        let app = app().await;
        let tenant = app.tenant().await;
        let step_down = || change(&app, &tenant, Role::Owner, Role::Owner, json!({ "role": "admin" }));
        assert_eq!(step_down().await.refusal(), (409, "LAST_OWNER_STAYS"));
        // A disabled owner is none, and another clinic's is none here.
        raise(&app, &app.tenant().await, Role::Admin).await;
        raise(&app, &tenant, Role::Clinician).await;
        let disabling = json!({ "status": "disabled" });
        assert_eq!(change(&app, &tenant, Role::Owner, Role::Clinician, disabling).await.status, 200);
        assert_eq!(step_down().await.refusal(), (409, "LAST_OWNER_STAYS"));
        assert_eq!(row(&app, &tenant, Role::Owner).await, ["A owner", "owner", "false", "1", "1"]);
        let enabling = json!({ "status": "active" });
        assert_eq!(change(&app, &tenant, Role::Owner, Role::Clinician, enabling).await.status, 200);
        assert_eq!(step_down().await.status, 200);
        assert_eq!(row(&app, &tenant, Role::Owner).await, ["A owner", "admin", "false", "2", "2"]);
    }

    #[tokio::test]
    async fn nobody_disables_themselves_and_only_an_owner_takes_another_role() {
        let app = app().await;
        let tenant = app.tenant().await;
        raise(&app, &tenant, Role::Clinician).await;
        for role in [Role::Owner, Role::Admin] {
            let refused =
                change(&app, &tenant, role, role, json!({ "status": "disabled", "name": "B" })).await;
            assert_eq!(refused.refusal(), (422, "CANNOT_DISABLE_ONESELF"));
            assert_eq!(refused.details(), [("/status", "CANNOT_DISABLE_ONESELF")]);
            assert_eq!(row(&app, &tenant, role).await[2..], ["false", "1", "1"]);
        }
        for role in ["clinician", "front_desk", "owner"] {
            let patch = json!({ "role": role, "name": "B" });
            let refused = change(&app, &tenant, Role::Admin, Role::Admin, patch).await;
            assert_eq!(refused.refusal(), (403, "OWNER_REQUIRED"), "{role}");
        }
        assert_eq!(row(&app, &tenant, Role::Admin).await, ["A admin", "admin", "false", "1", "1"]);
        let same =
            change(&app, &tenant, Role::Admin, Role::Admin, json!({ "role": "admin", "name": "B" })).await;
        assert_eq!((same.status, same.data()["name"].as_str()), (200, Some("B")));
        let stepped = change(&app, &tenant, Role::Owner, Role::Owner, json!({ "role": "clinician" })).await;
        assert_eq!(stepped.status, 200, "another owner stays: {}", stepped.text);
    }

    #[tokio::test]
    async fn another_clinics_member_is_not_there_and_stays_as_it_was() {
        let app = app().await;
        let (tenant, other) = (app.tenant().await, app.tenant().await);
        for patch in
            [json!({ "name": "B" }), json!({ "role": "admin" }), json!({ "status": "disabled" }), json!({})]
        {
            let refused = app.send(change_user(&other, tenant.owner(), Role::Clinician, &patch)).await;
            assert_eq!(refused.refusal(), (404, "USER_NOT_FOUND"), "{patch}");
        }
        assert_eq!(row(&app, &other, Role::Clinician).await, ["A clinician", "clinician", "false", "1", "1"]);
        assert_eq!(call(&app, other.token(Role::Clinician)).await.status, 200);
    }

    #[tokio::test]
    async fn what_is_refused_last_undoes_what_was_written_before() {
        let app = app().await;
        let tenant = app.tenant().await;
        let patch = json!({ "name": "B", "role": "clinician" });
        assert_eq!(
            change(&app, &tenant, Role::Owner, Role::Owner, patch).await.refusal(),
            (409, "LAST_OWNER_STAYS")
        );
        assert_eq!(row(&app, &tenant, Role::Owner).await, ["A owner", "owner", "false", "1", "1"]);
        assert!(audited(&app).await.is_empty());
        assert_eq!(call(&app, tenant.owner()).await.status, 200);
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn everything_wrong_with_a_patch_is_told_at_once() {
        let app = app().await;
        let tenant = app.tenant().await;
        let patch = json!({ "name": "", "role": "superuser", "status": null, "email": "b@example.com", "version": 2 });
        let all = change(&app, &tenant, Role::Owner, Role::Clinician, patch).await;
        let expected = [
            ("/email", "UNKNOWN_FIELD"),
            ("/name", "TOO_SHORT"),
            ("/role", "INVALID_CHOICE"),
            ("/status", "INVALID_TYPE"),
            ("/version", "UNKNOWN_FIELD"),
        ];
        assert_eq!((all.status, all.details()), (400, expected.to_vec()));
        for (name, code) in [
            (json!("n".repeat(256)), "TOO_LONG"),
            (json!("see https://a.example"), "INVALID_CHARACTERS"),
            (json!(null), "INVALID_TYPE"),
            (json!(7), "INVALID_TYPE"),
        ] {
            let refused = change(&app, &tenant, Role::Owner, Role::Clinician, json!({ "name": name })).await;
            assert_eq!(refused.refusal(), (400, code), "{name}");
        }
        let longest = json!({ "name": "n".repeat(255) });
        assert_eq!(change(&app, &tenant, Role::Owner, Role::Clinician, longest).await.status, 200);
    }

    #[tokio::test]
    async fn the_version_is_asked_for_and_compared_also_where_nothing_changes() {
        let app = app().await;
        let tenant = app.tenant().await;
        for patch in [json!({}), json!({ "name": "B" }), json!({ "role": "clinician" })] {
            let request = TestRequest::patch(&user(&tenant, Role::Clinician), &patch).token(tenant.owner());
            assert_eq!(app.send(request.clone()).await.refusal(), (428, "IF_MATCH_REQUIRED"), "{patch}");
            let stale = app.send(request.clone().header("if-match", "\"2\"")).await;
            assert_eq!(stale.refusal(), (412, "VERSION_STALE"), "{patch}");
            let weak = app.send(request.header("if-match", "W/\"1\"")).await;
            assert_eq!(weak.refusal(), (412, "VERSION_STALE"), "{patch}");
        }
        assert_eq!(row(&app, &tenant, Role::Clinician).await[4], "1");
    }

    #[tokio::test]
    async fn a_key_makes_a_change_repeatable() {
        let app = app().await;
        let tenant = app.tenant().await;
        let request = change_user(&tenant, tenant.owner(), Role::Clinician, &json!({ "status": "disabled" }));
        let request = request.header("if-match", "\"1\"").key("once");
        let (first, second) = (app.send(request.clone()).await, app.send(request).await);
        assert_eq!((first.status, second.status), (200, 200), "{}", second.text);
        assert_eq!(second.header("idempotency-replayed"), Some("true"));
        assert_eq!(first.text, second.text);
        assert_eq!(row(&app, &tenant, Role::Clinician).await[3..], ["2", "2"]);
        assert_eq!(audited(&app).await.len(), 2);
    }
}
