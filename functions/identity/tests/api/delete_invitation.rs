use super::{accept, app, id_of, invite, mailed_invitation};
use jiff::SignedDuration;
use shared::access::Role;
use shared::clock::Clock as _;
use testkit::{Tenant, TestApp, TestRequest};

const PASSWORD: &str = "a long and lonely road";

fn withdraw(token: &str, id: &str) -> TestRequest {
    TestRequest::new("DELETE", &format!("/api/v1/invitations/{id}")).token(token)
}

/// Invites that address; the invitation's id.
async fn invited(app: &TestApp, tenant: &Tenant, email: &str) -> String {
    id_of(&app.send(invite(tenant.owner(), email)).await).to_owned()
}

/// How those invitations ended.
async fn reasons(app: &TestApp) -> Vec<Vec<String>> {
    app.database.rows("SELECT COALESCE(end_reason, 'open') FROM identity.invitations ORDER BY email").await
}

#[tokio::test]
async fn a_withdrawn_invitations_link_is_good_for_nothing_and_it_is_noted() {
    let app = app().await;
    let tenant = app.tenant().await;
    let id = invited(&app, &tenant, "bia@example.com").await;
    let token = mailed_invitation(&app, &id).await;
    let gone = app.send(withdraw(tenant.token(Role::Admin), &id)).await;
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    assert_eq!(app.send(accept(&token, PASSWORD)).await.refusal(), (410, "INVITATION_EXPIRED"));
    assert_eq!(reasons(&app).await, [["withdrawn"]]);
    let audited = "SELECT actor_id, subject_id FROM kernel.audit_log WHERE action = 'invitation.withdrawn'";
    assert_eq!(app.database.rows(audited).await, [[tenant.user(Role::Admin).to_string(), id]]);
}

mod race {
    use super::*;

    #[tokio::test]
    async fn of_many_withdrawals_at_once_one_is_it() {
        let app = app().await;
        let tenant = app.tenant().await;
        let id = invited(&app, &tenant, "bia@example.com").await;
        let answers = app.send_at_once(vec![withdraw(tenant.owner(), &id); 8]).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 204).count(), 1);
        for late in answers.iter().filter(|answer| answer.status != 204) {
            assert_eq!(late.refusal(), (404, "INVITATION_NOT_FOUND"));
        }
        let told = "SELECT count(*) FROM kernel.audit_log WHERE action = 'invitation.withdrawn'";
        assert_eq!(app.database.value(told).await, "1");
    }

    #[tokio::test]
    async fn of_a_withdrawal_and_an_acceptance_at_once_one_wins() {
        let app = app().await;
        let tenant = app.tenant().await;
        for round in 0..20 {
            let id = invited(&app, &tenant, &format!("bia{round}@example.com")).await;
            let token = mailed_invitation(&app, &id).await;
            let answers =
                app.send_at_once(vec![accept(&token, PASSWORD), withdraw(tenant.owner(), &id)]).await;
            let joined =
                app.database.value("SELECT count(*) FROM identity.memberships WHERE name = 'Bia Lima'").await;
            if answers[0].status == 201 {
                assert_eq!(answers[1].refusal(), (404, "INVITATION_NOT_FOUND"), "{round}");
                assert_eq!(joined, "1", "{round}");
            } else {
                assert_eq!(answers[0].refusal(), (410, "INVITATION_EXPIRED"), "{round}");
                assert_eq!((answers[1].status, joined.as_str()), (204, "0"), "{round}");
            }
            app.database.run("UPDATE identity.memberships SET name = 'Eva' WHERE name = 'Bia Lima'").await;
        }
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn another_clinics_one_that_is_over_and_an_unknown_one_are_alike_not_found() {
        let app = app().await;
        let (tenant, other) = (app.tenant().await, app.tenant().await);
        let foreign = invited(&app, &other, "bia@example.com").await;
        let accepted = invited(&app, &tenant, "eva@example.com").await;
        let token = mailed_invitation(&app, &accepted).await;
        assert_eq!(app.send(accept(&token, PASSWORD)).await.status, 201);
        let withdrawn = invited(&app, &tenant, "lia@example.com").await;
        assert_eq!(app.send(withdraw(tenant.owner(), &withdrawn)).await.status, 204);
        let unknown = "01890a5d-ac96-774b-bcce-b302099a8fff";
        for id in [&foreign, &accepted, &withdrawn, unknown] {
            let refused = app.send(withdraw(tenant.owner(), id)).await;
            assert_eq!(refused.refusal(), (404, "INVITATION_NOT_FOUND"), "{id}");
        }
        assert_eq!(reasons(&app).await, [["open"], ["accepted"], ["withdrawn"]]);
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn after_seven_days_there_is_nothing_to_withdraw() {
        for (early, expected) in [(1, 204), (0, 404)] {
            let app = app().await;
            let tenant = app.tenant().await;
            let id = invited(&app, &tenant, "bia@example.com").await;
            app.clock.advance(SignedDuration::from_hours(7 * 24) - SignedDuration::from_micros(early));
            let token =
                app.signer.issue(&tenant.principal(Role::Owner), tenant.clinic, app.clock.now()).unwrap();
            assert_eq!(app.send(withdraw(&token, &id)).await.status, expected, "{early}");
        }
    }

    #[tokio::test]
    async fn a_malformed_id_is_400() {
        let app = app().await;
        let tenant = app.tenant().await;
        assert_eq!(app.send(withdraw(tenant.owner(), "7")).await.refusal(), (400, "INVALID_UUID"));
    }
}
