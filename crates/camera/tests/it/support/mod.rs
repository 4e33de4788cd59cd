//! What the tests share.

#[allow(dead_code, reason = "the report uses all of it")]
pub(crate) mod appearances;
pub(crate) mod footage;
pub(crate) mod mp4;
pub(crate) mod remembered;
pub(crate) mod rtsp;
pub(crate) mod scene;
pub(crate) mod tap;
pub(crate) mod tools;
#[allow(dead_code, reason = "the report uses all of it")]
pub(crate) mod walks;
