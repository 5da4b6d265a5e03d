//! Which of the bank's reasons speak of the payee's account, and which of its holder: only then would the same payment fail again.
//!
//! The codes are those of ISO 20022's external code sets `ExternalStatusReason1Code` (pain.002) and `ExternalReturnReason1Code`
//! (camt.053), <https://www.iso20022.org/catalogue-messages/additional-content-messages/external-code-sets>, as the European
//! Payments Council uses them for credit transfers (EPC135-18). What speaks of the file, the amount, the day, the debtor or the
//! bank's own systems (FF01, AM04, DT01, DUPL, TM01, RVSL, …) says nothing of the payee, and neither does a reason that is given to a whole
//! file or group.

/// Of the account: whoever holds it and whatever its bank is called, a payment to it would fail again.
const OF_THE_ACCOUNT: [&str; 18] = [
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
    "CNOR", // the payee's bank takes no such transfers
    "MD07", // the holder is dead
    "MS02", // the holder refuses it
    "RC01", // the bank's identifier is wrong: it is found from the IBAN
    "RC04", // the same, of the creditor's bank
];

/// Of the holder's name or address.
const OF_THE_HOLDER: [&str; 5] = [
    "BE01", // the name is not the account's
    "BE04", // the address is missing or wrong
    "BE06", // not known
    "BE22", // the name is missing
    "RR03", // the name or the address is missing
];

/// Of a payment that came back from the payee's bank: it does not say why (`MS03`, as French banks do for a closed account), or
/// says it in words (`NARR`, also a person's). Said before the debit by the fund's own bank they are no word on the payee.
const OF_A_RETURN: [&str; 2] = ["MS03", "NARR"];

/// What a failed payment speaks of, and so what has to change before it is paid again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blamed {
    Account,
    Holder,
}

/// What would make a payment that came back, or was rejected, fail again. `own` is whether the bank gave its reason to this payment:
/// that of a whole file is about the file.
pub(super) fn blamed(answer: &str, reason: &str, own: bool) -> Option<Blamed> {
    match reason {
        _ if !own => None,
        reason if OF_THE_ACCOUNT.contains(&reason) => Some(Blamed::Account),
        reason if OF_THE_HOLDER.contains(&reason) => Some(Blamed::Holder),
        reason if answer == "returned" && OF_A_RETURN.contains(&reason) => Some(Blamed::Account),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_reasons_of_the_payee_given_to_the_payment_itself_count() {
        let all = OF_THE_ACCOUNT.map(|reason| (reason, Blamed::Account));
        for (reason, of) in all
            .into_iter()
            .chain(OF_THE_HOLDER.map(|reason| (reason, Blamed::Holder)))
        {
            assert_eq!(blamed("rejected", reason, true), Some(of), "{reason}");
            assert_eq!(blamed("returned", reason, true), Some(of), "{reason}");
            // Of a whole file they speak of the fund's own account.
            assert_eq!(blamed("rejected", reason, false), None, "{reason}");
        }
        for reason in ["FF01", "AM04", "DT01", "DUPL", "RJCT", "CANC", "RVSL", "FOCR", ""] {
            assert_eq!(blamed("rejected", reason, true), None, "{reason}");
            assert_eq!(blamed("returned", reason, true), None, "{reason}");
        }
        for reason in OF_A_RETURN {
            assert_eq!(blamed("returned", reason, true), Some(Blamed::Account), "{reason}");
            assert_eq!(blamed("rejected", reason, true), None, "{reason}");
        }
    }
}
