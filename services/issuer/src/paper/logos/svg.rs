//! SVG in: looked through before it is drawn, then drawn as pixels.

use std::collections::HashMap;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{ImageHrefResolver, Options, Tree};
use roxmltree::{Document, Node, NodeId, ParsingOptions};

use super::picture::{keep, on_white};
use super::{Logo, LogoRejection, SVG_ELEMENTS_MAX, check_dimensions, kept_size};

/// Elements that run, fetch, need a typeface, or take work out of proportion, with their French names.
const FORBIDDEN: [(&str, &str); 11] = [
    ("script", "un script"),
    ("foreignObject", "une page web"),
    ("image", "une image incorporée ou liée"),
    ("feImage", "une image incorporée ou liée"),
    ("text", "du texte qui dépend d'une police"),
    ("filter", "un filtre"),
    ("animate", "une animation"),
    ("animateTransform", "une animation"),
    ("animateMotion", "une animation"),
    ("set", "une animation"),
    ("a", "un lien"),
];

/// Depth of references within references.
const DEPTH_MAX: u32 = 32;

pub(super) fn read(bytes: &[u8]) -> Result<Logo, LogoRejection> {
    let damaged = |error: &dyn std::fmt::Display| LogoRejection::Damaged(error.to_string());
    let text = std::str::from_utf8(bytes).map_err(|error| damaged(&error))?;
    let text = text.trim_start_matches('\u{feff}');
    if text.contains("<!ENTITY") {
        return Err(LogoRejection::Forbidden("une entité XML".to_owned()));
    }
    let parsing = ParsingOptions {
        allow_dtd: true, // drawing programs write one; without entities it says nothing
        nodes_limit: 16 * SVG_ELEMENTS_MAX,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, parsing).map_err(|error| match error {
        roxmltree::Error::NodesLimitReached => LogoRejection::Bomb("éléments"),
        other => damaged(&other),
    })?;
    look_through(&document)?;
    // Neither files nor addresses are ever opened.
    let nothing = ImageHrefResolver {
        resolve_data: Box::new(|_, _, _| None),
        resolve_string: Box::new(|_, _| None),
    };
    let options = Options {
        image_href_resolver: nothing,
        ..Options::default()
    };
    let tree = Tree::from_str(text, &options).map_err(|error| damaged(&error))?;
    draw(&tree)
}

#[expect(
    clippy::float_arithmetic,
    reason = "resvg measures in f32; what is kept is whole pixels"
)]
fn draw(tree: &Tree) -> Result<Logo, LogoRejection> {
    let size = tree.size().to_int_size();
    let (width, height) = kept_size(size.width(), size.height(), true);
    check_dimensions(width, height)?;
    let mut canvas = Pixmap::new(width, height).ok_or(LogoRejection::Bomb("pixels"))?;
    let whole = u16::try_from(width).ok().zip(u16::try_from(height).ok());
    let (wide, high) = whole
        .map(|(wide, high)| (f32::from(wide), f32::from(high)))
        .ok_or(LogoRejection::Bomb("pixels"))?;
    let scale = Transform::from_scale(wide / tree.size().width(), high / tree.size().height());
    resvg::render(tree, scale, &mut canvas.as_mut());
    let rgb: Vec<[u8; 3]> = canvas
        .pixels()
        .iter()
        .map(|pixel| {
            let colour = pixel.demultiply();
            [colour.red(), colour.green(), colour.blue()].map(|channel| on_white(channel, colour.alpha()))
        })
        .collect();
    keep(width, height, rgb.as_flattened())
}

/// Refuses what runs, fetches or explodes.
fn look_through(document: &Document<'_>) -> Result<(), LogoRejection> {
    let root = document.root_element();
    if root.tag_name().name() != "svg" {
        return Err(LogoRejection::Format);
    }
    let mut ids = HashMap::new();
    for node in root.descendants().filter(Node::is_element) {
        if let Some(id) = node.attribute("id") {
            ids.insert(id, node);
        }
    }
    for node in root.descendants().filter(Node::is_element) {
        let name = node.tag_name().name();
        if let Some((_, french)) = FORBIDDEN
            .iter()
            .find(|(forbidden, _)| forbidden.eq_ignore_ascii_case(name))
        {
            return Err(LogoRejection::Forbidden((*french).to_owned()));
        }
        if name == "style" {
            check_style(node.text().unwrap_or_default(), &ids)?;
        }
        for attribute in node.attributes() {
            let (name, value) = (attribute.name(), attribute.value());
            if name.to_ascii_lowercase().starts_with("on") {
                return Err(LogoRejection::Forbidden("un script".to_owned()));
            }
            let outside_link = name == "href" && !value.trim_start().starts_with('#');
            if outside_link || has_outside_url(value) {
                return Err(LogoRejection::Forbidden("un lien vers l'extérieur".to_owned()));
            }
        }
    }
    let drawn = Drawn {
        ids: &ids,
        known: HashMap::new(),
    };
    let elements = { drawn }.elements(root, 0)?;
    if elements > SVG_ELEMENTS_MAX {
        return Err(LogoRejection::Bomb("éléments"));
    }
    Ok(())
}

/// `url(` of anything but an element of the same file.
fn has_outside_url(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    lower.contains("@import")
        || lower
            .split("url(")
            .skip(1)
            .any(|rest| !rest.trim_start_matches([' ', '\'', '"']).starts_with('#'))
}

/// A style sheet may name gradients; anything else that it named could not be counted.
fn check_style(style: &str, ids: &HashMap<&str, Node<'_, '_>>) -> Result<(), LogoRejection> {
    let outside = has_outside_url(style) || style.to_ascii_lowercase().contains("@font-face");
    if outside {
        return Err(LogoRejection::Forbidden("un lien vers l'extérieur".to_owned()));
    }
    let gradients_only = references(style).all(|id| {
        ids.get(id)
            .is_none_or(|node| matches!(node.tag_name().name(), "linearGradient" | "radialGradient"))
    });
    if gradients_only {
        Ok(())
    } else {
        Err(LogoRejection::Forbidden("une feuille de style compliquée".to_owned()))
    }
}

/// Ids in `url(#…)`.
fn references(value: &str) -> impl Iterator<Item = &str> {
    value.split("url(").skip(1).filter_map(|rest| {
        let rest = rest.trim_start_matches([' ', '\'', '"']).strip_prefix('#')?;
        rest.split([')', '\'', '"', ' ']).next()
    })
}

/// Counts elements as often as they are drawn: a reference counts all that it stands for.
struct Drawn<'d, 'a, 'i> {
    ids: &'d HashMap<&'a str, Node<'a, 'i>>,
    known: HashMap<NodeId, Option<u32>>,
}

impl<'a, 'i> Drawn<'_, 'a, 'i> {
    fn elements(&mut self, node: Node<'a, 'i>, depth: u32) -> Result<u32, LogoRejection> {
        match self.known.get(&node.id()) {
            Some(Some(elements)) => return Ok(*elements),
            Some(None) => return Err(LogoRejection::Damaged("un élément se contient lui-même".to_owned())),
            None if depth > DEPTH_MAX => return Err(LogoRejection::Bomb("niveaux")),
            None => {}
        }
        self.known.insert(node.id(), None);
        let mut elements = 1_u32;
        for child in node.children().filter(Node::is_element) {
            elements = elements.saturating_add(self.elements(child, depth + 1)?);
        }
        for attribute in node.attributes() {
            let link = (attribute.name() == "href")
                .then(|| attribute.value().trim().strip_prefix('#'))
                .flatten();
            for id in references(attribute.value()).chain(link) {
                if let Some(target) = self.ids.get(id).copied() {
                    elements = elements.saturating_add(self.elements(target, depth + 1)?);
                }
            }
        }
        self.known.insert(node.id(), Some(elements));
        Ok(elements)
    }
}
