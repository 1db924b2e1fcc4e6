//! A deck as one file.

use std::collections::HashMap;

use crate::model::Deck;
use crate::sanitise::{escape_attribute, escape_text, urls};

/// The app's images by their ids, as `data:` addresses.
pub type Images = HashMap<String, String>;

/// What the file says of itself; nothing in a deck can reach these elements: its rules are scoped to `.slide`.
const STYLE: &str = "
*{box-sizing:border-box}
html,body{margin:0;padding:0;background:#e9ecf1}
body{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;color:#1c2330;-webkit-print-color-adjust:exact;print-color-adjust:exact}
tellr-page{display:block;position:relative;width:1280px;height:720px;margin:24px auto;overflow:hidden;contain:strict;isolation:isolate;background:#fff;box-shadow:0 2px 14px rgb(20 30 50/18%)}
tellr-page>.slide{display:block;position:relative;width:1280px;height:720px;overflow:hidden}
@page{size:1280px 720px;margin:0}
@media print{html,body{background:none}tellr-page{margin:0;box-shadow:none;break-after:page;break-inside:avoid}tellr-page:last-of-type{break-after:auto}}
";

/// The deck as one HTML document: no script, nothing to load, readable from disk by scrolling, one slide a page in print.
/// Images of the app are put in place; one that is missing is left out.
#[must_use]
pub fn standalone(deck: &Deck, images: &Images) -> String {
    let mut out = String::with_capacity(64 * 1024);
    out.push_str("<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n");
    // Even a mistake of the sanitiser could not load or run anything.
    out.push_str("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n");
    out.push_str("<meta name=\"viewport\" content=\"width=1328\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
    escape_text(deck.title(), &mut out);
    out.push_str("</title>\n<style>");
    out.push_str(STYLE);
    out.push_str("</style>\n<style>\n");
    out.push_str(&with_images(deck.style(), images));
    out.push_str("</style>\n</head>\n<body>\n");
    for (index, slide) in deck.slides().iter().enumerate() {
        out.push_str("<tellr-page id=\"slide-");
        out.push_str(&(index + 1).to_string());
        out.push_str("\" data-slide=\"");
        escape_attribute(slide.id.as_str(), &mut out);
        out.push_str("\">");
        out.push_str(&with_images(&slide.content.rendered(), images));
        out.push_str("</tellr-page>\n");
    }
    out.push_str("</body>\n</html>\n");
    out
}

/// Puts images in the place of their ids, in `src` and `href` values and in `url()`.
fn with_images(text: &str, images: &Images) -> String {
    const BEFORE: [&str; 4] = ["src=\"", "href=\"", "url(\"", "url(&quot;"];
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(found) = rest.find("image:") {
        let (before, from) = rest.split_at(found);
        out.push_str(before);
        let end = from.find(['"', '&']).unwrap_or(from.len());
        let (address, after) = from.split_at(end);
        let is_address = BEFORE.iter().any(|start| before.ends_with(start));
        match urls::image_id(address).filter(|_| is_address) {
            Some(id) => {
                let image = images
                    .get(id)
                    .and_then(|image| urls::image(image))
                    .filter(|image| image.starts_with("data:"));
                out.push_str(image.as_deref().unwrap_or("data:,"));
            }
            None => out.push_str(address),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}
