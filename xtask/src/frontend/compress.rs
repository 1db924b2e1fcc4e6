//! Compressed copies beside the originals: the server sends them as they are.

use std::io::Write;

use anyhow::Context;
use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::files::Files;

/// Adds a `.br` and a `.gz` copy of each file that gets smaller.
pub(super) fn add_variants(files: &mut Files) -> anyhow::Result<()> {
    let mut variants = Vec::new();
    for (path, content) in files.iter() {
        for (extension, compressed) in [("br", brotli(content)?), ("gz", gzip(content)?)] {
            if compressed.len() < content.len() {
                variants.push((format!("{path}.{extension}"), compressed));
            }
        }
    }
    for (path, content) in variants {
        files.add(path, content);
    }
    Ok(())
}

pub(crate) fn brotli(content: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut compressed = Vec::new();
    let strongest = BrotliEncoderParams { quality: 11, lgwin: 22, ..BrotliEncoderParams::default() };
    brotli::BrotliCompress(&mut &content[..], &mut compressed, &strongest).context("brotli failed")?;
    Ok(compressed)
}

pub(super) fn gzip(content: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).context("gzip failed")?;
    encoder.finish().context("gzip failed")
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn copies_unpack_to_the_original_and_exist_only_where_they_help() {
        let text = "a slide is a section. ".repeat(100).into_bytes();
        let mut files = Files::default();
        files.add("text.js", text.clone());
        files.add("tiny.svg", b"<svg/>".to_vec());
        add_variants(&mut files).unwrap();
        let paths: Vec<&str> = files.iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["text.js", "text.js.br", "text.js.gz", "tiny.svg"]);
        for (path, content) in files.iter().filter(|(path, _)| path.starts_with("text.js.")) {
            let mut unpacked = Vec::new();
            if path.ends_with("br") {
                brotli::BrotliDecompress(&mut &content[..], &mut unpacked).unwrap();
            } else {
                flate2::read::GzDecoder::new(content).read_to_end(&mut unpacked).unwrap();
            }
            assert_eq!(unpacked, text, "{path}");
        }
    }
}
