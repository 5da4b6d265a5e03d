//! Logos of the sponsor and the funders: checked when they arrive, kept in one form.
//!
//! **The invariant.** What is kept is a PNG that this program wrote: 8 bits, red, green and blue on white, no larger than print
//! needs. Whatever came in was read within limits and is thrown away: no script, no external reference, no hidden text, no
//! profile of an unknown origin goes further.
//!
//! | limit | value | why |
//! |---|---|---|
//! | file | [`LOGO_BYTES_MAX`] = 2 MiB | a logo is small |
//! | PNG | [`LOGO_PIXELS_MAX`] = 16 million pixels, told before any is unpacked | decompression bombs |
//! | SVG | [`SVG_ELEMENTS_MAX`] elements, repetitions counted as often as they are drawn | `use` of `use` of `use` |
//! | kept | [`LOGO_WIDTH_MAX`] × [`LOGO_HEIGHT_MAX`] pixels | 42 × 21 mm on the cover at 600 dots an inch |

mod picture;
mod store;
mod svg;

use database::Rejection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::Problem;

pub(crate) use picture::write as write_png;
pub(crate) use store::{delete, find, of_organisations, put};

/// Bytes of the largest file taken.
pub const LOGO_BYTES_MAX: usize = 2 << 20;

/// Pixels of the largest PNG taken.
pub const LOGO_PIXELS_MAX: u64 = 16_000_000;

/// Elements of the largest SVG taken, as they are drawn.
pub const SVG_ELEMENTS_MAX: u32 = 5_000;

/// Pixels kept: the widest place on a cover, 42 mm at 600 dots an inch.
pub const LOGO_WIDTH_MAX: u32 = 1000;

/// Pixels kept: the highest place on a cover, 21 mm at 600 dots an inch.
pub const LOGO_HEIGHT_MAX: u32 = 500;

/// Pixels of the shorter side of a PNG: below, it is a blur on paper.
const SHORT_SIDE_PIXELS_MIN: u32 = 60;

/// How much longer the long side may be.
const PROPORTION_MAX: u32 = 12;

/// A logo as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logo {
    /// A PNG: 8 bits, RGB.
    pub png: Vec<u8>,
    /// Pixels.
    pub width: u16,
    /// Pixels.
    pub height: u16,
}

/// What logos are printed with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogoInk {
    /// Black alone, as all the rest: one plate.
    #[default]
    Grey,
    /// Four colours, on the covers.
    Colour,
}

#[derive(Debug)]
pub enum LogoRejection {
    Format,
    OtherFormat,
    Bytes,
    /// Too many of these, in French.
    Bomb(&'static str),
    /// In pixels: too small, or too long and thin.
    Dimensions {
        width: u32,
        height: u32,
    },
    Damaged(String),
    /// The SVG holds what is never run or fetched.
    Forbidden(String),
    /// Neither the sponsor nor a funder of the programme.
    NotAPartner,
}

impl Rejection for LogoRejection {}

impl From<LogoRejection> for Problem {
    fn from(rejection: LogoRejection) -> Self {
        let refused = |kind| Self::refused(kind, "Ce logo ne peut pas être imprimé.");
        match rejection {
            LogoRejection::Format => refused("logo-format").detail(
                "Ce fichier n'est ni un PNG ni un SVG, quel que soit son nom. Exportez le logo en PNG ou en SVG.",
            ),
            LogoRejection::OtherFormat => refused("logo-format").detail(
                "Le contenu n'est pas du format annoncé : envoyez « Content-Type: image/png » avec un PNG, « image/svg+xml » avec un SVG.",
            ),
            LogoRejection::Bytes => refused("logo-size").detail(format!(
                "Le fichier dépasse {} Mio : réduisez-le.",
                LOGO_BYTES_MAX >> 20
            )),
            LogoRejection::Bomb(what) => refused("logo-size").detail(format!(
                "Une fois ouvert, ce fichier compte trop de {what} : simplifiez-le, ou exportez-le en PNG de {LOGO_WIDTH_MAX} pixels de large."
            )),
            LogoRejection::Dimensions { width, height } => refused("logo-dimensions").detail(format!(
                "Ce logo mesure {width} × {height} pixels. Il faut au moins {SHORT_SIDE_PIXELS_MIN} pixels de chaque côté (300 ou plus \
                 pour une impression nette), et un grand côté d'au plus {PROPORTION_MAX} fois le petit."
            )),
            LogoRejection::Damaged(what) => {
                refused("logo-damaged").detail(format!("Le fichier est abîmé ou incomplet ({what}) : exportez-le à nouveau."))
            }
            LogoRejection::Forbidden(what) => refused("logo-forbidden").detail(format!(
                "Ce SVG contient {what}, ce qui n'est jamais accepté dans un logo. Retirez-le, convertissez les textes en tracés, ou exportez en PNG."
            )),
            LogoRejection::NotAPartner => refused("not-a-partner").detail(
                "Cette organisation n'est ni le commanditaire ni un financeur du dispositif : son logo n'y est pas imprimé.",
            ),
        }
    }
}

/// What a file announces to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogoFormat {
    /// `image/png`.
    Png,
    /// `image/svg+xml`.
    Svg,
}

impl LogoFormat {
    /// The format of this media type.
    #[must_use]
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("image/png") {
            Some(Self::Png)
        } else if essence.eq_ignore_ascii_case("image/svg+xml") {
            Some(Self::Svg)
        } else {
            None
        }
    }

    /// The format that the content is of.
    fn of_content(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            return Some(Self::Png);
        }
        let text = std::str::from_utf8(bytes).ok()?;
        let begins = text.trim_start_matches('\u{feff}').trim_start().starts_with('<');
        (begins && text.contains("<svg")).then_some(Self::Svg)
    }
}

impl Logo {
    /// Reads a file within the limits and draws it anew. CPU only: some milliseconds, a second for the largest.
    pub fn read(announced: LogoFormat, bytes: &[u8]) -> Result<Self, LogoRejection> {
        if bytes.len() > LOGO_BYTES_MAX {
            return Err(LogoRejection::Bytes);
        }
        match LogoFormat::of_content(bytes) {
            None => Err(LogoRejection::Format),
            Some(found) if found != announced => Err(LogoRejection::OtherFormat),
            Some(LogoFormat::Png) => picture::read(bytes),
            Some(LogoFormat::Svg) => svg::read(bytes),
        }
    }

    /// The PNG that is printed.
    pub(crate) fn printed(&self, ink: LogoInk) -> Result<Vec<u8>, LogoRejection> {
        match ink {
            LogoInk::Grey => picture::grey(self),
            LogoInk::Colour => Ok(self.png.clone()),
        }
    }

    /// From pixels: three bytes each, row by row.
    pub fn from_pixels(width: u16, height: u16, rgb: &[u8]) -> Result<Self, LogoRejection> {
        let png = picture::write(width.into(), height.into(), png::ColorType::Rgb, rgb)
            .map_err(|error| LogoRejection::Damaged(error.to_string()))?;
        Ok(Self { png, width, height })
    }
}

fn check_dimensions(width: u32, height: u32) -> Result<(), LogoRejection> {
    let (short, long) = (width.min(height), width.max(height));
    if short < SHORT_SIDE_PIXELS_MIN || long / short.max(1) > PROPORTION_MAX {
        return Err(LogoRejection::Dimensions { width, height });
    }
    Ok(())
}

/// The largest size of these proportions that is kept; never larger than it is, unless `enlarge`.
fn kept_size(width: u32, height: u32, enlarge: bool) -> (u32, u32) {
    if !enlarge && width <= LOGO_WIDTH_MAX && height <= LOGO_HEIGHT_MAX {
        return (width, height);
    }
    let (w, h) = (u64::from(width.max(1)), u64::from(height.max(1)));
    let (wide, high) = (u64::from(LOGO_WIDTH_MAX), u64::from(LOGO_HEIGHT_MAX));
    let (kept_width, kept_height) = if w * high >= h * wide {
        (wide, (wide * h / w).max(1))
    } else {
        ((high * w / h).max(1), high)
    };
    let small = "within the limits";
    (
        u32::try_from(kept_width).expect(small),
        u32::try_from(kept_height).expect(small),
    )
}

#[cfg(test)]
mod tests;
