//! The cache beside what others offer, in the same run and in turn.

#[path = "../../tests/faults/clients.rs"]
mod clients;
#[path = "../../tests/faults/drive.rs"]
mod drive;
mod faults;
mod fred_client;
#[path = "../../tests/faults/hardship.rs"]
mod hardship;
mod hit;
mod ratio;
mod server;
mod stampede;
mod turns;
mod value;

fn main() {
    let arguments = std::env::args().skip(1).collect::<Vec<_>>();
    let arguments = arguments.iter().map(String::as_str).collect::<Vec<_>>();
    match arguments[..] {
        ["hit", ..] => hit::measure(),
        ["server", ..] => server::measure(),
        ["stampede", ..] => stampede::measure(),
        ["ratio"] => ratio::measure(),
        ["faults"] => faults::table(),
        ["doses"] => faults::doses(),
        ["long", calls] => faults::long(calls.parse().expect("a number of calls")),
        _ => {
            eprintln!("say what to compare: hit, server, stampede, ratio, faults, doses, long CALLS");
            std::process::exit(2);
        }
    }
}
