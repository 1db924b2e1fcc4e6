//! Typed client for the Databricks REST API: Apps, Workspace files, Lakebase (both kinds) and the current user.
//!
//! Everything that knows a Databricks path, a JSON field, an error body or a retry rule is in this room; the rooms
//! above it call methods and read types. It runs natively (over `reqwest`) and in a browser (over `fetch`), through
//! one [`Transport`] trait that a caller may also implement (a notebook kernel, a test).
//!
//! It may use HTTP, JSON, a clock, and natively the environment, `~/.databrickscfg`, the official tool's token cache and,
//! to sign a person in, a loopback port. It must not know what Tellr is, decide what to deploy, print, or start a task of
//! its own.

mod auth;
mod call;
mod cancel;
mod client;
mod clock;
mod config;
mod credential;
mod error;
mod host;
mod pages;
mod path;
mod reach;
mod relay;
mod retry;
mod secret;
mod send;
#[cfg(not(target_arch = "wasm32"))]
pub mod sign_in;
#[cfg(not(target_arch = "wasm32"))]
mod token_cache;
mod transport;
mod wait;
mod wire;

pub mod apps;
pub mod current_user;
pub mod database;
pub mod postgres;
pub mod workspace_files;

pub use cancel::Cancel;
pub use client::{Client, ClientOptions, Poll, Product};
pub use clock::{Clock, SystemClock, now};
pub use config::{Config, Credentials};
#[cfg(not(target_arch = "wasm32"))]
pub use config::{
    ConfigError, ConfigOverrides, Environment, ProcessEnvironment, ProfileWriteError, UserSignIn,
};
pub use credential::DatabaseCredential;
pub use error::{
    ApiError, AuthError, DecodeError, Error, ErrorClass, ErrorCode, ErrorDetail, FailedState, FieldViolation,
    HelpLink, InvalidArgument, TimeoutError, Violation,
};
pub use host::{Host, HostError};
pub use reach::Reached;
pub use relay::DatabaseResource;
#[cfg(not(target_arch = "wasm32"))]
pub use relay::{RelayRoute, Relayed, RelayedCall};
pub use secret::Secret;
#[cfg(not(target_arch = "wasm32"))]
pub use token_cache::{CachedToken, TokenCache};
#[cfg(target_arch = "wasm32")]
pub use transport::FetchTransport;
#[cfg(not(target_arch = "wasm32"))]
pub use transport::HttpTransport;
pub use transport::{Request, Response, Transport, TransportError, TransportErrorKind};
pub use wait::{Progress, Wait};
