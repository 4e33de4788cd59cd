//! The command line, as `--help` shows it.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use ownsight_model::{CameraId, Closable, HomeId};

/// A security-camera cloud that anyone can run, in which you can only ever see your own.
#[derive(Debug, Parser)]
#[command(
    version,
    arg_required_else_help = true,
    after_help = "\
Examples:
  ownsight demo                                      see it work, with nothing set up
  ownsight serve                                     run it; the first start prints a set-up link
  ownsight agent --server https://cams.example.org   serve a home's cameras from inside the home
  ownsight login https://cams.example.org            sign in, for the commands below
  ownsight camera add --name Driveway rtsp://192.168.1.40/stream1 --user view"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) log: LogArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How to log, on standard error.
#[derive(Debug, Clone, Args)]
pub(crate) struct LogArgs {
    /// What to log, such as `info` or `info,ownsight_camera=debug`
    #[arg(long, global = true, env = "OWNSIGHT_LOG", value_name = "FILTER")]
    pub(crate) log: Option<String>,
    /// Log as JSON, one object a line
    #[arg(long, global = true)]
    pub(crate) log_json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server
    Serve(ServeArgs),
    /// Serve the cameras of one home, from a place that can reach them
    Agent(AgentArgs),
    /// Show the main job on real footage, embedded, with nothing set up
    Demo(DemoArgs),
    /// Sign in to a server, for the commands on cameras
    Login(LoginArgs),
    /// List, add, test and remove cameras (sign in first, or set OWNSIGHT_SERVER and OWNSIGHT_TOKEN)
    Camera(CameraArgs),
    /// Keep footage and data: events with their videos as one archive (sign in first, or set OWNSIGHT_SERVER and OWNSIGHT_TOKEN)
    Export(ExportArgs),
    /// Make accounts and reset passwords by one-time links (on the server's machine)
    Account(AccountArgs),
    /// Close views, for everybody or for some, and open them again (on the server's machine)
    Lockdown(LockdownArgs),
    /// Open the operator's page in a browser, where views are closed and opened again, by a link (on the server's machine)
    Operator(OperatorArgs),
    /// Replace the master key, show its recovery sheet, bring it back (on the server's machine)
    MasterKey(MasterKeyArgs),
    /// Copy all data to a folder, while the server runs or not; the next time only what is new (on the server's machine)
    Backup(BackupArgs),
    /// Bring back what `backup` copied, into a data folder that has no installation (on the server's machine)
    Restore(RestoreArgs),
    /// Find every disagreement between the registry and the files of events, and walk over the record of openings
    Check(CheckArgs),
    /// Look at the configuration
    Config(ConfigArgs),
    /// Measure what this machine does, on a server in a temporary folder
    Bench(BenchArgs),
}

/// Where an installation keeps its things.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Folders {
    /// The configuration file [default: ownsight.toml in the configuration folder, if it is there]
    #[arg(long, env = "OWNSIGHT_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The data folder: registry, ledger, events
    #[arg(long, env = "OWNSIGHT_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) folders: Folders,
    /// The address to listen on
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// The address that people use, for links: `https://cams.example.org`
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct AgentArgs {
    /// The folder of this agent: keys, queue
    #[arg(long, env = "OWNSIGHT_AGENT_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The server's address; asked for once, when pairing
    #[arg(long, value_name = "URL")]
    pub(crate) server: Option<String>,
    /// The pairing code from the web app; typed in when left out
    #[arg(long, env = "OWNSIGHT_PAIRING_CODE", value_name = "CODE", hide_env_values = true)]
    pub(crate) code: Option<String>,
    /// Do not ask whether the home's name is right
    #[arg(long)]
    pub(crate) yes: bool,
    /// The longest event, in seconds, while motion goes on
    #[arg(long, default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(12..=300))]
    pub(crate) event_max: u64,
    /// Answer `/metrics` about this agent's cameras at this loopback address, such as 127.0.0.1:7702
    #[arg(long, env = "OWNSIGHT_AGENT_METRICS", value_name = "ADDRESS")]
    pub(crate) metrics: Option<SocketAddr>,
    /// Take what to do from standard input, and end when that closes
    #[arg(long, hide = true)]
    pub(crate) supervised: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Print one line of JSON with address and sign-ins when it is ready
    #[arg(long)]
    pub(crate) json: bool,
    /// The port to listen on [default: 7710, or a free one]
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// Keep the data in this folder [default: a temporary one, deleted at the end]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Stop after so many seconds
    #[arg(long = "for", value_name = "SECONDS")]
    pub(crate) seconds: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct OperatorArgs {
    #[command(flatten)]
    pub(crate) folders: Folders,
    /// End all visits instead
    #[arg(long)]
    pub(crate) end: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// The archive's file; it must not be there yet
    pub(crate) file: PathBuf,
    /// Of this home, by name or id, with the home's own data [default: all that you may keep]
    #[arg(long, conflicts_with = "shared")]
    pub(crate) home: Option<String>,
    /// Only what others share with you
    #[arg(long)]
    pub(crate) shared: bool,
    /// Only this camera, by its id; may be given several times
    #[arg(long, value_name = "ID")]
    pub(crate) camera: Vec<CameraId>,
    /// Only events of the last so many days
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub(crate) last_days: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct LoginArgs {
    /// The server's address: `https://cams.example.org`
    #[arg(required_unless_present = "out")]
    pub(crate) server: Option<String>,
    /// The account's e-mail address; asked for when left out
    #[arg(long)]
    pub(crate) email: Option<String>,
    /// Read the password from standard input
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// Sign out
    #[arg(long)]
    pub(crate) out: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CameraArgs {
    #[command(subcommand)]
    pub(crate) command: CameraCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CameraCommand {
    /// List cameras and how they are
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Add a camera: tests it first, and says exactly why not
    Add {
        /// Its name
        #[arg(long)]
        name: String,
        #[command(flatten)]
        source: SourceArgs,
        /// Add it even if the test fails
        #[arg(long)]
        untested: bool,
    },
    /// Test an address, without adding it
    Test {
        #[command(flatten)]
        source: SourceArgs,
    },
    /// Remove a camera and erase its events
    Remove {
        /// Its name or id
        camera: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

/// Where a camera is.
#[derive(Debug, Args)]
pub(crate) struct SourceArgs {
    /// Its address: rtsp://192.168.1.40/stream1, or rtsps:// for TLS
    pub(crate) address: String,
    /// The user name
    #[arg(long)]
    pub(crate) user: Option<String>,
    /// Read the password from standard input [default: ask, if there is a user name]
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// The home, by name or id, if there are several
    #[arg(long)]
    pub(crate) home: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct AccountArgs {
    #[command(flatten)]
    pub(crate) folders: Folders,
    #[command(subcommand)]
    pub(crate) command: AccountCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Print a one-time link that makes an account with a home
    Create {
        /// The only e-mail address that may use it
        #[arg(long)]
        email: Option<String>,
        /// This server runs an agent for the home: only where its owner may reach this server's network
        #[arg(long)]
        local_agent: bool,
    },
    /// Print a one-time link that sets a new password and ends all sessions
    Reset {
        /// The account's e-mail address
        email: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct LockdownArgs {
    #[command(flatten)]
    pub(crate) folders: Folders,
    #[command(subcommand)]
    pub(crate) command: LockdownCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LockdownCommand {
    /// Close something. When this ends, nothing of it opens; what was on its way stops within a second
    On {
        #[command(flatten)]
        of: LockdownOf,
        /// Why: those whom it concerns read this
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// What: thumbnails, videos, live, sign-in or all
        #[arg(long, value_name = "WHAT,…", value_delimiter = ',', default_value = "all", value_parser = closable)]
        close: Vec<Closable>,
    },
    /// Open it again
    Off {
        #[command(flatten)]
        of: LockdownOf,
    },
    /// List what is closed
    List,
    /// Show the record: what was closed and opened again, by whom, when and why
    Record,
}

/// For whom; for everybody, if nothing is named.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct LockdownOf {
    /// For the people of this home, by its id
    #[arg(long, value_name = "ID")]
    pub(crate) home: Option<HomeId>,
    /// For everybody who may see this camera, by its id
    #[arg(long, value_name = "ID")]
    pub(crate) camera: Option<CameraId>,
    /// For the account with this e-mail address
    #[arg(long, value_name = "EMAIL")]
    pub(crate) account: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct MasterKeyArgs {
    #[command(flatten)]
    pub(crate) folders: Folders,
    #[command(subcommand)]
    pub(crate) command: MasterKeyCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MasterKeyCommand {
    /// Put a new master key in the place of the present one, while the server is stopped. The recovery sheet is void then
    Rotate {
        /// Drop what of the present key does not open: those accounts keep their passwords, and cannot be reset
        #[arg(long)]
        drop_unopened: bool,
    },
    /// Print a link that shows the recovery sheet once, while the server runs
    Sheet,
    /// After a backup of the data folder was put in place: writes the master key from the recovery sheet, which it reads from
    /// standard input, unless it is there; signs everybody out, and lets each home wait until an owner has confirmed it
    Restore {
        /// Close everything for everybody before the first start, as `lockdown on` does. Those whom it concerns read this
        #[arg(long, value_name = "REASON")]
        lock_down: Option<String>,
    },
}

fn closable(word: &str) -> Result<Closable, String> {
    let found = Closable::EACH.into_iter().find(|closable| closable.word() == word);
    found.ok_or_else(|| {
        let words: Vec<_> = Closable::EACH.into_iter().map(Closable::word).collect();
        format!("one of {} is expected", words.join(", "))
    })
}

#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    #[command(flatten)]
    pub(crate) folders: Folders,
    /// Where the backup is: a folder that is empty, not there yet, or has an earlier backup of this installation
    #[arg(value_name = "FOLDER")]
    pub(crate) to: PathBuf,
    /// Read each file that the backup has already, too, and copy anew what was damaged there
    #[arg(long)]
    pub(crate) verify: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    #[command(flatten)]
    pub(crate) folders: Folders,
    /// Where the backup is
    #[arg(value_name = "FOLDER")]
    pub(crate) from: PathBuf,
    /// Close everything for everybody before the first start, as `lockdown on` does. Those whom it concerns read this
    #[arg(long, value_name = "REASON")]
    pub(crate) lock_down: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) folders: Folders,
    /// Read every file whole and compare its digest
    #[arg(long)]
    pub(crate) deep: bool,
}

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// What to measure [default: all]
    #[arg(value_name = "FIGURES")]
    pub(crate) groups: Vec<crate::commands::bench::Group>,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    pub(crate) command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Say whether the configuration is right, and what it amounts to
    Check {
        #[command(flatten)]
        folders: Folders,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
