//! A wire between a camera and who pulls it, on which one can read what the camera is asked.

use std::sync::{Arc, Mutex};

use ownsight_model::CameraAddress;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Passes everything on, and keeps what went to the camera.
pub(crate) struct Tap {
    pub(crate) address: CameraAddress,
    asked: Arc<Mutex<Vec<u8>>>,
}

impl Tap {
    pub(crate) async fn on(camera: &CameraAddress) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = camera.authority().to_owned();
        let here = listener.local_addr().unwrap().to_string();
        let address = CameraAddress::parse(&camera.as_str().replace(&to, &here)).unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(camera) = TcpStream::connect(&to).await else { continue };
                tokio::spawn(pass(client, camera, Arc::clone(&kept)));
            }
        });
        Self { address, asked }
    }

    /// The requests of one kind, without their headers.
    pub(crate) fn requests(&self, method: &str) -> Vec<String> {
        let asked = String::from_utf8_lossy(&self.asked.lock().unwrap()).into_owned();
        let of_it = |line: &&str| line.starts_with(method) && line.ends_with("RTSP/1.0");
        asked.lines().filter(of_it).map(str::to_owned).collect()
    }
}

async fn pass(client: TcpStream, camera: TcpStream, asked: Arc<Mutex<Vec<u8>>>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_camera, mut to_camera) = camera.into_split();
    let back = tokio::spawn(async move {
        // Either end may close at any time.
        let _ = tokio::io::copy(&mut from_camera, &mut to_client).await;
    });
    let mut bytes = vec![0; 4096];
    while let Ok(read @ 1..) = from_client.read(&mut bytes).await {
        asked.lock().unwrap().extend_from_slice(&bytes[..read]);
        if to_camera.write_all(&bytes[..read]).await.is_err() {
            break;
        }
    }
    back.abort();
}
