use data_encoding::BASE64;
use sealed_log::AnyLeaf;
use serde_json::Value;

/// The leaf of a line of `transfers.ndjson`, if the rest of the line says the same. The error says where it does not, in French.
pub(crate) fn read_line(line: &[u8]) -> Result<AnyLeaf, String> {
    let line: Value = serde_json::from_slice(line).map_err(|error| format!("ce n'est pas du JSON : {error}"))?;
    if line["missing"] == Value::Bool(true) {
        return Err(format!(
            "l'écriture {} a disparu des livres",
            line["id"].as_str().unwrap_or("?")
        ));
    }
    let leaf = line["leaf"].as_str().ok_or("la feuille (« leaf ») manque")?;
    let bytes = BASE64
        .decode(leaf.as_bytes())
        .map_err(|_| "la feuille (« leaf ») n'est pas en base64")?;
    let leaf = AnyLeaf::from_bytes(&bytes)
        .map_err(|_| "la feuille (« leaf ») n'est pas celle d'une écriture que ce programme connaît")?;
    let expected = leaf.to_json();
    let (Value::Object(shown), Value::Object(proven)) = (&line, &expected) else {
        return Err("ce n'est pas un objet JSON".to_owned());
    };
    let differing = shown
        .keys()
        .chain(proven.keys())
        .find(|key| shown.get(*key) != proven.get(*key));
    match differing {
        None => Ok(leaf),
        Some(key) => Err(format!(
            "« {key} » dit {}, la feuille dit {}",
            shown.get(key).unwrap_or(&Value::Null),
            proven.get(key).unwrap_or(&Value::Null)
        )),
    }
}
