//! The frame of the local pages: plain HTML without scripts, marked as local.

use axum::response::{Html, IntoResponse, Response};
use http::header;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:0 auto;padding:1rem}\
    header{background:#7a4b00;color:#fff;padding:.5rem 1rem;border-radius:.25rem;font-weight:600}\
    label,input,button{display:block;font:inherit}input{width:100%;padding:.4rem;box-sizing:border-box;margin:.3rem 0 1rem}\
    button{padding:.4rem 1rem}.error{color:#a40000}code{background:#f2f2f2;padding:.1rem .3rem}";

/// A page with `title` and `body` (HTML); neither framed nor cached nor able to load anything.
pub(crate) fn page(title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} · LOCAL WORKSPACE</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head>\
         <body><header role=\"banner\">LOCAL WORKSPACE: a stand-in on this machine, not Databricks</header>\
         <main><h1>{title}</h1>{body}</main></body></html>"
    );
    let headers = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, Html(html)).into_response()
}

/// `text` for HTML content and quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_inert() {
        assert_eq!(escape(r#"<a b="c'&">"#), "&lt;a b=&quot;c&#39;&amp;&quot;&gt;");
    }
}
