//! Keys as an operator handles them: files, a security module, and a running server.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use embedded_postgres::{Binaries, Embedded};
use serde_json::{Value, json};
use sqlx::ConnectOptions;
use testkit::until_blocking;

use crate::hand::Hand;
use crate::process::{Served, ccn, output, stderr};

fn said(output: &std::process::Output) -> Value {
    assert!(output.status.success(), "{}", stderr(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn no_postgresql() -> bool {
    let none = Binaries::find(std::env::var_os("PATH").as_deref(), None).is_err();
    if none {
        eprintln!("PostgreSQL is not installed: skipped");
    }
    none
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A new age identity.
fn identity(folder: &Path) -> PathBuf {
    let path = folder.join("serveur.age");
    said(&output(&["keys", "new", "--for", "seal", "--out", text(&path)]));
    path
}

#[test]
fn a_new_key_is_sealed_told_by_its_public_half_and_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let (path, identity) = (folder.path().join("signing.key"), identity(folder.path()));
    let new = [
        "keys",
        "new",
        "--out",
        text(&path),
        "--key-identity-file",
        text(&identity),
    ];
    let made = said(&output(&new));
    let file = std::fs::read_to_string(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    assert!(file.starts_with("-----BEGIN AGE ENCRYPTED FILE-----"), "{file}");
    assert_eq!(
        (made["kid"].as_str().unwrap().len(), &made["sealed"]),
        (8, &json!(true))
    );

    let again = output(&new);
    assert_eq!(again.status.code(), Some(1));
    assert!(stderr(&again).contains("existe déjà"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), file);
}

#[test]
fn a_key_in_clear_is_made_only_on_request_and_sealed_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let (plain, sealed) = (folder.path().join("plain.key"), folder.path().join("sealed.key"));
    let refused = output(&["keys", "new", "--out", text(&plain)]);
    assert!(
        stderr(&refused).contains("--key-passphrase-file") && stderr(&refused).contains("--plain"),
        "{}",
        stderr(&refused)
    );
    assert!(!plain.exists());
    let made = output(&["keys", "new", "--out", text(&plain), "--plain"]);
    assert!(stderr(&made).contains("en clair"), "{}", stderr(&made));
    let secret = std::fs::read_to_string(&plain).unwrap();
    assert_eq!(secret.trim().len(), 64);
    assert!(!String::from_utf8(made.stdout.clone()).unwrap().contains(secret.trim()));

    let identity = identity(folder.path());
    let means = ["--key-identity-file", text(&identity)];
    said(&output(
        &[
            &["keys", "seal", "--in", text(&plain), "--out", text(&sealed)],
            &means[..],
        ]
        .concat(),
    ));
    let export = |key: &Path| {
        let told = output(&[&["keys", "export", "--key", text(key)], &means[..]].concat());
        assert!(told.status.success(), "{}", stderr(&told));
        told.stdout
    };
    assert_eq!(export(&plain), export(&sealed));
}

#[tokio::test]
async fn the_issuer_alone_takes_no_signing_key_in_clear() {
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).unwrap();
    let (signing, operator) = (folder.path().join("signing.key"), folder.path().join("operator.key"));
    said(&output(&["keys", "new", "--out", text(&signing), "--plain"]));
    said(&output(&["keys", "new", "--for", "operator", "--out", text(&operator)]));
    if no_postgresql() {
        return;
    }
    let embedded = Embedded::start(folder.path().join("data"), std::env::var_os("PATH"))
        .await
        .unwrap();
    let pool = sqlx::PgPool::connect_with(embedded.options()).await.unwrap();
    ccn::server::store::migrate(&pool).await.unwrap();
    pool.close().await;
    let url = embedded.options().to_url_lossy().to_string();
    let mut issuer = ccn();
    issuer.args(["issuer", "--listen", "127.0.0.1:0", "--database-url", &url]);
    issuer.args([
        "--signing-key-file",
        text(&signing),
        "--operator-key-file",
        text(&operator),
    ]);
    let refused = tokio::task::spawn_blocking(move || issuer.output().unwrap())
        .await
        .unwrap();
    embedded.stop().await.unwrap();
    let told = stderr(&refused);
    assert!(told.contains("en clair") && told.contains("ccn keys seal"), "{told}");
}

/// A `ccn all`, and the operator's commands to it.
struct Site {
    served: Served,
    folder: tempfile::TempDir,
    python: Option<std::ffi::OsString>,
}

impl Site {
    fn start(command: Command) -> Self {
        let folder = tempfile::tempdir_in("/tmp").unwrap();
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).unwrap();
        let served = Served::start(command, &folder.path().join("data")).unwrap();
        Self {
            served,
            folder,
            python: std::env::var_os("TEST_PYTHON"),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn secret(&self, name: &str) -> PathBuf {
        self.path("data/secrets").join(name)
    }

    fn operator_command(&self, command: &mut Command, args: &[&str]) -> std::process::Output {
        let server = format!("http://{}", self.served.addr);
        let key = self.secret("operator.key");
        let remote = ["--server", &server, "--operator-key-file", text(&key)];
        command.args(["keys"]).args(args).args(remote).output().unwrap()
    }

    fn keys(&self, args: &[&str]) -> std::process::Output {
        self.operator_command(&mut ccn(), args)
    }

    fn list(&self) -> Vec<Value> {
        said(&self.keys(&["list", "--json"])).as_array().unwrap().clone()
    }

    fn key(&self, kid: &str) -> Value {
        self.list().into_iter().find(|key| key["kid"] == kid).unwrap()
    }

    /// Waits until the server has read the folder of keys again.
    fn wait_until_loaded(&self, kid: &str) {
        until_blocking(kid, || (self.key(kid)["loaded"] == true).then_some(()));
    }

    fn hand(&self) -> Hand {
        let key = std::fs::read_to_string(self.secret("operator.key")).unwrap();
        Hand::new(&self.served.addr, key.trim())
    }

    fn fetch(&self, path: &str, file: &str) -> PathBuf {
        let path_here = self.path(file);
        std::fs::write(&path_here, self.hand().bytes(path)).unwrap();
        path_here
    }

    /// The reasons with which the texts are refused; nothing for a good one.
    fn verify(&self, texts: &[String]) -> Vec<Option<String>> {
        let keys = self.fetch("/.well-known/jwks.json", "keys.json");
        let told = ccn()
            .args(["verify", "token", "--keys", text(&keys)])
            .args(texts)
            .output()
            .unwrap();
        let lines = String::from_utf8(told.stdout).unwrap();
        let verdict = |line: &str| {
            serde_json::from_str::<Value>(line).unwrap()["reason"]
                .as_str()
                .map(str::to_owned)
        };
        lines.lines().map(verdict).collect()
    }
}

#[test]
fn a_key_is_rotated_while_the_server_runs_and_a_stolen_one_withdrawn() {
    if no_postgresql() {
        return;
    }
    let site = Site::start(ccn());
    let mut hand = site.hand();
    hand.sets_the_scene();
    let first = hand.mints(1);
    let kinds: Vec<_> = site
        .list()
        .iter()
        .map(|key| (key["purpose"].clone(), key["state"].clone(), key["loaded"].clone()))
        .collect();
    for purpose in ["voucher", "key_set"] {
        assert!(
            kinds.contains(&(json!(purpose), json!("active"), json!(true))),
            "{kinds:?}"
        );
    }
    // The issuer's half of the process does not hold the key of the status lists.
    assert!(
        kinds.contains(&(json!("status"), json!("active"), json!(false))),
        "{kinds:?}"
    );

    let out = site.secret("keys/next.key");
    let announced = said(&site.keys(&["rotate", "--plain", "--out", text(&site.path("later.key"))]));
    assert_eq!(announced["published"]["state"], "announced");
    let rotated = said(&site.keys(&[
        "rotate",
        "--plain",
        "--out",
        text(&out),
        "--short-notice",
        "--max-face-value",
        "10.00",
    ]));
    let kid = rotated["kid"].as_str().unwrap().to_owned();
    site.wait_until_loaded(&kid);
    let second = hand.mints(2);
    assert_eq!(site.verify(&[first[0].clone(), second[0].clone()]), [None, None]);

    let asked = site.keys(&["withdraw", &kid, "--reason", "clé copiée"]);
    assert!(stderr(&asked).contains("--yes"), "{}", stderr(&asked));
    let gone = said(&site.keys(&["withdraw", &kid, "--reason", "clé copiée", "--yes"]));
    assert_eq!(gone["state"], "withdrawn");
    said(&site.keys(&["withdraw", &kid, "--reason", "clé copiée", "--yes"]));
    assert_eq!(
        site.verify(&[first[0].clone(), second[0].clone()]),
        [None, Some("key_withdrawn".to_owned())]
    );

    let table = String::from_utf8(site.keys(&["list"]).stdout).unwrap();
    assert!(
        table.contains("RETIRÉE") && table.contains("clé copiée") && table.contains("10,00 € au plus"),
        "{table}"
    );
    assert!(table.contains("annoncée") && table.contains("jeu de clés"), "{table}");
    site.check_published_sets();
    assert_eq!(site.served.signal("TERM"), Some(0));
}

impl Site {
    /// Other people's libraries agree with everything that is published.
    fn check_published_sets(&self) {
        let Some(python) = &self.python else {
            panic!("TEST_PYTHON is not set: run scripts/test");
        };
        let roots = self.path("roots.json");
        let root = self.secret("root.key");
        let exported = output(&[
            "keys",
            "export",
            "--for",
            "root",
            "--key",
            text(&root),
            "--out",
            text(&roots),
        ]);
        assert!(exported.status.success(), "{}", stderr(&exported));
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let checker = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/checkers/check_key_sets.py");
        let verdict = Command::new(python)
            .arg("-B")
            .arg(checker)
            .arg(self.fetch("/.well-known/jwks.json", "keys.json"))
            .arg(self.fetch("/.well-known/cose-keys", "keys.cbor"))
            .arg(self.fetch("/.well-known/ccn-key-set", "set.cose"))
            .arg(self.fetch("/.well-known/jwks.jwt", "keys.jwt"))
            .arg(&roots)
            .arg(now.to_string())
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&verdict.stdout).into_owned() + &stderr(&verdict);
        assert!(verdict.status.success(), "{told}");
        assert!(told.contains("\"keys\": 4") && told.contains("\"usable\": 3"), "{told}");

        let server = format!("http://{}", self.served.addr);
        let pem = output(&["keys", "export", "--format", "pem", "--server", &server]);
        let pem = String::from_utf8(pem.stdout).unwrap();
        assert_eq!(
            pem.matches("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA").count(),
            4,
            "{pem}"
        );
    }
}

#[test]
fn the_root_delegates_offline_and_the_server_takes_its_word_only() {
    if no_postgresql() {
        return;
    }
    let site = Site::start(ccn());
    let key_set = site.secret("keys/key-set-2.key");
    let next = said(&site.keys(&[
        "rotate",
        "--for",
        "key-set",
        "--plain",
        "--out",
        text(&key_set),
        "--short-notice",
    ]));
    let half = next["public_key"].as_str().unwrap();
    let (good, bad) = (site.path("good.cose"), site.path("bad.cose"));
    let delegate = |root: &Path, out: &Path| {
        said(&output(&[
            "keys",
            "delegate",
            "--root",
            text(root),
            "--to",
            half,
            "--days",
            "400",
            "--out",
            text(out),
        ]))
    };
    let stranger = site.path("stranger.key");
    said(&output(&[
        "keys",
        "new",
        "--for",
        "root",
        "--plain",
        "--out",
        text(&stranger),
    ]));
    delegate(&stranger, &bad);
    let refused = site.keys(&["publish-delegation", "--in", text(&bad)]);
    assert!(
        stderr(&refused).contains("racines de confiance"),
        "{}",
        stderr(&refused)
    );
    let told = delegate(&site.secret("root.key"), &good);
    assert_eq!(told["delegate"], next["kid"]);
    assert_eq!(
        said(&site.keys(&["publish-delegation", "--in", text(&good)]))["delegate"],
        next["kid"]
    );
    assert_eq!(site.served.signal("TERM"), Some(0));
}

/// The whole way with a security module: the key is born in it, published, loaded by its address, and signs what is printed.
#[test]
fn vouchers_are_signed_inside_a_security_module() {
    if no_postgresql() {
        return;
    }
    let tokens = tempfile::tempdir().unwrap();
    let conf = tokens.path().join("softhsm2.conf");
    std::fs::create_dir(tokens.path().join("tokens")).unwrap();
    std::fs::write(
        &conf,
        format!("directories.tokendir = {}/tokens\n", tokens.path().display()),
    )
    .unwrap();
    let made = Command::new("softhsm2-util")
        .args([
            "--init-token",
            "--free",
            "--label",
            "ccn",
            "--so-pin",
            "12345678",
            "--pin",
            "47114711",
        ])
        .env("SOFTHSM2_CONF", &conf)
        .output()
        .expect("SoftHSM2 is not installed: scripts/install-debian test");
    assert!(made.status.success(), "{}", stderr(&made));
    let pin = tokens.path().join("pin");
    keys::secret_file::create(&pin, "47114711").unwrap();
    let with_token = || {
        let mut command = ccn();
        command.env("SOFTHSM2_CONF", &conf);
        command
    };

    let site = Site::start(with_token());
    let mut hand = site.hand();
    hand.sets_the_scene();
    let uri = format!(
        "pkcs11:token=ccn;object=cheques?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:{}",
        pin.display()
    );
    let address = site.secret("keys/cheques.pkcs11");
    let rotate = ["rotate", "--hsm", &uri, "--out", text(&address), "--short-notice"];
    let rotated = said(&site.operator_command(&mut with_token(), &rotate));
    let kid = rotated["kid"].as_str().unwrap();
    site.wait_until_loaded(kid);
    let vouchers = hand.mints(1);
    assert_eq!(site.verify(&vouchers[..2]), [None, None]);
    let verdicts = ccn()
        .args(["verify", "token", "--keys", text(&site.path("keys.json")), &vouchers[0]])
        .output()
        .unwrap();
    assert_eq!(said(&verdicts)["kid"], kid);
    assert_eq!(site.served.signal("TERM"), Some(0));
}
