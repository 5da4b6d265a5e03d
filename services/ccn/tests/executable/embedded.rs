//! The embedded database through all that a process goes through. Without PostgreSQL there is nothing to try.

use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use ccn::server::store;
use embedded_postgres::{Binaries, Embedded, Owner};
use keys::secret_file;

use crate::process::{Served, ccn};

pub fn no_postgresql() -> bool {
    let none = Binaries::find(std::env::var_os("PATH").as_deref(), None).is_err();
    if none {
        eprintln!("PostgreSQL is not installed: skipped");
    }
    none
}

/// Whether a server still has `data_dir` open.
fn server_runs(data_dir: &Path) -> bool {
    data_dir.join("postgres/data/postmaster.pid").exists()
}

/// A folder that other users may go through.
pub fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

#[test]
fn all_starts_serves_keeps_its_data_and_stops() {
    if no_postgresql() {
        return;
    }
    let folder = folder();
    let data_dir = folder.path().join("deep/data");
    let served = Served::start(ccn(), &data_dir).unwrap();
    let home = served.get("/");
    assert!(
        home.starts_with("HTTP/1.1 200") && home.contains("x-request-id:") && home.contains("Vous avez un chèque"),
        "{home}"
    );
    let state = served.get("/etat");
    assert!(
        state.starts_with("HTTP/1.1 200") && state.contains("funding"),
        "{state}"
    );
    assert!(served.get("/health/ready").starts_with("HTTP/1.1 200"));
    assert!(served.get("/metrics").contains("ccn_http_request_seconds"));
    let document = served.get("/openapi.json");
    assert!(
        document.contains("\"/issuer/v1/organisations\"") && document.contains("\"bearer\""),
        "{document}"
    );
    assert!(served.get("/nowhere").contains("urn:ccn:problem:not-found"));

    // The folder is taken while it runs.
    let refused = Served::start(ccn(), &data_dir).err().unwrap();
    assert!(refused.contains("Un autre ccn utilise déjà le dossier"), "{refused}");

    let key = std::fs::read_to_string(data_dir.join("secrets/operator.key")).unwrap();
    assert_eq!(served.signal("TERM"), Some(0));
    assert!(!server_runs(&data_dir));

    // Killed, it leaves its server behind; the next start makes an end of it, and finds keys and data.
    let served = Served::start(ccn(), &data_dir).unwrap();
    served.signal("KILL");
    assert!(server_runs(&data_dir));
    let served = Served::start(ccn(), &data_dir).unwrap();
    assert!(served.get("/catalogue/v1/services").starts_with("HTTP/1.1 200"));
    assert_eq!(
        std::fs::read_to_string(data_dir.join("secrets/operator.key")).unwrap(),
        key
    );
    assert_eq!(served.signal("INT"), Some(0));
    assert!(!server_runs(&data_dir));
}

#[test]
fn a_folder_too_deep_for_a_socket_works_all_the_same() {
    if no_postgresql() {
        return;
    }
    let folder = folder();
    let data_dir = folder.path().join("dossier profond ".repeat(8).trim());
    let served = Served::start(ccn(), &data_dir).unwrap();
    assert_eq!(served.signal("TERM"), Some(0));
    assert!(!server_runs(&data_dir));
}

#[test]
fn root_may_keep_its_data_where_nobody_else_can_go() {
    if no_postgresql() || !is_root() {
        return;
    }
    let closed = tempfile::tempdir_in("/tmp").unwrap();
    std::fs::set_permissions(closed.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let served = Served::start(ccn(), closed.path()).unwrap();
    assert_eq!(served.signal("TERM"), Some(0));
    let elsewhere = std::fs::read_link(closed.path().join("postgres")).unwrap();
    assert!(elsewhere.starts_with("/var/lib/ccn"));
    std::fs::remove_dir_all(elsewhere).unwrap();
}

#[test]
fn an_ordinary_user_needs_no_rights() {
    let Some(Owner::Other { uid, gid }) = Owner::named("nobody") else {
        return;
    };
    if no_postgresql() || !is_root() {
        return;
    }
    let folder = folder();
    // Our own executable may lie where that user cannot go.
    let executable = folder.path().join("ccn");
    std::fs::copy(env!("CARGO_BIN_EXE_ccn"), &executable).unwrap();
    let data_dir = folder.path().join("data");
    std::fs::create_dir(&data_dir).unwrap();
    chown(&data_dir, Some(uid), Some(gid)).unwrap();
    let mut command = Command::new(&executable);
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .current_dir("/")
        .gid(gid)
        .uid(uid);
    let served = Served::start(command, &data_dir).unwrap();
    assert!(served.get("/health/ready").starts_with("HTTP/1.1 200"));
    assert_eq!(served.signal("TERM"), Some(0));
    assert!(!server_runs(&data_dir));
}

#[tokio::test]
async fn roles_are_given_the_passwords_of_their_files_and_nobody_else_is() {
    if no_postgresql() {
        return;
    }
    let folder = folder();
    let embedded = Embedded::start(folder.path().join("data"), std::env::var_os("PATH"))
        .await
        .unwrap();
    let passwords = folder.path().join("passwords");
    secret_file::create(&passwords.join("ccn_issuer"), "l'été \\ $1").unwrap();
    let pool = sqlx::PgPool::connect_with(embedded.options()).await.unwrap();
    store::migrate(&pool).await.unwrap();
    store::migrate(&pool).await.unwrap();
    assert_eq!(
        store::set_role_passwords(&embedded.options(), &passwords)
            .await
            .unwrap(),
        ["ccn_issuer"]
    );

    let kept = "select rolname::text, coalesce(rolpassword like 'SCRAM-SHA-256$%', false) from pg_authid where rolname like 'ccn_%' order by 1";
    let kept: Vec<(String, bool)> = sqlx::query_as(kept).fetch_all(&pool).await.unwrap();
    let kept: Vec<(&str, bool)> = kept.iter().map(|(role, has)| (role.as_str(), *has)).collect();
    assert_eq!(
        kept,
        [
            ("ccn_audit", false),
            ("ccn_funding", false),
            ("ccn_issuer", true),
            ("ccn_redemption", false)
        ]
    );

    // Not a way to become the superuser, nor for a role to change another's.
    let refused = sqlx::query("select roles.set_password('postgres', 'x')")
        .execute(&pool)
        .await;
    assert!(refused.is_err_and(|error| error.to_string().contains("not one of our roles")));
    let issuer = sqlx::PgPool::connect_with(embedded.options().username("ccn_issuer"))
        .await
        .unwrap();
    assert!(
        sqlx::query("select roles.set_password('ccn_audit', 'x')")
            .execute(&issuer)
            .await
            .is_err()
    );
    issuer.close().await;
    pool.close().await;
    embedded.stop().await.unwrap();
    assert!(!server_runs(&folder.path().join("data")));
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}
