//! The field GF(32) = `GF(2)[x]` / (x⁵ + x² + 1), in which the short code's checks are made.
//!
//! A symbol is a field element of 5 bits; addition and subtraction are `^`; α is the element 2.

/// x⁵ + x² + 1
const MODULUS: u8 = 0b10_0101;

/// The product of two symbols.
pub(crate) const fn mul(a: u8, b: u8) -> u8 {
    let (mut a, mut b, mut product) = (a, b, 0);
    while b != 0 {
        if b & 1 != 0 {
            product ^= a;
        }
        a <<= 1;
        if a & 0b10_0000 != 0 {
            a ^= MODULUS;
        }
        b >>= 1;
    }
    product
}

/// `base` multiplied with itself, `exponent` times in all.
pub(crate) fn pow(base: u8, exponent: usize) -> u8 {
    (0..exponent).fold(1, |power, _| mul(power, base))
}

/// `a / b`. The group of non-zero symbols has order 31, so b³⁰ is the inverse of b.
pub(crate) fn div(a: u8, b: u8) -> u8 {
    debug_assert_ne!(b, 0, "no division by zero in a field");
    mul(a, pow(b, 30))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alpha_generates_every_symbol_but_zero() {
        let mut powers: Vec<u8> = (0..31).map(|exponent| pow(2, exponent)).collect();
        powers.sort_unstable();
        assert_eq!(powers, (1..32).collect::<Vec<u8>>());
        assert_eq!(pow(2, 31), 1);
    }

    #[test]
    fn a_division_undoes_a_multiplication() {
        for a in 0..32 {
            for b in 1..32 {
                assert_eq!(div(mul(a, b), b), a);
            }
        }
    }
}
