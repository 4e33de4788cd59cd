//! A small RTSP server that plays footage for ever
