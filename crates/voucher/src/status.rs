//! The status of vouchers without a network: shards of two bits a voucher.
//!
//! A series has 2²⁴ places in 16 shards of 2²⁰; a shard is 256 KiB of bits. The layout is that of the IETF Token Status List
//! (draft-ietf-oauth-status-list-20 § 4): place 0 stands in the lowest bits of the first byte.

pub(crate) mod list;

use std::fmt;

use crate::{Host, Idx};

/// Places in a shard.
pub const SHARD_PLACES: u32 = 1 << 20;

/// Bits a voucher.
pub(crate) const STATUS_BITS: u8 = 2;

/// Bytes of a shard's bits.
pub(crate) const SHARD_BYTES: usize = SHARD_PLACES as usize / PLACES_PER_BYTE;

const PLACES_PER_BYTE: usize = 4;
const MASK: u8 = 0b11;

/// What a status list says of a voucher. The first three values are the registered ones (§ 7.1 of the draft); the fourth is
/// left to the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Status {
    Valid = 0,
    /// Revoked or expired: cannot be spent any more.
    Invalid = 1,
    /// Not yet spendable. Every place starts so; a voucher handed over since the list was made still reads so.
    Suspended = 2,
    Used = 3,
}

impl Status {
    const fn of_bits(bits: u8) -> Self {
        match bits & MASK {
            0 => Self::Valid,
            1 => Self::Invalid,
            2 => Self::Suspended,
            _ => Self::Used,
        }
    }
}

impl Idx {
    /// Which shard of the series' status list has this place.
    #[must_use]
    pub fn shard(self) -> u8 {
        u8::try_from(self.get() / SHARD_PLACES).expect("24 bits less 20 leave 4")
    }

    /// Where in its shard, below [`SHARD_PLACES`].
    #[must_use]
    pub const fn place(self) -> u32 {
        self.get() % SHARD_PLACES
    }
}

impl Host {
    /// Where the status list of a shard is published. The token does not carry this address: it follows from its series and
    /// idx, and that is our profile of the draft.
    #[must_use]
    pub fn status_list_uri(&self, series: u16, shard: u8) -> String {
        format!("https://{self}/redemption/sl/{series}/{shard}")
    }
}

/// The statuses of one shard.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusShard(Box<[u8]>);

impl StatusShard {
    /// A shard of which no voucher is spendable yet.
    #[must_use]
    pub fn new() -> Self {
        let suspended = Status::Suspended as u8;
        let byte = suspended << 6 | suspended << 4 | suspended << 2 | suspended;
        Self(vec![byte; SHARD_BYTES].into())
    }

    /// The shard with these bits, if they are as many as they should be.
    pub(crate) fn of_bytes(bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() == SHARD_BYTES).then(|| Self(bytes.into()))
    }

    pub(crate) const fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The status at `place`.
    ///
    /// # Panics
    ///
    /// If `place` is not below [`SHARD_PLACES`]; [`Idx::place`] is.
    #[must_use]
    pub fn get(&self, place: u32) -> Status {
        let (byte, shift) = address(place);
        Status::of_bits(self.0[byte] >> shift)
    }

    /// Writes the status at `place`; tells whether that changed anything.
    ///
    /// # Panics
    ///
    /// If `place` is not below [`SHARD_PLACES`]; [`Idx::place`] is.
    pub fn set(&mut self, place: u32, status: Status) -> bool {
        let (byte, shift) = address(place);
        let before = self.0[byte];
        let after = before & !(MASK << shift) | (status as u8) << shift;
        self.0[byte] = after;
        before != after
    }

    /// How many places read `status`.
    #[must_use]
    pub fn count(&self, status: Status) -> u32 {
        (0..SHARD_PLACES)
            .map(|place| u32::from(self.get(place) == status))
            .sum()
    }
}

impl Default for StatusShard {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for StatusShard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [valid, invalid, used] = [Status::Valid, Status::Invalid, Status::Used].map(|status| self.count(status));
        write!(f, "StatusShard({valid} valid, {invalid} invalid, {used} used)")
    }
}

/// The byte of a place, and how far its bits are shifted in it.
const fn address(place: u32) -> (usize, usize) {
    let place = place as usize;
    (place / PLACES_PER_BYTE, place % PLACES_PER_BYTE * STATUS_BITS as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_places_share_a_byte_and_do_not_touch_one_another() {
        let mut shard = StatusShard::new();
        assert!(shard.set(5, Status::Used));
        assert!(!shard.set(5, Status::Used));
        let statuses = [4, 5, 6, 7].map(|place| shard.get(place));
        assert_eq!(
            statuses,
            [Status::Suspended, Status::Used, Status::Suspended, Status::Suspended]
        );
        assert_eq!(shard.bytes()[1], 0b10_10_11_10);
    }

    #[test]
    fn an_index_finds_its_shard_and_its_place() {
        let idx = Idx::new(15 * SHARD_PLACES + 7).unwrap();
        assert_eq!((idx.shard(), idx.place()), (15, 7));
        assert_eq!((Idx::MAX.shard(), Idx::MAX.place()), (15, SHARD_PLACES - 1));
    }

    /// The example of the draft (§ 4.1): statuses 1,2,0,3,0,1,0,1,1,2,3,3 at two bits are the bytes C9 44 F9.
    #[test]
    fn the_bits_are_those_of_the_drafts_example() {
        use Status::{Invalid as I, Suspended as S, Used as U, Valid as V};
        let mut shard = StatusShard::new();
        for (place, status) in (0..).zip([I, S, V, U, V, I, V, I, I, S, U, U]) {
            shard.set(place, status);
        }
        assert_eq!(shard.bytes()[..3], [0xC9, 0x44, 0xF9]);
    }
}
