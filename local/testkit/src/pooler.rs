use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::time::Duration;

/// A `PgBouncer` in transaction mode with one server connection a database and role: the strictest stand-in for the
/// pooler of production. The pooler stops when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Pooler {
    folder: PathBuf,
    /// The pooler runs while this is open.
    _alive: ChildStdin,
}

/// The variable that sends the suite through the pooler.
pub(crate) const VARIABLE: &str = "GRAFONO_TEST_POOLER";

impl Pooler {
    /// Starts `pgbouncer` before the server whose socket is in `server`, as the user who runs that server.
    pub(crate) fn start(server: &Path) -> Self {
        let owner = fs::metadata(server).unwrap();
        let folder = std::env::temp_dir().join(format!("grafono-pooler-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let configuration = folder.join("pgbouncer.ini");
        fs::write(&configuration, ini(server, &folder)).unwrap();
        fs::write(folder.join("users"), users()).unwrap();
        let script =
            "pgbouncer \"$1\" >/dev/null 2>&1 & bouncer=$!; read -r _; kill -INT $bouncer; rm -rf \"$2\"";
        let mut command = Command::new("sh");
        command.args(["-c", script, "pooler"]).arg(&configuration).arg(&folder);
        command.stdin(Stdio::piped()).process_group(0);
        if owner.uid() != fs::metadata(&folder).unwrap().uid() {
            chown(&folder, Some(owner.uid()), Some(owner.gid())).unwrap();
            command.uid(owner.uid()).gid(owner.gid());
        }
        let alive = command.spawn().unwrap().stdin.take().unwrap();
        let pooler = Self { folder, _alive: alive };
        pooler.wait();
        pooler
    }

    /// A database's address through the pooler, under a role.
    pub(crate) fn url(&self, role: &str, database: &str) -> String {
        format!("postgresql:///{database}?host={}&port=6432&user={role}", self.folder.display())
    }

    #[expect(clippy::disallowed_methods, reason = "runs on a thread for blocking work")]
    fn wait(&self) {
        let socket = self.folder.join(".s.PGSQL.6432");
        for _ in 0..500 {
            if socket.exists() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        unreachable!("{VARIABLE} is set, but pgbouncer does not start: is it installed?");
    }
}

fn ini(server: &Path, folder: &Path) -> String {
    let (server, folder) = (server.display(), folder.display());
    format!(
        "[databases]\n* = host={server} port=5432\n[pgbouncer]\nlisten_addr =\nlisten_port = 6432\n\
         unix_socket_dir = {folder}\nauth_type = trust\nauth_file = {folder}/users\npool_mode = transaction\n\
         default_pool_size = 1\nmax_client_conn = 500\nserver_idle_timeout = 5\n"
    )
}

fn users() -> String {
    [
        "postgres",
        "identity",
        "patients",
        "billing",
        "platform",
        "relay",
        "webhook_deliverer",
        "bounce_recorder",
        "housekeeper",
        "identity_housekeeper",
        "payment_sweeper",
        "payment_reconciler",
        "ledger_sealer",
    ]
    .map(|role| format!("\"{role}\" \"\"\n"))
    .concat()
}
