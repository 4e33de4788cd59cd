//! Serves the presets until Ctrl-C:
//!
//! ```sh
//! cargo run --release -p ownsight-camera-sim --example serve -- --bind 127.0.0.1:8554 --noise 1.5
//! ffplay -rtsp_transport tcp rtsp://127.0.0.1:8554/main-path
//! ```

use std::error::Error;
use std::net::SocketAddr;

use ownsight_camera_sim::{CameraSim, Identity, PRESETS, Scene, SimCamera, Source};

const USAGE: &str = "\
usage: serve [--bind ADDRESS:PORT] [--fps N] [--noise SIGMA] [--still] [--original] [--no-watermark]
             [--user NAME --password WORD [--realm TEXT]]";

struct Options {
    bind: SocketAddr,
    fps: u32,
    noise: f32,
    still: bool,
    original: bool,
    watermark: bool,
    user: Option<String>,
    password: String,
    realm: Option<String>,
}

fn options() -> Result<Options, Box<dyn Error>> {
    let mut options = Options {
        bind: SocketAddr::from(([127, 0, 0, 1], 8554)),
        fps: 10,
        noise: 0.0,
        still: false,
        original: false,
        watermark: true,
        user: None,
        password: String::new(),
        realm: None,
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value\n{USAGE}"));
        match arg.as_str() {
            "--bind" => options.bind = value()?.parse()?,
            "--fps" => options.fps = value()?.parse()?,
            "--noise" => options.noise = value()?.parse()?,
            "--user" => options.user = Some(value()?),
            "--password" => options.password = value()?,
            "--realm" => options.realm = Some(value()?),
            "--still" => options.still = true,
            "--original" => options.original = true,
            "--no-watermark" => options.watermark = false,
            _ => return Err(format!("unknown option {arg}\n{USAGE}").into()),
        }
    }
    Ok(options)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    let options = options()?;
    let cameras = PRESETS.iter().zip(1..).map(|(preset, number)| {
        let mut camera = SimCamera::new(preset.path, preset.view).fps(options.fps).noise(options.noise);
        if options.watermark {
            camera = camera.watermark(1, number);
        }
        if options.still {
            camera = camera.scene(Scene::StillWithNoise { sigma: options.noise });
        }
        if options.original {
            camera = camera.source(Source::Original);
        }
        if let Some(realm) = &options.realm {
            camera = camera.identity(Identity { realm: realm.clone(), ..Identity::default() });
        }
        match &options.user {
            Some(user) => camera.credentials(user, &options.password),
            None => camera,
        }
    });
    let sim = CameraSim::builder().bind(options.bind).cameras(cameras).start().await?;
    for preset in PRESETS {
        println!("{:12} {}", preset.name, sim.url(preset.path));
    }
    tokio::signal::ctrl_c().await?;
    sim.stop().await;
    Ok(())
}
