//! Durable file operations, and a disk that forgets what was not synced
