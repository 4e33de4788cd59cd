//! What may be cached: types whose author said so, and why.

use std::marker::PhantomData;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::schema::{Schema, SchemaError};

/// Why a type may be cached: what makes it harmless if it is lost, old by as much as its bound, or seen by whoever reads
/// the cache. Written where [`Cacheable`] is implemented, for who reviews it.
///
/// ```compile_fail,E0080
/// const REASON: ownsight_cache::Reason = ownsight_cache::Reason::new("because");
/// println!("{}", REASON.as_str());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason(&'static str);

impl Reason {
    /// A reason, in a sentence. Less than 20 characters do not compile.
    ///
    /// # Panics
    /// If it is shorter; in a `const`, that is an error of the compiler.
    pub const fn new(sentence: &'static str) -> Self {
        assert!(sentence.len() >= 20, "say in a sentence why this may be cached");
        Self(sentence)
    }

    /// The sentence.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// How an entry is protected against who holds the cache but not its secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// Whoever reads the cache server reads the value; nobody without the secret can make or change one.
    Tagged,
    /// The value is encrypted as well. Its key and its length are not.
    Private,
}

/// The opt-in for being cached. What must never come out of a cache (who may see what, sessions, anything that can be
/// revoked) does not have it, and then no cache takes it.
///
/// ```compile_fail,E0277
/// # use ownsight_cache::{Cache, Caches, Namespace, Policy};
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Grant;
///
/// let namespace = Namespace::new("grants").unwrap();
/// let grants: Cache<Grant, std::io::Error> = Caches::off().cache(namespace, Policy::default()).unwrap();
/// ```
///
/// For types with `serde`, [`Record`] is less to write; for bytes, a [`Blob`].
pub trait Cacheable: Sized + Send + Sync + 'static {
    /// Why it may be cached.
    const REASON: Reason;
    /// How its entries are protected.
    const PROTECTION: Protection;

    /// The form of its bytes. Entries of another schema are other entries.
    fn schema() -> Result<Schema, SchemaError>;

    /// Its bytes.
    fn to_bytes(&self) -> Result<Bytes, CodecError>;

    /// A value from its bytes, which are what [`Cacheable::to_bytes`] made in this schema.
    fn from_bytes(bytes: Bytes) -> Result<Self, CodecError>;

    /// About how many bytes of memory it takes. What it says must not change.
    fn weight(&self) -> usize;
}

/// A value that goes through `serde`, in Postcard's format.
///
/// Its schema's fingerprint is taken from the type itself: who adds, renames or retypes a field gets other entries, and
/// old ones are never read in the new form.
pub trait Record: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its name, in the fingerprint.
    const NAME: &'static str;
    /// Raised when the same fields come to mean something else.
    const VERSION: u32;
    /// Why it may be cached.
    const REASON: Reason;
    /// How its entries are protected.
    const PROTECTION: Protection;

    /// About how many bytes of memory it takes beside its own size: what it has on the heap.
    fn heap_bytes(&self) -> usize;
}

impl<T: Record> Cacheable for T {
    const REASON: Reason = <T as Record>::REASON;
    const PROTECTION: Protection = <T as Record>::PROTECTION;

    fn schema() -> Result<Schema, SchemaError> {
        Schema::traced::<T>(T::NAME, T::VERSION)
    }

    fn to_bytes(&self) -> Result<Bytes, CodecError> {
        postcard::to_stdvec(self).map(Bytes::from).map_err(|error| CodecError::new(error.to_string()))
    }

    fn from_bytes(bytes: Bytes) -> Result<Self, CodecError> {
        let (value, rest) =
            postcard::take_from_bytes(&bytes).map_err(|error| CodecError::new(error.to_string()))?;
        if rest.is_empty() { Ok(value) } else { Err(CodecError::new("bytes are left over")) }
    }

    fn weight(&self) -> usize {
        size_of::<T>() + self.heap_bytes()
    }
}

/// What the bytes of a [`Blob`] are.
pub trait Content: Send + Sync + 'static {
    /// Its name, in the schema.
    const NAME: &'static str;
    /// Raised when the bytes come to mean something else.
    const VERSION: u32;
    /// Why it may be cached.
    const REASON: Reason;
    /// How its entries are protected.
    const PROTECTION: Protection;
}

/// A value that is bytes already, of this content. Cheap to clone.
pub struct Blob<C> {
    bytes: Bytes,
    content: PhantomData<fn() -> C>,
}

impl<C> Blob<C> {
    /// Its bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

impl<C> From<Bytes> for Blob<C> {
    fn from(bytes: Bytes) -> Self {
        Self { bytes, content: PhantomData }
    }
}

impl<C> Clone for Blob<C> {
    fn clone(&self) -> Self {
        Self::from(self.bytes.clone())
    }
}

impl<C> std::fmt::Debug for Blob<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Blob({} bytes)", self.bytes.len())
    }
}

impl<C: Content> Cacheable for Blob<C> {
    const REASON: Reason = C::REASON;
    const PROTECTION: Protection = C::PROTECTION;

    fn schema() -> Result<Schema, SchemaError> {
        Ok(Schema::named(C::NAME, C::VERSION))
    }

    fn to_bytes(&self) -> Result<Bytes, CodecError> {
        Ok(self.bytes.clone())
    }

    fn from_bytes(bytes: Bytes) -> Result<Self, CodecError> {
        Ok(Self::from(bytes))
    }

    fn weight(&self) -> usize {
        self.bytes.len()
    }
}

/// Why a value has no bytes, or bytes no value. Says nothing of the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CodecError(String);

impl CodecError {
    /// An error with this reason, which must not quote the value.
    pub fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    enum Letters {}

    impl Content for Letters {
        const NAME: &'static str = "letters";
        const VERSION: u32 = 3;
        const REASON: Reason = Reason::new("made by a test, for a test, and nobody's");
        const PROTECTION: Protection = Protection::Private;
    }

    #[derive(serde::Serialize, serde::Deserialize)]
    struct Word(String);

    impl Record for Word {
        const NAME: &'static str = "word";
        const VERSION: u32 = 1;
        const REASON: Reason = Reason::new("made by a test, for a test, and nobody's");
        const PROTECTION: Protection = Protection::Tagged;

        fn heap_bytes(&self) -> usize {
            self.0.len()
        }
    }

    #[test]
    fn a_record_weighs_itself_and_what_it_has_on_the_heap() {
        assert_eq!(Word("abc".into()).weight(), size_of::<String>() + 3);
        assert_eq!(<Word as Cacheable>::REASON.as_str(), "made by a test, for a test, and nobody's");
    }

    #[test]
    fn a_blob_is_its_bytes_in_the_schema_of_its_content() {
        let blob = Blob::<Letters>::from(Bytes::from_static(b"abc"));
        assert_eq!(blob.to_bytes().unwrap(), blob.bytes());
        assert_eq!(
            Blob::<Letters>::from_bytes(blob.to_bytes().unwrap()).unwrap().bytes(),
            blob.clone().bytes()
        );
        assert_eq!(blob.weight(), 3);
        assert_eq!(Blob::<Letters>::schema().unwrap(), Schema::named("letters", 3));
        assert_eq!(<Blob<Letters> as Cacheable>::PROTECTION, Protection::Private);
        assert_eq!(format!("{blob:?}"), "Blob(3 bytes)");
    }
}
