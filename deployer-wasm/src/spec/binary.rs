//! The app's native program as a source that needs neither a package index nor Python: compressed, in parts that fit into
//! one import each.

use bytes::Bytes;
use crc::{CRC_32_ISO_HDLC, Crc, Table};
use sha2::{Digest, Sha256};

use super::elf;
use super::field::{Field, FieldError};

/// The most bytes that a program may have before it is compressed.
pub const SIZE_LIMIT: usize = 256 * 1024 * 1024;

/// The most bytes of one part; well below the limit of an import, of which the rest of the request needs a little.
const PART_SIZE: usize = 8 * 1024 * 1024;

/// How hard to compress: what is beyond costs much time and saves little.
const LEVEL: u8 = 6;

/// The checksum of gzip, with a table of 1 KB: larger ones are faster, and would be the largest table of the page.
static CRC: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);

const NAME_START: &str = "tellr-app-";
const NAME_MIDDLE: &str = ".gz.";

/// A program for the machines of Databricks Apps, ready to be uploaded.
///
/// The compressed stream depends on the program alone, not on the time, the machine or the file's name; the names of its
/// parts begin with the stream's digest, so that parts with the same name hold the same bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Binary {
    sha256: String,
    size: usize,
    parts: Vec<BinaryPart>,
}

/// One piece of the compressed program.
#[derive(Clone, PartialEq, Eq)]
pub struct BinaryPart {
    /// Name of its file, `tellr-app-<digest>.gz.<number>`.
    pub file_name: String,
    /// Its bytes.
    pub content: Bytes,
}

impl Binary {
    /// Takes a file's content; refuses what would not run on Databricks Apps, as far as its headers tell.
    pub fn new(content: &[u8]) -> Result<Self, FieldError> {
        let field = Field::named("local_binary_path");
        let refuse = |reason: String| {
            let message = format!("`{}` must be {}, but {reason}", field.key, field.rule);
            FieldError::because(field.key, message)
        };
        if content.len() > SIZE_LIMIT {
            return Err(refuse(format!("it has more than {SIZE_LIMIT} bytes")));
        }
        elf::check(content).map_err(refuse)?;
        let compressed = Bytes::from(gzip(content));
        let digest = format!("{:x}", Sha256::digest(&compressed));
        let parts = (0..compressed.len()).step_by(PART_SIZE).enumerate().map(|(number, start)| BinaryPart {
            file_name: format!("{NAME_START}{}{NAME_MIDDLE}{number:02}", &digest[..12]),
            content: compressed.slice(start..compressed.len().min(start + PART_SIZE)),
        });
        Ok(Self {
            sha256: format!("{:x}", Sha256::digest(content)),
            size: content.len(),
            parts: parts.collect(),
        })
    }

    /// SHA-256 of the program, in hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Bytes of the program when it is unpacked.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The parts, in the order in which they are joined.
    pub fn parts(&self) -> &[BinaryPart] {
        &self.parts
    }
}

/// Only sizes and digest: a program's bytes help no reader of a log.
impl std::fmt::Debug for Binary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Binary({}, {} bytes, {} parts)", self.sha256, self.size, self.parts.len())
    }
}

impl std::fmt::Debug for BinaryPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BinaryPart({}, {} bytes)", self.file_name, self.content.len())
    }
}

/// Whether a file in the app's folder was put there as a part of its program.
pub fn is_part_of_the_app(file_name: &str) -> bool {
    let Some((digest, number)) =
        file_name.strip_prefix(NAME_START).and_then(|rest| rest.split_once(NAME_MIDDLE))
    else {
        return false;
    };
    let hexadecimal = |c: char| c.is_ascii_digit() || matches!(c, 'a'..='f');
    digest.len() == 12
        && digest.chars().all(hexadecimal)
        && number.len() == 2
        && number.chars().all(|c| c.is_ascii_digit())
}

/// A gzip file without name and time (RFC 1952), compressed by an encoder that takes the same way on every machine.
fn gzip(content: &[u8]) -> Vec<u8> {
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    file.extend(miniz_oxide::deflate::compress_to_vec(content, LEVEL));
    file.extend(CRC.checksum(content).to_le_bytes());
    // the format keeps the length modulo 2^32; the limit is below that
    file.extend(u32::try_from(content.len()).unwrap_or(u32::MAX).to_le_bytes());
    file
}
