//! Pairing: what the two sides make of the code that a person carries from the web app to a device.

use std::fmt;
use std::str::FromStr;

use ownsight_model::{DeviceId, HomeId, InstallationId};
use zeroize::Zeroizing;

use crate::canonical::Context;
use crate::hpke::PublicKey;
use crate::secret::DeviceKey;
use crate::{OpenError, Purpose, primitives, wrap};

/// Digits and letters without I, L, O and U, which are easily mistaken (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODE_BYTES: usize = 10;

/// A pairing code: 80 random bits, written as 16 characters in four groups. Works once, for 10 minutes.
#[derive(Clone)]
pub struct PairingCode(Zeroizing<[u8; CODE_BYTES]>);

/// A text that is not a pairing code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a pairing code has 16 characters, digits and letters without I, L, O and U, such as K7QM-4T2X-9FWD-R3HB"
)]
pub struct ParseCodeError;

impl PairingCode {
    /// A new random code.
    pub fn generate() -> Self {
        Self(Zeroizing::new(primitives::random()))
    }

    /// The code as people read it, in four groups. Shown once, never logged.
    pub fn reveal(&self) -> Zeroizing<String> {
        let mut bits = self.0.iter().fold(0u128, |bits, byte| (bits << 8) | u128::from(*byte));
        let mut digits = [0u8; 16];
        for digit in digits.iter_mut().rev() {
            *digit = (bits & 31) as u8;
            bits >>= 5;
        }
        let mut text = Zeroizing::new(String::with_capacity(19));
        for (place, digit) in digits.iter().enumerate() {
            if place > 0 && place % 4 == 0 {
                text.push('-');
            }
            text.push(char::from(ALPHABET.get(usize::from(*digit)).copied().unwrap_or(b'0')));
        }
        text
    }

    /// What a device shows to ask for the pairing, instead of the code.
    pub fn find(&self) -> [u8; 32] {
        // The device does not know the installation yet: it learns it from the blob.
        *self.derive(&Context::new(Purpose::PairingFind, InstallationId::from_bytes([0; 16])))
    }

    /// What the server keeps to find the pairing by: SHA-256 of what the device shows.
    pub fn find_hash(find: &[u8; 32]) -> [u8; 32] {
        primitives::sha256(find)
    }

    /// Seals what the device shows to the person: home, its name, device, pin of the server.
    pub fn seal_blob(&self, content: &[u8]) -> Vec<u8> {
        wrap::seal(&self.parent(), &Self::blob_context(), content)
    }

    /// Opens the blob.
    pub fn open_blob(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        wrap::open(&self.parent(), &Self::blob_context(), sealed)
    }

    fn blob_context() -> Context {
        Context::new(Purpose::Pairing, InstallationId::from_bytes([0; 16]))
    }

    /// The first device key.
    pub fn device_key(&self, installation: InstallationId, home: HomeId, device: DeviceId) -> DeviceKey {
        let context = Context::new(Purpose::PairingDevice, installation).home(home).device(device);
        DeviceKey(self.derive(&context))
    }

    fn derive(&self, context: &Context) -> primitives::Key {
        primitives::hkdf(&*self.parent(), &[], context)
    }

    /// The code's ten bytes, and zeros up to the length of a key: what all is derived from.
    pub(crate) fn parent(&self) -> primitives::Key {
        let mut parent = Zeroizing::new([0; 32]);
        for (to, from) in parent.iter_mut().zip(self.0.iter()) {
            *to = *from;
        }
        parent
    }
}

impl FromStr for PairingCode {
    type Err = ParseCodeError;

    /// Any case; spaces and hyphens between characters are passed over.
    fn from_str(text: &str) -> Result<Self, ParseCodeError> {
        let mut bits = 0u128;
        let mut count = 0;
        for character in text.chars().filter(|c| !matches!(c, ' ' | '-')).take(17) {
            let upper = u8::try_from(character.to_ascii_uppercase()).map_err(|_| ParseCodeError)?;
            let digit = ALPHABET.iter().position(|digit| *digit == upper).ok_or(ParseCodeError)?;
            bits = (bits << 5) | digit as u128;
            count += 1;
        }
        if count != 16 {
            return Err(ParseCodeError);
        }
        let mut bytes = Zeroizing::new([0; CODE_BYTES]);
        for (to, from) in bytes.iter_mut().zip(bits.to_be_bytes().iter().skip(16 - CODE_BYTES)) {
            *to = *from;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Debug for PairingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PairingCode(…)")
    }
}

/// What a device answers to a pairing: proof that the holder of the code has this key and this credential.
#[derive(Debug, Clone)]
pub struct PairingAnswer {
    /// The device's public key: its configurations are sealed to it.
    pub public_key: PublicKey,
    /// SHA-256 of the credential that the device authenticates its calls with.
    pub credential_hash: [u8; 32],
}

impl PairingAnswer {
    /// The MAC that the device sends with its answer.
    pub fn mac(&self, first_key: &DeviceKey, scope: PairingScope) -> [u8; 32] {
        primitives::mac(&scope.answer_key(first_key), &[&self.public_key.to_bytes(), &self.credential_hash])
    }

    /// Checks the MAC, before anything is sealed to the key.
    pub fn verify(&self, first_key: &DeviceKey, scope: PairingScope, mac: &[u8]) -> Result<(), OpenError> {
        let parts: [&[u8]; 2] = [&self.public_key.to_bytes(), &self.credential_hash];
        if primitives::mac_verifies(&scope.answer_key(first_key), &parts, mac) {
            Ok(())
        } else {
            Err(OpenError::NotAuthentic(Purpose::PairingAnswer))
        }
    }
}

/// Which pairing: a device of a home of an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairingScope {
    /// The installation.
    pub installation: InstallationId,
    /// The home.
    pub home: HomeId,
    /// The device.
    pub device: DeviceId,
}

impl PairingScope {
    pub(crate) fn answer_key(self, first_key: &DeviceKey) -> primitives::Key {
        let context =
            Context::new(Purpose::PairingAnswer, self.installation).home(self.home).device(self.device);
        primitives::hkdf(&*first_key.0, &[], &context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_back_in_any_case_and_grouping() {
        for _ in 0..200 {
            let code = PairingCode::generate();
            let text = code.reveal();
            assert_eq!(text.len(), 19);
            for spelling in
                [text.to_string(), text.to_lowercase(), text.replace('-', ""), text.replace('-', " ")]
            {
                assert_eq!(*spelling.parse::<PairingCode>().unwrap().0, *code.0);
            }
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for text in ["", "K7QM", "K7QM-4T2X-9FWD-R3HBB", "K7QM-4T2X-9FWD-R3HI", "K7QM-4T2X-9FWD-R3H\u{e9}"] {
            assert_eq!(text.parse::<PairingCode>().unwrap_err(), ParseCodeError, "{text:?}");
        }
    }
}
