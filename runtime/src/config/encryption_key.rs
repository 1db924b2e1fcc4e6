//! The key that encrypts stored credentials, as text in the form that Fernet (the Python original) uses.

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose};
use databricks::Secret;

/// Length of a Fernet key before it is encoded, in bytes: half signs, half encrypts.
pub(crate) const KEY_LENGTH: usize = 32;

/// A Fernet key: 32 bytes as URL-safe base64.
#[derive(Debug, Clone)]
pub(crate) struct EncryptionKey(Secret);

impl EncryptionKey {
    /// Checks that `text` is a Fernet key; the error completes a sentence that begins with the variable's name.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let bytes = decode(text).ok_or("isn't URL-safe base64")?;
        if bytes.len() != KEY_LENGTH {
            return Err(format!("holds {} bytes instead of {KEY_LENGTH}", bytes.len()));
        }
        Ok(Self(Secret::new(text.to_owned())))
    }

    /// The key made of `bytes`.
    pub(crate) fn from_bytes(bytes: &[u8; KEY_LENGTH]) -> Self {
        Self(Secret::new(general_purpose::URL_SAFE.encode(bytes)))
    }

    /// The text to store.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Whether both texts stand for the same bytes (padding may differ).
    pub(crate) fn is_same_as(&self, stored: &str) -> bool {
        decode(self.expose()).is_some_and(|own| Some(own) == decode(stored))
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&URL_SAFE, lenient).decode(text.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_being_written_and_read() {
        let key = EncryptionKey::from_bytes(&[0xfb; KEY_LENGTH]);
        assert_eq!(key.expose().len(), 44, "Fernet keys are 44 characters with their padding");
        assert!(EncryptionKey::parse(key.expose()).unwrap().is_same_as(key.expose()));
        assert!(key.is_same_as(key.expose().trim_end_matches('=')));
        assert!(!key.is_same_as(EncryptionKey::from_bytes(&[0; KEY_LENGTH]).expose()));
    }

    #[test]
    fn what_is_not_a_key_is_refused_without_being_repeated() {
        for text in ["", "hunter2", "not base64 at all!", "AAAA"] {
            let problem = EncryptionKey::parse(text).unwrap_err();
            assert!(text.is_empty() || !problem.contains(text), "{problem}");
        }
    }

    #[test]
    fn a_key_does_not_print() {
        let key = EncryptionKey::from_bytes(&[7; KEY_LENGTH]);
        assert!(!format!("{key:?}").contains(key.expose()));
    }
}
