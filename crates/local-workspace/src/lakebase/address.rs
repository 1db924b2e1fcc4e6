//! Gives each instance a loopback address of its own, so that all of them can use port 5432.

use std::net::{Ipv4Addr, SocketAddrV4};

use tokio::net::TcpListener;

use super::error::LakebaseError;
use super::random::digest;

/// Where clients connect, as on the platform.
pub(crate) const CLIENT_PORT: u16 = 5432;
/// Where the server itself listens, on the same address.
pub(crate) const SERVER_PORT: u16 = 5433;

const TRIES: u32 = 32;

/// The `attempt`-th address for `id`: 127.X.Y.Z with X from 1 on, so never one that is in common use
/// (127.0.0.1, 127.0.1.1, 127.0.0.53).
fn derive(id: &str, attempt: u32) -> Ipv4Addr {
    let hash = digest(&[id.as_bytes(), &attempt.to_be_bytes()]);
    Ipv4Addr::new(127, 1 + hash[0] % 254, hash[1], 1 + hash[2] % 254)
}

/// Listens at port 5432 of the `saved` address, or of the first derived one where both ports are free.
///
/// Holding the listener reserves the address among workspaces.
pub(crate) async fn claim(
    id: &str,
    saved: Option<Ipv4Addr>,
) -> Result<(TcpListener, Ipv4Addr), LakebaseError> {
    let candidates = saved.into_iter().chain((0..TRIES).map(|attempt| derive(id, attempt)));
    let mut refusal = None;
    for address in candidates {
        match try_claim(address).await {
            Ok(listener) => return Ok((listener, address)),
            Err(source) => {
                tracing::debug!(id, %address, %source, "loopback address not free");
                refusal = Some((address, source));
            }
        }
    }
    let (tried, source) =
        refusal.unwrap_or((Ipv4Addr::LOCALHOST, std::io::Error::other("no address was tried")));
    Err(LakebaseError::NoAddress { id: id.to_owned(), tried: tried.into(), source })
}

async fn try_claim(address: Ipv4Addr) -> std::io::Result<TcpListener> {
    let listener = TcpListener::bind(SocketAddrV4::new(address, CLIENT_PORT)).await?;
    drop(TcpListener::bind(SocketAddrV4::new(address, SERVER_PORT)).await?);
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_addresses_are_loopback_and_stable() {
        for id in ["tellr-db", "projects/x", ""] {
            for attempt in 0..50 {
                let address = derive(id, attempt);
                assert!(address.is_loopback() && address.octets()[1] != 0 && address.octets()[3] != 0);
            }
        }
        assert_eq!(derive("tellr-db", 0), derive("tellr-db", 0));
        assert_ne!(derive("tellr-db", 0), derive("tellr-db", 1));
    }

    #[tokio::test]
    async fn a_taken_address_leads_to_another() {
        let id = format!("test-{}", uuid::Uuid::new_v4());
        let (first, address) = claim(&id, None).await.unwrap();
        let (_second, other) = claim(&id, Some(address)).await.unwrap();
        assert_ne!(address, other);
        drop(first);
        assert_eq!(claim(&id, Some(address)).await.unwrap().1, address);
    }
}
