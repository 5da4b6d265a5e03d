//! The symbols of tokens at every level that the damage tests compare (docs/PAPER.md): reads the texts of QR codes, one a
//! line, and writes `LEVEL TEXT SIDE MODULES` for each level, the modules row by row, 1 for dark.
//!
//! Levels M and Q are the product's own [`Qr`]. L and H, which the product does not offer, are made here from the same two
//! segments, so that nothing else differs.

use std::error::Error;
use std::io::{self, BufRead, Write};

use qrcode::bits::Bits;
use qrcode::{Color, EcLevel, QrCode, Version};
use voucher::{Host, Qr, QrLevel, Token};

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let text = line?;
        let host = host(&text)?;
        let token = Token::from_text(&text, &host)?;
        for (name, level) in [("M", QrLevel::Medium), ("Q", QrLevel::Quartile)] {
            let qr = Qr::new(&token, &host, level);
            let dark = (0..qr.size() * qr.size()).map(|at| qr.is_dark(at % qr.size(), at / qr.size()));
            write(&mut out, name, &text, qr.size(), dark)?;
        }
        for (name, version, level) in [("L", 6, EcLevel::L), ("H", 11, EcLevel::H)] {
            let mut bits = Bits::new(Version::Normal(version));
            bits.push_byte_data(host.prefix().as_bytes())?;
            bits.push_numeric_data(token.digits().as_bytes())?;
            bits.push_terminator(level)?;
            let code = QrCode::with_bits(bits, level)?;
            let size = code.width();
            let dark = code.into_colors().into_iter().map(|colour| colour == Color::Dark);
            write(&mut out, name, &text, size, dark)?;
        }
    }
    Ok(())
}

/// The host that a text names.
fn host(text: &str) -> Result<Host, Box<dyn Error>> {
    let address = text.strip_prefix("https://").ok_or("the address of a voucher begins with https://")?;
    Ok(address.split('/').next().unwrap_or_default().parse()?)
}

fn write(out: &mut impl Write, level: &str, text: &str, size: usize, dark: impl Iterator<Item = bool>) -> io::Result<()> {
    let modules: String = dark.map(|dark| if dark { '1' } else { '0' }).collect();
    writeln!(out, "{level} {text} {size} {modules}")
}
