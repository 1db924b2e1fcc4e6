//! What all REST calls share: errors, bodies, paging, headers, CORS, the request log.

mod cors;
mod error;
mod extract;
mod headers;
mod paging;
mod received_body;
pub(crate) mod request_log;

pub(crate) use cors::cors;
pub(crate) use error::ApiError;
pub(crate) use extract::{ApiJson, ApiQuery};
pub(crate) use headers::{org_id, request_id};
pub(crate) use paging::{PageQuery, page};
