//! Which of the bank's reasons speak of the payee's account or of its holder: only then would the same payment fail again.
//!
//! The codes are those of ISO 20022's external code sets `ExternalStatusReason1Code` (pain.002) and `ExternalReturnReason1Code`
//! (camt.053), <https://www.iso20022.org/catalogue-messages/additional-content-messages/external-code-sets>, as the European
//! Payments Council uses them for credit transfers (EPC135-18). What speaks of the file, the amount, the day, the debtor or the
//! bank's own systems (FF01, AM04, DT01, DUPL, TM01, RVSL, …) says nothing of the payee, and neither does a reason that is given to a whole
//! file or group.

/// Of the account or its holder, whoever says so of the payment itself.
const OF_THE_ACCOUNT: [&str; 23] = [
    "AC01", // the account number is wrong
    "AC03", // the same, of the creditor
    "AC04", // closed
    "AC06", // blocked
    "AC07", // closed, of the creditor
    "AC08", // the branch is wrong
    "AC11", // in another currency
    "AC12", // of a kind that takes no transfers
    "AC14", // the same, of the creditor
    "AC15", // its details have changed
    "AC16", // under sequestration
    "AC17", // in liquidation
    "AG01", // transfers to this account are forbidden (savings)
    "BE01", // the name is not the account's
    "BE04", // the holder's address is missing or wrong
    "BE06", // the holder is not known
    "BE22", // the holder's name is missing
    "CNOR", // the payee's bank takes no such transfers
    "MD07", // the holder is dead
    "MS02", // the holder refuses it
    "RC01", // the bank's identifier is wrong
    "RC04", // the same, of the creditor's bank
    "RR03", // the holder's name or address is missing
];

/// Of a payment that came back from the payee's bank: it does not say why (`MS03`, as French banks do for a closed account), or
/// says it in words (`NARR`, also a person's). Said before the debit by the fund's own bank they are no word on the payee.
const OF_A_RETURN: [&str; 2] = ["MS03", "NARR"];

/// Whether a payment that came back, or was rejected, would do so again while the account is the same. `own` is whether the bank
/// gave its reason to this payment: that of a whole file is about the file.
pub(super) fn speaks_of_the_account(answer: &str, reason: &str, own: bool) -> bool {
    let of_the_payee = OF_THE_ACCOUNT.contains(&reason) || (answer == "returned" && OF_A_RETURN.contains(&reason));
    own && of_the_payee
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_reasons_of_the_account_given_to_the_payment_itself_count() {
        for reason in OF_THE_ACCOUNT {
            assert!(speaks_of_the_account("rejected", reason, true), "{reason}");
            assert!(speaks_of_the_account("returned", reason, true), "{reason}");
            // Of a whole file they speak of the fund's own account.
            assert!(!speaks_of_the_account("rejected", reason, false), "{reason}");
        }
        for reason in ["FF01", "AM04", "DT01", "DUPL", "RJCT", "CANC", "RVSL", "FOCR", ""] {
            assert!(!speaks_of_the_account("rejected", reason, true), "{reason}");
            assert!(!speaks_of_the_account("returned", reason, true), "{reason}");
        }
        for reason in OF_A_RETURN {
            assert!(speaks_of_the_account("returned", reason, true), "{reason}");
            assert!(!speaks_of_the_account("rejected", reason, true), "{reason}");
        }
    }
}
