//! The command line.

pub mod books;
pub mod close;
pub mod evidence;
pub mod keys;
pub mod own_books;
pub mod reconcile;

use std::net::SocketAddr;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{ArgAction, Args, Parser, Subcommand};
use sqlx::postgres::PgConnectOptions;
use voucher::Host;

use crate::config::Config;
use crate::telemetry::LogFormat;

const TEMPLATE: &str = "{about-with-newline}\nUsage : {usage}\n\n{all-args}{after-help}";
const COMMANDS: &str = "Commandes";
const OPTIONS: &str = "Options";
const TEXTS: &str = "Arguments";

/// Le chèque culture numérique : émettre, encaisser, payer.
///
/// Un seul programme pour tout le système. Sans rien préparer que le compte bancaire du fonds, « ccn all » démarre une base de
/// données à lui dans le dossier « .ccn », y crée ce qui manque et sert les trois services sur <http://127.0.0.1:8080>.
///
/// Chaque option a sa variable d'environnement. Une variable CCN_… inconnue est refusée. Les secrets ne passent que par des
/// fichiers, que seul leur propriétaire peut lire.
#[derive(Debug, Parser)]
#[command(
    name = "ccn",
    version,
    help_template = TEMPLATE,
    subcommand_help_heading = COMMANDS,
    subcommand_value_name = "COMMANDE",
    next_help_heading = OPTIONS,
    disable_help_flag = true,
    disable_help_subcommand = true,
    disable_version_flag = true,
    after_help = "Exemples :\n  \
        ccn demo                                      # pour voir, sans rien préparer\n  \
        ccn all --fund-name 'Fonds CCN' --fund-iban FR7630006000011234567890189\n  \
        ccn verify token --keys keys.json https://cheque.example.fr/v#0050…\n  \
        ccn migrate --help"
)]
pub struct Cli {
    /// Affiche cette aide ; --help en dit plus que -h
    #[arg(short, long, action = ArgAction::Help, global = true)]
    help: Option<bool>,
    /// Affiche la version
    #[arg(short = 'V', long, action = ArgAction::Version)]
    version: Option<bool>,
    /// Ce qu'il faut faire.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Démarre tous les services, sur une seule machine
    ///
    /// Met à jour les schémas de la base, crée dans le dossier de données les clés qui manquent, puis sert l'émission,
    /// l'encaissement et le financement sur la même adresse. S'arrête proprement sur Ctrl+C ou SIGTERM.
    ///
    /// Sans --database-url, PostgreSQL est cherché sur la machine et démarré sur un socket privé du dossier de données.
    #[command(help_template = TEMPLATE, after_help = "Exemples :\n  \
        ccn all --fund-name 'Fonds CCN' --fund-iban FR7630006000011234567890189\n  \
        ccn all --listen 0.0.0.0:80 --data-dir /srv/ccn --log json …\n  \
        curl -s http://127.0.0.1:8080/v1/programmes")]
    All(Config),

    /// Démarre le service d'émission seul
    ///
    /// Dispositifs, bénéficiaires, commandes, carnets ; organisations et clés d'accès. Le seul service qui reçoit la clé de
    /// signature et celle de l'opérateur. La base doit exister et être à jour (ccn migrate).
    #[command(help_template = TEMPLATE, after_help = "Exemple :\n  \
        ccn issuer --database-url postgresql://ccn_issuer@base/ccn --database-password-file base.secret \\\n    \
        --signing-key-file signing.key --identity-key-file identity.key --operator-key-file operator.key")]
    Issuer(Config),

    /// Démarre le service d'encaissement seul
    ///
    /// Structures et chèques utilisés. La base doit exister et être à jour (ccn migrate).
    #[command(help_template = TEMPLATE, after_help = "Exemple :\n  \
        ccn redemption --database-url postgresql://ccn_redemption@base/ccn --database-password-file base.secret")]
    Redemption(Config),

    /// Démarre le service de financement seul
    ///
    /// Financeurs, relevés de compte, paiements, bilan. La base doit exister et être à jour (ccn migrate).
    #[command(help_template = TEMPLATE, after_help = "Exemple :\n  \
        ccn funding --database-url postgresql://ccn_funding@base/ccn --database-password-file base.secret \\\n    \
        --fund-name 'Fonds CCN' --fund-iban FR7630006000011234567890189")]
    Funding(Config),

    /// Met la base à jour : rôles, schémas, mots de passe
    ///
    /// Peut être répété sans risque. L'utilisateur de l'URL doit être propriétaire de la base et pouvoir créer des rôles. Avec
    /// --role-passwords, chaque rôle reçoit le mot de passe du fichier qui porte son nom.
    #[command(help_template = TEMPLATE, after_help = "Exemple :\n  \
        ccn migrate --database-url postgresql://postgres@base/ccn --database-password-file base.secret \\\n    \
        --role-passwords /run/secrets")]
    Migrate(Config),

    /// Joue toute la vie des chèques, de la commande au remboursement, sur un système vide
    ///
    /// Importe des structures et des bénéficiaires, réunit l'argent des financeurs, frappe et imprime des carnets, les remet, les
    /// encaisse, paie les structures, lit le relevé de la banque, rend l'argent non utilisé et vérifie les livres. Tout passe par les
    /// interfaces HTTP des services ; l'horloge est celle de l'histoire. Laisse ses fichiers dans --out et le site ouvert.
    ///
    /// Sans fichiers, un petit jeu de données inventé est utilisé.
    #[command(help_template = TEMPLATE, after_help = "Exemples :\n  \
        ccn demo\n  \
        ccn demo --once --out resultats --seed 7\n  \
        ccn demo --once --structures lieux.csv --bank-details rib.csv --beneficiaries ccas.csv --beneficiaries mission-locale.csv")]
    Demo(DemoArgs),

    /// Écrit les livres dans des formats ouverts : écritures prouvées, FEC, hledger, bilan
    ///
    /// Lit la base (celle de --database-url, ou la base embarquée, même en service) et scelle d'abord ce qui ne l'est pas encore.
    /// Les fichiers se vérifient sans ce logiciel : « transfers.ndjson » et « checkpoint » avec tout outil RFC 9162, le journal avec
    /// « hledger check ».
    ///
    /// Code de sortie : 0, ou 1 si les livres ne disent plus ce qui a été scellé.
    #[command(help_template = TEMPLATE, after_help = "Exemples :\n  \
        ccn export --out livres --siren 732829320\n  \
        ccn verify books livres")]
    Export(books::ExportArgs),

    /// Co-signe un point de contrôle des livres, hors ligne, s'il prolonge celui qu'on a vu avant
    ///
    /// Pour un financeur ou un témoin : vérifie la signature du journal et la preuve qu'il prolonge le point de contrôle gardé
    /// dans --seen, puis écrit la ligne de signature, à envoyer à l'opérateur (`POST /funding/v1/checkpoints/…/cosignatures`).
    ///
    /// Code de sortie : 0, 1 si le journal ne prolonge pas celui qui a été vu, 2 si un fichier est illisible.
    #[command(help_template = TEMPLATE, after_help = "Exemples :\n  \
        ccn cosign --key temoin.key --name departement21.example/journal --show-key\n  \
        curl -s https://cheque.example.fr/funding/log/checkpoint > dernier\n  \
        ccn cosign --key temoin.key --name departement21.example/journal --vkey \"$(cat journal.vkey)\" --seen vu dernier\n  \
        curl -s \"https://cheque.example.fr/v1/proofs/consistency?older=$(sed -n 2p vu)\" > preuve.json\n  \
        ccn cosign --key temoin.key --name departement21.example/journal --vkey \"$(cat journal.vkey)\" --seen vu preuve.json")]
    Cosign(books::CosignArgs),

    /// Rapproche les livres de la banque, maintenant : chaque identité avec ses deux côtés, chaque écart
    ///
    /// Le résultat est signé, numéroté et gardé dans la base, comme celui de chaque nuit. La base est celle de --database-url, ou la
    /// base embarquée, même en service. Avec --server, c'est un serveur qui le fait ; sa signature est vérifiée ici avec --vkey.
    ///
    /// Code de sortie : 0 si tout est juste ; 1 si une identité est fausse ou si rien n'a pu être comparé ; 3 si tout est juste mais
    /// qu'un écart attend depuis plus de --break-days-max jours.
    #[command(help_template = TEMPLATE, after_help = "Exemples :\n  \
        ccn reconcile\n  \
        ccn reconcile --json --out rapprochement.note\n  \
        ccn verify reconciliation rapprochement.note\n  \
        ccn reconcile --server http://127.0.0.1:8080 --api-key-file operator.key --vkey \"$(cat journal.vkey)\"")]
    Reconcile(reconcile::ReconcileArgs),

    /// Clôt un mois, pour toujours : plus rien n'y est écrit
    ///
    /// Scelle tout ce qui est écrit, compare chaque compte avec ses écritures, et signe le point de contrôle du mois. Ce qui arrive
    /// ensuite est écrit dans le mois ouvert, et le dit. Les mois se clôturent dans l'ordre, une fois terminés. Redemander un mois
    /// clos redonne sa clôture. La base est celle de --database-url, ou la base embarquée, même en service ; ou celle d'un serveur
    /// (--server), dont la signature est vérifiée ici avec --vkey.
    ///
    /// Gardez le point de contrôle ailleurs : il prouve que rien d'ancien n'a été réécrit (ccn verify books --older).
    ///
    /// Code de sortie : 0 si le mois est clos ; 1 si les livres ont été falsifiés ou si rien n'a pu se faire ; 3 si les livres sont
    /// justes mais que ce mois ne se clôt pas maintenant : il n'est pas terminé, un autre vient avant, il n'y a rien à clôturer, ou
    /// des opérations sont en cours.
    #[command(help_template = TEMPLATE, after_help = "Exemples :\n  \
        ccn close 2026-03 --out cloture-2026-03.note\n  \
        ccn close 2026-03 --server http://127.0.0.1:8080 --api-key-file operator.key --vkey \"$(cat journal.vkey)\"\n  \
        ccn verify books --older cloture-2026-03.note livres")]
    Close(close::CloseArgs),

    /// Vérifie sans réseau ni base de données
    #[command(help_template = TEMPLATE, subcommand_help_heading = COMMANDS, subcommand_value_name = "COMMANDE", disable_help_subcommand = true)]
    Verify {
        /// Ce qu'il faut vérifier.
        #[command(subcommand)]
        what: Verify,
    },

    /// Gère les clés : créer, publier, remplacer, retirer
    ///
    /// Une clé se crée scellée, s'annonce 7 jours avant de servir, et reste publiée jusqu'au dernier encaissement possible de ses
    /// chèques. Plusieurs servent en même temps : en changer ne fait rien réimprimer.
    #[command(help_template = TEMPLATE, subcommand_help_heading = COMMANDS, subcommand_value_name = "COMMANDE", disable_help_subcommand = true)]
    Keys {
        /// Ce qu'il faut faire.
        #[command(subcommand)]
        what: keys::Keys,
    },
}

/// What to verify.
#[derive(Debug, Subcommand)]
pub enum Verify {
    /// Vérifie des chèques à partir du texte de leur QR code
    ///
    /// Écrit un objet JSON par chèque : `{"valid": true, "series", "idx", "cents", "day", "id", "kid", "short_code"}` ou
    /// `{"valid": false, "reason"}`. Un chèque valable peut avoir déjà servi : cela, seul le service d'encaissement le sait.
    ///
    /// Code de sortie : 0 si tous sont valables, 1 si l'un ne l'est pas, 2 si les clés sont illisibles.
    #[command(help_template = TEMPLATE, after_help = "Exemples :\n  \
        ccn verify token --keys keys.json https://cheque.example.fr/v#0050…\n  \
        curl -s https://cheque.example.fr/.well-known/jwks.json > keys.json\n  \
        cut -d, -f2 vouchers.csv | tail -n +2 | ccn verify token --keys keys.json -")]
    Token(VerifyToken),

    /// Vérifie les livres écrits par « ccn export »
    ///
    /// Recalcule chaque feuille, la racine et tous les soldes, vérifie la signature du point de contrôle, et dit à quelle ligne
    /// quelque chose a changé.
    ///
    /// Code de sortie : 0 si tout est intact, 1 sinon, 2 si un fichier est illisible.
    #[command(help_template = TEMPLATE, after_help = "Exemples :\n  \
        ccn verify books livres\n  \
        ccn verify books --vkey \"$(cat cle-publiee.vkey)\" --older checkpoint-de-janvier livres\n  \
        ccn verify books --cosigner \"$(cat departement.vkey)\" livres")]
    Books(books::VerifyBooks),

    /// Vérifie qu'une écriture est dans le journal scellé, ou qu'un journal en prolonge un autre
    ///
    /// Code de sortie : 0 si c'est prouvé, 1 sinon, 2 si le fichier est illisible.
    #[command(help_template = TEMPLATE, after_help = "Exemple :\n  \
        ccn verify proof preuve.json")]
    Proof(books::VerifyProof),

    /// Vérifie qu'un rapprochement est bien celui qui a été signé
    ///
    /// Code de sortie : 0 si c'est prouvé (ce qu'il dit peut être mauvais), 1 sinon, 2 si le fichier est illisible.
    #[command(help_template = TEMPLATE, after_help = "Exemple :\n  \
        ccn verify reconciliation --vkey \"$(cat cle-publiee.vkey)\" rapprochement.note")]
    Reconciliation(reconcile::VerifyReconciliation),

    /// Vérifie les preuves d'une structure, téléchargées à /funding/v1/structures/…/evidence
    ///
    /// Vérifie la preuve de chaque encaissement, de chaque annulation et de chaque paiement, avec les clés publiques seules, et dit ce
    /// qui reste dû. Avec --tokens, vérifie aussi que les chèques gardés par la structure sont authentiques et encaissés là.
    ///
    /// Code de sortie : 0 si tout est prouvé, 1 sinon, 2 si un fichier est illisible.
    #[command(help_template = TEMPLATE, after_help = "Exemples :\n  \
        ccn verify evidence preuves.zip\n  \
        ccn verify evidence --vkey \"$(cat cle-publiee.vkey)\" --tokens codes.txt preuves.zip")]
    Evidence(evidence::VerifyEvidence),
}

/// Arguments of `verify token`.
#[derive(Debug, Args)]
pub struct VerifyToken {
    /// Fichier des clés publiques (JWK Set), tel que le sert /.well-known/jwks.json
    #[arg(long, value_name = "FICHIER", help_heading = OPTIONS)]
    pub keys: PathBuf,
    /// N'accepte que les QR codes de ce site ; sans lui, celui que dit le texte
    #[arg(long, value_name = "HÔTE", help_heading = OPTIONS)]
    pub host: Option<Host>,
    /// Jour (2026-03-31) ou instant (2026-03-31T12:00:00Z) auquel juger ; sans lui, maintenant
    #[arg(long, value_name = "DATE", value_parser = crate::verify::instant, help_heading = OPTIONS)]
    pub at: Option<DateTime<Utc>>,
    /// Textes des QR codes ; « - » les lit sur l'entrée standard, un par ligne
    #[arg(value_name = "TEXTE", required = true, help_heading = TEXTS)]
    pub texts: Vec<String>,
}

/// Arguments of `demo`.
#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    /// S'arrête après l'histoire, au lieu de laisser le site ouvert
    #[arg(long, help_heading = OPTIONS)]
    pub once: bool,
    /// Dossier qui reçoit les résultats
    #[arg(long, value_name = "DOSSIER", default_value = "demo-out", help_heading = OPTIONS)]
    pub out: PathBuf,
    /// Structures à importer (CSV, schéma national des lieux de médiation numérique)
    #[arg(long, value_name = "FICHIER", help_heading = OPTIONS)]
    pub structures: Option<PathBuf>,
    /// Coordonnées bancaires des structures (CSV : siret, titulaire, iban, bic)
    #[arg(long, value_name = "FICHIER", help_heading = OPTIONS)]
    pub bank_details: Option<PathBuf>,
    /// Bénéficiaires d'un prescripteur (CSV) ; peut être répété, un fichier par prescripteur
    #[arg(long, value_name = "FICHIER", help_heading = OPTIONS)]
    pub beneficiaries: Vec<PathBuf>,
    /// Graine du hasard de l'histoire : la même graine raconte la même histoire
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = OPTIONS)]
    pub seed: u64,
    /// Adresse et port d'écoute
    #[arg(long, env = "CCN_LISTEN", value_name = "ADRESSE:PORT", default_value_t = crate::config::LISTEN, help_heading = OPTIONS)]
    pub listen: SocketAddr,
    /// Dossier de la base embarquée ; sans lui, un dossier temporaire, effacé à la fin
    #[arg(long, env = "CCN_DATA_DIR", value_name = "DOSSIER", help_heading = OPTIONS)]
    pub data_dir: Option<PathBuf>,
    /// Base PostgreSQL vide à utiliser au lieu de la base embarquée
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL", help_heading = OPTIONS)]
    pub database_url: Option<PgConnectOptions>,
    /// Forme des journaux, écrits sur la sortie d'erreur
    #[arg(long, env = "CCN_LOG", value_name = "FORME", value_enum, default_value_t, help_heading = OPTIONS)]
    pub log: LogFormat,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
