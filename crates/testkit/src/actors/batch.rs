use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

/// A batch as its sponsor holds it in hands.
#[derive(Debug, Clone)]
pub struct Batch {
    pub id: Uuid,
    /// The number of its first booklet in the programme.
    pub first_booklet: u32,
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
    pub short_code: String,
    pub face_value: String,
    /// Its number in the programme.
    pub booklet: u32,
}

impl Batch {
    /// The batch of an answer, with nothing printed yet.
    #[must_use]
    pub fn of(answer: &Value) -> Self {
        let first = answer["first_booklet"].as_u64().and_then(|first| first.try_into().ok());
        Self {
            id: answer["id"].as_str().and_then(|id| id.parse().ok()).expect("an id"),
            first_booklet: first.expect("the number of a booklet"),
            vouchers: Vec::new(),
        }
    }

    /// The number in the programme of its first, second, … booklet.
    #[must_use]
    pub const fn number(&self, booklet: u32) -> u32 {
        self.first_booklet + booklet - 1
    }

    /// The vouchers of its first, second, … booklet.
    #[must_use]
    pub fn booklet(&self, booklet: u32) -> Vec<Voucher> {
        self.vouchers
            .iter()
            .filter(|voucher| voucher.booklet == self.number(booklet))
            .cloned()
            .collect()
    }
}
