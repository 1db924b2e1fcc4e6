//! Random secrets and folder names made from foreign ids.

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// 64 hexadecimal digits from the operating system's random source.
pub(crate) fn random_secret() -> String {
    let mut digest = Sha256::new();
    // each gives 122 random bits, and 256 leave
    for _ in 0..3 {
        digest.update(Uuid::new_v4().as_bytes());
    }
    hex(&digest.finalize())
}

/// The digest of `parts`, each with its length so that no two lists give the same input.
pub(crate) fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A folder name for an id of any content: readable start, unique end.
pub(crate) fn folder_name(id: &str) -> String {
    let readable: String = id
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c.to_ascii_lowercase() } else { '-' })
        .take(40)
        .collect();
    format!("{readable}-{}", hex(&digest(&[id.as_bytes()])[..6]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_names_are_harmless_and_distinct() {
        for id in ["tellr-db", "../../etc", "a/b", "", "Ä", &"x".repeat(500)] {
            let name = folder_name(id);
            assert!(name.len() <= 53 && !name.contains(['/', '.']), "{name}");
        }
        assert_ne!(folder_name("a/b"), folder_name("a-b"));
    }

    #[test]
    fn secrets_differ() {
        assert_ne!(random_secret(), random_secret());
        assert_eq!(random_secret().len(), 64);
    }
}
