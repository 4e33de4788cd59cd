//! RFC 9180's test vectors against the `hpke` crate, in the suite and modes that Ownsight uses.
//!
//! They show that the dependency, as it is configured and resolved here, is HPKE: key derivation, encapsulation,
//! sealing, opening and export, `mode_base` and `mode_psk`. Where they come from stands in `testdata/rfc9180`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests may fail the test"
)]

use std::convert::Infallible;

use data_encoding::HEXLOWER;
use hpke::{
    Deserializable, HpkeError, Kem as _, OpModeR, OpModeS, PskBundle, Serializable,
    aead::{Aead as _, AesGcm256},
    kdf::{HkdfSha256, Kdf as _},
    kem::X25519HkdfSha256 as Kem,
    rand_core::{TryCryptoRng, TryRng},
    setup_receiver, setup_sender_with_rng,
};
use serde_json::Value;

const MODE_BASE: u64 = 0;
const MODE_PSK: u64 = 1;

type PrivateKey = <Kem as hpke::Kem>::PrivateKey;
type PublicKey = <Kem as hpke::Kem>::PublicKey;
type Encapsulation = <Kem as hpke::Kem>::EncappedKey;

struct Vector(Value);

impl Vector {
    fn bytes(&self, name: &str) -> Vec<u8> {
        hex(&self.0[name])
    }

    fn psk(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        match self.0["mode"].as_u64().unwrap() {
            MODE_BASE => None,
            MODE_PSK => Some((self.bytes("psk"), self.bytes("psk_id"))),
            mode => panic!("mode {mode} is not used here"),
        }
    }

    fn list(&self, name: &str) -> &[Value] {
        self.0[name].as_array().unwrap()
    }

    fn private_key(&self) -> PrivateKey {
        PrivateKey::from_bytes(&self.bytes("skRm")).unwrap()
    }

    fn encapsulation(&self) -> Encapsulation {
        Encapsulation::from_bytes(&self.bytes("enc")).unwrap()
    }
}

fn hex(value: &Value) -> Vec<u8> {
    HEXLOWER.decode(value.as_str().unwrap().as_bytes()).unwrap()
}

/// Both vectors, after checking that they are of our suite and that neither mode is missing.
fn vectors() -> Vec<Vector> {
    let json = include_str!("../testdata/rfc9180/x25519-sha256-aes256gcm.json");
    let vectors: Vec<Value> = serde_json::from_str(json).unwrap();
    let modes: Vec<_> = vectors.iter().map(|v| v["mode"].as_u64().unwrap()).collect();
    assert_eq!(modes, [MODE_BASE, MODE_PSK]);
    for vector in &vectors {
        assert_eq!(vector["kem_id"], Kem::KEM_ID);
        assert_eq!(vector["kdf_id"], HkdfSha256::KDF_ID);
        assert_eq!(vector["aead_id"], AesGcm256::AEAD_ID);
        assert_eq!(vector["encryptions"].as_array().unwrap().len(), 257);
        assert_eq!(vector["exports"].as_array().unwrap().len(), 3);
    }
    vectors.into_iter().map(Vector).collect()
}

fn bundle(psk: &(Vec<u8>, Vec<u8>)) -> PskBundle<'_> {
    PskBundle::new(&psk.0, &psk.1).unwrap()
}

fn receiver_mode(psk: Option<&(Vec<u8>, Vec<u8>)>) -> OpModeR<'_, Kem> {
    psk.map_or(OpModeR::Base, |psk| OpModeR::Psk(bundle(psk)))
}

fn sender_mode(psk: Option<&(Vec<u8>, Vec<u8>)>) -> OpModeS<'_, Kem> {
    psk.map_or(OpModeS::Base, |psk| OpModeS::Psk(bundle(psk)))
}

/// Opens the vector's first message with these parameters instead of its own.
fn open_first(
    vector: &Vector,
    psk: Option<&(Vec<u8>, Vec<u8>)>,
    info: &[u8],
    aad: &[u8],
) -> Result<Vec<u8>, HpkeError> {
    let mut context = setup_receiver::<AesGcm256, HkdfSha256, Kem>(
        &receiver_mode(psk),
        &vector.private_key(),
        &vector.encapsulation(),
        info,
    )?;
    context.open(&hex(&vector.list("encryptions")[0]["ct"]), aad)
}

/// Gives the vector's ephemeral key material where the sender wants random bytes, once.
struct Given(Option<Vec<u8>>);

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

/// The vectors show what HKDF gave; the crate keeps the scalar that X25519 makes of it (RFC 7748, section 5).
fn clamped(mut scalar: Vec<u8>) -> Vec<u8> {
    scalar[0] &= 0xf8;
    scalar[31] &= 0x7f;
    scalar[31] |= 0x40;
    scalar
}

#[test]
fn key_pairs_derive_as_in_the_vectors() {
    for vector in vectors() {
        for (ikm, private, public) in [("ikmR", "skRm", "pkRm"), ("ikmE", "skEm", "pkEm")] {
            let (sk, pk) = Kem::derive_keypair(&vector.bytes(ikm));
            assert_eq!(sk.to_bytes().as_slice(), clamped(vector.bytes(private)), "{private}");
            assert_eq!(pk.to_bytes().as_slice(), vector.bytes(public), "{public}");
            assert_eq!(Kem::sk_to_pk(&sk).to_bytes(), pk.to_bytes());
        }
        assert_eq!(vector.bytes("enc"), vector.bytes("pkEm"));
    }
}

#[test]
fn the_receiver_opens_every_message_in_order_and_exports() {
    for vector in vectors() {
        let psk = vector.psk();
        let mut context = setup_receiver::<AesGcm256, HkdfSha256, Kem>(
            &receiver_mode(psk.as_ref()),
            &vector.private_key(),
            &vector.encapsulation(),
            &vector.bytes("info"),
        )
        .unwrap();
        for (sequence, message) in vector.list("encryptions").iter().enumerate() {
            let opened = context.open(&hex(&message["ct"]), &hex(&message["aad"]));
            assert_eq!(opened, Ok(hex(&message["pt"])), "sequence {sequence}");
        }
        for export in vector.list("exports") {
            let mut exported = vec![0; export["L"].as_u64().unwrap() as usize];
            context.export(&hex(&export["exporter_context"]), &mut exported).unwrap();
            assert_eq!(exported, hex(&export["exported_value"]));
        }
    }
}

#[test]
fn the_sender_encapsulates_and_seals_the_same_bytes() {
    for vector in vectors() {
        let psk = vector.psk();
        let mut random = Given(Some(vector.bytes("ikmE")));
        let (encapsulation, mut context) = setup_sender_with_rng::<AesGcm256, HkdfSha256, Kem>(
            &sender_mode(psk.as_ref()),
            &PublicKey::from_bytes(&vector.bytes("pkRm")).unwrap(),
            &vector.bytes("info"),
            &mut random,
        )
        .unwrap();
        assert!(random.0.is_none(), "the ephemeral key came from elsewhere");
        assert_eq!(encapsulation.to_bytes().as_slice(), vector.bytes("enc"));
        for (sequence, message) in vector.list("encryptions").iter().enumerate() {
            let sealed = context.seal(&hex(&message["pt"]), &hex(&message["aad"]));
            assert_eq!(sealed, Ok(hex(&message["ct"])), "sequence {sequence}");
        }
    }
}

#[test]
fn another_psk_psk_id_info_mode_or_associated_data_opens_nothing() {
    let [base, with_psk] = <[Vector; 2]>::try_from(vectors()).ok().unwrap();
    let aad = hex(&with_psk.list("encryptions")[0]["aad"]);
    let plaintext = hex(&with_psk.list("encryptions")[0]["pt"]);
    let info = with_psk.bytes("info");
    let (psk, id) = with_psk.psk().unwrap();
    let flip = |bytes: &[u8]| {
        let mut other = bytes.to_vec();
        other[0] ^= 1;
        other
    };

    let own = (psk.clone(), id.clone());
    assert_eq!(open_first(&with_psk, Some(&own), &info, &aad), Ok(plaintext.clone()));
    assert_eq!(open_first(&base, None, &info, &aad), Ok(plaintext));
    let refused = Err(HpkeError::OpenError);
    assert_eq!(open_first(&with_psk, Some(&(flip(&psk), id.clone())), &info, &aad), refused);
    assert_eq!(open_first(&with_psk, Some(&(psk, flip(&id))), &info, &aad), refused);
    assert_eq!(open_first(&with_psk, Some(&own), &flip(&info), &aad), refused);
    assert_eq!(open_first(&with_psk, Some(&own), &info, &flip(&aad)), refused);
    assert_eq!(open_first(&with_psk, None, &info, &aad), refused);
    assert_eq!(open_first(&base, Some(&own), &info, &aad), refused);
}

#[test]
fn a_psk_without_its_id_is_no_psk() {
    assert!(matches!(PskBundle::new(b"psk", b""), Err(HpkeError::InvalidPskBundle)));
    assert!(matches!(PskBundle::new(b"", b"id"), Err(HpkeError::InvalidPskBundle)));
}

/// X25519 with a point of small order gives zero whoever computes it; RFC 9180 section 7.1.4 wants it refused.
#[test]
fn encapsulations_and_public_keys_of_small_order_are_refused() {
    let mut u_one = [0; 32];
    u_one[0] = 1;
    for point in [[0; 32], u_one] {
        let private = vectors()[0].private_key();
        let receiver = Encapsulation::from_bytes(&point).and_then(|encapsulation| {
            setup_receiver::<AesGcm256, HkdfSha256, Kem>(&OpModeR::Base, &private, &encapsulation, b"")
        });
        assert!(receiver.is_err());
        let sender = PublicKey::from_bytes(&point).and_then(|public| {
            let mut random = Given(Some(vec![5; 32]));
            setup_sender_with_rng::<AesGcm256, HkdfSha256, Kem>(&OpModeS::Base, &public, b"", &mut random)
        });
        assert!(sender.is_err());
    }
}
