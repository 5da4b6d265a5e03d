//! French spacing: what stands with its neighbour stays on its line.

const NO_BREAK: char = '\u{a0}';

/// Spaces inside guillemets, before `:`, `;`, `!`, `?`, `€` and `%`, and after `n°` do not break.
pub(super) fn bound(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut bound = String::with_capacity(text.len());
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| letters.get(before));
        let after = letters.get(index + 1);
        let opens = before.is_some_and(|before| matches!(before, '«' | '°'));
        let closes = after.is_some_and(|after| matches!(after, '»' | ':' | ';' | '!' | '?' | '€' | '%'));
        bound.push(if *letter == ' ' && (opens || closes) {
            NO_BREAK
        } else {
            *letter
        });
    }
    bound
}

#[cfg(test)]
mod tests {
    use super::bound;

    #[test]
    fn what_stands_together_is_not_parted() {
        assert_eq!(
            bound("Le « fonds » dit : oui ! 20 € au n° 3"),
            "Le «\u{a0}fonds\u{a0}» dit\u{a0}: oui\u{a0}! 20\u{a0}€ au n°\u{a0}3"
        );
        assert_eq!(bound(" a b "), " a b ");
    }
}
