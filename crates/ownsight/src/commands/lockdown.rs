//! `ownsight lockdown`: closes views on a running server, and opens them again, by its operator.

use anyhow::bail;
use ownsight_model::{LockdownScope, Timestamp};

use crate::cli::{LockdownArgs, LockdownCommand, LockdownOf};
use crate::config::Config;
use crate::operator::{self, Of, Request, Response};

pub(crate) async fn run(args: LockdownArgs) -> anyhow::Result<()> {
    let config = Config::load_folders(&args.folders)?;
    let request = match args.command {
        LockdownCommand::On { of, reason, close } => {
            Request::Close { of: of.into(), what: close, reason, by: operator_name() }
        }
        LockdownCommand::Off { of } => Request::Open { of: of.into(), by: operator_name() },
        LockdownCommand::List => Request::Closed,
        LockdownCommand::Record => Request::Record,
    };
    match (operator::ask(&config.data, &request).await?, request) {
        (Response::Done(_), Request::Close { .. }) => {
            eprintln!("Closed. `ownsight lockdown off` with the same words opens it again.");
        }
        (Response::Done(true), _) => eprintln!("Open again."),
        (Response::Done(false), _) => bail!("nothing was closed there: see `ownsight lockdown list`"),
        (Response::Closed(closed), _) => {
            if closed.is_empty() {
                eprintln!("Nothing is closed.");
            }
            for row in closed {
                println!(
                    "{}  {}  {} since {}: {}",
                    whose(row.of),
                    row.what.join(","),
                    row.by,
                    when(row.since),
                    row.reason
                );
            }
        }
        (Response::Record(record), _) => {
            if record.is_empty() {
                eprintln!("Nothing was ever closed.");
            }
            for line in record {
                let (at, of) = (when(line.at), whose(line.of));
                match line.what {
                    Some(what) => println!(
                        "{}  {at}  {}  closed {} for {of}: {}",
                        line.sequence,
                        line.by,
                        what.join(","),
                        line.reason.unwrap_or_default()
                    ),
                    None => println!("{}  {at}  {}  opened again for {of}", line.sequence, line.by),
                }
            }
        }
        (Response::Link(_) | Response::Error(_), _) => {
            bail!("the server's answer is of another kind than what was asked for")
        }
    }
    Ok(())
}

impl From<LockdownOf> for Of {
    fn from(of: LockdownOf) -> Self {
        match (of.home, of.camera, of.account) {
            (Some(home), ..) => Self::Home(home),
            (None, Some(camera), _) => Self::Camera(camera),
            (None, None, Some(email)) => Self::Account(email),
            (None, None, None) => Self::Installation,
        }
    }
}

/// For whom something is closed.
fn whose(of: LockdownScope) -> String {
    match of {
        LockdownScope::Installation => "everybody".to_owned(),
        LockdownScope::Home(home) => format!("home {home}"),
        LockdownScope::Camera(camera) => format!("camera {camera}"),
        LockdownScope::Account(account) => format!("account {account}"),
    }
}

/// A moment in UTC, to the second.
fn when(moment: Timestamp) -> String {
    let moment = jiff::Timestamp::from_microsecond(moment.as_micros()).unwrap_or_default();
    moment.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// Who does it, as those whom it concerns read it.
pub(crate) fn operator_name() -> String {
    let name = std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_default();
    if name.is_empty() { "the operator".to_owned() } else { name }
}
