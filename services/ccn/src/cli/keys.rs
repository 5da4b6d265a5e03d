//! The commands that look after keys.

use std::path::PathBuf;

use ::keys::{Opener, Pkcs11Uri, Place, Plain};
use chrono::{DateTime, NaiveDate, Utc};
use clap::{Args, Subcommand, ValueEnum};
use standards::Cents;
use voucher::Kid;

use super::{OPTIONS, TEMPLATE, TEXTS};

const SEALING: &str = "Sceau (sans rien : la phrase de passe est demandée au terminal)";
const SERVER: &str = "Serveur";
const WINDOW: &str = "Dates et limites";

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Crée une clé : fichier scellé, ou clé d'un module de sécurité
    ///
    /// Tire 32 octets au hasard et les écrit dans un fichier scellé (format age) que seul son propriétaire peut lire (droits 600). Un
    /// fichier qui existe n'est jamais remplacé. Avec --hsm, la clé naît dans le module PKCS#11 et n'en sort jamais. Affiche
    /// l'identifiant et la moitié publique, jamais le secret.
    #[command(help_template = TEMPLATE, after_help = "Exemples :\n  \
        ccn keys new --out signing.key                               # la phrase de passe est demandée\n  \
        ccn keys new --for seal --out serveur.age                    # identité age, pour une machine\n  \
        ccn keys new --out signing.key --key-identity-file serveur.age\n  \
        ccn keys new --hsm 'pkcs11:token=ccn;object=cheques-2027?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/secrets/pin'\n  \
        ccn keys new --for operator --out operator.key")]
    New(NewKey),
    /// Scelle une clé qui était en clair
    #[command(help_template = TEMPLATE, after_help = "Exemple :\n  \
        ccn keys seal --in signing.key --out signing.age.key --key-identity-file serveur.age && shred -u signing.key")]
    Seal(SealKey),
    /// Publie la moitié publique d'une clé, au moins 7 jours avant de s'en servir
    ///
    /// Prouve au serveur, par une signature, que la clé est bien ici. La clé privée ne quitte pas cette machine.
    #[command(help_template = TEMPLATE, after_help = "Exemples :\n  \
        ccn keys publish --key cheques-2027.key --operator-key-file operator.key\n  \
        ccn keys publish --for status --key status.key --short-notice --operator-key-file operator.key")]
    Publish(PublishKey),
    /// Prépare la clé suivante : la crée et l'annonce
    ///
    /// L'ancienne clé signe jusqu'au jour dit, et tout ce qu'elle a signé reste valable : rien n'est réimprimé. Déposez le fichier
    /// créé dans le dossier des clés du service d'émission (--keys-dir) : il est relu toutes les 15 secondes.
    #[command(help_template = TEMPLATE, after_help = "Exemples :\n  \
        ccn keys rotate --out /srv/ccn/secrets/keys/cheques-2027.key --operator-key-file operator.key\n  \
        ccn keys rotate --out secrets/keys/cheques-2027.key --max-face-value 10.00 --latest-day 2028-01-31 --operator-key-file operator.key")]
    Rotate(RotateKey),
    /// Montre les clés du serveur : usage, dates, état, et lesquelles y sont chargées
    #[command(help_template = TEMPLATE, after_help = "Exemples :\n  \
        ccn keys list --operator-key-file operator.key\n  \
        ccn keys list --json --operator-key-file operator.key | jq '.[] | select(.state == \"active\")'")]
    List(ListKeys),
    /// Retire une clé : plus rien de ce qu'elle a signé n'est accepté
    ///
    /// À faire quand une clé est copiée ou volée. On ne peut pas revenir en arrière. Le service d'encaissement l'apprend en 5
    /// secondes, un téléphone à sa prochaine synchronisation, et au plus tard en 7 jours.
    #[command(help_template = TEMPLATE, after_help = "Exemple :\n  \
        ccn keys withdraw 2e1f99a0 --reason 'clé copiée le 3 mars' --operator-key-file operator.key")]
    Withdraw(WithdrawKey),
    /// Écrit des clés publiques : JWK Set, `COSE_KeySet` ou PEM
    #[command(help_template = TEMPLATE, after_help = "Exemples :\n  \
        ccn keys export --format pem --server http://127.0.0.1:8080\n  \
        ccn keys export --for root --key racine-a.key --key racine-b.key > racines.json")]
    Export(ExportKeys),
    /// Cérémonie de la racine : autorise pour un an une clé à signer les jeux de clés
    ///
    /// Se fait hors ligne, à deux, une fois par an. Les limites valent pour toutes les clés de chèques que la clé désignée listera.
    #[command(help_template = TEMPLATE, after_help = "Exemple :\n  \
        ccn keys delegate --root racine-a.key --to 9f2c…64 chiffres…e1 --max-face-value 20.00 --out delegation-2027.cose\n  \
        ccn keys publish-delegation --in delegation-2027.cose --operator-key-file operator.key")]
    Delegate(DelegateKey),
    /// Publie la délégation faite par la racine
    #[command(help_template = TEMPLATE, after_help = "Exemple :\n  \
        ccn keys publish-delegation --in delegation-2027.cose --operator-key-file operator.key")]
    PublishDelegation(PublishDelegation),
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum KeyPurpose {
    /// Signer les chèques
    #[default]
    Signing,
    /// Signer les listes d'état
    Status,
    /// Signer chaque jour le jeu de clés
    KeySet,
    /// Racine, gardée hors ligne : désigner la clé qui signe les jeux de clés
    Root,
    /// Signer les points de contrôle des livres ; ou les co-signer, chez un financeur (ccn cosign)
    Checkpoint,
    /// Masquer l'identité des bénéficiaires
    Identity,
    /// Ouvrir l'accès de l'opérateur
    Operator,
    /// Identité age qui ouvre les clés scellées
    Seal,
}

/// With what a key is sealed and opened.
#[derive(Debug, Clone, Args)]
pub struct Sealing {
    /// Fichier de la phrase de passe, 16 caractères au moins
    #[arg(long, value_name = "FICHIER", help_heading = SEALING)]
    pub key_passphrase_file: Option<PathBuf>,
    /// Fichier de l'identité age
    #[arg(long, value_name = "FICHIER", conflicts_with = "key_passphrase_file", help_heading = SEALING)]
    pub key_identity_file: Option<PathBuf>,
}

impl Sealing {
    /// As an opener that may ask at the terminal.
    #[must_use]
    pub fn opener(&self) -> Opener {
        Opener {
            passphrase_file: self.key_passphrase_file.clone(),
            identity_file: self.key_identity_file.clone(),
            ask: true,
            plain: Plain::Accepted,
        }
    }
}

/// Where a new key goes.
#[derive(Debug, Clone, Args)]
pub struct Target {
    /// Fichier à créer ; avec --hsm, il reçoit l'adresse de la clé (nommez-le « *.pkcs11 »)
    #[arg(long, value_name = "FICHIER", required_unless_present = "hsm", help_heading = OPTIONS)]
    pub out: Option<PathBuf>,
    /// Crée la clé dans un module de sécurité, à cette adresse (RFC 7512)
    #[arg(long, value_name = "pkcs11:…", help_heading = OPTIONS)]
    pub hsm: Option<Pkcs11Uri>,
    /// Écrit la clé en clair : pour un essai seulement
    #[arg(long, conflicts_with = "hsm", help_heading = OPTIONS)]
    pub plain: bool,
    /// With what it is sealed and opened.
    #[command(flatten)]
    pub sealing: Sealing,
}

/// Arguments of `keys new`.
#[derive(Debug, Args)]
pub struct NewKey {
    /// À quoi sert la clé
    #[arg(long = "for", value_name = "USAGE", value_enum, default_value_t, help_heading = OPTIONS)]
    pub purpose: KeyPurpose,
    /// Where it goes.
    #[command(flatten)]
    pub target: Target,
}

/// Arguments of `keys seal`.
#[derive(Debug, Args)]
pub struct SealKey {
    /// Clé en clair
    #[arg(long = "in", value_name = "FICHIER", help_heading = OPTIONS)]
    pub input: PathBuf,
    /// Fichier scellé à créer
    #[arg(long, value_name = "FICHIER", help_heading = OPTIONS)]
    pub out: PathBuf,
    /// With what it is sealed and opened.
    #[command(flatten)]
    pub sealing: Sealing,
}

/// How the server is reached.
#[derive(Debug, Clone, Args)]
pub struct Remote {
    /// Adresse du service d'émission. La clé de l'opérateur n'est envoyée qu'à cette machine-ci : pour un serveur lointain, ouvrez un
    /// tunnel (ssh -L 8080:127.0.0.1:8080 serveur)
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080", help_heading = SERVER)]
    pub server: String,
    /// Clé d'accès de l'opérateur
    #[arg(long, value_name = "FICHIER", help_heading = SERVER)]
    pub operator_key_file: PathBuf,
}

/// When a key is used, and for what at most.
#[derive(Debug, Clone, Args)]
pub struct Window {
    /// Premier jour (2027-01-01) ou instant ; sans lui, dans 8 jours, ou tout de suite avec --short-notice
    #[arg(long, value_name = "DATE", value_parser = day_or_instant, help_heading = WINDOW)]
    pub valid_from: Option<DateTime<Utc>>,
    /// Durée en jours, jusqu'au dernier encaissement
    #[arg(long, value_name = "N", default_value_t = KEY_DAYS, value_parser = clap::value_parser!(u32).range(1..=3660), help_heading = WINDOW)]
    pub days: u32,
    /// Annonce moins de 7 jours avant : première clé, ou remplacement d'une clé volée
    #[arg(long, help_heading = WINDOW)]
    pub short_notice: bool,
    /// What it may sign.
    #[command(flatten)]
    pub limits: Limits,
}

/// Days for which a key is good when nothing is said: two years of minting, and what they printed.
pub const KEY_DAYS: u32 = 5 * 366;

/// What a voucher key may sign.
#[derive(Debug, Clone, Copy, Args)]
pub struct Limits {
    /// Première série que la clé peut signer
    #[arg(long, value_name = "N", help_heading = WINDOW)]
    pub first_series: Option<u16>,
    /// Dernière série que la clé peut signer
    #[arg(long, value_name = "N", help_heading = WINDOW)]
    pub last_series: Option<u16>,
    /// Valeur la plus haute que la clé peut signer, par exemple 10.00
    #[arg(long, value_name = "EUROS", help_heading = WINDOW)]
    pub max_face_value: Option<Cents>,
    /// Dernier jour le plus lointain que la clé peut signer
    #[arg(long, value_name = "DATE", help_heading = WINDOW)]
    pub latest_day: Option<NaiveDate>,
}

/// Arguments of `keys publish`.
#[derive(Debug, Args)]
pub struct PublishKey {
    /// La clé : fichier, ou adresse « pkcs11: »
    #[arg(long, value_name = "CLÉ", help_heading = OPTIONS)]
    pub key: Place,
    /// À quoi elle sert : signing, status ou key-set
    #[arg(long = "for", value_name = "USAGE", value_enum, default_value_t, help_heading = OPTIONS)]
    pub purpose: KeyPurpose,
    /// When it is used.
    #[command(flatten)]
    pub window: Window,
    /// With what it is sealed and opened.
    #[command(flatten)]
    pub sealing: Sealing,
    /// Where the server is.
    #[command(flatten)]
    pub remote: Remote,
}

/// Arguments of `keys rotate`.
#[derive(Debug, Args)]
pub struct RotateKey {
    /// À quoi sert la clé : signing, status ou key-set
    #[arg(long = "for", value_name = "USAGE", value_enum, default_value_t, help_heading = OPTIONS)]
    pub purpose: KeyPurpose,
    /// Where it goes.
    #[command(flatten)]
    pub target: Target,
    /// When it is used.
    #[command(flatten)]
    pub window: Window,
    /// Where the server is.
    #[command(flatten)]
    pub remote: Remote,
}

/// Arguments of `keys list`.
#[derive(Debug, Args)]
pub struct ListKeys {
    /// Écrit le JSON du serveur au lieu d'un tableau
    #[arg(long, help_heading = OPTIONS)]
    pub json: bool,
    /// Where the server is.
    #[command(flatten)]
    pub remote: Remote,
}

/// Arguments of `keys withdraw`.
#[derive(Debug, Args)]
pub struct WithdrawKey {
    /// L'identifiant de la clé, 8 chiffres hexadécimaux
    #[arg(value_name = "KID", help_heading = TEXTS)]
    pub kid: Kid,
    /// Pourquoi : le motif reste dans le journal et se lit dans la liste des clés
    #[arg(long, value_name = "TEXTE", help_heading = OPTIONS)]
    pub reason: String,
    /// Ne demande pas de confirmation
    #[arg(long, help_heading = OPTIONS)]
    pub yes: bool,
    /// Where the server is.
    #[command(flatten)]
    pub remote: Remote,
}

/// How public keys are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum KeyFormat {
    /// JWK Set (RFC 7517)
    #[default]
    Jwks,
    /// `COSE_KeySet` (RFC 9052)
    Cose,
    /// PEM (RFC 8410)
    Pem,
}

/// Arguments of `keys export`.
#[derive(Debug, Args)]
pub struct ExportKeys {
    /// Format
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t, help_heading = OPTIONS)]
    pub format: KeyFormat,
    /// Clés d'ici : fichiers ou adresses « pkcs11: » ; sans elles, celles que publie le serveur
    #[arg(long, value_name = "CLÉ", help_heading = OPTIONS)]
    pub key: Vec<Place>,
    /// À quoi servent ces clés
    #[arg(long = "for", value_name = "USAGE", value_enum, default_value_t, help_heading = OPTIONS)]
    pub purpose: KeyPurpose,
    /// With what it is sealed and opened.
    #[command(flatten)]
    pub sealing: Sealing,
    /// Adresse du service d'émission
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080", help_heading = SERVER)]
    pub server: String,
    /// Fichier à créer ; sans lui, la sortie standard
    #[arg(long, value_name = "FICHIER", help_heading = OPTIONS)]
    pub out: Option<PathBuf>,
}

/// Arguments of `keys delegate`.
#[derive(Debug, Args)]
pub struct DelegateKey {
    /// La clé racine : fichier, ou adresse « pkcs11: »
    #[arg(long, value_name = "CLÉ", help_heading = OPTIONS)]
    pub root: Place,
    /// Moitié publique de la clé désignée : 64 chiffres hexadécimaux, affichés par « ccn keys new --for key-set »
    #[arg(long, value_name = "HEX", value_parser = public_key, help_heading = OPTIONS)]
    pub to: PublicHalf,
    /// Fichier à créer
    #[arg(long, value_name = "FICHIER", help_heading = OPTIONS)]
    pub out: PathBuf,
    /// Premier jour ; sans lui, maintenant
    #[arg(long, value_name = "DATE", value_parser = day_or_instant, help_heading = WINDOW)]
    pub valid_from: Option<DateTime<Utc>>,
    /// Durée en jours, 400 au plus
    #[arg(long, value_name = "N", default_value_t = 395, value_parser = clap::value_parser!(u32).range(1..=400), help_heading = WINDOW)]
    pub days: u32,
    /// What it may sign.
    #[command(flatten)]
    pub limits: Limits,
    /// With what it is sealed and opened.
    #[command(flatten)]
    pub sealing: Sealing,
}

/// Arguments of `keys publish-delegation`.
#[derive(Debug, Args)]
pub struct PublishDelegation {
    /// Le fichier fait par « ccn keys delegate »
    #[arg(long = "in", value_name = "FICHIER", help_heading = OPTIONS)]
    pub input: PathBuf,
    /// Where the server is.
    #[command(flatten)]
    pub remote: Remote,
}

/// 32 bytes of a public key.
pub type PublicHalf = std::sync::Arc<[u8; 32]>;

fn public_key(text: &str) -> Result<PublicHalf, String> {
    let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok();
    let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
    bytes
        .map(std::sync::Arc::new)
        .ok_or_else(|| "une moitié publique s'écrit avec 64 chiffres hexadécimaux".to_owned())
}

/// `2027-01-01` is its first second in Paris.
fn day_or_instant(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(date) = text.parse::<NaiveDate>() {
        return Ok(standards::calendar::paris_start_of_day(date));
    }
    let instant = DateTime::parse_from_rfc3339(text).map(|at| at.to_utc());
    instant.map_err(|_| "une date s'écrit 2027-01-01, un instant 2027-01-01T12:00:00Z".to_owned())
}
