//! Lists in pages, with `page_size` and `page_token`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::ApiError;

const DEFAULT_SIZE: usize = 100;
const MAX_SIZE: usize = 1000;

/// The two keys of a paged list's query.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct PageQuery {
    page_size: Option<usize>,
    page_token: Option<String>,
}

/// One page of `items` (sorted by key) as `{"<list>": [..], "next_page_token"?}`.
///
/// The token names the last key of the page before, so a list that changes in between neither repeats nor
/// skips what stayed. An empty list is left out, as the platform does.
pub(crate) fn page(
    list: &str,
    query: &PageQuery,
    items: impl IntoIterator<Item = (String, Value)>,
) -> Result<Value, ApiError> {
    let after = query.page_token.as_deref().filter(|token| !token.is_empty()).map(read_token).transpose()?;
    let size = query.page_size.filter(|size| *size > 0).unwrap_or(DEFAULT_SIZE).min(MAX_SIZE);
    let mut rest =
        items.into_iter().filter(|(key, _)| after.as_ref().is_none_or(|after| key > after)).peekable();
    let (keys, values): (Vec<_>, Vec<_>) = rest.by_ref().take(size).unzip();
    let mut answer = Map::new();
    if let (Some(last), true) = (keys.last(), rest.peek().is_some()) {
        answer.insert("next_page_token".to_owned(), Value::from(URL_SAFE_NO_PAD.encode(last)));
    }
    if !values.is_empty() {
        answer.insert(list.to_owned(), Value::from(values));
    }
    Ok(Value::Object(answer))
}

fn read_token(token: &str) -> Result<String, ApiError> {
    URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|key| String::from_utf8(key).ok())
        .ok_or_else(|| ApiError::invalid_parameter(format!("Invalid page token: {token}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys(answer: &Value) -> Vec<String> {
        let values = answer.get("things").and_then(Value::as_array).cloned().unwrap_or_default();
        values.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    fn items(names: &[String]) -> Vec<(String, Value)> {
        names.iter().map(|name| (name.clone(), Value::from(name.clone()))).collect()
    }

    proptest! {
        #[test]
        fn pages_give_each_item_once(names in proptest::collection::btree_set("[a-z]{1,6}", 0..40), size in 1usize..9) {
            let names: Vec<String> = names.into_iter().collect();
            let mut seen = Vec::new();
            let mut token = None;
            loop {
                let query = PageQuery { page_size: Some(size), page_token: token.clone() };
                let answer = page("things", &query, items(&names)).map_err(|error| TestCaseError::fail(error.message().to_owned()))?;
                prop_assert!(keys(&answer).len() <= size);
                seen.extend(keys(&answer));
                token = answer.get("next_page_token").and_then(Value::as_str).map(str::to_owned);
                if token.is_none() { break; }
            }
            prop_assert_eq!(seen, names);
        }

        #[test]
        fn a_foreign_token_is_an_error_or_a_page(token in ".*") {
            let query = PageQuery { page_size: None, page_token: Some(token) };
            let _ = page("things", &query, items(&["a".to_owned()]));
        }
    }

    #[test]
    fn an_empty_list_is_left_out() -> Result<(), Box<dyn std::error::Error>> {
        let answer = page("things", &PageQuery::default(), []).map_err(|error| error.message().to_owned())?;
        assert_eq!(answer, serde_json::json!({}));
        Ok(())
    }
}
