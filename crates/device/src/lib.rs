//! The device's side: pairing, configuration, sealing, durable queue, delivery
