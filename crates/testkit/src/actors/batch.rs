use serde::Deserialize;
use uuid::Uuid;

/// A batch as its sponsor holds it in hands.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Its id.
    pub id: Uuid,
    /// Its vouchers once they are printed, in order of serial number.
    pub vouchers: Vec<Voucher>,
}

/// A voucher on paper.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Voucher {
    /// From 1 in its batch.
    pub serial: u32,
    /// The text of its QR code.
    pub token: String,
    /// For typing.
    pub short_code: String,
    /// In euros.
    pub face_value: String,
    /// From 1 in its batch.
    pub booklet: u32,
}

impl Batch {
    /// The vouchers of a booklet.
    #[must_use]
    pub fn booklet(&self, booklet: u32) -> Vec<Voucher> {
        self.vouchers
            .iter()
            .filter(|voucher| voucher.booklet == booklet)
            .cloned()
            .collect()
    }
}
