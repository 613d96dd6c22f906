//! How Postgres really runs a statement, and everything that runs inside it: foreign-key checks and function bodies.

use serde_json::Value;
use std::sync::{Arc, Mutex};
use testkit::TestDatabase;
use tokio_postgres::{AsyncMessage, Client, NoTls};

/// A session under a module's role that tells the plan of everything it runs.
pub(crate) struct Session {
    pub(crate) client: Client,
    plans: Arc<Mutex<Vec<Value>>>,
}

/// Makes every session on this database report its plans, with what really happened in them.
pub(crate) async fn report_plans(database: &TestDatabase) {
    let settings = [
        ("session_preload_libraries", "auto_explain"),
        ("auto_explain.log_min_duration", "0"),
        ("auto_explain.log_analyze", "on"),
        ("auto_explain.log_timing", "off"),
        ("auto_explain.log_nested_statements", "on"),
        ("auto_explain.log_format", "json"),
        ("auto_explain.log_level", "notice"),
    ];
    // The settings of a library are known once it is loaded.
    let mut sql = vec!["LOAD 'auto_explain'".to_owned()];
    sql.extend(
        settings.map(|(name, value)| format!("ALTER DATABASE {} SET {name} = '{value}'", database.name())),
    );
    database.run(&sql.join(";")).await;
}

impl Session {
    /// Opens it.
    pub(crate) async fn open(database: &TestDatabase, role: &str) -> Self {
        let (client, mut connection) = tokio_postgres::connect(&database.url(role), NoTls).await.unwrap();
        let plans = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&plans);
        tokio::spawn(async move {
            while let Some(Ok(message)) =
                std::future::poll_fn(|context| connection.poll_message(context)).await
            {
                if let AsyncMessage::Notice(notice) = message
                    && let Some((_, plan)) = notice.message().split_once("plan:\n")
                {
                    heard.lock().unwrap().push(serde_json::from_str(plan).unwrap());
                }
            }
        });
        Self { client, plans }
    }

    /// The plans reported since the last time.
    pub(crate) fn take_plans(&self) -> Vec<Value> {
        std::mem::take(&mut self.plans.lock().unwrap())
    }
}

/// What is wrong with a plan: sequential scans, and filters that throw away most of what they read.
pub(crate) fn faults(plan: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let node = &plan["Node Type"];
    let relation = plan["Relation Name"].as_str().unwrap_or("");
    if node == "Seq Scan" {
        faults.push(format!("reads all of {relation}"));
    }
    let number = |name: &str| plan[name].as_f64().unwrap_or(0.0);
    let kept = number("Actual Rows") * number("Actual Loops").max(1.0);
    let removed = number("Rows Removed by Filter") + number("Rows Removed by Index Recheck");
    if removed > 10.0 * kept.max(1.0) {
        faults.push(format!("reads {removed} rows of {relation} to keep {kept}"));
    }
    for inner in plan["Plans"].as_array().into_iter().flatten() {
        faults.extend(self::faults(inner));
    }
    faults
}
