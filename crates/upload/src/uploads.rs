//! Taking one upload: who, configuration, metadata, both parts checked and sealed as they come, MAC, commit.

use std::pin::{Pin, pin};
use std::time::Instant;

use bytes::Bytes;
use futures_util::Stream;
use ownsight_ingest::{
    Begun, Credential, Delivery, DeviceIdentity, Ingest, KnownUpload, Receipt, UploadSlot,
};
use ownsight_model::{Label, LabelSource, SectionKind, Timestamp};
use ownsight_seal::stream::{SegmentSize, StreamLayout};
use ownsight_seal::{CameraSealer, Configuration, EventSealer, HEADER_BYTES, TRAILER_BYTES_MAX};
use tokio::time::timeout_at;

use crate::frames::Part;
use crate::jpeg::JpegCheck;
use crate::metadata::Metadata;
use crate::mp4::Mp4Check;
use crate::receive::{Piece, Receive, interrupted};
use crate::{Media, UploadCredentials, UploadError, keys};

/// Takes plain uploads. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Uploads {
    ingest: Ingest,
}

/// An upload that has said what it is.
struct Taking<'a> {
    goes: Goes<'a>,
    thumbnail: JpegCheck,
    clip: Mp4Check,
    /// Whose bytes came last.
    part: Option<Part>,
    ended_at: Timestamp,
    label: Label,
}

/// Where it goes.
enum Goes<'a> {
    /// It is sealed, and taken in.
    In { sealer: Box<EventSealer<Vec<u8>>>, delivery: Box<Delivery<'a>> },
    /// The event is known: whether by this very upload, its MAC tells.
    Nowhere(KnownUpload),
}

impl Uploads {
    /// Uploads that go to this ingest.
    pub fn new(ingest: Ingest) -> Self {
        Self { ingest }
    }

    /// Takes an upload: `body` is a line of metadata, a thumbnail, a clip, and their MAC (`docs/device-api.md`). `length`:
    /// how many bytes it said that it has. The same upload again gets the first one's answer.
    ///
    /// Memory does not depend on the length. What was opened with the credentials is wiped before this returns.
    ///
    /// Cancel-safe: a dropped call has stored the event as a whole or not at all. Dropped after the MAC has verified, it goes on.
    pub async fn take<B, E>(
        &self,
        credentials: UploadCredentials,
        length: Option<u64>,
        body: B,
    ) -> Result<Receipt, UploadError>
    where
        B: Stream<Item = Result<Bytes, E>> + Send,
        E: Send,
    {
        let begun = Instant::now();
        let of = credentials.device;
        let result = self.receive(credentials, length, pin!(body)).await;
        match &result {
            Ok(receipt) => self.ingest.note_upload(Ok(receipt), begun),
            Err(error) => {
                if let Some(code) = error.code() {
                    self.ingest.note_upload(Err(code), begun);
                }
                tracing::debug!(device.id = %of, %error, "a plain upload was not taken");
            }
        }
        result
    }

    async fn receive<B, E>(
        &self,
        credentials: UploadCredentials,
        length: Option<u64>,
        body: Pin<&mut B>,
    ) -> Result<Receipt, UploadError>
    where
        B: Stream<Item = Result<Bytes, E>> + Send,
        E: Send,
    {
        let (installation, of) = (self.ingest.installation(), credentials.device);
        let credential = Credential::from_bytes(*credentials.key.credential(installation, of));
        let device = self.ingest.authenticate_upload(of, &credential).await?;
        let identity = device.identity();
        let slot = self.ingest.begin_upload(identity)?;
        let (configuration, mac) = keys::open(installation, &credentials, &device)?;
        drop(credentials);
        let mut body = Receive::new(body, mac, self.ingest.upload_pace());

        let Piece::Metadata(metadata, whole) = body.next().await? else {
            return Err(UploadError::malformed("the first line is missing"));
        };
        if let Some(length) = length.filter(|length| *length != whole) {
            return Err(UploadError::malformed(format!(
                "the body has {length} bytes, and by its first line must have {whole}: that line, thumbnail, clip, and 32 of HMAC"
            )));
        }
        body.may_take(self.ingest.upload_max(whole));
        let mut taking = self.begin(identity, slot, configuration, &metadata).await?;
        loop {
            match body.next().await? {
                Piece::Part { part, bytes, ends } => {
                    // A disk that hangs holds nothing longer than a peer that does.
                    let taken = timeout_at(body.deadline(), taking.take(part, &bytes, ends)).await;
                    taken.map_err(|_| interrupted("it took too long"))??;
                }
                Piece::End => break,
                Piece::Metadata(..) => return Err(UploadError::malformed("there is a second first line")),
            }
        }
        let mac = body.verify(of)?;
        // Removed meanwhile, it has uploaded nothing: it may have taken its time.
        self.ingest.authenticate_upload(of, &credential).await?;
        taking.finish(mac).await
    }

    /// Claims the event, and begins to seal it.
    async fn begin<'a>(
        &self,
        identity: &'a DeviceIdentity,
        slot: UploadSlot,
        configuration: Configuration,
        metadata: &Metadata,
    ) -> Result<Taking<'a>, UploadError> {
        let sealer = keys::sealer(&configuration, metadata.camera)?;
        drop(configuration);
        let (bytes, bytes_max) = (sealed_bytes(metadata), self.ingest.event_bytes_max());
        let bytes = bytes.filter(|bytes| *bytes <= bytes_max).ok_or(UploadError::TooLarge {
            what: "clip",
            bytes: metadata.clip_bytes,
            bytes_max,
        })?;
        let (camera, event) = (sealer.scope().camera, metadata.event);
        let goes = match self.ingest.deliver(slot, identity, camera, event, bytes).await? {
            Begun::Known(known) => Goes::Nowhere(known),
            Begun::New(delivery) => {
                let sealer = begin_sealing(&sealer, metadata)?;
                Goes::In { sealer: Box::new(sealer), delivery }
            }
        };
        Ok(Taking {
            goes,
            thumbnail: JpegCheck::default(),
            clip: Mp4Check::new(metadata.clip_bytes),
            part: None,
            ended_at: metadata.ended_at,
            label: metadata.label,
        })
    }
}

fn begin_sealing(sealer: &CameraSealer, metadata: &Metadata) -> Result<EventSealer<Vec<u8>>, UploadError> {
    sealer.begin(metadata.event, metadata.started_at, Vec::new()).map_err(UploadError::Sealing)
}

/// Bytes of the sealed event; `None` if there is no such number.
fn sealed_bytes(metadata: &Metadata) -> Option<u64> {
    let stream = |bytes| Some(StreamLayout::of_plaintext(SegmentSize::KIB_64, bytes).ok()?.ciphertext_len());
    let (thumbnail, clip) = (stream(metadata.thumbnail_bytes)?, stream(metadata.clip_bytes)?);
    let rest = (HEADER_BYTES + TRAILER_BYTES_MAX) as u64;
    thumbnail.checked_add(clip)?.checked_add(rest)
}

impl Taking<'_> {
    /// Takes the next bytes of a part: checks them, seals them, hands on what became of them.
    async fn take(&mut self, part: Part, bytes: &[u8], ends: bool) -> Result<(), UploadError> {
        match part {
            Part::Thumbnail => self.thumbnail.take(bytes).map_err(Media::from)?,
            Part::Clip => self.clip.take(bytes).map_err(Media::from)?,
        }
        match part {
            Part::Thumbnail if ends => self.thumbnail.end().map_err(Media::from)?,
            Part::Clip if ends => self.clip.end().map_err(Media::from)?,
            Part::Thumbnail | Part::Clip => {}
        }
        let begins = self.part.replace(part) != Some(part);
        let Goes::In { sealer, delivery } = &mut self.goes else { return Ok(()) };
        let mut seal = || {
            if begins {
                sealer.begin_section(match part {
                    Part::Thumbnail => SectionKind::Thumbnail,
                    Part::Clip => SectionKind::Clip,
                })?;
            }
            sealer.push(bytes)?;
            if ends { sealer.end_section() } else { Ok(()) }
        };
        seal().map_err(UploadError::Sealing)?;
        delivery.write(sealer.writer()).await?;
        sealer.writer().clear();
        Ok(())
    }

    /// Ends the sealed event and makes it durable, now that the MAC of the upload has verified; or answers as the first time.
    async fn finish(self, mac: [u8; 32]) -> Result<Receipt, UploadError> {
        match self.goes {
            Goes::Nowhere(known) => Ok(known.receipt(&mac)?),
            Goes::In { sealer, mut delivery } => {
                let sealed = sealer.finish(self.ended_at, self.label, LabelSource::Camera);
                let (rest, _) = sealed.map_err(UploadError::Sealing)?;
                delivery.write(&rest).await?;
                Ok(delivery.commit(mac).await?)
            }
        }
    }
}
