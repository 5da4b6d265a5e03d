use std::fmt;
use std::str::FromStr;

/// Hashes in a full tile (C2SP tlog-tiles: height 8).
pub const TILE_HASHES: usize = 256;

/// The address of a tile below a log's prefix (C2SP tlog-tiles): `tile/<L>/<N>[.p/<W>]`, or `tile/entries/<N>[.p/<W>]` for the
/// leaves themselves; N in groups of three digits, all but the last after an `x`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TilePath {
    /// 0 holds leaves' hashes; nothing names the leaves themselves.
    pub level: Option<u8>,
    /// The place in the level, from zero.
    pub n: u64,
    /// Hashes or entries in it: 256, or fewer when the path names a partial tile.
    pub width: u16,
}

/// Not an address of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("ce n'est pas l'adresse d'une tuile du journal")]
pub struct TilePathError;

/// Levels that a tree of 2⁶⁴ leaves could have.
const LEVEL_MAX: u8 = 7;

impl FromStr for TilePath {
    type Err = TilePathError;

    /// Reads what follows `tile/`. Only the one spelling that a tile has.
    fn from_str(text: &str) -> Result<Self, TilePathError> {
        let (level, rest) = text.split_once('/').ok_or(TilePathError)?;
        let level = match level {
            "entries" => None,
            digits => Some(digits.parse().map_err(|_| TilePathError)?),
        };
        let (number, width) = match rest.split_once(".p/") {
            None => (rest, 256),
            Some((number, width)) => (number, width.parse().map_err(|_| TilePathError)?),
        };
        let mut n: u64 = 0;
        for group in number.split('/') {
            let digits = group.strip_prefix('x').unwrap_or(group);
            if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(TilePathError);
            }
            let group: u64 = digits.parse().map_err(|_| TilePathError)?;
            n = n
                .checked_mul(1000)
                .and_then(|n| n.checked_add(group))
                .ok_or(TilePathError)?;
        }
        let path = Self { level, n, width };
        let known = level.is_none_or(|level| level <= LEVEL_MAX) && (1..=256).contains(&width);
        if known && path.to_string() == text {
            Ok(path)
        } else {
            Err(TilePathError)
        }
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.level {
            None => f.write_str("entries")?,
            Some(level) => write!(f, "{level}")?,
        }
        let mut groups = vec![self.n % 1000];
        let mut left = self.n / 1000;
        while left > 0 {
            groups.push(left % 1000);
            left /= 1000;
        }
        while let Some(group) = groups.pop() {
            let mark = if groups.is_empty() { "" } else { "x" };
            write!(f, "/{mark}{group:03}")?;
        }
        if self.width < 256 {
            write!(f, ".p/{}", self.width)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tile_has_one_address() {
        for (text, level, n, width) in [
            ("0/000", Some(0), 0, 256),
            ("0/x001/x234/067", Some(0), 1_234_067, 256),
            ("1/x001/000", Some(1), 1000, 256),
            ("entries/003.p/17", None, 3, 17),
        ] {
            let path: TilePath = text.parse().unwrap();
            assert_eq!(path, TilePath { level, n, width });
            assert_eq!(path.to_string(), text);
        }
        for text in [
            "",
            "0",
            "0/0",
            "0/1000",
            "00/000",
            "8/000",
            "0/x000/001",
            "0/x001",
            "0/000.p/0",
            "0/000.p/256",
            "0/000.p/01",
            "0/000.p/",
            "0/../000",
            "entries/",
            "-1/000",
            "0/000/",
            "x/000",
        ] {
            assert_eq!(text.parse::<TilePath>(), Err(TilePathError), "{text}");
        }
    }
}
