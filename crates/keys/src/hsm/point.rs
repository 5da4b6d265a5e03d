//! The public half of an Ed25519 key as modules tell it (`CKA_EC_POINT`).

/// DER: OCTET STRING of 32 bytes, as PKCS#11 2.40 and `SoftHSM` write it.
const OCTET_STRING: [u8; 2] = [0x04, 0x20];

/// DER: BIT STRING of 32 bytes and no unused bit, as some modules write it.
const BIT_STRING: [u8; 3] = [0x03, 0x21, 0x00];

/// The 32 bytes: as they are (PKCS#11 3.0), or wrapped.
pub(super) fn read(point: &[u8]) -> Option<[u8; 32]> {
    let bytes = if point.len() == 32 {
        point
    } else {
        point
            .strip_prefix(&OCTET_STRING)
            .or_else(|| point.strip_prefix(&BIT_STRING))?
    };
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_point_is_read_bare_and_wrapped() {
        let x = [0x04; 32];
        assert_eq!(read(&x), Some(x));
        assert_eq!(read(&[&OCTET_STRING[..], &x].concat()), Some(x));
        assert_eq!(read(&[&BIT_STRING[..], &x].concat()), Some(x));
        for wrong in [&x[..31], &[&[0x04, 0x21][..], &x, &[0]].concat(), &[]] {
            assert_eq!(read(wrong), None);
        }
    }
}
