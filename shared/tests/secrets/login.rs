//! A role with a password that can be changed, on a database with one table.

use crate::stores::Environment;
use std::time::Duration;
use testkit::{AwsEmulator, TestDatabase};

/// What every role begins with.
const PASSWORD: &str = "canary-password-1";

pub(crate) struct Login {
    database: TestDatabase,
    role: String,
}

impl Login {
    /// A role of that name, which is new.
    pub(crate) async fn new(role: &str) -> Self {
        testkit::watch_logs();
        let database = TestDatabase::clone_template().await;
        database.add_guarded_role(role, PASSWORD).await;
        let grants = format!(
            "CREATE TABLE public.effects (word text NOT NULL);
            GRANT USAGE ON SCHEMA public TO {role}; GRANT SELECT, INSERT ON public.effects TO {role}"
        );
        database.run(&grants).await;
        Self { database, role: role.to_owned() }
    }

    /// Another user who works as this role, made as operations are told to make one.
    pub(crate) async fn beside(&self, user: &str) -> Self {
        let database = self.database.clone();
        database.add_guarded_role(user, PASSWORD).await;
        database.run(&format!("GRANT {0} TO {user}; ALTER ROLE {user} SET role = '{0}'", self.role)).await;
        Self { database, role: user.to_owned() }
    }

    /// The address with the role's password.
    pub(crate) fn url(&self) -> String {
        self.url_with(PASSWORD)
    }

    /// The address with another password.
    pub(crate) fn url_with(&self, password: &str) -> String {
        format!("{}&password={password}", self.database.url(&self.role))
    }

    /// An environment whose database is a secret with this address, and the secret's ARN.
    pub(crate) async fn kept(&self) -> (Environment, String) {
        let arn = AwsEmulator::running().await.keep(&self.url()).await;
        (Environment::emulated().await.with("DATABASE_URL_SECRET_ARN", arn.clone()), arn)
    }

    /// Changes the role in Postgres.
    pub(crate) async fn alter(&self, change: &str) {
        self.database.run(&format!("ALTER ROLE {} {change}", self.role)).await;
    }

    /// Ends all connections of the role, and waits until they are gone.
    pub(crate) async fn cut(&self) {
        let end = format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '{}'",
            self.role
        );
        assert_ne!(self.database.value(&end).await, "0", "there was nothing to cut");
        while self.backends().await != "0" {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// How many connections the role has.
    pub(crate) async fn backends(&self) -> String {
        let count = format!("SELECT count(*) FROM pg_stat_activity WHERE usename = '{}'", self.role);
        self.database.value(&count).await
    }

    /// The words in the table, in order.
    pub(crate) async fn words(&self) -> Vec<String> {
        let rows = self.database.rows("SELECT word FROM public.effects ORDER BY word").await;
        rows.into_iter().flatten().collect()
    }
}
