//! Pictures in front of a slow folder. With a URL, on that server too: `cargo run --example pictures -- redis://127.0.0.1/`

use std::time::{Duration, Instant};

use ownsight_cache::{
    Ask, Cache, CacheSecret, Caches, Clock, Key, Namespace, Policy, Protection, Reason, Record, RedisConfig,
    SKEW_DEFAULT,
};

#[derive(serde::Serialize, serde::Deserialize)]
struct Picture {
    title: String,
    pixels: Vec<u8>,
}

impl Record for Picture {
    const NAME: &'static str = "picture";
    const VERSION: u32 = 1;
    const REASON: Reason = Reason::new("everybody may see it, and an hour late at that");
    const PROTECTION: Protection = Protection::Tagged;

    fn heap_bytes(&self) -> usize {
        self.title.len() + self.pixels.len()
    }
}

async fn from_the_folder(number: u32) -> Result<Option<Picture>, std::io::Error> {
    tokio::time::sleep(Duration::from_millis(50)).await;
    Ok((number < 3).then(|| Picture { title: format!("number {number}"), pixels: vec![7; 20_000] }))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let caches = match std::env::args().nth(1) {
        // All processes that share a server share a secret.
        Some(url) => {
            Caches::redis(CacheSecret::generate(), RedisConfig::new(url), Clock::system(), SKEW_DEFAULT)?
        }
        None => Caches::local(Clock::system()),
    };
    let pictures: Cache<Picture, std::io::Error> =
        caches.cache(Namespace::new("pictures")?, Policy::default())?;
    for number in [0_u32, 1, 0, 7, 7, 0] {
        let key = Key::of([&b"picture"[..], &number.to_be_bytes()])?;
        let began = Instant::now();
        let found = pictures.get_or_load(&key, Ask::ANY, || from_the_folder(number)).await?;
        let title = found.value().map_or("there is none", |picture| picture.title.as_str());
        println!("{number}: {title}, after {:?}", began.elapsed());
    }
    pictures.invalidate(&Key::of([&b"picture"[..], &0_u32.to_be_bytes()])?).await?;
    Ok(())
}
