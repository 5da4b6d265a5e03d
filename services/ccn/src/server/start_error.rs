use std::net::SocketAddr;
use std::path::PathBuf;

use ::keys::OpenError;
use ::keys::secret_file::SecretError;

use crate::server::document_signing::DocumentSigningError;
use crate::server::first_keys::FirstKeysError;
use crate::server::installation::InstallationError;
use crate::server::store::StoreError;

/// Why the services do not run.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The list of services is empty.
    #[error("Aucun service à démarrer.")]
    NoService,
    /// There is no database to work with.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operator's key file cannot be read.
    #[error("{0}\nPour créer une clé : ccn keys new --out FICHIER ; pour tout créer d'un coup : ccn all")]
    Secret(#[from] SecretError),
    /// A private key cannot be opened.
    #[error("{0}\nPour créer une clé : ccn keys new --out FICHIER ; pour tout créer d'un coup : ccn all")]
    Key(#[from] OpenError),
    /// Documents cannot be signed.
    #[error(transparent)]
    DocumentSigning(#[from] DocumentSigningError),
    /// The file of the root keys, and what is wrong with it.
    #[error("Les clés racines de « {0} » sont illisibles : {1}")]
    Roots(PathBuf, String),
    /// A file of secrets is none.
    #[error(
        "Le fichier de secrets « {0} » ne convient pas : {1}.\nPour en créer un : ccn keys new --for id (ou code, evidence) --out FICHIER"
    )]
    SecretRing(PathBuf, voucher::SecretRingError),
    /// Vouchers were made with a secret that the file lacks.
    #[error(
        "Des chèques de cette base ont été faits avec la clé {0}, qui n'est pas dans « {1} » : sans elle, ils ne peuvent être ni imprimés, ni retrouvés à leur code. Rien n'est démarré.\nRemettez le bon fichier, ou ajoutez-y cette clé depuis votre sauvegarde, sur sa propre ligne."
    )]
    SecretLost(voucher::KeyCheck, PathBuf),
    /// The database does not say what vouchers were made with.
    #[error("La base de données ne répond pas")]
    Database(#[from] sqlx::Error),
    /// The fund's account is not given.
    #[error(
        "Le service de financement doit connaître le compte bancaire du fonds. Par exemple, pour un essai :\n  --fund-name 'Fonds CCN' --fund-iban FR7630006000011234567890189"
    )]
    NoFund,
    /// The address is taken or not ours.
    #[error("L'adresse {0} ne peut pas être écoutée ; une autre se choisit avec --listen")]
    Listen(SocketAddr, #[source] std::io::Error),
    /// The first keys cannot be published.
    #[error(transparent)]
    FirstKeys(#[from] FirstKeysError),
    /// What was given is not what the database knows.
    #[error(transparent)]
    Installation(#[from] InstallationError),
    /// The operator cannot be created.
    #[error("Le compte de l'opérateur n'a pas pu être créé")]
    Operator(#[from] database::UseCaseError<access::CreateRejection>),
    /// Metrics cannot be recorded.
    #[error("Les mesures n'ont pas pu être mises en route")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
}
