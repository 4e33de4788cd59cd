//! `ownsight config`: whether the configuration is right, and what it amounts to.

use crate::cli::{ConfigArgs, ConfigCommand, ServeArgs};
use crate::config::Config;
use crate::master_key;

pub(crate) fn run(args: &ConfigArgs) -> anyhow::Result<()> {
    let ConfigCommand::Check { folders } = &args.command;
    let config = Config::load(&ServeArgs { folders: folders.clone(), ..ServeArgs::default() })?;
    match &config.file {
        Some(file) => println!("configuration file   {}", file.display()),
        None => println!("configuration file   none: defaults"),
    }
    println!("data folder          {}", config.data.display());
    println!("master key           {}", master_key::path(&config.configuration).display());
    println!("listens on           {}", config.listen);
    println!("people use           {}", config.base_url(config.listen));
    println!("metrics on           {}", config.metrics_listen);
    let transport = match (&config.tls, config.trusted_proxies.is_empty()) {
        (Some(tls), _) => format!("TLS by {}", tls.certificate.display()),
        (None, false) => "plain HTTP behind the trusted proxies".to_owned(),
        (None, true) => "plain HTTP, for loopback and private addresses only".to_owned(),
    };
    println!("transport            {transport}");
    println!("cache                {}", config.cache);
    Ok(())
}
