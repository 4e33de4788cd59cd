//! argon2id (RFC 9106): from a password to what wraps the account key.

use argon2::{Algorithm, Argon2, Params, Version};
use data_encoding::BASE64_NOPAD;
use ownsight_seal::PasswordHash;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::{GateError, alarm};

/// 19 MiB, two passes, one lane: OWASP's first choice where a server hashes for many.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// What a row may ask for at most, so that a bad row cannot take the machine's memory.
const MEMORY_KIB_MAX: u32 = 1 << 20;
const PASSES_MAX: u32 = 16;
const SALT_BYTES: usize = 16;
const CHARACTERS_MIN: usize = 10;
const BYTES_MAX: usize = 1024;

/// A password as typed, wiped when dropped.
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes a password as typed.
    pub fn new(typed: String) -> Self {
        Self(Zeroizing::new(typed))
    }

    /// Confirms that it may become somebody's password.
    pub(crate) fn strong(&self) -> Result<(), GateError> {
        if self.0.len() > BYTES_MAX || self.0.chars().count() < CHARACTERS_MIN {
            return Err(GateError::WeakPassword);
        }
        Ok(())
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Salt and cost of one hash, as they stand in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HashParams {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: [u8; SALT_BYTES],
}

impl HashParams {
    /// Today's cost and a new salt.
    pub(crate) fn generate() -> Self {
        let salt = ownsight_seal::random_bytes::<SALT_BYTES>();
        Self { memory_kib: MEMORY_KIB, passes: PASSES, lanes: LANES, salt }
    }

    /// The PHC string, without a hash.
    pub(crate) fn to_text(&self) -> String {
        let salt = BASE64_NOPAD.encode(&self.salt);
        format!("$argon2id$v=19$m={},t={},p={}${salt}", self.memory_kib, self.passes, self.lanes)
    }

    /// Reads the PHC string; `None` if it is none, or asks for too much.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("$argon2id$v=19$m=")?;
        let (memory, rest) = rest.split_once(",t=")?;
        let (passes, rest) = rest.split_once(",p=")?;
        let (lanes, salt) = rest.split_once('$')?;
        let params = Self {
            memory_kib: memory.parse().ok()?,
            passes: passes.parse().ok()?,
            lanes: lanes.parse().ok()?,
            salt: BASE64_NOPAD.decode(salt.as_bytes()).ok()?.try_into().ok()?,
        };
        let bounded = params.memory_kib <= MEMORY_KIB_MAX && params.passes <= PASSES_MAX && params.lanes <= 8;
        bounded.then_some(params)
    }
}

/// Hashes passwords, two at a time: each takes 19 MiB and some 20 ms of a core.
pub(crate) struct Hasher {
    slots: Semaphore,
}

impl Hasher {
    pub(crate) fn new() -> Self {
        Self { slots: Semaphore::new(2) }
    }

    /// Hashes a password. Cancel-safe: a hash that nobody waits for ends by itself.
    pub(crate) async fn hash(
        &self,
        password: &Password,
        params: HashParams,
    ) -> Result<PasswordHash, GateError> {
        let wait = tokio::time::timeout(std::time::Duration::from_secs(5), self.slots.acquire());
        let Ok(Ok(_slot)) = wait.await else { return Err(GateError::Busy) };
        let bytes =
            Zeroizing::new(password.0.as_bytes().iter().copied().take(BYTES_MAX + 1).collect::<Vec<u8>>());
        let hashed = tokio::task::spawn_blocking(move || {
            let cost = Params::new(params.memory_kib, params.passes, params.lanes, Some(32))?;
            let mut out = Zeroizing::new([0; 32]);
            Argon2::new(Algorithm::Argon2id, Version::V0x13, cost).hash_password_into(
                &bytes,
                &params.salt,
                &mut *out,
            )?;
            Ok::<_, argon2::Error>(PasswordHash::from_bytes(*out))
        });
        match hashed.await {
            Ok(Ok(hash)) => Ok(hash),
            Ok(Err(error)) => Err(alarm::unavailable(&error, "hashing a password")),
            Err(error) => Err(alarm::unavailable(&error, "hashing a password")),
        }
    }
}

#[cfg(test)]
mod tests {
    use ownsight_model::{AccountId, Email, InstallationId};
    use ownsight_seal::{AccountKey, AccountScope};

    use super::*;

    #[test]
    fn params_read_back_and_bad_ones_are_refused() {
        let params = HashParams::generate();
        assert!(params.to_text().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "OWASP's first choice");
        assert_eq!(HashParams::parse(&params.to_text()), Some(params));
        for text in
            ["", "$argon2id$v=19$m=19456,t=2,p=1$", "$argon2i$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA"]
        {
            assert_eq!(HashParams::parse(text), None);
        }
        let greedy = "$argon2id$v=19$m=4294967295,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA";
        assert_eq!(HashParams::parse(greedy), None);
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        assert!(Password::new("123456789".into()).strong().is_err());
        assert!(Password::new("ößößößößöß".into()).strong().is_ok());
        assert!(Password::new("x".repeat(1024)).strong().is_ok());
        assert!(Password::new("x".repeat(1025)).strong().is_err());
        assert_eq!(format!("{:?}", Password::new("a secret".into())), "Password(…)");
    }

    /// What is too long to be anybody's password is not taken for its beginning.
    #[tokio::test]
    async fn each_byte_of_the_longest_password_counts_and_so_does_one_more() {
        let (hasher, params) = (Hasher::new(), HashParams::generate());
        let hash = async |password: String| {
            let hash = hasher.hash(&Password::new(password), params.clone()).await.unwrap();
            let scope = AccountScope {
                installation: InstallationId::from_bytes([1; 16]),
                account: AccountId::from_bytes([2; 16]),
            };
            (scope, hash)
        };
        let email = Email::parse("a@b.org").unwrap();
        let (scope, hash_of_longest) = hash("x".repeat(1024)).await;
        let sealed = hash_of_longest.seal(scope, &email, &AccountKey::generate());
        for (password, opens) in [
            ("x".repeat(1024), true),
            (format!("{}y", "x".repeat(1023)), false),
            ("x".repeat(1023), false),
            ("x".repeat(1025), false),
        ] {
            let length = password.len();
            let (_, other) = hash(password).await;
            assert_eq!(other.open(scope.installation, &email, &sealed).is_ok(), opens, "{length}");
        }
    }
}
