//! Secrets that nobody can guess: the ids of sessions, tokens, references.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Returns `N` random bytes in base64url: 43 characters for 32 bytes.
///
/// # Panics
/// Panics if the platform has no random bytes, because no secret can be made then. Its `crypto` does not fail.
#[expect(clippy::expect_used, reason = "no secret can be made without randomness, and the platform always has some")]
pub(crate) fn secret<const N: usize>() -> String {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the platform has randomness");
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ() {
        let (one, other) = (secret::<32>(), secret::<32>());
        assert_eq!((one.len(), other.len()), (43, 43));
        assert_ne!(one, other);
    }
}
