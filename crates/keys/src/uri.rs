//! The address of a key in a security module: a `pkcs11:` URI (RFC 7512).

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

const SCHEME: &str = "pkcs11:";

/// What is escaped inside a value (RFC 7512 § 2.3).
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'%')
    .add(b';')
    .add(b'?')
    .add(b'&')
    .add(b'#')
    .add(b'"')
    .add(b'<')
    .add(b'>');

/// Which key, in which token, through which library, with the PIN of which file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pkcs11Uri {
    module_path: PathBuf,
    token: String,
    object: String,
    pin_source: PathBuf,
}

/// Why a text is no address of a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "L'adresse « pkcs11: » ne convient pas : {0}\nExemple : pkcs11:token=ccn;object=cheques-2027?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/secrets/pin"
)]
pub struct UriError(String);

impl Pkcs11Uri {
    /// Whether a text means to be one.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        text.starts_with(SCHEME)
    }

    /// The library of the security module.
    #[must_use]
    pub fn module_path(&self) -> &Path {
        &self.module_path
    }

    /// The token's label.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The key's label.
    #[must_use]
    pub fn object(&self) -> &str {
        &self.object
    }

    /// The file of the PIN.
    #[must_use]
    pub fn pin_source(&self) -> &Path {
        &self.pin_source
    }
}

impl FromStr for Pkcs11Uri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        let rest = text
            .strip_prefix(SCHEME)
            .ok_or_else(|| UriError("elle commence par « pkcs11: ».".to_owned()))?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (mut token, mut object, mut module_path, mut pin_source) = (None, None, None, None);
        let parts = path.split(';').chain(query.split('&')).filter(|part| !part.is_empty());
        for part in parts {
            let (name, value) = part
                .split_once('=')
                .ok_or_else(|| UriError(format!("« {part} » n'est pas « nom=valeur ».")))?;
            let slot = match name {
                "token" => &mut token,
                "object" => &mut object,
                "module-path" => &mut module_path,
                "pin-source" => &mut pin_source,
                // It says only what the key is, which is checked anyway.
                "type" if value == "private" => continue,
                "pin-value" => return Err(UriError(
                    "le code PIN ne s'écrit pas ici, il se verrait : nommez un fichier, « pin-source=file:/chemin »."
                        .to_owned(),
                )),
                other => {
                    return Err(UriError(format!(
                        "« {other} » n'est pas compris ; « token », « object », « module-path » et « pin-source » le sont."
                    )));
                }
            };
            let value = percent_decode_str(value).decode_utf8();
            let value = value
                .map_err(|_| UriError(format!("« {name} » n'est pas de l'UTF-8.")))?
                .into_owned();
            if value.is_empty() || slot.replace(value).is_some() {
                return Err(UriError(format!("« {name} » est vide ou donné deux fois.")));
            }
        }
        let needed = |name: &str, value: Option<String>| value.ok_or_else(|| UriError(format!("« {name} » manque.")));
        let pin_source = needed("pin-source", pin_source)?;
        if pin_source.starts_with('|') {
            return Err(UriError(
                "« pin-source » nomme un fichier ; une commande n'est pas exécutée.".to_owned(),
            ));
        }
        Ok(Self {
            module_path: needed("module-path", module_path)?.into(),
            token: needed("token", token)?,
            object: needed("object", object)?,
            pin_source: pin_source.strip_prefix("file:").unwrap_or(&pin_source).into(),
        })
    }
}

impl fmt::Display for Pkcs11Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let escaped = |text: &str| utf8_percent_encode(text, ESCAPED).to_string();
        write!(
            f,
            "{SCHEME}token={};object={}?module-path={}&pin-source=file:{}",
            escaped(&self.token),
            escaped(&self.object),
            escaped(&self.module_path.to_string_lossy()),
            escaped(&self.pin_source.to_string_lossy()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: &str = "pkcs11:token=Le%20coffre;object=ch%C3%A8ques;type=private?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/secrets/pin";

    #[test]
    fn an_address_is_read_and_written_back() {
        let uri: Pkcs11Uri = FULL.parse().unwrap();
        assert_eq!((uri.token(), uri.object()), ("Le coffre", "chèques"));
        assert_eq!(uri.module_path(), Path::new("/usr/lib/softhsm/libsofthsm2.so"));
        assert_eq!(uri.pin_source(), Path::new("/run/secrets/pin"));
        assert_eq!(uri.to_string().parse::<Pkcs11Uri>(), Ok(uri));
    }

    #[test]
    fn what_is_missing_doubled_unknown_or_dangerous_is_named() {
        for (text, said) in [
            ("pkcs11:token=a?module-path=/m&pin-source=/p", "« object » manque"),
            ("pkcs11:token=a;object=b?pin-source=/p", "« module-path » manque"),
            ("pkcs11:token=a;token=b", "deux fois"),
            ("pkcs11:token=a;object=b?module-path=/m&pin-value=1234", "se verrait"),
            (
                "pkcs11:token=a;object=b?module-path=/m&pin-source=%7Ccat",
                "pas exécutée",
            ),
            ("pkcs11:slot-id=4", "« slot-id » n'est pas compris"),
            ("signing.key", "commence par"),
        ] {
            let error = text.parse::<Pkcs11Uri>().unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
