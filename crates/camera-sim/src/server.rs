//! The server: starts cameras, accepts connections, and ends both.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, JoinSet, spawn_blocking};
use tokio::time::{Instant, sleep, timeout};

use crate::camera::clock::Clock;
use crate::camera::hub::Camera;
use crate::camera::producer;
use crate::camera::settings::{Scene, SimCamera, Source};
use crate::error::{MediaError, StartError, UnknownCamera};
use crate::media::encoder::LiveEncoder;
use crate::media::footage::Footage;
use crate::media::nal::ParameterSets;
use crate::rtsp::connection;
use crate::rtsp::conversation::Cameras;

const CONNECTIONS_MAX: usize = 64;
/// After `accept` failed, mostly for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const STOP_MAX: Duration = Duration::from_secs(5);

/// Collects what a [`CameraSim`] is to be.
#[derive(Debug)]
#[must_use = "nothing happens until `start` is called"]
pub struct CameraSimBuilder {
    bind: SocketAddr,
    cameras: Vec<SimCamera>,
    connections_max: usize,
}

impl CameraSimBuilder {
    /// The address to listen on; 127.0.0.1 with any free port if not given. There is no encryption and, without
    /// credentials, no protection at all: think before you leave loopback.
    pub fn bind(self, bind: SocketAddr) -> Self {
        Self { bind, ..self }
    }

    /// Adds a camera.
    pub fn camera(mut self, camera: SimCamera) -> Self {
        self.cameras.push(camera);
        self
    }

    /// Adds cameras.
    pub fn cameras(mut self, cameras: impl IntoIterator<Item = SimCamera>) -> Self {
        self.cameras.extend(cameras);
        self
    }

    /// How many clients may be connected at a time, over all cameras: 64 if not given. Others are answered 503.
    pub fn connections_max(self, connections_max: usize) -> Self {
        Self { connections_max, ..self }
    }

    /// Starts the server within the current tokio runtime. Cancel safe: what was begun is undone.
    pub async fn start(self) -> Result<CameraSim, StartError> {
        let cameras = Arc::new(prepare(self.cameras).await?);
        let bind_error = |source| StartError::Bind { addr: self.bind, source };
        let listener = TcpListener::bind(self.bind).await.map_err(bind_error)?;
        let addr = listener.local_addr().map_err(bind_error)?;
        let (kill, _) = watch::channel(0);
        let (stop, stopped) = oneshot::channel();
        let server = Server {
            listener,
            cameras: Arc::clone(&cameras),
            connections_max: self.connections_max,
            kill: kill.clone(),
        };
        let task = tokio::spawn(server.run(stopped));
        Ok(CameraSim { addr, cameras, kill, stop, task })
    }
}

/// Checks all cameras, and encodes a picture for each to learn its parameter sets.
async fn prepare(settings: Vec<SimCamera>) -> Result<Cameras, StartError> {
    let work = move || {
        let now = Instant::now();
        let mut cameras = HashMap::with_capacity(settings.len());
        for camera in settings {
            let path = camera.path.clone();
            let broken = |source: Box<dyn std::error::Error + Send + Sync>| StartError::Media {
                path: path.clone(),
                source: MediaError::from(source),
            };
            let footage = Footage::bundled().map_err(|error| broken(error.into()))?;
            camera.check(footage.width, footage.height)?;
            let sets = parameter_sets(&camera, footage).map_err(broken)?;
            let clock = Clock::new(now, camera.fps, fastrand::u32(..));
            if cameras.insert(path.clone(), Arc::new(Camera::new(camera, sets, clock))).is_some() {
                return Err(StartError::SamePath { path });
            }
        }
        Ok(cameras)
    };
    match spawn_blocking(work).await {
        Ok(cameras) => cameras,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime shuts down and polls nothing any more.
            Err(_) => std::future::pending().await,
        },
    }
}

fn parameter_sets(
    camera: &SimCamera,
    footage: &Footage,
) -> Result<ParameterSets, Box<dyn std::error::Error + Send + Sync>> {
    match camera.source {
        Source::Original => Ok(footage.parameter_sets.clone()),
        Source::Live => Ok(LiveEncoder::parameter_sets(camera.view.width, camera.view.height, camera.fps)?),
    }
}

/// A running simulator. Dropping it stops it too, without waiting.
#[derive(Debug)]
pub struct CameraSim {
    addr: SocketAddr,
    cameras: Arc<Cameras>,
    /// Each change ends all connections.
    kill: watch::Sender<u64>,
    /// Dropping it ends the server.
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl CameraSim {
    /// Begins with no camera, on any free port of 127.0.0.1.
    pub fn builder() -> CameraSimBuilder {
        CameraSimBuilder {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            cameras: Vec::new(),
            connections_max: CONNECTIONS_MAX,
        }
    }

    /// Where the server listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The address of the camera at `path`, e.g. `rtsp://127.0.0.1:8554/driveway`; without credentials. It does not
    /// check that there is such a camera.
    pub fn url(&self, path: &str) -> String {
        format!("rtsp://{}/{}", self.addr, path.trim_start_matches('/'))
    }

    /// Freezes the picture of a camera, with sensor noise (its own, at least [`STILL_NOISE_SIGMA`]), so that there is no
    /// motion; or lets the footage go on where it was. Takes effect with the next frame. No effect on
    /// [`Source::Original`].
    ///
    /// [`STILL_NOISE_SIGMA`]: crate::STILL_NOISE_SIGMA
    pub fn set_still(&self, path: &str, still: bool) -> Result<(), UnknownCamera> {
        self.camera(path)?.set_still(still);
        Ok(())
    }

    /// Changes what goes on in front of a camera, from its next frame on. No effect on [`Source::Original`].
    pub fn set_scene(&self, path: &str, scene: Scene) -> Result<(), UnknownCamera> {
        self.camera(path)?.set_scene(scene);
        Ok(())
    }

    /// How many requests for a camera brought a password, right or wrong, or a proof of one.
    pub fn passwords_seen(&self, path: &str) -> Result<u64, UnknownCamera> {
        Ok(self.camera(path)?.passwords.load(Ordering::Relaxed))
    }

    /// Ends all connections without a word, as a power cut would. Clients may come back at once.
    pub fn kill_connections(&self) {
        self.kill.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Ends all connections and cameras and waits for them, 5 s at most. If it is dropped before its end, they end
    /// all the same.
    pub async fn stop(self) {
        let Self { stop, mut task, .. } = self;
        drop(stop);
        if timeout(STOP_MAX, &mut task).await.is_err() {
            task.abort();
        }
    }

    fn camera(&self, path: &str) -> Result<&Camera, UnknownCamera> {
        let unknown = || UnknownCamera { path: path.to_owned() };
        self.cameras.get(path).map(AsRef::as_ref).ok_or_else(unknown)
    }
}

struct Server {
    listener: TcpListener,
    cameras: Arc<Cameras>,
    connections_max: usize,
    kill: watch::Sender<u64>,
}

impl Server {
    async fn run(self, mut stopped: oneshot::Receiver<()>) {
        // Dropping the sets aborts their tasks.
        let mut producers = JoinSet::new();
        if let Ok(footage) = Footage::bundled() {
            for camera in self.cameras.values() {
                producers.spawn(producer::run(Arc::clone(camera), footage));
            }
        }
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                _ = &mut stopped => break,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => self.admit(stream, &mut connections),
                    Err(error) => {
                        tracing::warn!(%error, "cannot accept a connection");
                        sleep(ACCEPT_PAUSE).await;
                    }
                },
                Some(_) = connections.join_next() => {}
            }
        }
        connections.shutdown().await;
        producers.shutdown().await;
    }

    fn admit(&self, stream: TcpStream, connections: &mut JoinSet<()>) {
        if connections.len() < self.connections_max {
            connections.spawn(connection::serve(stream, Arc::clone(&self.cameras), self.kill.subscribe()));
        } else if connections.len() < self.connections_max.saturating_mul(2) {
            connections.spawn(connection::turn_away(stream));
        }
        // Beyond that the connection is just closed.
    }
}
