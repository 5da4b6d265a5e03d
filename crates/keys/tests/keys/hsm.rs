//! Against `SoftHSM2`, a real PKCS#11 module in software. It reads where its tokens are from a variable when it is loaded, and a
//! process cannot set its own variables: each test makes a token in a folder of its own and runs itself again there.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use cryptoki::context::Pkcs11;
use cryptoki::object::{Attribute, AttributeType, ObjectClass};
use cryptoki::session::UserType;
use cryptoki::types::AuthPin;
use keys::{HsmError, KeyLoader, Module, OpenError, Pkcs11Uri, Place};
use voucher::{Idx, KeyPolicy, Keyring, LastDay, PublicKey, Purpose, Signer, Terms, VoucherId};

const MODULES: [&str; 3] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
];

const PIN: &str = "coffre 4711";
const INNER: &str = "CCN_TEST_TOKEN_FOLDER";

fn module() -> &'static str {
    MODULES
        .into_iter()
        .find(|path| Path::new(path).exists())
        .expect("SoftHSM2 is not installed: scripts/install-debian test")
}

/// Runs `test`, named `name`, in a process that sees one fresh token « coffre ».
fn in_a_token(name: &str, test: impl FnOnce(&Path)) {
    if let Some(folder) = std::env::var_os(INNER) {
        test(Path::new(&folder));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let conf = folder.path().join("softhsm2.conf");
    let tokens = folder.path().join("tokens");
    std::fs::create_dir(&tokens).unwrap();
    std::fs::write(
        &conf,
        format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display()),
    )
    .unwrap();
    keys::secret_file::create(&folder.path().join("pin"), PIN).unwrap();
    let made = Command::new("softhsm2-util")
        .args([
            "--init-token",
            "--free",
            "--label",
            "coffre",
            "--so-pin",
            "12345678",
            "--pin",
            PIN,
        ])
        .env("SOFTHSM2_CONF", &conf)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("hsm::{name}"), "--nocapture"])
        .env("SOFTHSM2_CONF", &conf)
        .env(INNER, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && said.contains("1 passed"), "{said}");
}

fn uri(folder: &Path, token: &str, object: &str) -> Pkcs11Uri {
    let pin: PathBuf = folder.join("pin");
    format!(
        "pkcs11:token={token};object={object}?module-path={}&pin-source=file:{}",
        module(),
        pin.display()
    )
    .parse()
    .unwrap()
}

fn made(folder: &Path, object: &str) -> Arc<dyn Signer> {
    let uri = uri(folder, "coffre", object);
    Module::generate(&uri).unwrap();
    Place::Hsm(uri).open(&KeyLoader::default()).unwrap()
}

fn terms() -> Terms {
    Terms {
        series: 3,
        idx: Idx::new(77).unwrap(),
        cents: 1000,
        day: LastDay::new(3000),
        id: VoucherId::new([1, 2, 3, 4, 5, 6, 7, 8]),
    }
}

fn refusal(place: Pkcs11Uri) -> HsmError {
    match Place::Hsm(place).open(&KeyLoader::default()).map(|key| key.kid()) {
        Err(OpenError::Hsm(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_voucher_signed_inside_the_module_verifies_like_any_other() {
    in_a_token("a_voucher_signed_inside_the_module_verifies_like_any_other", |folder| {
        let key = made(folder, "cheques-2027");
        let token = key.token(&terms()).unwrap();
        assert_eq!(token.to_bytes(), key.token(&terms()).unwrap().to_bytes());
        let public = PublicKey::new(&key.public_bytes(), KeyPolicy::unbounded(Purpose::Voucher)).unwrap();
        let host: voucher::Host = "cheque.example.fr".parse().unwrap();
        let keyring = Keyring::new(host.clone(), vec![public]);
        let proven = keyring.verify(&token.to_url(&host), 1_800_000_000).unwrap();
        assert_eq!((proven.terms(), proven.kid()), (&terms(), key.kid()));
    });
}

#[test]
fn a_key_made_in_the_module_never_leaves_it() {
    in_a_token("a_key_made_in_the_module_never_leaves_it", |folder| {
        made(folder, "cheques");
        let pkcs11 = Pkcs11::new(module()).unwrap();
        let slot = pkcs11.get_slots_with_initialized_token().unwrap()[0];
        let session = pkcs11.open_rw_session(slot).unwrap();
        session
            .login(UserType::User, Some(&AuthPin::from(PIN.to_owned())))
            .unwrap();
        let private = session
            .find_objects(&[Attribute::Class(ObjectClass::PRIVATE_KEY)])
            .unwrap()[0];
        let asked = [
            AttributeType::Sensitive,
            AttributeType::NeverExtractable,
            AttributeType::Local,
        ];
        let told = session.get_attributes(private, &asked).unwrap();
        let promised = [
            Attribute::Sensitive(true),
            Attribute::NeverExtractable(true),
            Attribute::Local(true),
        ];
        assert!(promised.iter().all(|one| told.contains(one)), "{told:?}");
        let value = session.get_attributes(private, &[AttributeType::Value]).unwrap();
        assert!(value.is_empty(), "the module gives the private half away");
        assert!(
            session
                .update_attributes(private, &[Attribute::Extractable(true)])
                .is_err()
        );
    });
}

#[test]
fn the_key_signs_again_after_the_module_was_restarted() {
    in_a_token("the_key_signs_again_after_the_module_was_restarted", |folder| {
        let key = made(folder, "cheques");
        let before = key.token(&terms()).unwrap();
        // Every session, log-in and handle of the process is gone after this.
        Pkcs11::new(module()).unwrap().finalize().unwrap();
        assert_eq!(key.token(&terms()).unwrap().to_bytes(), before.to_bytes());
        assert_eq!(key.token(&terms()).unwrap().to_bytes(), before.to_bytes());
    });
}

#[test]
fn many_threads_sign_at_once() {
    in_a_token("many_threads_sign_at_once", |folder| {
        let key = made(folder, "cheques");
        let public = PublicKey::new(&key.public_bytes(), KeyPolicy::unbounded(Purpose::Voucher)).unwrap();
        std::thread::scope(|scope| {
            for thread in 0..32_u8 {
                let (key, public) = (&key, &public);
                scope.spawn(move || {
                    for n in 0..20_u8 {
                        let message = [thread, n];
                        assert!(public.verifies(&message, &key.sign_bytes(&message).unwrap()));
                    }
                });
            }
        });
    });
}

#[test]
fn a_wrong_pin_or_label_is_told_and_no_key_is_replaced() {
    in_a_token("a_wrong_pin_or_label_is_told_and_no_key_is_replaced", |folder| {
        made(folder, "cheques");
        assert!(matches!(
            Module::generate(&uri(folder, "coffre", "cheques")),
            Err(HsmError::Exists { .. })
        ));
        assert!(matches!(refusal(uri(folder, "autre", "cheques")), HsmError::NoToken(_)));
        assert!(matches!(
            refusal(uri(folder, "coffre", "autre")),
            HsmError::NoKey { .. }
        ));
    });
}

#[test]
fn a_wrong_pin_is_tried_once() {
    in_a_token("a_wrong_pin_is_tried_once", |folder| {
        std::fs::remove_file(folder.join("pin")).unwrap();
        keys::secret_file::create(&folder.join("pin"), "0000").unwrap();
        assert!(matches!(
            refusal(uri(folder, "coffre", "cheques")),
            HsmError::WrongPin(_)
        ));
    });
}
