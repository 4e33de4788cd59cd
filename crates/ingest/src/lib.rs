//! Takes sealed events in, and keeps what is durable within its limits; holds no key
