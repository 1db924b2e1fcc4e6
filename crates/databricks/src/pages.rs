//! Lists that come in pages.

use crate::call::Call;
use crate::client::Client;
use crate::error::{DecodeError, Error};
use crate::wire::{Fields, WireValue};

/// A list longer than this is a fault of the server, not a workspace.
const MOST_PAGES: usize = 1000;

impl Client {
    /// Reads all pages of a list; `items` is the field that holds the items, absent when a page is empty.
    pub(crate) async fn pages<T: WireValue>(&self, first: Call, items: &str) -> Result<Vec<T>, Error> {
        let name = first.name();
        let decode_error = |reason: String| Error::from(DecodeError::new(&name, reason));
        let mut all = Vec::new();
        let mut call = first.clone();
        let mut last_token = String::new();
        for _ in 0..MOST_PAGES {
            let mut page: Fields = self.json(call).await?;
            all.extend(page.take::<Vec<T>>(items).map_err(decode_error)?);
            let token = page.take::<Option<String>>("next_page_token").map_err(decode_error)?;
            match token.filter(|token| !token.is_empty()) {
                None => return Ok(all),
                Some(token) if token == last_token => {
                    return Err(decode_error("the same page came twice".to_owned()));
                }
                Some(token) => last_token = token,
            }
            call = first.clone().query("page_token", last_token.clone());
        }
        Err(decode_error(format!("the list has more than {MOST_PAGES} pages")))
    }
}
