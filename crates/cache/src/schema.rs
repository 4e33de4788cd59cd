//! The form of a value's bytes, as a fingerprint.

use serde::de::DeserializeOwned;
use serde_reflection::{Tracer, TracerConfig};

/// A fingerprint of the form of a value's bytes, 16 bytes. Entries of one schema are never read in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Schema([u8; 16]);

/// Why a type's form cannot be taken from the type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the form of `{name}` cannot be traced ({why}): implement `Cacheable` with `Schema::named`")]
pub struct SchemaError {
    name: &'static str,
    why: String,
}

impl Schema {
    /// A schema by name and version alone: the author raises the version with each change of the bytes.
    pub fn named(name: &str, version: u32) -> Self {
        Self::of(name, version, b"")
    }

    /// The schema of a type with `serde`: its name, version, and the names and types of its fields and variants, in order.
    pub fn traced<T: DeserializeOwned>(name: &'static str, version: u32) -> Result<Self, SchemaError> {
        let error = |why: String| SchemaError { name, why };
        let mut tracer = Tracer::new(TracerConfig::default().is_human_readable(false));
        let (format, _) = tracer.trace_simple_type::<T>().map_err(|problem| error(problem.to_string()))?;
        let registry = tracer.registry().map_err(|problem| error(problem.to_string()))?;
        let form = serde_json::to_vec(&(format, registry)).map_err(|problem| error(problem.to_string()))?;
        Ok(Self::of(name, version, &form))
    }

    fn of(name: &str, version: u32, form: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("self-verifying cache entries 2026-11-28: schema");
        hasher.update(&(name.len() as u64).to_be_bytes());
        hasher.update(name.as_bytes());
        hasher.update(&version.to_be_bytes());
        hasher.update(form);
        let mut fingerprint = [0; 16];
        hasher.finalize_xof().fill(&mut fingerprint);
        Self(fingerprint)
    }

    pub(crate) const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    #![allow(dead_code)]

    use serde::Deserialize;

    use super::*;

    #[test]
    fn every_change_of_form_is_another_schema() {
        #[derive(Deserialize)]
        #[serde(rename = "Shape")]
        struct One {
            name: String,
            count: u32,
        }
        #[derive(Deserialize)]
        #[serde(rename = "Shape")]
        struct Renamed {
            title: String,
            count: u32,
        }
        #[derive(Deserialize)]
        #[serde(rename = "Shape")]
        struct Retyped {
            name: String,
            count: u64,
        }
        #[derive(Deserialize)]
        #[serde(rename = "Shape")]
        struct Reordered {
            count: u32,
            name: String,
        }
        let schemas = [
            Schema::traced::<One>("shape", 1).unwrap(),
            Schema::traced::<Renamed>("shape", 1).unwrap(),
            Schema::traced::<Retyped>("shape", 1).unwrap(),
            Schema::traced::<Reordered>("shape", 1).unwrap(),
            Schema::traced::<One>("shape", 2).unwrap(),
            Schema::traced::<One>("form", 1).unwrap(),
            Schema::named("shape", 1),
        ];
        for (i, schema) in schemas.iter().enumerate() {
            assert!(!schemas[i + 1..].contains(schema), "{i}");
        }
        assert_eq!(schemas[0], Schema::traced::<One>("shape", 1).unwrap());
    }

    #[test]
    fn a_type_whose_form_does_not_show_is_refused() {
        #[derive(Debug)]
        struct Strict;
        impl<'de> Deserialize<'de> for Strict {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                if text == "strict" { Ok(Self) } else { Err(serde::de::Error::custom("not strict")) }
            }
        }
        let error = Schema::traced::<Strict>("strict", 1).unwrap_err();
        assert!(error.to_string().contains("`strict` cannot be traced"), "{error}");
    }
}
