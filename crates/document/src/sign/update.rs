//! The incremental update (ISO 32000-1 §7.5.6) that makes room for a signature.

use lopdf::{Dictionary, IncrementalDocument, Object, ObjectId, StringFormat, dictionary, text_string};
use sha2::{Digest, Sha256};

use super::{SignError, Signer, Signing};

/// `PAdES` (ETSI EN 319 142-1 §5.3).
const SUB_FILTER: &[u8] = b"ETSI.CAdES.detached";
/// Stands for a number of ten digits until the places are known.
const LATER: i64 = 9_999_999_999;
/// The document shall be printed, and its field cannot be moved (ISO 32000-1 §12.5.3).
const PRINT_LOCKED: i64 = 4 + 128;
/// Signatures exist, and the file may only grow (ISO 32000-1 §12.7.2).
const SIGNATURES_APPEND_ONLY: i64 = 3;

/// A document with an empty place for its signature.
pub(super) struct Unsigned {
    bytes: Vec<u8>,
    /// Of `<`, and after `>`.
    place: [usize; 2],
}

#[expect(clippy::needless_pass_by_value, reason = "map_err gives it away")]
fn unread(error: lopdf::Error) -> SignError {
    SignError::Pdf(error.to_string())
}

/// Adds a field whose signature takes at most `kept` bytes.
pub(super) fn with_field(
    pdf: &[u8],
    signer: &Signer,
    signing: Signing<'_>,
    kept: usize,
) -> Result<Unsigned, SignError> {
    let previous = lopdf::Document::load_mem(pdf).map_err(unread)?;
    let root = previous
        .trailer
        .get(b"Root")
        .and_then(Object::as_reference)
        .map_err(unread)?;
    let first = previous.get_pages().values().next().copied();
    let page = first.ok_or_else(|| SignError::Pdf("no page".to_owned()))?;
    if previous.catalog().map_err(unread)?.has(b"AcroForm") {
        return Err(SignError::Fields);
    }
    let mut update = IncrementalDocument::create_from(pdf.to_vec(), previous);
    let signature = update.new_document.add_object(signature(signer, signing, kept));
    let field = update.new_document.add_object(field(signature, page));
    let catalog = changed(&mut update, root)?;
    catalog.set(
        "AcroForm",
        dictionary! { "Fields" => vec![field.into()], "SigFlags" => SIGNATURES_APPEND_ONLY },
    );
    let mut annotations = annotations(&update, page)?;
    annotations.push(field.into());
    changed(&mut update, page)?.set("Annots", annotations);
    let id = update
        .get_prev_documents()
        .trailer
        .get(b"ID")
        .and_then(Object::as_array)
        .cloned();
    if let Ok([first, _]) = id.as_deref() {
        let new = Sha256::new()
            .chain_update(pdf)
            .chain_update(signing.at.timestamp().to_be_bytes());
        let new = Object::String(new.finalize().to_vec(), StringFormat::Hexadecimal);
        update.new_document.trailer.set("ID", vec![first.clone(), new]);
    }
    let mut bytes = Vec::with_capacity(pdf.len() + 2 * kept + 4096);
    update
        .save_to(&mut bytes)
        .map_err(|error| SignError::Pdf(error.to_string()))?;
    Unsigned::find(bytes, pdf.len(), kept)
}

fn changed(update: &mut IncrementalDocument, id: ObjectId) -> Result<&mut Dictionary, SignError> {
    update.opt_clone_object_to_new_document(id).map_err(unread)?;
    update
        .new_document
        .get_object_mut(id)
        .and_then(Object::as_dict_mut)
        .map_err(unread)
}

/// Those the page has, as a list of its own.
fn annotations(update: &IncrementalDocument, page: ObjectId) -> Result<Vec<Object>, SignError> {
    let previous = update.get_prev_documents();
    match previous.get_dictionary(page).map_err(unread)?.get(b"Annots") {
        Ok(Object::Reference(id)) => previous
            .get_object(*id)
            .and_then(Object::as_array)
            .cloned()
            .map_err(unread),
        Ok(Object::Array(list)) => Ok(list.clone()),
        _ => Ok(Vec::new()),
    }
}

fn signature(signer: &Signer, signing: Signing<'_>, kept: usize) -> Dictionary {
    let time = signing.at.format("D:%Y%m%d%H%M%SZ").to_string();
    dictionary! {
        "Type" => "Sig",
        "Filter" => "Adobe.PPKLite",
        "SubFilter" => Object::Name(SUB_FILTER.to_vec()),
        "Name" => text_string(&signer.subject()),
        "Reason" => text_string(signing.reason),
        "M" => Object::string_literal(time),
        "ByteRange" => vec![0.into(), LATER.into(), LATER.into(), LATER.into()],
        "Contents" => Object::String(vec![0; kept], StringFormat::Hexadecimal),
    }
}

/// Invisible, as it has no size, and outside of the page: a screen reader has nothing to say of it (ISO 14289-1 §7.18).
fn field(signature: ObjectId, page: ObjectId) -> Dictionary {
    dictionary! {
        "Type" => "Annot",
        "Subtype" => "Widget",
        "FT" => "Sig",
        "T" => text_string("Signature1"),
        "TU" => text_string("Signature électronique"),
        "V" => signature,
        "P" => page,
        "F" => PRINT_LOCKED,
        "Rect" => vec![(-1).into(), (-1).into(), (-1).into(), (-1).into()],
    }
}

impl Unsigned {
    /// Finds the places in what was appended, and writes down what will be signed.
    fn find(mut bytes: Vec<u8>, from: usize, kept: usize) -> Result<Self, SignError> {
        let missing = || SignError::Pdf("the update has no place for a signature".to_owned());
        let after = |start: usize, what: &[u8]| {
            let rest = bytes.get(start..)?;
            Some(start + rest.windows(what.len()).position(|part| part == what)? + what.len())
        };
        // The page that is written again has contents too.
        let from = after(from, SUB_FILTER).ok_or_else(missing)?;
        let zeros = vec![b'0'; 2 * kept];
        let digits = after(from, b"/Contents")
            .and_then(|start| after(start, b"<"))
            .ok_or_else(missing)?;
        let place = [digits - 1, digits + zeros.len() + 1];
        if bytes.get(digits..=digits + zeros.len()) != Some([zeros.as_slice(), b">"].concat().as_slice()) {
            return Err(missing());
        }
        let range = after(from, b"/ByteRange")
            .and_then(|start| after(start, b"["))
            .ok_or_else(missing)?;
        let end = after(range, b"]").ok_or_else(missing)? - 1;
        let numbers = format!("0 {} {} {}", place[0], place[1], bytes.len() - place[1]);
        let slot = bytes
            .get_mut(range..end)
            .filter(|slot| slot.len() >= numbers.len())
            .ok_or_else(missing)?;
        slot.fill(b' ');
        for (into, byte) in slot.iter_mut().zip(numbers.bytes()) {
            *into = byte;
        }
        Ok(Self { bytes, place })
    }

    /// All but the place.
    pub(super) fn signed_parts(&self) -> [&[u8]; 2] {
        let (before, rest) = self.bytes.split_at(self.place[0]);
        let (_, after) = rest.split_at(self.place[1] - self.place[0]);
        [before, after]
    }

    pub(super) fn fill_in(mut self, signature: &[u8]) -> Result<Vec<u8>, SignError> {
        const HEX: [u8; 16] = *b"0123456789abcdef";
        let place = self.place[0] + 1..self.place[1] - 1;
        let kept = place.len() / 2;
        let too_long = || SignError::TooLong {
            needed: signature.len(),
            kept,
        };
        let slot = self.bytes.get_mut(place).ok_or_else(too_long)?;
        if signature.len() > kept {
            return Err(too_long());
        }
        for (two, byte) in slot.chunks_exact_mut(2).zip(signature) {
            two.copy_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
        Ok(self.bytes)
    }
}
