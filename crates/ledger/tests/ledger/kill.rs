//! kill -9: every entry for which there was a proof is there afterwards, and the chain is whole.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use ownsight_ledger::{Action, Ledger, LedgerConfig};

use crate::support::{Place, append, entry, event, installation, run};

const CHILD: &str = "OWNSIGHT_LEDGER_TEST_CHILD";
const ROUNDS: usize = 8;

/// What the child does: eight callers append for ever and say which entries they have proofs for.
#[test]
fn child_appends_until_it_is_killed() {
    let Some(path) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let ledger = Ledger::open(&path, installation(), &LedgerConfig::default()).unwrap();
        let mut callers = tokio::task::JoinSet::new();
        for caller in 0..8 {
            let ledger = ledger.clone();
            callers.spawn(async move {
                loop {
                    let recorded = append(&ledger, entry(caller, 1, Action::Still(event(caller, 1)))).await;
                    println!("recorded {} {}", recorded.sequence(), recorded.hash());
                }
            });
        }
        while callers.join_next().await.is_some() {}
    });
}

#[test]
fn entries_with_a_proof_survive_kill_9() {
    let place = Place::new();
    let mut proofs = Vec::new();
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::child_appends_until_it_is_killed", "--nocapture"])
            .env(CHILD, &place.path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut said = lines.by_ref().filter_map(|line| {
            let mut words = line.split_whitespace().skip_while(|word| *word != "recorded").skip(1);
            Some((words.next()?.parse::<u64>().ok()?, words.next()?.to_owned()))
        });
        let wanted = 20 + round * 13;
        proofs.extend(said.by_ref().take(wanted));
        child.kill().unwrap();
        child.wait().unwrap();
        // What it said before it died counts too; its last line may be cut off.
        proofs.extend(said.filter(|(_, hash)| hash.len() == 64));
    }
    assert!(proofs.len() >= ROUNDS * 20, "{}", proofs.len());
    run(async {
        let ledger = place.open();
        let found = ledger.verify().await.unwrap();
        assert_eq!(found.broken, None);
        let connection = place.connect();
        let mut find = connection.prepare("SELECT lower(hex(hash)) FROM entry WHERE sequence = ?1").unwrap();
        for (sequence, hash) in proofs {
            let kept: String = find.query_row([sequence as i64], |row| row.get(0)).unwrap();
            assert_eq!(kept, hash, "entry {sequence}");
        }
    });
}
