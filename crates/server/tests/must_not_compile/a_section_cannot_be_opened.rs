use ownsight_seal::stream::StreamOpener;

fn main() {}
