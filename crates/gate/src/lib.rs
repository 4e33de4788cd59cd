//! The only door to keys and plaintext
