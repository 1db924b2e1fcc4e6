//! The address that browsers see where a proxy stands before this server, as the driver proxy of a cluster does.

use std::net::IpAddr;

use url::{Host, Url};

/// What stands for the port in a given address: who starts the server need not know it.
const PORT: &str = "{port}";

/// Origin and path below which a proxy shows this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Behind {
    /// What `Host` says: `name` or `name:port`.
    pub(super) host: String,
    /// What `Origin` says.
    pub(super) origin: String,
    /// The path, from `/` to `/`.
    pub(super) prefix: String,
}

impl Behind {
    /// Reads `https://host/any/path/`; plain `http` only where nothing leaves this machine.
    pub(super) fn parse(given: &str, port: u16) -> Result<Self, String> {
        let refuse = |reason: &str| format!("`--behind {given}`: {reason}");
        let url = Url::parse(&given.replace(PORT, &port.to_string()))
            .map_err(|error| refuse(&format!("not an address ({error})")))?;
        let is_loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
            Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
            None => return Err(refuse("it names no host")),
        };
        if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback) {
            return Err(refuse("it must begin with https://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("it holds a user name or password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("it must end with its path"));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.~/".contains(c);
        if !url.path().chars().all(plain) || url.path().contains("//") {
            return Err(refuse("its path may hold letters, digits and `-_.~` only"));
        }
        let origin = url.origin().ascii_serialization();
        let host = origin.split_once("://").map(|(_, host)| host.to_owned()).unwrap_or_default();
        let prefix = format!("{}/", url.path().trim_end_matches('/'));
        Ok(Self { host, origin, prefix })
    }

    /// A path as this server knows it. Some proxies take their own part off, others do not.
    pub(super) fn strip<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(&self.prefix[..self.prefix.len() - 1]).filter(|rest| rest.starts_with('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origin_host_and_path_are_read() {
        let behind = Behind::parse("https://Dbc-dp-1.cloud.databricks.com/driver-proxy/o/1/c-2/{port}", 4711);
        let behind = behind.unwrap();
        assert_eq!(behind.host, "dbc-dp-1.cloud.databricks.com");
        assert_eq!(behind.origin, "https://dbc-dp-1.cloud.databricks.com");
        assert_eq!(behind.prefix, "/driver-proxy/o/1/c-2/4711/");
        let local = Behind::parse("http://127.0.0.1:8080/a/", 1).unwrap();
        assert_eq!((local.host.as_str(), local.prefix.as_str()), ("127.0.0.1:8080", "/a/"));
        assert_eq!(Behind::parse("https://a.example:443", 1).unwrap().prefix, "/");
    }

    #[test]
    fn what_cannot_be_the_address_of_a_page_is_refused() {
        for given in [
            "",
            "a.example/x/",
            "http://a.example/",
            "http://169.254.169.254/",
            "ftp://a.example/",
            "file:///x",
            "https://me:secret@a.example/",
            "https://a.example/?x=1",
            "https://a.example/#secret=x",
            "https://a.example/a//b/",
            "https://a.example/a;b/",
            "https://a.example/%2e%2e/%20/",
        ] {
            assert!(Behind::parse(given, 1).is_err(), "{given}");
        }
    }

    #[test]
    fn the_prefix_is_taken_off_as_a_whole() {
        let behind = Behind::parse("https://a.example/p/1/", 1).unwrap();
        assert_eq!(behind.strip("/p/1/"), Some("/"));
        assert_eq!(behind.strip("/p/1/tellr/context"), Some("/tellr/context"));
        for other in ["/", "/p/1", "/p/10/", "/api/p/1/", "/p/1x"] {
            assert_eq!(behind.strip(other), None, "{other}");
        }
    }
}
