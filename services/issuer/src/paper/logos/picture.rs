//! PNG in and out.

use std::io::Cursor;

use png::{BitDepth, ColorType, Decoder, Encoder, Limits, Transformations};

use super::{LOGO_PIXELS_MAX, Logo, LogoRejection, check_dimensions, kept_size};

/// Memory that the decoder may take beside the pixels.
const DECODER_BYTES_MAX: usize = 8 << 20;

pub(super) fn read(bytes: &[u8]) -> Result<Logo, LogoRejection> {
    let damaged = |error: png::DecodingError| LogoRejection::Damaged(error.to_string());
    let limits = Limits {
        bytes: DECODER_BYTES_MAX,
    };
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16 | Transformations::ALPHA);
    // Nobody prints the comments, and they may be compressed.
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let mut reader = decoder.read_info().map_err(damaged)?;
    let (width, height) = (reader.info().width, reader.info().height);
    if u64::from(width) * u64::from(height) > LOGO_PIXELS_MAX {
        return Err(LogoRejection::Bomb("pixels"));
    }
    check_dimensions(width, height)?;
    let size = reader.output_buffer_size().ok_or(LogoRejection::Bomb("pixels"))?;
    let mut pixels = vec![0; size];
    let frame = reader.next_frame(&mut pixels).map_err(damaged)?;
    let samples = frame.color_type.samples();
    let rgb: Vec<[u8; 3]> = pixels
        .chunks_exact(samples)
        .map(|pixel| match *pixel {
            [grey, alpha] => [on_white(grey, alpha); 3],
            [red, green, blue, alpha] => [on_white(red, alpha), on_white(green, alpha), on_white(blue, alpha)],
            [red, green, blue] => [red, green, blue],
            _ => [pixel.first().copied().unwrap_or(u8::MAX); 3],
        })
        .collect();
    let (kept_width, kept_height) = kept_size(width, height, false);
    let rgb = smaller(&rgb, (width, height), (kept_width, kept_height));
    keep(kept_width, kept_height, rgb.as_flattened())
}

/// As light as its colours look (ITU-R BT.601), without them.
pub(super) fn grey(logo: &Logo) -> Result<Vec<u8>, LogoRejection> {
    let damaged = |error: png::DecodingError| LogoRejection::Damaged(error.to_string());
    let mut reader = Decoder::new(Cursor::new(&logo.png)).read_info().map_err(damaged)?;
    let size = reader.output_buffer_size().ok_or(LogoRejection::Bomb("pixels"))?;
    let mut rgb = vec![0; size];
    reader.next_frame(&mut rgb).map_err(damaged)?;
    let (pixels, _) = rgb.as_chunks::<3>();
    let light = pixels.iter().map(|pixel| {
        let [red, green, blue] = pixel.map(u32::from);
        u8::try_from((299 * red + 587 * green + 114 * blue) / 1000).expect("a mean of bytes")
    });
    let light: Vec<u8> = light.collect();
    write(logo.width.into(), logo.height.into(), ColorType::Grayscale, &light)
        .map_err(|error| LogoRejection::Damaged(error.to_string()))
}

pub(super) fn keep(width: u32, height: u32, rgb: &[u8]) -> Result<Logo, LogoRejection> {
    let side = |pixels: u32| u16::try_from(pixels).map_err(|_| LogoRejection::Bomb("pixels"));
    Logo::from_pixels(side(width)?, side(height)?, rgb)
}

/// A colour seen through this much of it, on white paper.
pub(super) fn on_white(colour: u8, alpha: u8) -> u8 {
    let (colour, alpha, white) = (u16::from(colour), u16::from(alpha), u16::from(u8::MAX));
    u8::try_from((colour * alpha + white * (white - alpha)) / white).expect("a mean of two bytes")
}

/// Each pixel kept is the mean of those it stands for.
fn smaller(pixels: &[[u8; 3]], (width, height): (u32, u32), (to_width, to_height): (u32, u32)) -> Vec<[u8; 3]> {
    if (width, height) == (to_width, to_height) {
        return pixels.to_vec();
    }
    let span = |place: u32, of: u32, to: u32| {
        let edge = |place: u32| u64::from(place) * u64::from(of) / u64::from(to);
        let index = |place: u64| usize::try_from(place).expect("within the pixels' limit");
        index(edge(place))..index(edge(place + 1).max(edge(place) + 1))
    };
    let row_length = usize::try_from(width).expect("within the pixels' limit");
    let mut kept = Vec::new();
    for y in 0..to_height {
        for x in 0..to_width {
            let (mut sum, mut count) = ([0_u64; 3], 0_u64);
            for row in span(y, height, to_height) {
                let columns = span(x, width, to_width);
                let cells = pixels.get(row * row_length + columns.start..row * row_length + columns.end);
                for pixel in cells.unwrap_or_default() {
                    for (total, colour) in sum.iter_mut().zip(pixel) {
                        *total += u64::from(*colour);
                    }
                    count += 1;
                }
            }
            kept.push(sum.map(|total| u8::try_from(total / count.max(1)).expect("a mean of bytes")));
        }
    }
    kept
}

/// Writes a PNG of 8 bits a channel.
pub(crate) fn write(width: u32, height: u32, colours: ColorType, pixels: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width, height);
    encoder.set_color(colours);
    encoder.set_depth(BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}
