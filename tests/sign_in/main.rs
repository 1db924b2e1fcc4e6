//! Signing in, looking at logs and looking whether a deployment could succeed, by the `tellr` command.

mod doctor;
mod login;
mod logs;
mod package_index;
mod person;
