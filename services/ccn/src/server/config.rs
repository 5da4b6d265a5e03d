//! The configuration: one struct, by flag or by variable. Secrets are the names of files.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use ::keys::{CleartextPolicy, KeyLoader};
use sqlx::postgres::PgConnectOptions;
use standards::{Bic, Iban};
use voucher::Host;

use crate::server::installation::Decision;
use crate::server::key_files::KeyFiles;
use crate::server::reconcile_settings::ReconcileSettings;
use crate::server::telemetry::LogFormat;

/// Where a newcomer's server listens: this machine only.
pub(crate) const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// Where the embedded database and the keys are kept.
pub(crate) const DATA_DIR: &str = ".ccn";

/// The host of the QR codes when none is given: it leads nowhere but to one's own machine.
pub const PUBLIC_HOST: &str = "cheque.localhost";

/// Connections to the database for each service's requests.
const CONNECTIONS: u32 = 10;

const LISTENING: &str = "Écoute et journaux";
const DATABASE: &str = "Base de données";
const VOUCHERS: &str = "Chèques";
const KEYS: &str = "Clés (fichiers de droits 600)";
const FUND: &str = "Compte du fonds";
const CHANGES: &str = "Changements décidés";

/// What the services are started with.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// Adresse et port d'écoute ; avec le port 0, le système choisit, et l'adresse affichée est la vraie
    #[arg(long, env = "CCN_LISTEN", value_name = "ADRESSE:PORT", default_value_t = LISTEN, help_heading = LISTENING)]
    pub listen: SocketAddr,

    /// Forme des journaux, écrits sur la sortie d'erreur ; la variable `RUST_LOG` en règle le détail
    #[arg(long, env = "CCN_LOG", value_name = "FORME", value_enum, default_value_t, help_heading = LISTENING)]
    pub log: LogFormat,

    /// Dossier de la base embarquée et des clés créées au premier démarrage
    #[arg(long, env = "CCN_DATA_DIR", value_name = "DOSSIER", default_value = DATA_DIR, help_heading = DATABASE)]
    pub data_dir: PathBuf,

    /// Base PostgreSQL à utiliser au lieu de la base embarquée : `postgresql://utilisateur@machine/base`
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL", help_heading = DATABASE)]
    pub database_url: Option<PgConnectOptions>,

    /// Fichier du mot de passe de l'utilisateur nommé dans l'URL
    #[arg(long, env = "CCN_DATABASE_PASSWORD_FILE", value_name = "FICHIER", help_heading = DATABASE)]
    pub database_password_file: Option<PathBuf>,

    /// Dossier des mots de passe des rôles, un fichier par rôle (`ccn_issuer`, `ccn_redemption`, …) :
    /// `migrate` les pose, `all` s'en sert
    #[arg(long, env = "CCN_ROLE_PASSWORDS", value_name = "DOSSIER", help_heading = DATABASE)]
    pub role_passwords: Option<PathBuf>,

    /// Nombre de connexions à la base pour chaque service
    #[arg(long, env = "CCN_CONNECTIONS", value_name = "N", default_value_t = CONNECTIONS,
        value_parser = clap::value_parser!(u32).range(1..=1000), help_heading = DATABASE)]
    pub connections: u32,

    /// Nom d'hôte imprimé dans les QR codes, 22 caractères au plus ; le changer rend illisibles les chèques déjà imprimés
    #[arg(long, env = "CCN_PUBLIC_HOST", value_name = "HÔTE", default_value = PUBLIC_HOST, help_heading = VOUCHERS)]
    pub public_host: Host,

    /// Ce que la base connaît et que vous remplacez en connaissance de cause : « public-host=… », « fund-iban=… », « log-key=… » ou
    /// « root-keys=… », suivi de la valeur connue ; sans cela, une autre valeur est refusée au démarrage
    #[arg(long, env = "CCN_REPLACES", value_name = "NOM=VALEUR CONNUE", value_delimiter = ',', help_heading = CHANGES)]
    pub replaces: Vec<Decision>,

    /// Clé qui signe les chèques (issuer seulement) : fichier, ou adresse « pkcs11: » ; `ccn keys new` en fait une
    #[arg(long, env = "CCN_SIGNING_KEY_FILE", value_name = "FICHIER", help_heading = KEYS)]
    pub signing_key_file: Option<PathBuf>,

    /// Clé qui signe les listes d'état (redemption seulement) : fichier, ou adresse « pkcs11: »
    #[arg(long, env = "CCN_STATUS_KEY_FILE", value_name = "FICHIER", help_heading = KEYS)]
    pub status_key_file: Option<PathBuf>,

    /// Clé qui signe chaque jour le jeu de clés (issuer seulement) : fichier, ou adresse « pkcs11: »
    #[arg(long, env = "CCN_KEY_SET_KEY_FILE", value_name = "FICHIER", help_heading = KEYS)]
    pub key_set_key_file: Option<PathBuf>,

    /// Dossier des autres clés (issuer seulement), relu toutes les 15 secondes : « *.key », et « *.pkcs11 » qui contient une adresse
    #[arg(long, env = "CCN_KEYS_DIR", value_name = "DOSSIER", help_heading = KEYS)]
    pub keys_dir: Option<PathBuf>,

    /// Clés publiques des racines (JWK Set) dont les délégations sont acceptées (issuer seulement)
    #[arg(long, env = "CCN_ROOT_KEYS", value_name = "FICHIER", help_heading = KEYS)]
    pub root_keys: Option<PathBuf>,

    /// Fichier de la phrase de passe qui ouvre les clés scellées
    #[arg(long, env = "CCN_KEY_PASSPHRASE_FILE", value_name = "FICHIER", help_heading = KEYS)]
    pub key_passphrase_file: Option<PathBuf>,

    /// Fichier de l'identité age qui ouvre les clés scellées ; `ccn keys new --for seal` en fait une
    #[arg(long, env = "CCN_KEY_IDENTITY_FILE", value_name = "FICHIER", help_heading = KEYS)]
    pub key_identity_file: Option<PathBuf>,

    /// Fichier de la clé qui masque l'identité des bénéficiaires (issuer seulement) ; `ccn keys new` en fait une
    #[arg(long, env = "CCN_IDENTITY_KEY_FILE", value_name = "FICHIER", help_heading = KEYS)]
    pub identity_key_file: Option<PathBuf>,

    /// Fichier des clés qui font les numéros secrets des chèques (issuer seulement) : une par ligne, la première pour les nouveaux
    /// lots ; `ccn keys new --for id` en fait un
    #[arg(long, env = "CCN_ID_KEYS_FILE", value_name = "FICHIER", help_heading = KEYS)]
    pub id_keys_file: Option<PathBuf>,

    /// Fichier des clés qui retrouvent un chèque à son code court (issuer et redemption) : une par ligne
    #[arg(long, env = "CCN_CODE_KEYS_FILE", value_name = "FICHIER", help_heading = KEYS)]
    pub code_keys_file: Option<PathBuf>,

    /// Fichier des clés qui scellent la preuve de chaque encaissement (redemption et funding) : une par ligne
    #[arg(long, env = "CCN_EVIDENCE_KEYS_FILE", value_name = "FICHIER", help_heading = KEYS)]
    pub evidence_keys_file: Option<PathBuf>,

    /// Fichier de la clé d'accès de l'opérateur (issuer seulement) ; `ccn keys new --for operator` en fait une
    #[arg(long, env = "CCN_OPERATOR_KEY_FILE", value_name = "FICHIER", help_heading = KEYS)]
    pub operator_key_file: Option<PathBuf>,

    /// Titulaire du compte du fonds (funding seulement)
    #[arg(long, env = "CCN_FUND_NAME", value_name = "NOM", help_heading = FUND)]
    pub fund_name: Option<String>,

    /// IBAN du compte du fonds (funding seulement)
    #[arg(long, env = "CCN_FUND_IBAN", value_name = "IBAN", help_heading = FUND)]
    pub fund_iban: Option<Iban>,

    /// BIC de la banque du fonds
    #[arg(long, env = "CCN_FUND_BIC", value_name = "BIC", help_heading = FUND)]
    pub fund_bic: Option<Bic>,

    /// Clé qui signe les points de contrôle des livres (funding et export), une autre que celle des chèques : fichier, ou adresse
    /// « pkcs11: » ; `ccn keys new` en fait une. Sans elle, `funding` sert le journal sans le sceller
    #[arg(long, env = "CCN_CHECKPOINT_KEY_FILE", value_name = "FICHIER", help_heading = KEYS)]
    pub checkpoint_key_file: Option<PathBuf>,

    /// When the books are compared with the bank.
    #[command(flatten)]
    pub reconciliation: ReconcileSettings,
    /// Clé P-256 (PEM) qui signe les états contradictoires (funding seulement), avec son certificat
    #[arg(long, env = "CCN_DOCUMENT_KEY_FILE", value_name = "FICHIER", help_heading = KEYS)]
    pub document_key_file: Option<PathBuf>,

    /// Certificat de cette clé (PEM), suivi de ceux qui le garantissent ; sans lui, aucun état contradictoire n'est établi
    #[arg(long, env = "CCN_DOCUMENT_CERTIFICATE_FILE", value_name = "FICHIER", help_heading = KEYS)]
    pub document_certificate_file: Option<PathBuf>,
}

impl Default for Config {
    /// What the flags say when nothing is given.
    fn default() -> Self {
        Self {
            listen: LISTEN,
            log: LogFormat::default(),
            data_dir: DATA_DIR.into(),
            database_url: None,
            database_password_file: None,
            role_passwords: None,
            connections: CONNECTIONS,
            public_host: PUBLIC_HOST
                .parse()
                .expect("a lowercase name of less than 22 characters"),
            replaces: Vec::new(),
            signing_key_file: None,
            status_key_file: None,
            key_set_key_file: None,
            keys_dir: None,
            root_keys: None,
            key_passphrase_file: None,
            key_identity_file: None,
            identity_key_file: None,
            id_keys_file: None,
            code_keys_file: None,
            evidence_keys_file: None,
            operator_key_file: None,
            fund_name: None,
            fund_iban: None,
            fund_bic: None,
            checkpoint_key_file: None,
            reconciliation: ReconcileSettings::default(),
            document_key_file: None,
            document_certificate_file: None,
        }
    }
}

impl Config {
    /// Where the keys are: where a flag says, or else in the data folder.
    #[must_use]
    pub fn key_files(&self) -> KeyFiles {
        let own = KeyFiles::in_data_dir(&self.data_dir);
        let or_own = |flag: &Option<PathBuf>, own: PathBuf| flag.clone().unwrap_or(own);
        KeyFiles {
            signing: or_own(&self.signing_key_file, own.signing),
            status: or_own(&self.status_key_file, own.status),
            key_set: or_own(&self.key_set_key_file, own.key_set),
            root: own.root,
            folder: or_own(&self.keys_dir, own.folder),
            identity: or_own(&self.identity_key_file, own.identity),
            ids: or_own(&self.id_keys_file, own.ids),
            codes: or_own(&self.code_keys_file, own.codes),
            evidence: or_own(&self.evidence_keys_file, own.evidence),
            operator: or_own(&self.operator_key_file, own.operator),
        }
    }

    /// With what sealed keys are opened.
    #[must_use]
    pub fn key_loader(&self, cleartext: CleartextPolicy) -> KeyLoader {
        KeyLoader {
            passphrase_file: self.key_passphrase_file.clone(),
            identity_file: self.key_identity_file.clone(),
            ask: false,
            cleartext,
        }
    }

    /// The fund's account, when both its name and IBAN are given.
    #[must_use]
    pub fn fund(&self) -> Option<funding::FundAccount> {
        Some(funding::FundAccount {
            name: self.fund_name.clone()?,
            iban: self.fund_iban.clone()?,
            bic: self.fund_bic.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Only {
        #[command(flatten)]
        config: Config,
    }

    #[test]
    fn the_defaults_in_code_are_those_of_the_flags() {
        let parsed = Only::try_parse_from(["ccn"]).unwrap().config;
        let given = Config {
            database_url: parsed.database_url.clone(),
            ..Config::default()
        };
        assert_eq!(format!("{parsed:?}"), format!("{given:?}"));
    }

    #[test]
    fn a_host_too_long_for_a_qr_code_is_refused_at_the_door() {
        let refused = Only::try_parse_from(["ccn", "--public-host", "cheque-culture-numerique.fr"]);
        assert!(refused.is_err_and(|error| error.to_string().contains("22 caractères")));
    }
}
