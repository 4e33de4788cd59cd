//! Random histories of members and shares against a model of a few lines: who finds which event, after each step.

use std::collections::{BTreeMap, BTreeSet};

use ownsight_model::{EventId, GrantId, HomeEpoch, Role, Timestamp};

use super::fixture::{Household, at, bytes32, grant, invitation, roster};
use crate::{
    Authority, CameraEpochRow, CameraRow, Comes, EventQuery, EventRow, GrantRow, InvitationRow, JoinAs,
    Joining, Registry, RegistryError, RosterRow, ShareChange, ShareIssue, SharedEpoch,
};

const STEPS: usize = 60;
const HISTORIES: u64 = 8;
const CAMERAS: usize = 2;

/// Numbers that are the same in each run, and different for each seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn maybe<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.below(2) == 0 { None } else { Some(value(self)) }
    }
}

/// A share as the model has it.
#[derive(Debug, Clone)]
struct Share {
    id: GrantId,
    guest: usize,
    home: usize,
    epochs: BTreeSet<SharedEpoch>,
    cameras: BTreeSet<usize>,
    serial: u64,
    from: Option<i64>,
    until: Option<i64>,
    over: bool,
}

/// Two homes with two cameras each, two guests, and what they are to each other.
struct Model {
    homes: Vec<Household>,
    guests: Vec<Household>,
    cameras: BTreeMap<(usize, usize), CameraRow>,
    /// Home, event, when it began; with the row that says its epoch.
    events: Vec<(usize, EventRow, i64)>,
    members: BTreeMap<(usize, usize), GrantId>,
    shares: Vec<Share>,
    now: i64,
}

/// Whatever happens, a guest finds what the members and shares of that moment let it find, and nothing else.
pub async fn a_history_finds_what_the_model_says(registry: Registry) {
    for seed in 1..=HISTORIES {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut model = Model::new(&registry).await;
        let mut steps = Vec::new();
        for _ in 0..STEPS {
            steps.push(model.step(&registry, &mut dice).await);
            model.check(&registry, &format!("seed {seed}: {steps:#?}")).await;
        }
    }
}

impl Model {
    async fn new(registry: &Registry) -> Self {
        let (mut homes, mut guests) = (Vec::new(), Vec::new());
        for _ in 0..2 {
            homes.push(Household::settle(registry).await);
            guests.push(Household::settle(registry).await);
        }
        let mut model = Self {
            homes,
            guests,
            cameras: BTreeMap::new(),
            events: Vec::new(),
            members: BTreeMap::new(),
            shares: Vec::new(),
            now: 0,
        };
        for home in 0..model.homes.len() {
            for camera in 0..CAMERAS {
                let row = model.homes[home].camera(registry).await;
                model.cameras.insert((home, camera), row);
                model.deliver(registry, home, camera).await;
            }
        }
        model
    }

    fn now(&self) -> Timestamp {
        at(self.now)
    }

    fn authority(&self, home: usize) -> Authority {
        Authority { now: self.now(), ..self.homes[home].authority() }
    }

    /// Does something that people do, and says what.
    async fn step(&mut self, registry: &Registry, dice: &mut Dice) -> String {
        let (guest, home, camera) = (dice.below(2), dice.below(2), dice.below(CAMERAS));
        self.now += 1;
        match dice.below(9) {
            0 | 1 => self.join(registry, guest, home).await,
            2 => self.leave(registry, guest, home, dice.below(2) == 0).await,
            3 | 4 => {
                let cameras = (0..CAMERAS).filter(|other| *other == camera || dice.below(2) == 0).collect();
                let now = self.now;
                let from = dice.maybe(|dice| now - 5 + i64::try_from(dice.below(10)).unwrap());
                let until = dice.maybe(|dice| now + 2 + i64::try_from(dice.below(20)).unwrap());
                self.share(registry, guest, home, cameras, from, until).await
            }
            5 => self.end_share(registry, dice).await,
            6 => self.epoch(registry, home, camera, dice.below(3) == 0).await,
            7 => {
                self.now += i64::try_from(dice.below(10)).unwrap();
                format!("it is {}", self.now)
            }
            _ => {
                self.deliver(registry, home, camera).await;
                format!("an event of {home}.{camera} at {}", self.now)
            }
        }
    }

    async fn deliver(&mut self, registry: &Registry, home: usize, camera: usize) {
        let row = &self.cameras[&(home, camera)];
        let event = self.homes[home].event(registry, row, self.now).await;
        self.events.push((home, event, self.now));
    }

    async fn next_roster(&self, registry: &Registry, home: usize) -> RosterRow {
        let of = &self.homes[home];
        let plan = registry.home_plan(of.find(), self.now(), of.home).await.unwrap().unwrap().data.unwrap();
        roster(of.home, HomeEpoch::FIRST, plan.roster.unwrap().serial + 1)
    }

    async fn admit(&self, registry: &Registry, home: usize, id: GrantId) {
        let next = self.next_roster(registry, home).await;
        registry.admit(&self.authority(home), next, vec![id], Vec::new()).await.unwrap();
    }

    fn invitation(&self, home: usize, role: Option<Role>) -> InvitationRow {
        let expires_at = at(self.now + 1_000);
        let base = invitation(self.homes[home].home, Role::Viewer);
        InvitationRow { role, expires_at, wrap: bytes32().into(), ..base }
    }

    async fn accept(
        &self,
        registry: &Registry,
        guest: usize,
        invitation: &InvitationRow,
        comes: Comes,
    ) -> Result<(), RegistryError> {
        let joining = Joining {
            find: invitation.find,
            now: self.now(),
            as_: JoinAs::Session(self.guests[guest].find()),
            comes,
            note: vec![1; 30],
            tag: bytes32(),
        };
        registry.join(joining).await
    }

    async fn join(&mut self, registry: &Registry, guest: usize, home: usize) -> String {
        let row = self.invitation(home, Some(Role::Viewer));
        registry.create_invitation(&self.authority(home), row.clone()).await.unwrap();
        let base = grant(self.guests[guest].account.id, row.home, Role::Viewer);
        let joined = self.accept(registry, guest, &row, Comes::Member(GrantRow { id: row.id, ..base })).await;
        if self.members.contains_key(&(guest, home)) {
            assert!(matches!(joined, Err(RegistryError::AlreadyMember)), "{joined:?}");
            return format!("{guest} is a member of {home} already");
        }
        joined.unwrap();
        self.admit(registry, home, row.id).await;
        self.members.insert((guest, home), row.id);
        for share in self.shares.iter_mut().filter(|share| share.guest == guest && share.home == home) {
            share.over = true;
        }
        format!("{guest} joins {home}")
    }

    async fn leave(&mut self, registry: &Registry, guest: usize, home: usize, removed: bool) -> String {
        let of_home = self.homes[home].home;
        let Some(member) = self.members.remove(&(guest, home)) else {
            let left = registry.leave_home(self.guests[guest].find(), self.now(), of_home).await;
            assert!(matches!(left, Err(RegistryError::NotFound)), "{left:?}");
            return format!("{guest} is no member of {home}");
        };
        if removed {
            let next = self.next_roster(registry, home).await;
            registry.end_member(&self.authority(home), next, member).await.unwrap();
        } else {
            registry.leave_home(self.guests[guest].find(), self.now(), of_home).await.unwrap();
        }
        format!("{guest} leaves {home}")
    }

    fn change(&self, home: usize) -> ShareChange {
        ShareChange::of(self.homes[home].home)
    }

    async fn share(
        &mut self,
        registry: &Registry,
        guest: usize,
        home: usize,
        cameras: BTreeSet<usize>,
        from: Option<i64>,
        until: Option<i64>,
    ) -> String {
        let row = self.invitation(home, None);
        let epochs: BTreeSet<_> =
            cameras.iter().map(|camera| SharedEpoch::from(&self.cameras[&(home, *camera)].epoch)).collect();
        let issue = ShareIssue {
            share: row.id,
            account: None,
            serial: 1,
            wrap: row.wrap.clone(),
            contents: vec![7; 50],
            from_at: from.map(at),
            until_at: until.map(at),
            epochs: epochs.iter().copied().collect(),
        };
        let offered = ShareChange { offered: Some((row.clone(), issue)), ..self.change(home) };
        registry.change_shares(&self.authority(home), offered).await.unwrap();
        let comes = Comes::Share {
            share: row.id,
            home: row.home,
            account: self.guests[guest].account.id,
            sealed: row.wrap.clone(),
            wrap: vec![8; 80],
            member_key: vec![9; 80],
        };
        let accepted = self.accept(registry, guest, &row, comes).await;
        if self.members.contains_key(&(guest, home)) {
            assert!(matches!(accepted, Err(RegistryError::AlreadyMember)), "{accepted:?}");
            let withdrawn = ShareChange { ended: vec![row.id], ..self.change(home) };
            registry.change_shares(&self.authority(home), withdrawn).await.unwrap();
            return format!("{guest} is a member of {home}, and takes no share");
        }
        accepted.unwrap();
        self.admit(registry, home, row.id).await;
        let said = format!("{guest} holds {cameras:?} of {home} from {from:?} until {until:?}");
        let (id, serial, over) = (row.id, 1, false);
        self.shares.push(Share { id, guest, home, epochs, cameras, serial, from, until, over });
        said
    }

    async fn end_share(&mut self, registry: &Registry, dice: &mut Dice) -> String {
        if self.shares.is_empty() {
            return "no share to end".to_owned();
        }
        let index = dice.below(self.shares.len());
        let Share { id, home, guest, over, .. } = self.shares[index].clone();
        if dice.below(2) == 0 {
            let left = registry.leave_share(self.guests[guest].find(), self.now(), id).await;
            assert_eq!(left.is_err(), over, "{left:?}");
        } else {
            let ended = ShareChange { ended: vec![id], ..self.change(home) };
            // One that is over for its holder is still to be ended by its home, once.
            let ended = registry.change_shares(&self.authority(home), ended).await;
            assert!(over || ended.is_ok(), "{ended:?}");
        }
        self.shares[index].over = true;
        format!("share {index} of {home} ends")
    }

    /// A camera begins an epoch, with all its shares or with one left behind.
    async fn epoch(&mut self, registry: &Registry, home: usize, camera: usize, leaves_one: bool) -> String {
        let row = self.cameras[&(home, camera)].clone();
        let epoch = CameraEpochRow {
            camera_epoch: row.epoch.camera_epoch.next().unwrap(),
            salt: bytes32(),
            created_at: self.now(),
            ..row.epoch.clone()
        };
        let is_of = |share: &Share| share.home == home && share.cameras.contains(&camera) && !share.over;
        let mut issues: Vec<_> = self
            .shares
            .iter()
            .filter(|share| is_of(share))
            .map(|share| {
                let mut epochs = share.epochs.clone();
                epochs.insert(SharedEpoch::from(&epoch));
                ShareIssue {
                    share: share.id,
                    account: Some(self.guests[share.guest].account.id),
                    serial: share.serial + 1,
                    wrap: vec![6; 90],
                    contents: vec![5; 50],
                    from_at: share.from.map(at),
                    until_at: share.until.map(at),
                    epochs: epochs.into_iter().collect(),
                }
            })
            .collect();
        let left = if leaves_one { issues.pop() } else { None };
        let change = ShareChange { renewed: vec![(epoch.clone(), vec![4; 20])], issues, ..self.change(home) };
        let renewed = registry.change_shares(&self.authority(home), change).await;
        if left.is_some() {
            assert!(matches!(renewed, Err(RegistryError::Conflict)), "{renewed:?}");
            return format!("an epoch of {home}.{camera} would leave a share behind");
        }
        renewed.unwrap();
        for share in self.shares.iter_mut().filter(|share| is_of(share)) {
            share.epochs.insert(SharedEpoch::from(&epoch));
            share.serial += 1;
        }
        self.cameras.insert((home, camera), CameraRow { epoch, ..row });
        format!("an epoch of {home}.{camera}")
    }

    /// What a guest finds of both homes.
    fn finds(&self, guest: usize) -> BTreeSet<EventId> {
        let found = self.events.iter().filter(|(home, event, began)| {
            let by_share = self.shares.iter().any(|share| {
                let key = SharedEpoch {
                    camera: event.camera,
                    tenure: event.tenure,
                    home_epoch: event.home_epoch,
                    camera_epoch: event.camera_epoch,
                };
                share.guest == guest
                    && share.home == *home
                    && !share.over
                    && share.epochs.contains(&key)
                    && share.from.is_none_or(|from| from <= self.now && from <= *began)
                    && share.until.is_none_or(|until| self.now < until)
            });
            self.members.contains_key(&(guest, *home)) || by_share
        });
        found.map(|(_, event, _)| event.id).collect()
    }

    async fn check(&self, registry: &Registry, history: &str) {
        let now = self.now();
        for (number, guest) in self.guests.iter().enumerate() {
            let expected = self.finds(number);
            let query = EventQuery { limit: 1_000, ..EventQuery::default() };
            let page = registry.events(guest.find(), now, query).await.unwrap().unwrap().data;
            let listed: Vec<EventId> = page.events.iter().map(|(event, _)| event.id).collect();
            let set: BTreeSet<EventId> = listed.iter().copied().collect();
            assert_eq!((set, listed.len()), (expected.clone(), expected.len()), "{number} lists: {history}");
            for (_, event, _) in &self.events {
                let found = registry.event(guest.find(), now, event.id).await.unwrap().unwrap();
                let is_found = found.data.is_some();
                assert_eq!(is_found, expected.contains(&event.id), "{number} finds {}: {history}", event.id);
            }
        }
    }
}
