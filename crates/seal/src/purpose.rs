//! Every label of the key chain, in one enum: two derivations never share one.
//!
//! The table in `docs/key-chain.md` is made from this enum. Labels are part of formats on disk: never change or
//! reuse one.

macro_rules! purposes {
    ($($(#[doc = $doc:literal])+ $name:ident = $label:literal;)+) => {
        /// What a key, wrap, tag or sealed text is for. Its label stands in every derivation and all associated data.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Purpose { $($(#[doc = $doc])+ $name),+ }

        impl Purpose {
            /// All purposes, in the order of the document.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The label in canonical bytes: ASCII, at most 255 bytes.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$name => $label),+ }
            }

            /// What it is for, as in the document's table.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+)),+ }
            }
        }
    };
}

purposes! {
    /// The home key, from the control key; context: home, home epoch.
    HomeKey = "home-key";
    /// A camera secret, from the home key with the camera's salt; context: home, camera, tenure, home epoch, camera epoch.
    CameraSecret = "camera-secret";
    /// Input of the camera's `DeriveKeyPair`, from the camera secret; context: camera.
    CameraKeyPair = "camera-key-pair";
    /// The key of a camera's private text, from the camera secret; context: camera.
    TextKey = "text-key";
    /// A device's PSK for one camera, from the camera secret; context: camera, device.
    DevicePsk = "device-psk";
    /// The key of the header's tag, from the PSK.
    HeaderTag = "header-tag";
    /// The key of the trailer's tag, from the PSK.
    TrailerTag = "trailer-tag";
    /// The key of the tag of a device's report on a camera, from the PSK.
    CameraReport = "camera-report";
    /// The key of the tag of a device's report on itself, from the home key; context: home, home epoch, device.
    DeviceReport = "device-report";
    /// Info of the HPKE context that wraps an event key; context: the header's ids and start time.
    Event = "event";
    /// A section's streaming key, from the event key; context: section kind.
    Section = "section";
    /// What a device must show to ask for a pairing, from the pairing code.
    PairingFind = "pairing-find";
    /// The blob that a device opens with the pairing code; context: device.
    Pairing = "pairing";
    /// The first device key, from the pairing code; context: home, device.
    PairingDevice = "pairing-device";
    /// The key of the MAC over a device's answer to a pairing, from the first device key.
    PairingAnswer = "pairing-answer";
    /// A device key under the control key; context: home, home epoch, device, serial.
    DeviceKey = "device-key";
    /// Info of the HPKE context of a configuration; context: home, device, serial.
    Configuration = "configuration";
    /// Input of the account's `DeriveKeyPair`, from the account key; context: account.
    AccountKeyPair = "account-key-pair";
    /// The account key under a session's two halves; context: session, session kind, expiry.
    Session = "session";
    /// The value `s` of a session, from its two halves; context: session kind.
    SessionPage = "session-page";
    /// The tag that an answer carries, from the session's two halves; context: session kind.
    SessionAnswer = "session-answer";
    /// The account key under a password; context: e-mail.
    Password = "password";
    /// The account key under the master key; context: e-mail.
    Custody = "custody";
    /// The commitment to the master key that the database holds.
    MasterCommitment = "master-commitment";
    /// A grant of the control key under the account key; context: account, grant, role, home epoch.
    GrantControl = "grant-control";
    /// What an account sees of itself, under the account key; context: account.
    AccountText = "account-text";
    /// A home's name and zone, under the home key; context: home, home epoch.
    HomeText = "home-text";
    /// A device's name, under the home key; context: home, home epoch, device.
    DeviceText = "device-text";
    /// A camera's name and settings, under its text key; context: home, camera, tenure, home epoch, camera epoch.
    CameraText = "camera-text";
    /// A camera's address, user and password, under the control key; context: home, home epoch, camera.
    CameraAddress = "camera-address";
    /// What finds a one-time link, from the link's secret.
    LinkFind = "link-find";
    /// The content of a one-time link, under the link's secret.
    Link = "link";
}

#[cfg(test)]
mod tests {
    use super::Purpose;
    use std::collections::HashSet;

    #[test]
    fn labels_are_unique_and_short() {
        let labels: HashSet<_> = Purpose::ALL.iter().map(|purpose| purpose.label()).collect();
        assert_eq!(labels.len(), Purpose::ALL.len());
        assert!(labels.iter().all(|label| !label.is_empty() && label.len() <= 255 && label.is_ascii()));
    }
}
