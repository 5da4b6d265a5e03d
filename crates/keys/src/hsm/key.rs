use std::sync::{Mutex, PoisonError};

use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use voucher::{Kid, SignError, Signer};

use super::module::{Module, find};
use super::{HsmError, point};
use crate::uri::Pkcs11Uri;

/// Sessions kept for the next signatures; more are opened when more sign at once, and closed after it.
const SESSIONS_MAX: usize = 16;

/// What is signed at opening, to see that the two halves belong together. No COSE structure begins with a letter.
const TRIAL: &[u8] = b"ccn: trial signature of a security module";

/// An Ed25519 key inside a security module.
#[derive(Debug)]
pub struct HsmKey {
    uri: Pkcs11Uri,
    module: Module,
    public: [u8; 32],
    kid: Kid,
    shelf: Mutex<Vec<Connection>>,
}

/// A session, and the private key's handle in it.
#[derive(Debug)]
struct Connection {
    session: Session,
    key: ObjectHandle,
}

impl HsmKey {
    /// The key at `uri`, tried out.
    pub fn open(uri: Pkcs11Uri) -> Result<Self, HsmError> {
        let module = Module::load(uri.module_path())?;
        let connection = connect(&module, &uri)?;
        let public = public_half(&connection.session, &uri)?;
        let told = connection
            .session
            .get_attributes(connection.key, &[AttributeType::Extractable])?;
        if told.contains(&Attribute::Extractable(true)) {
            tracing::warn!(key = %uri.object(), "this key can be taken out of its security module: make one there with « ccn keys new --hsm »");
        }
        let policy = voucher::KeyPolicy::unbounded(voucher::Purpose::Voucher);
        let checked =
            voucher::PublicKey::new(&public, policy).map_err(|_| HsmError::NotEd25519(uri.object().to_owned()))?;
        let key = Self {
            kid: Kid::of(&public),
            uri,
            module,
            public,
            shelf: Mutex::new(vec![connection]),
        };
        let signature = key.sign(TRIAL)?;
        if !checked.verifies(TRIAL, &signature) {
            return Err(HsmError::Mismatch(key.uri.object().to_owned()));
        }
        Ok(key)
    }

    /// Where it lives.
    #[must_use]
    pub const fn uri(&self) -> &Pkcs11Uri {
        &self.uri
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], HsmError> {
        let kept = self.shelf().pop();
        let (connection, fresh) = match kept {
            Some(connection) => (connection, false),
            None => (self.reconnect()?, true),
        };
        match connection.sign(message) {
            Ok(signature) => self.kept(connection, &signature),
            Err(error) if !fresh && is_lost(&error) => {
                tracing::warn!(key = %self.uri.object(), cause = %error, "the security module lost its sessions; connecting again");
                drop(connection);
                self.shelf().clear();
                let connection = self.reconnect()?;
                let signature = connection.sign(message)?;
                self.kept(connection, &signature)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn shelf(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self, connection: Connection, signature: &[u8]) -> Result<[u8; 64], HsmError> {
        let signature = signature
            .try_into()
            .map_err(|_| HsmError::Mismatch(self.uri.object().to_owned()))?;
        let mut shelf = self.shelf();
        if shelf.len() < SESSIONS_MAX {
            shelf.push(connection);
        }
        Ok(signature)
    }

    fn reconnect(&self) -> Result<Connection, HsmError> {
        self.module.initialize()?;
        let connection = connect(&self.module, &self.uri)?;
        // A token of the same label may have taken its place.
        if public_half(&connection.session, &self.uri)? == self.public {
            Ok(connection)
        } else {
            Err(HsmError::Mismatch(self.uri.object().to_owned()))
        }
    }
}

impl Signer for HsmKey {
    fn public_bytes(&self) -> [u8; 32] {
        self.public
    }

    fn sign_bytes(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        self.sign(message).map_err(|error| SignError {
            kid: self.kid,
            cause: Box::new(error),
        })
    }

    fn kid(&self) -> Kid {
        self.kid
    }
}

impl Connection {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let pure = Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Pure));
        self.session.sign(&pure, self.key, message)
    }
}

fn connect(module: &Module, uri: &Pkcs11Uri) -> Result<Connection, HsmError> {
    let session = module.log_in(uri, false)?;
    let key = find(&session, uri, ObjectClass::PRIVATE_KEY)?;
    Ok(Connection { session, key })
}

fn public_half(session: &Session, uri: &Pkcs11Uri) -> Result<[u8; 32], HsmError> {
    let key = find(session, uri, ObjectClass::PUBLIC_KEY)?;
    let told = session.get_attributes(key, &[AttributeType::EcPoint])?;
    let point = told.iter().find_map(|attribute| match attribute {
        Attribute::EcPoint(point) => point::read(point),
        _ => None,
    });
    point.ok_or_else(|| HsmError::NotEd25519(uri.object().to_owned()))
}

/// Whether an error says that the session, the log-in or the token is gone, not that the request was wrong.
const fn is_lost(error: &Error) -> bool {
    matches!(
        error,
        Error::Pkcs11(
            RvError::SessionHandleInvalid
                | RvError::SessionClosed
                | RvError::UserNotLoggedIn
                | RvError::KeyHandleInvalid
                | RvError::ObjectHandleInvalid
                | RvError::DeviceRemoved
                | RvError::DeviceError
                | RvError::TokenNotPresent
                | RvError::CryptokiNotInitialized
                | RvError::GeneralError
                | RvError::FunctionFailed,
            _
        )
    )
}
