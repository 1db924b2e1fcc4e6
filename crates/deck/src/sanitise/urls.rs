//! The addresses that a deck may name.

/// Types of images that cannot hold a script or load anything.
const IMAGE_TYPES: &[&str] = &["png", "jpeg", "jpg", "gif", "webp", "avif"];
const FONT_TYPES: &[&str] = &["font/woff2", "font/woff", "font/ttf", "font/otf"];
/// The longest id of an image of the app.
const LONGEST_ID: usize = 64;

/// An image in place (`data:image/png;base64,…`), or one of the app (`image:ID`, upstream's `{{image:ID}}`); in its
/// canonical form. Nothing else is an image.
pub(crate) fn image(address: &str) -> Option<String> {
    let address = address.trim_matches(|character: char| character.is_ascii_whitespace());
    if let Some(id) = image_id(address) {
        return Some(format!("image:{id}"));
    }
    let (head, data) = data(address)?;
    let kind = head.strip_prefix("image/")?;
    let kind = IMAGE_TYPES.iter().find(|known| **known == kind)?;
    Some(format!("data:image/{kind};base64,{data}"))
}

/// The id in `image:ID` or `{{image:ID}}`.
pub(crate) fn image_id(address: &str) -> Option<&str> {
    let inner = address.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")).unwrap_or(address);
    let id = inner.trim().strip_prefix("image:")?.trim();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (!id.is_empty() && id.len() <= LONGEST_ID && id.bytes().all(allowed)).then_some(id)
}

/// A font in place.
pub(crate) fn font(address: &str) -> Option<String> {
    let (head, data) = data(address.trim_matches(|character: char| character.is_ascii_whitespace()))?;
    let kind = FONT_TYPES.iter().find(|known| **known == head)?;
    Some(format!("data:{kind};base64,{data}"))
}

/// The type, in lower case, and the data of `data:TYPE;base64,DATA`.
fn data(address: &str) -> Option<(String, &str)> {
    let scheme = address.get(..5)?;
    if !scheme.eq_ignore_ascii_case("data:") {
        return None;
    }
    let (head, data) = address.get(5..)?.split_once(',')?;
    let head = head.to_ascii_lowercase();
    let kind = head.strip_suffix(";base64")?.trim();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    data.bytes().all(allowed).then(|| (kind.to_owned(), data))
}

/// A place in the same document.
pub(crate) fn fragment(address: &str) -> Option<String> {
    let id = address.trim().strip_prefix('#')?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
    (!id.is_empty() && id.bytes().all(allowed)).then(|| format!("#{id}"))
}

/// Where a link may lead: a web page, a mail address, a place in the deck.
pub(crate) fn link(address: &str) -> Option<String> {
    let address = address.trim_matches(|character: char| character <= ' ');
    if let Some(fragment) = fragment(address) {
        return Some(fragment);
    }
    if address.chars().any(|character| character.is_control() || character == '\\') {
        return None;
    }
    let (scheme, rest) = address.split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    let web = matches!(scheme.as_str(), "https" | "http") && rest.len() > 2 && rest.starts_with("//");
    let mail = scheme == "mailto" && rest.contains('@');
    (web || mail).then(|| format!("{scheme}:{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_safe_images_are_images() {
        assert_eq!(
            image(" DATA:image/PNG;base64,iVBO+/= ").as_deref(),
            Some("data:image/png;base64,iVBO+/=")
        );
        assert_eq!(image("{{image:42}}").as_deref(), Some("image:42"));
        assert_eq!(image("image:a_b-C").as_deref(), Some("image:a_b-C"));
        for hostile in [
            "https://x.example/a.png",
            "//x.example/a.png",
            "a.png",
            "data:image/svg+xml;base64,PHN2Zz4=",
            "data:image/png,<script>",
            "data:text/html;base64,PHNjcmlwdD4=",
            "data:image/png;x;base64,aaaa",
            "javascript:alert(1)",
            "image:../x",
            "image:",
            "blob:x",
            "",
        ] {
            assert_eq!(image(hostile), None, "{hostile}");
        }
    }

    #[test]
    fn links_lead_to_pages() {
        assert_eq!(link("HTTPS://x.example/a?b#c").as_deref(), Some("https://x.example/a?b#c"));
        assert_eq!(link("mailto:a@b.example").as_deref(), Some("mailto:a@b.example"));
        for hostile in [
            "javascript:alert(1)",
            "java\tscript:alert(1)",
            "\u{1}javascript:alert(1)",
            " jAvAsCrIpT:alert(1)",
            "javascript&colon;alert(1)",
            "vbscript:x",
            "data:text/html,x",
            "//x.example",
            "/api/sessions",
            "file:///etc/passwd",
            "https:\\\\x",
            "https:x",
            "",
        ] {
            assert_eq!(link(hostile), None, "{hostile}");
        }
    }
}
