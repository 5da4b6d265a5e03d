//! What a bank says of a payment file before it debits (pain.002.001.10).

/// A report on one file.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// The bank's name of the report.
    pub id: &'a str,
    /// When it was made: `2026-04-03T09:00:00`, local time.
    pub at: &'a str,
    /// The `MsgId` of the pain.001 file.
    pub message_id: &'a str,
    /// Of the file as a whole: elements of `OrgnlGrpInfAndSts`, such as `<GrpSts>ACCP</GrpSts>`.
    pub group: &'a str,
    /// What it says of payments.
    pub payments: &'a [PaymentStatus<'a>],
}

/// What becomes of a payment.
#[derive(Debug, Clone, Copy)]
pub struct PaymentStatus<'a> {
    pub end_to_end: &'a str,
    /// `RJCT` where it will never be debited, `ACSP`, `PDNG`, …
    pub status: &'a str,
    /// In euros, where the bank repeats it.
    pub amount: Option<&'a str>,
}

/// The reason that each payment is given: its account is closed.
const REASON: &str = "AC04";

impl Report<'_> {
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let Self {
            id,
            at,
            message_id,
            group,
            ..
        } = self;
        let payments: String = self.payments.iter().map(PaymentStatus::write).collect();
        format!(
            "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.10\"><CstmrPmtStsRpt>\n\
             <GrpHdr><MsgId>{id}</MsgId><CreDtTm>{at}</CreDtTm></GrpHdr>\n\
             <OrgnlGrpInfAndSts><OrgnlMsgId>{message_id}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>{group}\
             </OrgnlGrpInfAndSts>\n<OrgnlPmtInfAndSts><OrgnlPmtInfId>X</OrgnlPmtInfId>\n{payments}</OrgnlPmtInfAndSts>\n\
             </CstmrPmtStsRpt></Document>"
        )
        .into_bytes()
    }
}

impl PaymentStatus<'_> {
    fn write(&self) -> String {
        let Self {
            end_to_end,
            status,
            amount,
        } = self;
        let amount = amount.map_or_else(String::new, |amount| {
            format!("<OrgnlTxRef><Amt><InstdAmt Ccy=\"EUR\">{amount}</InstdAmt></Amt></OrgnlTxRef>")
        });
        format!(
            "<TxInfAndSts><OrgnlEndToEndId>{end_to_end}</OrgnlEndToEndId><TxSts>{status}</TxSts>\
             <StsRsnInf><Rsn><Cd>{REASON}</Cd></Rsn></StsRsnInf>{amount}</TxInfAndSts>\n"
        )
    }
}
