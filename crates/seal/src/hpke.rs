//! HPKE (RFC 9180), mode_psk: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, one message a context.

use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable as _, Kem as _, OpModeR, OpModeS, PskBundle, Serializable as _};
use zeroize::Zeroizing;

use crate::barriers::{Barrier, on};
use crate::primitives::TAG_BYTES;

type Kem = X25519HkdfSha256;

/// Bytes of an encapsulation, and of a public key.
pub(crate) const ENCAPSULATION_BYTES: usize = 32;

/// A public key that something can be sealed to.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(<Kem as hpke::Kem>::PublicKey);

impl PublicKey {
    /// The key with these bytes; `None` if nothing can be sealed to it.
    ///
    /// Those are the points of low order, with which every private key agrees on zero (RFC 7748, section 6.1):
    /// HPKE refuses them when it seals, here they are refused when they come in. One agreement, some 30 µs.
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        let any = PrivateKey::from_private_key(&X25519, &[0x42; 32]).ok()?;
        agree(&any, UnparsedPublicKey::new(&X25519, bytes), (), |_| Ok(())).ok()?;
        <Kem as hpke::Kem>::PublicKey::from_bytes(bytes).ok().map(Self)
    }

    /// Its 32 bytes.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes().into()
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({:02x?}…)", &self.to_bytes()[..4])
    }
}

/// A private key with its public key. Wiped when dropped, never shown.
#[derive(Clone)]
pub struct KeyPair {
    private: <Kem as hpke::Kem>::PrivateKey,
    public: <Kem as hpke::Kem>::PublicKey,
}

impl KeyPair {
    /// A new random pair.
    pub fn generate() -> Self {
        Self::derive(&Zeroizing::new(crate::primitives::random()))
    }

    /// `DeriveKeyPair` of RFC 9180, section 7.1.3.
    pub(crate) fn derive(ikm: &Zeroizing<[u8; 32]>) -> Self {
        let (private, public) = Kem::derive_keypair(&**ikm);
        Self { private, public }
    }

    /// The pair with this private key; `None` if the bytes are none.
    pub fn from_private_bytes(bytes: &[u8; 32]) -> Option<Self> {
        let private = <Kem as hpke::Kem>::PrivateKey::from_bytes(bytes).ok()?;
        let public = Kem::sk_to_pk(&private);
        Some(Self { private, public })
    }

    /// The private key, for storage by whoever may hold it.
    pub fn private_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.private.to_bytes().into())
    }

    /// The public key.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.public.clone())
    }
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyPair(…)")
    }
}

/// Seals one message to `to`; gives encapsulation and ciphertext with tag.
#[expect(
    clippy::expect_used,
    reason = "PSK and its id are never empty, info is short, the message is the first"
)]
pub(crate) fn seal(
    to: &PublicKey,
    psk: &[u8; 32],
    psk_id: &[u8; 16],
    info: &[u8],
    message: &[u8],
) -> ([u8; ENCAPSULATION_BYTES], Vec<u8>) {
    if !on(Barrier::Hpke) {
        let mut out = message.to_vec();
        out.extend_from_slice(&[0; TAG_BYTES]);
        return ([0; ENCAPSULATION_BYTES], out);
    }
    let mode = OpModeS::<Kem>::Psk(PskBundle::new(psk, psk_id).expect("neither is empty"));
    let (encapsulation, mut context) =
        hpke::setup_sender::<AesGcm256, HkdfSha256, Kem>(&mode, &to.0, info).expect("a valid public key");
    let sealed = context.seal(message, &[]).expect("the first message");
    (encapsulation.to_bytes().into(), sealed)
}

/// Opens what [`seal`] made; `None` if anything differs: key, PSK, its id, info or a bit of the message.
pub(crate) fn open(
    by: &KeyPair,
    psk: &[u8; 32],
    psk_id: &[u8; 16],
    info: &[u8],
    encapsulation: &[u8; ENCAPSULATION_BYTES],
    sealed: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    if !on(Barrier::Hpke) {
        let length = sealed.len().checked_sub(TAG_BYTES)?;
        return Some(Zeroizing::new(sealed.get(..length)?.to_vec()));
    }
    let mode = OpModeR::<Kem>::Psk(PskBundle::new(psk, psk_id).ok()?);
    let encapsulation = <Kem as hpke::Kem>::EncappedKey::from_bytes(encapsulation).ok()?;
    let mut context =
        hpke::setup_receiver::<AesGcm256, HkdfSha256, Kem>(&mode, &by.private, &encapsulation, info).ok()?;
    context.open(sealed, &[]).ok().map(Zeroizing::new)
}

#[cfg(test)]
pub(crate) mod given {
    //! Sealing with given key material for the encapsulation, which only a test may do.

    use std::convert::Infallible;

    use hpke::rand_core::{TryCryptoRng, TryRng};

    use super::{AesGcm256, ENCAPSULATION_BYTES, HkdfSha256, Kem, OpModeS, PskBundle, PublicKey};
    use hpke::Serializable as _;

    struct Given(Option<[u8; 32]>);

    impl TryRng for Given {
        type Error = Infallible;

        fn try_next_u32(&mut self) -> Result<u32, Infallible> {
            panic!("HPKE asks for key material only");
        }

        fn try_next_u64(&mut self) -> Result<u64, Infallible> {
            panic!("HPKE asks for key material only");
        }

        fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
            out.copy_from_slice(&self.0.take().expect("HPKE asks once"));
            Ok(())
        }
    }

    impl TryCryptoRng for Given {}

    /// As [`super::seal`].
    pub(crate) fn seal(
        to: &PublicKey,
        psk: &[u8; 32],
        psk_id: &[u8; 16],
        info: &[u8],
        message: &[u8],
        ephemeral: [u8; 32],
    ) -> ([u8; ENCAPSULATION_BYTES], Vec<u8>) {
        let mode = OpModeS::<Kem>::Psk(PskBundle::new(psk, psk_id).unwrap());
        let mut random = Given(Some(ephemeral));
        let (encapsulation, mut context) =
            hpke::setup_sender_with_rng::<AesGcm256, HkdfSha256, Kem>(&mode, &to.0, info, &mut random)
                .unwrap();
        (encapsulation.to_bytes().into(), context.seal(message, &[]).unwrap())
    }
}

#[cfg(test)]
mod tests {
    use super::PublicKey;

    /// Every encoding of a point of low order, but for the highest bit.
    const LOW_ORDER: [&str; 7] = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];

    #[test]
    fn points_of_low_order_are_no_public_keys() {
        for hex in LOW_ORDER {
            let mut bytes: [u8; 32] =
                data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap().try_into().unwrap();
            assert_eq!(PublicKey::from_bytes(&bytes), None, "{hex}");
            // X25519 passes over the highest bit.
            bytes[31] |= 0x80;
            assert_eq!(PublicKey::from_bytes(&bytes), None, "{hex} with the highest bit");
        }
        let real = super::KeyPair::generate().public();
        assert_eq!(PublicKey::from_bytes(&real.to_bytes()), Some(real));
    }
}
