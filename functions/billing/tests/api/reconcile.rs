use super::{app, card, lost, patient, pay};
use jiff::SignedDuration;
use payment_sandbox::Fault;
use std::sync::Arc;
use testkit::{Tenant, TestApp, warned};

/// What a run says does not fit of what has that id, a payment or a clinic.
async fn alarms(app: &TestApp, id: &str) -> Vec<String> {
    let of_id = || {
        warned("payment.alarm").into_iter().filter(|line| line.contains("does_not_fit") && line.contains(id))
    };
    let before = of_id().count();
    app.work("reconcile", None).await.unwrap();
    let reason = |line: String| line.split("reason=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    of_id().skip(before).map(reason).collect()
}

async fn paid(app: &TestApp, tenant: &Tenant, key: &str) -> String {
    let patient = patient(app, tenant).await;
    let paid = app.send(pay(tenant, &card(&patient, "pm_card_visa"), key)).await;
    paid.data()["paymentId"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_fits_raises_no_alarm_and_what_does_not_raises_one_and_is_not_mended() {
    let (app, tenant) = app().await;
    let good = paid(&app, &tenant, "1").await;
    let patient = patient(&app, &tenant).await;
    let unbooked = lost(&app, &tenant, &patient, "pm_sandbox_lost", "2").await;
    app.clock.advance(SignedDuration::from_mins(16));
    assert_eq!(alarms(&app, &good).await, [] as [&str; 0]);
    assert_eq!(alarms(&app, &unbooked).await, ["taken_and_not_booked"]);
    let still = format!("SELECT status FROM billing.payments WHERE id = '{unbooked}'");
    assert_eq!(app.database.value(&still).await, "pending");
}

mod race {
    use super::*;

    #[tokio::test]
    async fn a_run_while_payments_are_taken_finds_nothing_wrong_with_them() {
        let (app, tenant) = app().await;
        for key in ["1", "2", "3"] {
            paid(&app, &tenant, key).await;
        }
        app.clock.advance(SignedDuration::from_mins(16));
        let mut requests = Vec::new();
        for number in 0..12 {
            requests.push(pay(
                &tenant,
                &card(&patient(&app, &tenant).await, "pm_card_visa"),
                &format!("n{number}"),
            ));
        }
        let clinic = tenant.clinic.to_string();
        let running = tokio::spawn({
            let app = Arc::clone(&app);
            async move { alarms(&app, &clinic).await }
        });
        app.send_at_once(requests).await;
        assert_eq!(running.await.unwrap(), [] as [&str; 0]);
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn a_ledger_that_was_changed_behind_its_back_is_told() {
        let (app, tenant) = app().await;
        let id = paid(&app, &tenant, "1").await;
        app.clock.advance(SignedDuration::from_mins(16));
        let sql =
            format!("UPDATE billing.transfers SET amount_minor = 1 WHERE source_id = '{id}' RETURNING 1");
        app.database.value(&sql).await;
        assert_eq!(alarms(&app, &id).await, ["ledger_differs"]);
    }

    #[tokio::test]
    async fn without_the_providers_list_the_run_fails_and_says_nothing() {
        let (app, tenant) = app().await;
        paid(&app, &tenant, "1").await;
        app.clock.advance(SignedDuration::from_mins(16));
        app.payments.fail_next(Fault::Error500);
        assert!(app.work("reconcile", None).await.is_err());
    }

    #[tokio::test]
    async fn its_role_changes_nothing_and_sees_nobody() {
        let (app, _) = app().await;
        for refused in [
            "SELECT patient_id FROM billing.payments",
            "SELECT payer FROM billing.payments",
            "UPDATE billing.payments SET status = 'failed'",
            "SELECT patient_id FROM billing.transfers",
        ] {
            assert_eq!(
                app.database.run_as("payment_reconciler", refused).await,
                Err("42501".to_owned()),
                "{refused}"
            );
        }
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn what_is_younger_than_a_quarter_of_an_hour_may_still_be_found_out() {
        let (app, tenant) = app().await;
        let patient = patient(&app, &tenant).await;
        let id = lost(&app, &tenant, &patient, "pm_sandbox_lost", "1").await;
        app.clock.advance(SignedDuration::from_mins(15));
        assert_eq!(alarms(&app, &id).await, [] as [&str; 0]);
        app.clock.advance(SignedDuration::from_millis(1));
        assert_eq!(alarms(&app, &id).await, ["taken_and_not_booked"]);
        app.clock.advance(SignedDuration::from_hours(25));
        assert_eq!(alarms(&app, &id).await, [] as [&str; 0], "a day later it is another run's");
    }
}
