use super::*;

fn png(width: u32, height: u32, colours: png::ColorType, pixel: &[u8]) -> Vec<u8> {
    let pixels = pixel.repeat((width * height) as usize);
    picture::write(width, height, colours, &pixels).unwrap()
}

fn colours(logo: &Logo) -> (Vec<u8>, png::ColorType) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(&logo.png)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    (pixels, frame.color_type)
}

fn svg(inside: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
        viewBox=\"0 0 200 100\">{inside}</svg>"
    )
}

fn read_svg(inside: &str) -> Result<Logo, LogoRejection> {
    Logo::read(LogoFormat::Svg, svg(inside).as_bytes())
}

#[test]
fn a_large_transparent_png_is_kept_smaller_on_white() {
    let logo = Logo::read(LogoFormat::Png, &png(3000, 1000, png::ColorType::Rgba, &[255, 0, 0, 0])).unwrap();
    assert_eq!((logo.width, logo.height), (1000, 333));
    let (pixels, kind) = colours(&logo);
    assert_eq!(kind, png::ColorType::Rgb);
    assert!(
        pixels.iter().all(|channel| *channel == 255),
        "what was transparent is white"
    );
    let grey = Logo::read(
        LogoFormat::Png,
        &png(100, 80, png::ColorType::GrayscaleAlpha, &[0, 128]),
    )
    .unwrap();
    assert_eq!((grey.width, grey.height, colours(&grey).0[0]), (100, 80, 127));
}

#[test]
fn an_svg_is_drawn_at_the_size_of_print() {
    let logo = read_svg(
        "<defs><linearGradient id=\"g\"><stop stop-color=\"#00f\"/></linearGradient></defs>\
        <style>.a{fill:url(#g)}</style><rect width=\"200\" height=\"100\" class=\"a\"/>",
    )
    .unwrap();
    assert_eq!((logo.width, logo.height), (1000, 500));
    assert_eq!(colours(&logo).0[..3], [0, 0, 255]);
}

#[test]
fn the_format_is_told_by_the_content() {
    let picture = png(100, 100, png::ColorType::Rgb, &[1, 2, 3]);
    assert!(matches!(
        Logo::read(LogoFormat::Svg, &picture),
        Err(LogoRejection::OtherFormat)
    ));
    assert!(matches!(
        Logo::read(LogoFormat::Png, svg("").as_bytes()),
        Err(LogoRejection::OtherFormat)
    ));
    assert!(matches!(
        Logo::read(LogoFormat::Png, b"\xff\xd8\xff\xe0 JFIF"),
        Err(LogoRejection::Format)
    ));
    assert!(matches!(
        Logo::read(LogoFormat::Png, &picture[..200.min(picture.len() - 20)]),
        Err(LogoRejection::Damaged(_))
    ));
    assert!(matches!(
        Logo::read(LogoFormat::Svg, &vec![b'<'; LOGO_BYTES_MAX + 1]),
        Err(LogoRejection::Bytes)
    ));
}

#[test]
fn bombs_are_refused_before_they_go_off() {
    // A header that announces 60,000 × 60,000 pixels; nothing of it is unpacked.
    let mut bomb = png(100, 100, png::ColorType::Rgb, &[1, 2, 3]);
    bomb[16..24].copy_from_slice(&[0, 0, 234, 96, 0, 0, 234, 96]);
    let crc = crc32(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&crc.to_be_bytes());
    assert!(matches!(
        Logo::read(LogoFormat::Png, &bomb),
        Err(LogoRejection::Bomb("pixels"))
    ));
    let mut uses = String::from("<g id=\"n0\"><rect width=\"9\" height=\"9\"/></g>");
    for level in 1..12 {
        let copies = format!("<use xlink:href=\"#n{}\"/>", level - 1).repeat(10);
        uses.extend(["<g id=\"n", &level.to_string(), "\">", &copies, "</g>"]);
    }
    assert!(matches!(read_svg(&uses), Err(LogoRejection::Bomb("éléments"))));
    let circle = "<g id=\"a\"><use xlink:href=\"#b\"/></g><g id=\"b\"><use xlink:href=\"#a\"/></g>";
    assert!(matches!(read_svg(circle), Err(LogoRejection::Damaged(_))));
    assert!(matches!(
        read_svg(&"<g>".repeat(200).replace("<g>", "<rect/>").repeat(600)),
        Err(LogoRejection::Bomb("éléments"))
    ));
    assert!(matches!(
        read_svg(&format!("{}{}", "<g>".repeat(100), "</g>".repeat(100))),
        Err(LogoRejection::Bomb(_))
    ));
}

fn crc32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(crc & 1))
        })
    }) ^ u32::MAX
}

#[test]
fn nothing_in_an_svg_runs_or_fetches() {
    for inside in [
        "<script>alert(1)</script>",
        "<rect onclick=\"alert(1)\"/>",
        "<image href=\"/etc/passwd\"/>",
        "<image href=\"data:image/png;base64,AAAA\"/>",
        "<foreignObject/>",
        "<text>logo</text>",
        "<use href=\"http://exemple.fr/x.svg#a\"/>",
        "<rect fill=\"url(http://exemple.fr/a#b)\"/>",
        "<rect style=\"fill:url( 'https://exemple.fr/a')\"/>",
        "<style>@import 'https://exemple.fr/a.css';</style>",
        "<style>@font-face{src:url(#a)}</style>",
        "<filter id=\"f\"/>",
    ] {
        assert!(matches!(read_svg(inside), Err(LogoRejection::Forbidden(_))), "{inside}");
    }
    let entity = "<!DOCTYPE svg [<!ENTITY a \"b\">]><svg xmlns=\"http://www.w3.org/2000/svg\">&a;</svg>";
    assert!(matches!(
        Logo::read(LogoFormat::Svg, entity.as_bytes()),
        Err(LogoRejection::Forbidden(_))
    ));
}

#[test]
fn logos_too_small_or_too_thin_are_refused_with_their_size() {
    for (width, height) in [(40, 40), (1300, 100), (64, 900)] {
        let refused = Logo::read(LogoFormat::Png, &png(width, height, png::ColorType::Rgb, &[0, 0, 0])).unwrap_err();
        assert!(matches!(refused, LogoRejection::Dimensions { .. }));
        assert!(
            Problem::from(refused).into_members()["detail"]
                .as_str()
                .unwrap()
                .contains(&format!("{width} × {height}"))
        );
    }
}
