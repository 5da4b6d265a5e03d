//! Ways to break a file.

/// A file's text with one part exchanged.
pub fn with(file: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(file.to_vec()).unwrap();
    let changed = text.replace(from, to);
    assert_ne!(text, changed, "{from}");
    changed.into_bytes()
}

/// Entities that would grow to gigabytes.
pub fn billion_laughs(file: &[u8]) -> Vec<u8> {
    let entities = (1..30).map(|n| format!("<!ENTITY l{n} \"&l{};&l{};\">", n - 1, n - 1));
    let entities = entities.collect::<Vec<_>>().concat();
    let text = String::from_utf8(file.to_vec()).unwrap();
    let start = text.find("<Document").unwrap();
    format!("<!DOCTYPE x [<!ENTITY l0 \"ha\">{entities}]>{}", &text[start..]).into_bytes()
}

/// The first `<x>…</x>` twice.
pub fn doubled(file: &[u8], start: &str, end: &str) -> Vec<u8> {
    let text = String::from_utf8(file.to_vec()).unwrap();
    let from = text.find(start).unwrap();
    let to = from + text[from..].find(end).unwrap() + end.len();
    format!("{}{}", &text[..to], &text[from..]).into_bytes()
}

/// An entity that would read a file of ours.
pub fn external(file: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(file.to_vec()).unwrap();
    let start = text.find("<Document").unwrap();
    format!(
        "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/hostname\">]>{}",
        &text[start..]
    )
    .into_bytes()
}

pub fn half(file: &[u8]) -> Vec<u8> {
    file[..file.len() / 2].to_vec()
}
