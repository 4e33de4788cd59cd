//! RTSP, decoding, motion, event cutting, MP4 and JPEG; knows no server and no keys
