//! What the database lets whom do, and what it holds everybody to, as committed lists that a person reads
//! (`golden/*.txt`; that of the templates is made in `shapes`). A change of the schema changes a list, and the diff in
//! review says what that lets happen. Nothing here writes the lists: a test that finds another one leaves it in the target
//! folder and says how to take it over.

use regex::Regex;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use testkit::TestDatabase;

/// Schemas of ours; the runner's own list of migrations is not.
const OURS: &str = "n.nspname IN ('kernel', 'identity', 'patients', 'scheduling', 'clinical', 'billing', 'insights', 'platform')";

/// Who may do what with which columns: tables, views, schemas and functions, those that are still to be made included,
/// every role that is not a superuser.
const GRANTS: &str = "
    WITH granted AS (
        SELECT a.grantee, n.nspname || '.' || c.relname AS object, a.privilege_type AS verb, '' AS columns
          FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
         CROSS JOIN aclexplode(c.relacl) AS a
         WHERE {ours} AND a.grantee <> c.relowner
        UNION ALL
        SELECT a.grantee, n.nspname || '.' || c.relname, a.privilege_type,
               ' (' || string_agg(t.attname, ', ' ORDER BY t.attname) || ')'
          FROM pg_attribute AS t JOIN pg_class AS c ON c.oid = t.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
         CROSS JOIN aclexplode(t.attacl) AS a
         WHERE {ours}
         GROUP BY 1, 2, 3
        UNION ALL
        SELECT a.grantee, n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
               a.privilege_type, ''
          FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
         CROSS JOIN aclexplode(COALESCE(p.proacl, acldefault('f', p.proowner))) AS a
         WHERE {ours} AND a.grantee <> p.proowner
        UNION ALL
        SELECT a.grantee, 'schema ' || n.nspname, a.privilege_type, ''
          FROM pg_namespace AS n CROSS JOIN aclexplode(n.nspacl) AS a
         WHERE {ours} AND a.grantee <> n.nspowner
        UNION ALL
        SELECT a.grantee,
               'what ' || d.defaclrole::regrole || ' will make'
               || COALESCE(' in ' || NULLIF(d.defaclnamespace, 0)::regnamespace, '') || ': '
               || CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions'
                       WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' ELSE d.defaclobjtype::text END,
               a.privilege_type, ''
          FROM pg_default_acl AS d CROSS JOIN aclexplode(d.defaclacl) AS a)
    SELECT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END || E'\\t' || object || E'\\t'
           || string_agg(verb || columns, ', ' ORDER BY verb, columns)
      FROM granted GROUP BY grantee, object ORDER BY 1";

/// What each role is, of whom it is a member, and what it owns besides.
const ROLES: &str = "
    SELECT r.rolname || E'\\t'
           || concat_ws(', ', CASE WHEN r.rolcanlogin THEN 'logs in' END, CASE WHEN r.rolsuper THEN 'SUPERUSER' END,
                        CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END, CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END,
                        CASE WHEN r.rolcreatedb THEN 'CREATEDB' END, CASE WHEN r.rolreplication THEN 'REPLICATION' END)
           || E'\\t'
           || COALESCE((SELECT string_agg(m.roleid::regrole::text || CASE WHEN m.inherit_option THEN ' (inherits)' ELSE '' END
                               || CASE WHEN m.set_option THEN ' (may become)' ELSE '' END
                               || CASE WHEN m.admin_option THEN ' (may grant)' ELSE '' END, ', '
                               ORDER BY m.roleid::regrole::text, m.admin_option)
                          FROM pg_auth_members AS m WHERE m.member = r.oid), '')
      FROM pg_roles AS r WHERE r.rolname !~ '^(pg_|guarded)' AND r.rolname <> 'postgres' ORDER BY 1";

/// Who sees and writes which rows.
const POLICIES: &str = "
    SELECT schemaname || '.' || tablename || E'\\t' || policyname || E'\\t' || cmd || ' to ' || array_to_string(roles, ', ')
           || CASE permissive WHEN 'PERMISSIVE' THEN '' ELSE ' ' || permissive END
           || COALESCE(E'\\n      USING ' || qual, '') || COALESCE(E'\\n      WITH CHECK ' || with_check, '')
      FROM pg_policies ORDER BY 1";

/// What every row is held to: constraints and indexes.
const CONSTRAINTS: &str = "
    SELECT n.nspname || '.' || c.relname || E'\\t' || k.conname || E'\\t' || pg_get_constraintdef(k.oid)
      FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE {ours} AND k.contype <> 'n' AND c.relname <> 'schema_migrations'
    UNION ALL
    SELECT n.nspname || '.' || c.relname || E'\\t' || i.relname || E'\\t'
           || regexp_replace(pg_get_indexdef(x.indexrelid), ' INDEX .* USING', ' INDEX')
      FROM pg_index AS x JOIN pg_class AS i ON i.oid = x.indexrelid JOIN pg_class AS c ON c.oid = x.indrelid
      JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE {ours} AND c.relname <> 'schema_migrations'
       AND NOT EXISTS (SELECT 1 FROM pg_constraint AS k WHERE k.conindid = x.indexrelid AND k.conrelid = c.oid)
     ORDER BY 1";

/// What a row has: each column with its type, whether it may be left out, and what stands in it then; what it is made by.
const COLUMNS: &str = "
    SELECT n.nspname || '.' || c.relname || CASE c.relpersistence WHEN 'p' THEN '' ELSE ' -- persistence: ' || c.relpersistence::text END
           || E'\\t' || t.attname || E'\\t' || format_type(t.atttypid, t.atttypmod)
           || CASE WHEN NOT t.attnotnull THEN ', or NULL' ELSE '' END
           || CASE t.attidentity WHEN '' THEN '' ELSE ', identity ' || t.attidentity::text END
           || CASE t.attgenerated WHEN '' THEN '' ELSE ', generated ' || t.attgenerated::text END
           || COALESCE(', unless given: ' || pg_get_expr(d.adbin, d.adrelid), '')
      FROM pg_attribute AS t JOIN pg_class AS c ON c.oid = t.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
      LEFT JOIN pg_attrdef AS d ON d.adrelid = t.attrelid AND d.adnum = t.attnum
     WHERE {ours} AND c.relkind IN ('r', 'p') AND t.attnum > 0 AND NOT t.attisdropped AND c.relname <> 'schema_migrations'
     ORDER BY 1";

/// What modules show each other, and what runs under another's name: views, functions and triggers.
const PUBLISHED: &str = "
    SELECT 'view ' || n.nspname || '.' || c.relname || E'\\tof ' || c.relowner::regrole || E'\\t'
           || COALESCE(array_to_string(c.reloptions, ', ') || ': ', '')
           || (SELECT string_agg(t.attname || ' ' || format_type(t.atttypid, t.atttypmod), ', ' ORDER BY t.attnum)
                 FROM pg_attribute AS t WHERE t.attrelid = c.oid AND t.attnum > 0)
           || E'\\n' || pg_get_viewdef(c.oid, true)
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE {ours} AND c.relkind IN ('v', 'm')
    UNION ALL
    SELECT 'function ' || n.nspname || '.' || p.proname || E'\\tof ' || p.proowner::regrole || E'\\t'
           || concat_ws(', ', CASE WHEN p.prosecdef THEN 'SECURITY DEFINER' END, array_to_string(p.proconfig, ', '))
           || E'\\n' || pg_get_functiondef(p.oid)
      FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE {ours}
    UNION ALL
    SELECT 'trigger ' || n.nspname || '.' || c.relname || E'\\t' || t.tgname || E'\\t' || pg_get_triggerdef(t.oid)
           || CASE t.tgenabled WHEN 'O' THEN '' ELSE ' -- enabled: ' || t.tgenabled::text END
      FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE {ours} AND NOT t.tgisinternal
     ORDER BY 1";

fn committed(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules/golden").join(format!("{name}.txt"))
}

/// A line with the settings that policies compare with by their names alone.
fn short(line: &str) -> String {
    let setting =
        Regex::new(r"\(NULLIF\(current_setting\('(app\.\w+)'::text, true\), ''::text\)\)::uuid").unwrap();
    setting.replace_all(line, "$1").replace("(CURRENT_USER)::text", "CURRENT_USER")
}

/// The lines of a text, each with the heading that it stands under; of a heading what is before its colon.
fn located(text: &str) -> Vec<(&str, &str)> {
    let mut heading = "";
    let lines = text.lines().map(|line| {
        if line.starts_with(' ') {
            return (heading, line);
        }
        heading = line.split(": ").next().unwrap_or(line);
        ("", line)
    });
    lines.collect()
}

/// The lines of `now` that `then` does not have, and the other way round.
fn difference(then: &str, now: &str) -> String {
    let (then, now) = (located(then), located(now));
    let mut text = String::new();
    for (sign, from, other) in [('-', &then, &now), ('+', &now, &then)] {
        let mut last = "";
        for (heading, line) in from.iter().filter(|line| !other.contains(line)) {
            if *heading != last {
                let _ = writeln!(text, "  {heading}");
            }
            last = heading;
            let _ = writeln!(text, "{sign} {line}");
        }
    }
    text
}

async fn holds(name: &str, query: &str) {
    let database = TestDatabase::clone_template().await;
    let rows = database.rows(&query.replace("{ours}", OURS)).await;
    let columns: Vec<Vec<&str>> = rows.iter().map(|row| row[0].splitn(3, '\t').collect()).collect();
    let mut now = String::new();
    let mut last = "";
    for row in &columns {
        if !last.is_empty() && row[0] != last && name != "roles" {
            now.push('\n');
        }
        last = row[0];
        let _ = writeln!(now, "{}", short(&row.join("  ")).trim_end());
    }
    assert!(rows.len() > 5, "{name}: nothing to look at");
    compare(name, &now);
}

/// Holds a text against the committed list of that name.
pub(crate) fn compare(name: &str, now: &str) {
    let then = std::fs::read_to_string(committed(name)).unwrap_or_default();
    let found = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.txt"));
    std::fs::write(&found, now).unwrap();
    assert!(
        now == then,
        "golden/{name}.txt says otherwise:\n{}\nWhat this lets whom do is for a person to judge. If it is meant:\n\
         cp {} {}",
        difference(&then, now),
        found.display(),
        committed(name).display()
    );
}

#[tokio::test]
async fn who_may_do_what_is_what_the_list_says() {
    holds("grants", GRANTS).await;
}

#[tokio::test]
async fn what_a_role_is_is_what_the_list_says() {
    holds("roles", ROLES).await;
}

#[tokio::test]
async fn who_sees_which_rows_is_what_the_list_says() {
    holds("policies", POLICIES).await;
}

#[tokio::test]
async fn what_rows_are_held_to_is_what_the_list_says() {
    holds("constraints", CONSTRAINTS).await;
}

#[tokio::test]
async fn what_a_row_has_is_what_the_list_says() {
    holds("columns", COLUMNS).await;
}

#[tokio::test]
async fn what_is_published_and_runs_for_others_is_what_the_list_says() {
    holds("published", PUBLISHED).await;
}

/// Policies for roles that requests log in with, beside those of the caller's clinic.
const BY_ACCOUNT: [&str; 7] = [
    // Before it is known which clinic, an account sees where it belongs, and its sign-ins are told there.
    "identity.memberships own_account",
    "identity.clinics own_account",
    "kernel.audit_log own_account_inserts",
    // A new password ends the account's sessions and links, wherever they are.
    "identity.sessions own_account",
    "identity.sessions own_account_ends",
    "identity.password_resets own_account",
    // Whose an address is that a link was asked for, is not known yet.
    "identity.password_reset_requests of_nobody",
];

/// Policies for roles that requests log in with that do not compare with the clinic in what they show or in what they
/// take, or let something else do instead.
async fn open_policies(database: &TestDatabase) -> Vec<String> {
    let modules: Vec<&str> = grafono::modules().iter().map(|module| module.name).collect();
    let sql = format!(
        "SELECT schemaname || '.' || tablename || ' ' || policyname, cmd, permissive, COALESCE(qual, ''),
                COALESCE(with_check, qual, '')
           FROM pg_policies
          WHERE roles && '{{public,modules,identity_published,patients_published,kernel_turns,{}}}'::name[]
          ORDER BY 1",
        modules.join(",")
    );
    let rows = database.rows(&sql).await;
    // The comparison is the whole, or the first of what must all hold.
    let compares = |text: &str| {
        let text = short(text);
        ["clinic_id", "id"].iter().any(|column| {
            let comparison = format!("({column} = app.clinic_id)");
            text == comparison || text.starts_with(&format!("({comparison} AND "))
        })
    };
    let is_open = |row: &Vec<String>| {
        let (shows, takes) = (row[1] != "INSERT", matches!(row[1].as_str(), "ALL" | "INSERT" | "UPDATE"));
        row[2] != "PERMISSIVE" || (shows && !compares(&row[3])) || (takes && !compares(&row[4]))
    };
    rows.iter().filter(|row| is_open(row)).map(|row| row[0].clone()).collect()
}

#[tokio::test]
async fn a_policy_of_a_role_that_requests_log_in_with_names_the_clinic_in_what_it_shows_and_in_what_it_takes()
{
    let mut known: Vec<&str> = BY_ACCOUNT.to_vec();
    known.sort_unstable();
    assert_eq!(open_policies(&TestDatabase::clone_template().await).await, known);
    for planted in [
        "CREATE POLICY planted ON kernel.jobs FOR SELECT TO platform USING (true)",
        "ALTER POLICY own_clinic ON billing.transfers WITH CHECK (true)",
        "ALTER POLICY own_clinic ON identity.email_verifications USING (used_at IS NULL)",
    ] {
        let database = TestDatabase::clone_template().await;
        database.run(planted).await;
        assert_eq!(open_policies(&database).await.len(), known.len() + 1, "{planted}");
    }
}

#[test]
fn a_line_more_and_a_line_less_are_told() {
    assert_eq!(difference("a\nb\n", "b\nc\n"), "- a\n+ c\n");
    assert_eq!(difference("a: x\n  c\nb: y\n  c\n", "a: z\n  c\nb: y\n"), "- a: x\n  b\n-   c\n+ a: z\n");
}
