use crate::canary::CANARIES;
use crate::pooler::{Pooler, VARIABLE};
use postgres_cluster::{Cluster, Durability, Options, install, migrate};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio_postgres::config::{Config, Host};
use tokio_postgres::{NoTls, SimpleQueryMessage};

/// The migrated database that all others are cloned from.
const TEMPLATE: &str = "template_migrated";

static CLUSTER: OnceLock<Cluster> = OnceLock::new();
static POOLER: OnceLock<Option<Pooler>> = OnceLock::new();
static GUARDED: OnceCell<()> = OnceCell::const_new();
static NEXT: AtomicU32 = AtomicU32::new(1);

/// A database of a test's own.
#[derive(Debug, Clone)]
pub struct TestDatabase {
    name: String,
}

impl TestDatabase {
    /// A fresh clone of the template.
    pub async fn clone_template() -> Self {
        tokio::task::spawn_blocking(cluster).await.unwrap();
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::SeqCst));
        let admin = connect(&cluster().url("postgres", "postgres")).await;
        // A clone has the template's contents and not its privileges.
        for sql in [
            format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}"),
            format!("REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC"),
        ] {
            admin.batch_execute(&sql).await.unwrap();
        }
        Self { name }
    }

    /// The database's address under a role.
    pub fn url(&self, role: &str) -> String {
        cluster().url(role, &self.name)
    }

    /// The database's address under a module's role, for the module's functions: through the pooler when
    /// `GRAFONO_TEST_POOLER` is set, else directly.
    pub fn function_url(&self, role: &str) -> String {
        pooler().map_or_else(|| self.url(role), |pooler| pooler.url(role, &self.name))
    }

    /// Adds a role that logs in by its password alone; all other roles are trusted. The name must be new to this
    /// process's Postgres.
    pub async fn add_guarded_role(&self, role: &str, password: &str) {
        GUARDED.get_or_init(|| self.guard()).await;
        self.run(&format!("CREATE ROLE {role} LOGIN PASSWORD '{password}' IN ROLE guarded")).await;
    }

    /// Requires a password of the members of the role `guarded` from now on.
    async fn guard(&self) {
        self.run("CREATE ROLE guarded NOLOGIN; CREATE ROLE guarded_probe LOGIN IN ROLE guarded").await;
        let file = self.value("SHOW hba_file").await;
        let lines = "(VALUES ('local all +guarded scram-sha-256'), ('local all all trust'))";
        self.run(&format!("COPY {lines} TO '{file}'; SELECT pg_reload_conf()")).await;
        let probe: Config = self.url("guarded_probe").parse().unwrap();
        // The server reads the file a moment after it is told to.
        while probe.connect(NoTls).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Whether functions reach the database through the pooler.
    pub fn is_pooled(&self) -> bool {
        pooler().is_some()
    }

    /// The database's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The log of the test's Postgres. Each entry begins with `<database>|<role>|`.
    pub fn server_log() -> &'static Path {
        cluster().log()
    }

    /// Runs SQL as a superuser, whom no policy binds.
    pub async fn run(&self, sql: &str) {
        self.run_as("postgres", sql).await.unwrap();
    }

    /// Runs SQL under a role; the SQLSTATE when it is refused.
    pub async fn run_as(&self, role: &str, sql: &str) -> Result<Vec<Vec<String>>, String> {
        let messages = connect(&self.url(role)).await.simple_query(sql).await;
        let messages =
            messages.map_err(|error| error.code().map_or_else(String::new, |code| code.code().to_owned()))?;
        let rows = messages.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|column| row.get(column).unwrap_or("NULL").to_owned()).collect())
            }
            _ => None,
        });
        Ok(rows.collect())
    }

    /// The SQLSTATE and the constraint that SQL fails with as a superuser; `None` when it passes.
    pub async fn refusal(&self, sql: &str) -> Option<(String, String)> {
        let error = connect(&self.url("postgres")).await.batch_execute(sql).await.err()?;
        let error = error.as_db_error().unwrap();
        Some((error.code().code().to_owned(), error.constraint().unwrap_or_default().to_owned()))
    }

    /// The tables that a role may delete from, of a role that may do nothing else: it is refused whole rows, insertions and
    /// changes in each table and view.
    pub async fn only_deletes(&self, role: &str) -> Vec<String> {
        let sql = "SELECT n.nspname || '.' || c.relname
                     FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                    WHERE c.relkind IN ('r', 'v') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
                    ORDER BY 1";
        let mut tables = Vec::new();
        for table in self.rows(sql).await.into_iter().flatten() {
            let verbs = [
                format!("SELECT t FROM {table} AS t"),
                format!("INSERT INTO {table} DEFAULT VALUES"),
                self.update_of(&table).await,
            ];
            let is_view = table.contains(".published_");
            for denied in verbs.iter().take(if is_view { 2 } else { 3 }) {
                // A view that joins takes no rows from anybody: 55000.
                let refused = self.run_as(role, denied).await.unwrap_err();
                assert!(refused == "42501" || (refused == "55000" && is_view), "{refused} {denied}");
            }
            if self.run_as(role, &format!("DELETE FROM {table}")).await.is_ok() {
                tables.push(table);
            }
        }
        tables
    }

    /// A statement that changes the first column of a table, of all its rows.
    pub async fn update_of(&self, table: &str) -> String {
        let sql = "SELECT attname FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0
                      AND NOT attisdropped ORDER BY attnum LIMIT 1";
        let column = self.value(&sql.replace("{table}", table)).await;
        format!("UPDATE {table} SET {column} = DEFAULT")
    }

    /// All rows, as a superuser, each value as text.
    pub async fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        self.run_as("postgres", sql).await.unwrap()
    }

    /// The one value of the one row, as text.
    pub async fn value(&self, sql: &str) -> String {
        let mut rows = self.rows(sql).await;
        rows.pop().unwrap().pop().unwrap()
    }
}

/// A client of a database, for statements that a test sends past the API.
pub(crate) async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

fn pooler() -> Option<&'static Pooler> {
    let start = || {
        std::env::var_os(VARIABLE)?;
        let config: Config = cluster().url("postgres", "postgres").parse().unwrap();
        match config.get_hosts() {
            [Host::Unix(folder)] => Some(Pooler::start(folder)),
            hosts => unreachable!("the test cluster has a socket: {hosts:?}"),
        }
    };
    POOLER.get_or_init(start).as_ref()
}

/// The process's own cluster, with the template. It stops when the process ends, however it ends.
fn cluster() -> &'static Cluster {
    CLUSTER.get_or_init(|| {
        let started = std::thread::spawn(|| {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            let cluster = runtime.block_on(start());
            // The runtime lives as long as the process, because it looks after the cluster.
            std::mem::forget(runtime);
            cluster
        });
        started.join().unwrap()
    })
}

async fn start() -> Cluster {
    let home = install::home().unwrap();
    let installation = install::installation(&home).unwrap();
    let data = std::env::temp_dir().join(format!("grafono-test-{}", std::process::id()));
    let mut options = Options::new(installation, data);
    options.durability = Durability::Throwaway;
    for (name, value) in [("max_connections", "300"), ("log_line_prefix", "%d|%u|")] {
        options.settings.push((name.to_owned(), value.to_owned()));
    }
    let cluster = Cluster::start(options).await.unwrap();
    let admin = connect(&cluster.url("postgres", "postgres")).await;
    admin.batch_execute(&format!("CREATE DATABASE {TEMPLATE}")).await.unwrap();
    let config = cluster.url("postgres", TEMPLATE).parse().unwrap();
    migrate::migrate(&config, NoTls).await.unwrap();
    let template = connect(&cluster.url("postgres", TEMPLATE)).await;
    let canaries = CANARIES.join("|");
    let told =
        format!("ALTER TABLE kernel.outbox ADD CONSTRAINT outbox_canary CHECK (ids::text !~* '{canaries}')");
    template.batch_execute(&told).await.unwrap();
    cluster
}
