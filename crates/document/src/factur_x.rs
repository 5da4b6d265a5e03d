//! An invoice's data in its PDF: Factur-X 1.0 (FNFE-MPE and `FeRD`), the XML of EN 16931 as an attachment that is the same document in
//! another form, declared in the metadata (XMP) with the schema that PDF/A wants of every property.
//!
//! The writer knows attachments but not these properties: they are added to the metadata it wrote by an incremental update
//! (ISO 32000-1 §7.5.6), as a signature is.

use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use krilla::metadata::DateTime;
use lopdf::{IncrementalDocument, Object, StringFormat};
use sha2::{Digest, Sha256};

use crate::blocks::DocumentError;

/// The name that the standard wants.
const FILE_NAME: &str = "factur-x.xml";

/// What PDF/A-3 wants to know of the properties: name and meaning.
const PROPERTIES: [(&str, &str); 4] = [
    ("DocumentFileName", "name of the embedded XML invoice file"),
    ("DocumentType", "INVOICE"),
    ("Version", "The actual version of the Factur-X XML schema"),
    (
        "ConformanceLevel",
        "The conformance level of the embedded Factur-X data",
    ),
];

/// The attachment.
pub(crate) fn file(xml: Vec<u8>, at: DateTime) -> EmbeddedFile {
    EmbeddedFile {
        path: FILE_NAME.to_owned(),
        mime_type: MimeType::new("text/xml"),
        description: Some("Les données de la facture (Factur-X, EN 16931)".to_owned()),
        association_kind: AssociationKind::Alternative,
        data: xml.into(),
        modification_date: Some(at),
        compress: Some(true),
        location: None,
    }
}

/// The same document, whose metadata say that it is Factur-X.
pub(crate) fn declared(pdf: Vec<u8>) -> Result<Vec<u8>, DocumentError> {
    let previous = lopdf::Document::load_mem(&pdf).map_err(failed)?;
    let metadata = previous.catalog().and_then(|catalog| catalog.get(b"Metadata"));
    let metadata = metadata.and_then(Object::as_reference).map_err(failed)?;
    let written = previous
        .get_object(metadata)
        .and_then(Object::as_stream)
        .map_err(failed)?;
    let xmp = String::from_utf8(written.content.clone()).map_err(failed)?;
    let xmp = extended(&xmp).ok_or_else(|| failed("the metadata are not as they were"))?;
    let digest = Sha256::digest(&pdf);
    let mut update = IncrementalDocument::create_from(pdf, previous);
    update.opt_clone_object_to_new_document(metadata).map_err(failed)?;
    let new = update
        .new_document
        .get_object_mut(metadata)
        .and_then(Object::as_stream_mut);
    new.map_err(failed)?.set_content(xmp.into_bytes());
    let id = update
        .get_prev_documents()
        .trailer
        .get(b"ID")
        .and_then(Object::as_array);
    if let Ok([first, _]) = id.cloned().as_deref() {
        let second = Object::String(digest.to_vec(), StringFormat::Hexadecimal);
        update.new_document.trailer.set("ID", vec![first.clone(), second]);
    }
    let mut bytes = Vec::new();
    update.save_to(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

#[expect(clippy::needless_pass_by_value, reason = "map_err gives it away")]
fn failed(error: impl ToString) -> DocumentError {
    DocumentError::Pdf(error.to_string())
}

/// The schema goes into the bag of those that the writer declares, the values into a description of their own.
fn extended(xmp: &str) -> Option<String> {
    const BAG_END: &str = "</rdf:Bag></pdfaExtension:schemas>";
    const END: &str = "</rdf:RDF>";
    let (before, rest) = xmp.split_once(BAG_END)?;
    let (between, after) = rest.split_once(END)?;
    let properties: Vec<String> = PROPERTIES
        .iter()
        .map(|(name, meaning)| {
            format!(
                "<rdf:li rdf:parseType=\"Resource\"><pdfaProperty:category>external</pdfaProperty:category>\
                 <pdfaProperty:description>{meaning}</pdfaProperty:description><pdfaProperty:name>{name}</pdfaProperty:name>\
                 <pdfaProperty:valueType>Text</pdfaProperty:valueType></rdf:li>"
            )
        })
        .collect();
    let properties = properties.concat();
    let namespace = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#";
    let schema = format!(
        "<rdf:li rdf:parseType=\"Resource\"><pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>\
         <pdfaSchema:namespaceURI>{namespace}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>\
         <pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property></rdf:li>"
    );
    let values = format!(
        "<rdf:Description rdf:about=\"\" xmlns:fx=\"{namespace}\"><fx:DocumentType>INVOICE</fx:DocumentType>\
         <fx:DocumentFileName>{FILE_NAME}</fx:DocumentFileName><fx:Version>1.0</fx:Version>\
         <fx:ConformanceLevel>BASIC</fx:ConformanceLevel></rdf:Description>"
    );
    Some(format!("{before}{schema}{BAG_END}{between}{values}{END}{after}"))
}
