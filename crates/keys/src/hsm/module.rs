use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;

use super::HsmError;
use crate::secret_file;
use crate::uri::Pkcs11Uri;

/// Ed25519 as `CKA_EC_PARAMS`: the object identifier 1.3.101.112 (RFC 8410), and the name that older modules ask for.
const CURVES: [&[u8]; 2] = [b"\x06\x03\x2b\x65\x70", b"\x13\x0cedwards25519"];

/// A loaded PKCS#11 library.
#[derive(Debug, Clone)]
pub struct Module {
    pkcs11: Pkcs11,
}

/// `C_Initialize` is for the whole process, so is this.
static LOADED: LazyLock<Mutex<HashMap<PathBuf, Module>>> = LazyLock::new(Mutex::default);

impl Module {
    /// The library at `path`, loaded once.
    pub fn load(path: &Path) -> Result<Self, HsmError> {
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(module) = loaded.get(path) {
            return Ok(module.clone());
        }
        let failed = |error| HsmError::Library(path.to_owned(), error);
        let pkcs11 = Pkcs11::new(path).map_err(failed)?;
        let module = Self { pkcs11 };
        module.initialize().map_err(failed)?;
        loaded.insert(path.to_owned(), module.clone());
        Ok(module)
    }

    /// Initialises the library; once more after it was finalised by somebody else in the process.
    pub(super) fn initialize(&self) -> Result<(), Error> {
        match self
            .pkcs11
            .initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))
        {
            Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
            other => other,
        }
    }

    /// Makes an Ed25519 key pair in the token, under the label of `uri`: never to be extracted, never to be changed.
    pub fn generate(uri: &Pkcs11Uri) -> Result<(), HsmError> {
        let module = Self::load(uri.module_path())?;
        let session = module.log_in(uri, true)?;
        if !session
            .find_objects(&[Attribute::Label(uri.object().into())])?
            .is_empty()
        {
            return Err(HsmError::Exists {
                token: uri.token().to_owned(),
                object: uri.object().to_owned(),
            });
        }
        // The two halves find one another by their id.
        let mut id = vec![0; 16];
        getrandom::fill(&mut id).map_err(|error| {
            HsmError::Pin(crate::secret_file::SecretError::Io(
                uri.pin_source().into(),
                std::io::Error::other(error),
            ))
        })?;
        let named = [
            Attribute::Token(true),
            Attribute::Label(uri.object().into()),
            Attribute::Id(id),
        ];
        let private = [
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Sign(true),
        ];
        let mut refused = None;
        for curve in CURVES {
            let public = [
                Attribute::Private(false),
                Attribute::Verify(true),
                Attribute::EcParams(curve.to_vec()),
            ];
            let made = session.generate_key_pair(
                &Mechanism::EccEdwardsKeyPairGen,
                &[&named[..], &public].concat(),
                &[&named[..], &private].concat(),
            );
            match made {
                Ok(_) => return Ok(()),
                Err(error) => refused = Some(error),
            }
        }
        Err(refused.map_or_else(|| HsmError::NotEd25519(uri.object().to_owned()), HsmError::Module))
    }

    /// A session with the token, logged in as its user.
    pub(super) fn log_in(&self, uri: &Pkcs11Uri, to_write: bool) -> Result<Session, HsmError> {
        let slot = self.slot(uri.token())?;
        let session = if to_write {
            self.pkcs11.open_rw_session(slot)?
        } else {
            self.pkcs11.open_ro_session(slot)?
        };
        let pin = secret_file::read(uri.pin_source())?;
        match session.login(UserType::User, Some(&AuthPin::from(pin.as_str().to_owned()))) {
            // Logging in is for all sessions of the process with this token.
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(session),
            Err(Error::Pkcs11(RvError::PinIncorrect | RvError::PinLocked | RvError::PinLenRange, _)) => {
                Err(HsmError::WrongPin(uri.pin_source().to_owned()))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn slot(&self, label: &str) -> Result<Slot, HsmError> {
        let mut found = None;
        for slot in self.pkcs11.get_slots_with_initialized_token()? {
            if self.pkcs11.get_token_info(slot)?.label() == label && found.replace(slot).is_some() {
                return Err(HsmError::TwoTokens(label.to_owned()));
            }
        }
        found.ok_or_else(|| HsmError::NoToken(label.to_owned()))
    }
}

/// The Ed25519 object of this class and of the label of `uri`.
pub(super) fn find(session: &Session, uri: &Pkcs11Uri, class: ObjectClass) -> Result<ObjectHandle, HsmError> {
    let wanted = [
        Attribute::Class(class),
        Attribute::KeyType(KeyType::EC_EDWARDS),
        Attribute::Label(uri.object().into()),
    ];
    let (token, object) = (uri.token().to_owned(), uri.object().to_owned());
    match session.find_objects(&wanted)?.as_slice() {
        [] => Err(HsmError::NoKey { token, object }),
        [one] => Ok(*one),
        _ => Err(HsmError::TwoKeys { token, object }),
    }
}
