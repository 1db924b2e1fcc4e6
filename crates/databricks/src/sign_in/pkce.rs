//! What ties a sign-in to this process (RFC 7636).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

use crate::secret::Secret;

/// The secrets of one sign-in.
pub(super) struct Pkce {
    /// Proves to the token endpoint that the code was asked for here.
    pub(super) verifier: Secret,
    /// Comes back with the code.
    pub(super) state: Secret,
}

impl Pkce {
    pub(super) fn new() -> Result<Self, String> {
        Ok(Self { verifier: random::<64>()?, state: random::<32>()? })
    }

    /// What the verifier is checked against.
    pub(super) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, self.verifier.expose().as_bytes()))
    }
}

fn random<const BYTES: usize>() -> Result<Secret, String> {
    let mut bytes = [0; BYTES];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| "this machine gives no random numbers".to_owned())?;
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_the_one_of_the_standard() {
        // RFC 7636, appendix B
        let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        let pkce = Pkce { verifier, state: Secret::new("") };
        assert_eq!(pkce.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn no_two_are_alike_and_all_fit_the_standard() {
        let (one, other) = (Pkce::new().unwrap(), Pkce::new().unwrap());
        assert!(one.verifier != other.verifier && one.state != other.state);
        assert!((43..=128).contains(&one.verifier.expose().len()));
    }
}
