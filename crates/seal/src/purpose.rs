//! Every label of the key chain, in one enum: two derivations never share one.
//!
//! The table in `docs/key-chain.md` is made from this enum. Labels are part of formats on disk: never change or
//! reuse one.

use crate::canonical::Field;

/// What a purpose's context is used in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// HKDF's info, to derive a key, PSK or value.
    Key,
    /// HKDF's info and the associated data of a wrap.
    Wrap,
    /// HPKE's info.
    Info,
}

impl Form {
    /// Its word in the document's table.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Wrap => "wrap",
            Self::Info => "info",
        }
    }
}

macro_rules! purposes {
    ($($(#[doc = $doc:literal])+ $name:ident = $label:literal, $form:ident of $parent:literal [$($field:ident)*];)+) => {
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

            /// What its context is used in.
            pub const fn form(self) -> Form {
                match self { $(Self::$name => Form::$form),+ }
            }

            /// What it is derived from, wrapped under or sealed with.
            pub const fn parent(self) -> &'static str {
                match self { $(Self::$name => $parent),+ }
            }

            /// The fields of its context, in their order.
            pub const fn fields(self) -> &'static [Field] {
                match self { $(Self::$name => &[$(Field::$field),*]),+ }
            }

            /// What it is for, as in the document's table.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim()),+ }
            }
        }
    };
}

purposes! {
    /// The home key.
    HomeKey = "home-key", Key of "control key" [Home HomeEpoch];
    /// A camera secret; HKDF's salt is the camera salt.
    CameraSecret = "camera-secret", Key of "home key" [Home Camera Tenure HomeEpoch CameraEpoch];
    /// Input of the camera's `DeriveKeyPair`.
    CameraKeyPair = "camera-key-pair", Key of "camera secret" [Camera];
    /// The key of a camera's private text.
    TextKey = "text-key", Key of "camera secret" [Camera];
    /// A device's PSK for one camera.
    DevicePsk = "device-psk", Key of "camera secret" [Camera Device];
    /// The key of a header's tag.
    HeaderTag = "header-tag", Key of "device PSK" [];
    /// The key of a trailer's tag.
    TrailerTag = "trailer-tag", Key of "device PSK" [];
    /// The key of the tags of a device's reports on a camera's state.
    CameraReport = "camera-report", Key of "device PSK" [Home Camera Tenure HomeEpoch CameraEpoch Device];
    /// The key of the tags of a device's reports on a time in which a camera did not record.
    GapReport = "gap-report", Key of "device PSK" [Home Camera Tenure HomeEpoch CameraEpoch Device];
    /// The key of the tags of a device's reports on a camera test, whose camera is the draft.
    TestReport = "test-report", Key of "device PSK" [Home Camera Tenure HomeEpoch CameraEpoch Device];
    /// The key of the tags of a device's reports on itself.
    DeviceReport = "device-report", Key of "home key" [Home HomeEpoch Device];
    /// An event key, sealed to the camera key pair; time: the event's start.
    Event = "event", Info of "camera key pair, device PSK" [Home Camera Tenure HomeEpoch CameraEpoch Device Event Time];
    /// An event key that was opened, kept in memory for the next opening; time: the event's start.
    KeptEvent = "kept-event", Wrap of "camera secret" [Home Camera Tenure HomeEpoch CameraEpoch Device Event Time];
    /// A section's stream key.
    Section = "section", Key of "event key" [Section];
    /// What a device shows to ask for its pairing; the installation is zero.
    PairingFind = "pairing-find", Key of "pairing code" [];
    /// What a device learns of its pairing; the installation is zero.
    Pairing = "pairing", Wrap of "pairing code" [];
    /// The first device key.
    PairingDevice = "pairing-device", Key of "pairing code" [Home Device];
    /// The key of the MAC over a device's answer to its pairing.
    PairingAnswer = "pairing-answer", Key of "first device key" [Home Device];
    /// A device key; serial: of the configuration before the one that it opens.
    DeviceKey = "device-key", Wrap of "control key" [Home HomeEpoch Device Serial];
    /// A configuration, sealed to the device's key pair.
    Configuration = "configuration", Info of "device key pair, device key" [Home Device Serial];
    /// Input of the account's `DeriveKeyPair`.
    AccountKeyPair = "account-key-pair", Key of "account key" [Account];
    /// The account key under a session; time: when the session expires.
    Session = "session", Wrap of "session secret" [SessionKind Session Time];
    /// The value `s` of a session, 16 bytes.
    SessionPage = "session-page", Key of "session secret" [SessionKind];
    /// The tag that an answer carries inside the server, 16 bytes.
    SessionAnswer = "session-answer", Key of "session secret" [SessionKind];
    /// The account key under a password.
    Password = "password", Wrap of "password hash" [Email];
    /// The account key under the master key.
    Custody = "custody", Wrap of "master key" [Email];
    /// The commitment to the master key that the database holds.
    MasterCommitment = "master-commitment", Key of "master key" [];
    /// What proves to this installation's servers which entries of a cache they made themselves.
    CacheSecret = "cache-secret", Key of "master key" [];
    /// The control key under an account's key: the grant of an owner or adult.
    GrantControl = "grant-control", Wrap of "account key" [Account Grant Role HomeEpoch];
    /// The home key under an account's key: the grant of a viewer.
    GrantHome = "grant-home", Wrap of "account key" [Account Grant Role HomeEpoch];
    /// The member key of a grant under its account's key.
    Member = "member", Wrap of "account key" [Account Grant];
    /// The control key for an owner or adult who is away; e-mail: as the inviter typed it.
    GrantControlAway = "grant-control-away", Info of "account key pair, member key" [Home Account Grant Role HomeEpoch Email];
    /// The home key for a viewer who is away; e-mail: as the inviter typed it.
    GrantHomeAway = "grant-home-away", Info of "account key pair, member key" [Home Account Grant Role HomeEpoch Email];
    /// A share key under its holder's account key.
    GrantShare = "grant-share", Wrap of "account key" [Account Grant];
    /// A share key for a holder who is away; e-mail: as it was typed when the share was made.
    GrantShareAway = "grant-share-away", Info of "account key pair, member key" [Home Account Grant Email];
    /// What is shared: camera secrets, and what the home says of the share; serial: of the share.
    ShareContents = "share-contents", Wrap of "share key" [Home Grant Serial];
    /// What an account sees of itself.
    AccountText = "account-text", Wrap of "account key" [Account];
    /// What program a session was begun with.
    SessionText = "session-text", Wrap of "account key" [Account Session];
    /// A home's name and zone.
    HomeText = "home-text", Wrap of "home key" [Home HomeEpoch];
    /// A device's name.
    DeviceText = "device-text", Wrap of "home key" [Home HomeEpoch Device];
    /// Former home keys, so that who has the whole home opens its past.
    Keyring = "keyring", Wrap of "home key" [Home HomeEpoch];
    /// The roster: members, with what new keys are sealed to; serial: of the roster.
    Roster = "roster", Wrap of "control key" [Home HomeEpoch Serial];
    /// What all members see of each other; serial: of the roster.
    Members = "members", Wrap of "home key" [Home HomeEpoch Serial];
    /// A camera's name and settings.
    CameraText = "camera-text", Wrap of "text key" [Home Camera Tenure HomeEpoch CameraEpoch];
    /// A camera's address, user and password.
    CameraAddress = "camera-address", Wrap of "control key" [Home HomeEpoch Camera];
    /// What finds a one-time link.
    LinkFind = "link-find", Key of "link secret" [];
    /// What a one-time link is for.
    Link = "link", Wrap of "link secret" [];
    /// What finds an invitation.
    InvitationFind = "invitation-find", Key of "invitation secret" [];
    /// What opens an invitation; e-mail: as the inviter typed it.
    InvitationKey = "invitation-key", Key of "invitation secret" [Email];
    /// What an invitation says before it is accepted.
    InvitationText = "invitation-text", Wrap of "invitation key" [Grant];
    /// The control key in an invitation of an owner or adult.
    InvitationControl = "invitation-control", Wrap of "invitation key" [Grant Role HomeEpoch];
    /// The home key in an invitation of a viewer.
    InvitationHome = "invitation-home", Wrap of "invitation key" [Grant Role HomeEpoch];
    /// The share key in an invitation to a share.
    InvitationShare = "invitation-share", Wrap of "invitation key" [Grant];
    /// What a home keeps of an invitation: among it the invitation key, to seal it anew.
    InvitationKept = "invitation-kept", Wrap of "control key" [Home HomeEpoch Grant];
    /// The key of the tag of a join note.
    JoinNote = "join-note", Key of "invitation key" [Grant];
    /// A member key: what grants to a member who is away are authenticated with.
    MemberKey = "member-key", Key of "invitation key" [Account Grant];
    /// The account key under a program's token; time: when the token ends.
    ApiToken = "api-token", Wrap of "session secret" [SessionKind Session Time TokenRights];
    /// What finds an invitation by code.
    InvitationCodeFind = "invitation-code-find", Key of "invitation secret" [];
    /// What opens an invitation by code, in the place of the key that takes an address.
    InvitationCodeKey = "invitation-code-key", Key of "invitation secret" [];
    /// What a home keeps of an invitation by code: among it the key, to verify who asks to join.
    InvitationCodeKept = "invitation-code-kept", Wrap of "control key" [Home HomeEpoch Grant];
    /// What a device that uploads plainly is found by.
    UploadCredential = "upload-credential", Key of "upload key" [Device];
    /// Input of the `DeriveKeyPair` of a device that uploads plainly.
    UploadKeyPair = "upload-key-pair", Key of "upload key" [Device];
    /// The device key of a device that uploads plainly, for itself.
    UploadDeviceKey = "upload-device-key", Wrap of "upload key" [Home Device];
    /// What plain uploads are signed with.
    UploadSigningKey = "upload-signing-key", Key of "device key" [Home Device];
    /// What a device found when it looked around, sealed to the draft's camera key pair.
    LookReport = "look-report", Info of "camera key pair, device PSK" [Home Camera Tenure HomeEpoch CameraEpoch Device];
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
