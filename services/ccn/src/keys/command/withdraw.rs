use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;

use catalogue::WithdrawalId;
use serde_json::json;

use crate::cli::keys::WithdrawKey;

/// `keys withdraw`
pub(super) fn withdraw(args: &WithdrawKey) -> anyhow::Result<ExitCode> {
    let operator = super::operator(&args.remote)?;
    if !args.yes && !confirmed(args)? {
        eprintln!("Rien n'est fait.");
        return Ok(ExitCode::FAILURE);
    }
    // The same act again is the same act: a retry withdraws nothing twice.
    let id = WithdrawalId::derive(b"ccn keys withdraw", &[&args.kid.to_bytes(), args.reason.as_bytes()]);
    let body = json!({ "id": id, "reason": args.reason });
    println!(
        "{}",
        operator.post(&format!("/issuer/v1/keys/{}/withdrawal", args.kid), &body)?
    );
    Ok(ExitCode::SUCCESS)
}

fn confirmed(args: &WithdrawKey) -> anyhow::Result<bool> {
    let stdin = std::io::stdin();
    anyhow::ensure!(
        stdin.is_terminal(),
        "Confirmez avec --yes : tous les chèques signés par la clé {} seront refusés.",
        args.kid
    );
    eprintln!(
        "Tous les chèques signés par la clé {} seront refusés, pour toujours.",
        args.kid
    );
    eprint!("Pour confirmer, tapez son identifiant : ");
    let mut line = String::new();
    stdin.lock().read_line(&mut line)?;
    Ok(line.trim() == args.kid.to_string())
}
