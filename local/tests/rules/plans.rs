//! How Postgres really ran statements, and everything that ran inside them: foreign-key checks and function bodies.

use serde_json::{Value, json};
use testkit::TestDatabase;

/// Where an entry of the log has the plan that it tells.
const PLAN: &str = "plan:";

/// The plans of everything that runs in a database, as its Postgres tells them in its log.
pub(crate) struct Plans {
    database: String,
    read: usize,
}

/// A statement that ran.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) role: String,
    pub(crate) sql: String,
    pub(crate) plan: Value,
}

impl Plans {
    /// Makes every later session on this database report its plans, with what really happened in them.
    pub(crate) async fn of(database: &TestDatabase) -> Self {
        let settings = [
            ("session_preload_libraries", "auto_explain"),
            ("auto_explain.log_min_duration", "0"),
            ("auto_explain.log_analyze", "on"),
            ("auto_explain.log_timing", "off"),
            ("auto_explain.log_nested_statements", "on"),
            ("auto_explain.log_format", "json"),
            ("auto_explain.log_parameter_max_length", "0"),
        ];
        // The settings of a library are known once it is loaded.
        let mut sql = vec!["LOAD 'auto_explain'".to_owned()];
        sql.extend(
            settings
                .map(|(name, value)| format!("ALTER DATABASE {} SET {name} = '{value}'", database.name())),
        );
        database.run(&sql.join(";")).await;
        let read = std::fs::read(TestDatabase::server_log()).unwrap().len();
        Self { database: format!("{}|", database.name()), read }
    }

    /// What ran since the last time under the roles of functions.
    pub(crate) fn take(&mut self) -> Vec<Ran> {
        let log = std::fs::read(TestDatabase::server_log()).unwrap();
        let new = String::from_utf8_lossy(&log[self.read..]).into_owned();
        self.read = log.len();
        let mut entries: Vec<String> = Vec::new();
        for line in new.lines() {
            match (line.strip_prefix('\t'), entries.last_mut()) {
                (Some(more), Some(entry)) => entry.push_str(more),
                // The rest of another database's entry, which was being written the last time.
                (Some(_), None) => {}
                (None, _) => entries.push(line.to_owned()),
            }
        }
        entries.iter().filter_map(|entry| self.ran(entry)).collect()
    }

    fn ran(&self, entry: &str) -> Option<Ran> {
        let (role, rest) = entry.strip_prefix(&self.database)?.split_once('|')?;
        let (_, plan) = rest.split_once(PLAN)?;
        let told: Value = serde_json::from_str(plan).unwrap();
        let sql = told["Query Text"].as_str()?.to_owned();
        (role != "postgres").then(|| Ran { role: role.to_owned(), sql, plan: told["Plan"].clone() })
    }
}

/// Tables of which one clinic has so many rows at most: to look through those of a clinic is no matter.
const BOUNDED: [(&str, f64); 1] = [("webhook_endpoints", 20.0)];

/// How many elements a list may have that is looked through: a parameter of the statement, and no table.
const ELEMENTS: f64 = 100.0;

/// So many rows are no matter to read, whatever is kept of them: a page has as many.
const FEW: f64 = 50.0;

/// A table of a row a module.
const TINY: &str = "readiness_probes";

/// What is wrong with a plan: sequential scans, filters that throw away most of what they read, and conditions of a
/// transaction that are asked of rows which a join would leave out.
pub(crate) fn faults(plan: &Value) -> Vec<String> {
    faults_within(plan, false)
}

fn faults_within(plan: &Value, is_joined: bool) -> Vec<String> {
    let mut faults = Vec::new();
    let node = &plan["Node Type"];
    let relation = plan["Relation Name"].as_str().unwrap_or("");
    if node == "Seq Scan" && relation != TINY {
        faults.push(format!("reads all of {relation}"));
    }
    let number = |name: &str| plan[name].as_f64().unwrap_or(0.0);
    let kept = number("Actual Rows") * number("Actual Loops").max(1.0);
    let removed = number("Rows Removed by Filter") + number("Rows Removed by Index Recheck");
    let is_bounded = BOUNDED.iter().any(|(table, rows)| *table == relation && removed <= *rows)
        || (node == "Function Scan" && removed <= ELEMENTS);
    if removed > FEW.max(10.0 * kept) && !is_bounded {
        faults.push(format!("reads {removed} rows of {relation} to keep {kept}"));
    }
    let asks = |name: &str| plan[name].as_str().is_some_and(|condition| condition.contains("kernel.ensure("));
    if is_joined && !relation.is_empty() && ["Filter", "Index Cond", "Recheck Cond"].into_iter().any(asks) {
        faults.push(format!("asks kernel.ensure of rows of {relation} that a join may leave out"));
    }
    let is_joined = is_joined || plan["Join Type"].is_string();
    for inner in plan["Plans"].as_array().into_iter().flatten() {
        faults.extend(faults_within(inner, is_joined));
    }
    faults
}

#[test]
fn a_condition_that_is_asked_of_a_table_below_a_join_is_told_and_one_of_a_row_alone_is_not() {
    let scan = |relation: &str| json!({ "Node Type": "Index Scan", "Relation Name": relation, "Filter": "kernel.ensure((status = 'x'::text), 'c'::text)" });
    let of_cte =
        json!({ "Node Type": "CTE Scan", "CTE Name": "payment", "Filter": "kernel.ensure(true, 'c'::text)" });
    let join = |inner: Value| json!({ "Node Type": "Hash Join", "Join Type": "Inner", "Plans": [{ "Node Type": "Hash", "Plans": [inner] }] });
    let told = ["asks kernel.ensure of rows of payments that a join may leave out"];
    assert_eq!(faults(&join(scan("payments"))), told);
    assert_eq!(faults(&join(of_cte)), Vec::<String>::new());
    assert_eq!(faults(&scan("payments")), Vec::<String>::new());
}
