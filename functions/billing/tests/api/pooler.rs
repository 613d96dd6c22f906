//! Why statements are unnamed: behind a transaction pooler, names clash.

use super::{app, balance, income, patient, record};
use tokio_postgres::NoTls;

#[tokio::test]
async fn a_named_statement_breaks_behind_a_pooler_and_ours_do_not() {
    let (app, tenant) = app().await;
    let mut clients = Vec::new();
    for _ in 0..2 {
        let url = app.database.function_url("billing");
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        clients.push(client);
    }

    clients[0].batch_execute("PREPARE named AS SELECT 1").await.unwrap();
    let second = clients[1].batch_execute("PREPARE named AS SELECT 2").await;
    let clash = second.err().and_then(|error| Some(error.code()?.code().to_owned()));

    // Two clients share the pooler's one server connection, and so its names (42P05: it exists already).
    assert_eq!(clash.as_deref(), app.database.is_pooled().then_some("42P05"));
    let patient = patient(&app, &tenant).await;
    assert_eq!(app.send(record(&tenant, &income(&patient), "k")).await.status, 201);
    assert_eq!(balance(&app, &tenant, &patient).await.data()["balanceMinor"], 15_000);
}
