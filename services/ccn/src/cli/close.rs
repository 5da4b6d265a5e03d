//! `ccn close`.

use std::path::PathBuf;

use clap::Args;
use standards::Month;

use super::own_books::{OwnBooks, Served};
use super::{OPTIONS, TEXTS};

/// Arguments of `close`.
#[derive(Debug, Args)]
pub struct CloseArgs {
    /// Le mois à clôturer, terminé : 2026-03
    #[arg(value_name = "MOIS", value_parser = month, help_heading = TEXTS)]
    pub month: Month,
    /// Fichier qui reçoit le point de contrôle signé, à garder ailleurs que sur ce serveur ; sans lui, il est affiché
    #[arg(long, value_name = "FICHIER", help_heading = OPTIONS)]
    pub out: Option<PathBuf>,
    /// Écrit la clôture en JSON, au lieu du texte
    #[arg(long, help_heading = OPTIONS)]
    pub json: bool,
    /// Whose books.
    #[command(flatten)]
    pub own: OwnBooks,
    /// Or a server's.
    #[command(flatten)]
    pub served: Served,
}

fn month(text: &str) -> Result<Month, String> {
    text.parse()
        .map_err(|_| "un mois s'écrit 2026-03 : l'année, un tiret, le mois".to_owned())
}
