//! Looks around, or asks one camera: `look`, or `look http://192.168.1.40/onvif/device_service [user]`, the password in
//! `ONVIF_PASSWORD`. For trying a camera out; prints what an agent would tell its home.

use std::error::Error;

use ownsight_model::OnvifAddress;
use ownsight_onvif::{Around, Login, OnvifCamera, Password, discover};
use tokio::sync::mpsc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let Some(address) = arguments.next() else {
        let (sender, mut found) = mpsc::channel(8);
        let around = Around::this_machine()?;
        let calling = tokio::spawn(async move { discover(&around, &sender).await });
        while let Some(camera) = found.recv().await {
            println!("{}  {}  {}  {}", camera.host, camera.name, camera.hardware, camera.service);
        }
        return Ok(calling.await??);
    };
    let password = std::env::var("ONVIF_PASSWORD").unwrap_or_default();
    let login = arguments.next().map(|user| Login { user, password: Password::new(&password) });
    let asked = OnvifCamera::connect(&OnvifAddress::parse(&address)?, login).await?.ask().await?;
    println!(
        "{} {} {}, clock {:?} ms ahead",
        asked.maker, asked.model, asked.firmware, asked.clock_offset_ms
    );
    for stream in asked.streams {
        println!("{}  {}x{} {}", stream.address.as_str(), stream.width, stream.height, stream.codec);
    }
    Ok(())
}
