//! From a code to a device, and what must not become one.

use ownsight_device::{Device, LoadError, PairError, ServerState, StopReason};
use ownsight_seal::PairingCode;

use crate::support::{Home, Reply, Running, TestServer, TlsFront, eventually, request, self_signed_pin};

#[tokio::test(flavor = "multi_thread")]
async fn a_device_shows_the_home_and_waits_until_it_is_checked() {
    let server = TestServer::start();
    let mut home = Home::new("Wren's Nest");
    let folder = tempfile::tempdir().unwrap();
    let (code, blob) = home.invite(None);
    server.shared.expect(code.find(), blob, home.scope(), home.first_key());
    let mut shown = String::new();
    let confirm = |invitation: &ownsight_device::Invitation| {
        shown = invitation.home_name.clone();
        true
    };
    let device = Device::pair(folder.path(), request(&server.url(), code), confirm).await.unwrap();
    assert_eq!(shown, "Wren's Nest");
    let running = Running::start(device);
    let waiting = running.handle.server();
    eventually("waiting", || (*waiting.borrow() == ServerState::Waiting).then_some(())).await;
    assert_eq!(running.handle.stats().configuration, 0);
    server.shared.publish(1, home.configure(&server.shared.public_key().unwrap(), &[], &[]));
    running.configured(1).await;
    running.stop().await;
    let device = Device::load(folder.path()).unwrap();
    assert_eq!(device.scope(), home.scope());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_confirmed_or_not_known_leaves_nothing() {
    let server = TestServer::start();
    let mut home = Home::new("Wren's Nest");
    let folder = tempfile::tempdir().unwrap();
    let (code, blob) = home.invite(None);
    server.shared.expect(code.find(), blob, home.scope(), home.first_key());
    let asked = request(&server.url(), code);
    let error = Device::pair(folder.path(), asked, |_| false).await.unwrap_err();
    assert!(matches!(error, PairError::NotConfirmed), "{error}");
    let unknown = request(&server.url(), PairingCode::generate());
    let error = Device::pair(folder.path(), unknown, |_| true).await.unwrap_err();
    assert!(matches!(error, PairError::UnknownCode), "{error}");
    assert!(matches!(Device::load(folder.path()), Err(LoadError::NotPaired)));
    assert!(server.shared.public_key().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_of_another_code_is_not_believed() {
    let server = TestServer::start();
    let mut home = Home::new("Wren's Nest");
    let folder = tempfile::tempdir().unwrap();
    let (_, others_blob) = home.invite(None);
    let (code, _) = home.invite(None);
    server.shared.expect(code.find(), others_blob, home.scope(), home.first_key());
    let asked = request(&server.url(), code);
    let error = Device::pair(folder.path(), asked, |_| panic!("nothing to show")).await.unwrap_err();
    assert!(matches!(error, PairError::NotAuthentic(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_device_does_not_get_a_used_code() {
    let server = TestServer::start();
    let mut home = Home::new("Wren's Nest");
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (code, blob) = home.invite(None);
    server.shared.expect(code.find(), blob, home.scope(), home.first_key());
    Device::pair(first.path(), request(&server.url(), code.clone()), |_| true).await.unwrap();
    let error = Device::pair(second.path(), request(&server.url(), code), |_| true).await.unwrap_err();
    assert!(matches!(error, PairError::CodeTaken), "{error}");
    assert!(matches!(Device::load(second.path()), Err(LoadError::NotPaired)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_whose_reply_was_lost_is_sent_again_word_for_word() {
    let server = TestServer::start();
    let mut home = Home::new("Wren's Nest");
    let folder = tempfile::tempdir().unwrap();
    let (code, blob) = home.invite(None);
    server.shared.expect(code.find(), blob, home.scope(), home.first_key());
    server.shared.answer_with([Reply::Lost]);
    drop(Device::pair(folder.path(), request(&server.url(), code), |_| true).await.unwrap());
    server.shared.publish(1, home.configure(&server.shared.public_key().unwrap(), &[], &[]));
    let running = Running::start(Device::load(folder.path()).unwrap());
    running.configured(1).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_code_again_goes_on_with_the_same_pairing() {
    let server = TestServer::start();
    let mut home = Home::new("Wren's Nest");
    let folder = tempfile::tempdir().unwrap();
    let (code, blob) = home.invite(None);
    server.shared.expect(code.find(), blob, home.scope(), home.first_key());
    for _ in 0..2 {
        // As a supervisor does that starts a crashed agent again.
        drop(Device::pair(folder.path(), request(&server.url(), code.clone()), |_| true).await.unwrap());
    }
    // Another code that turns out to be used up does not harm it either.
    let (other, used) = crate::used_code().await;
    let error = Device::pair(folder.path(), request(&other.url(), used), |_| true).await.unwrap_err();
    assert!(matches!(error, PairError::CodeTaken), "{error}");

    server.shared.publish(1, home.configure(&server.shared.public_key().unwrap(), &[], &[]));
    let running = Running::start(Device::load(folder.path()).unwrap());
    running.configured(1).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pairing_that_never_came_about_is_replaced_and_one_that_works_is_kept_from_codes_that_do_not() {
    let server = TestServer::start();
    let mut home = Home::new("Wren's Nest");
    let folder = tempfile::tempdir().unwrap();
    drop(crate::pair(&server, &mut home, folder.path()).await);
    let server = TestServer::start();
    let device = crate::pair(&server, &mut home, folder.path()).await;
    server.shared.publish(1, home.configure(&server.shared.public_key().unwrap(), &[], &[]));
    let running = Running::start(device);
    running.configured(1).await;
    running.stop().await;
    let (code, _) = home.invite(None);
    let error = Device::pair(folder.path(), request(&server.url(), code), |_| true).await.unwrap_err();
    assert!(matches!(error, PairError::AlreadyPaired), "{error}");
    assert_eq!(Device::load(folder.path()).unwrap().scope(), home.scope());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_the_server_does_not_know_stops_and_says_so() {
    let server = TestServer::start();
    let mut home = Home::new("Wren's Nest");
    let folder = tempfile::tempdir().unwrap();
    let device = crate::pair(&server, &mut home, folder.path()).await;
    server.shared.refuse_all(Some((401, "device-unknown")));
    assert_eq!(Running::start(device).stopped().await, StopReason::DeviceUnknown);
    server.shared.refuse_all(Some((403, "device-removed")));
    let device = Device::load(folder.path()).unwrap();
    assert_eq!(Running::start(device).stopped().await, StopReason::DeviceRemoved);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_self_signed_server_is_known_by_its_pin_only() {
    let server = TestServer::start();
    let front = TlsFront::start(server.address).await;
    let wrong_pin = data_encoding::BASE64URL_NOPAD.encode(&[3; 32]);
    for pin in [None, Some(wrong_pin.as_str())] {
        let mut home = Home::new("Wren's Nest");
        let folder = tempfile::tempdir().unwrap();
        let (code, blob) = home.invite(pin);
        server.shared.expect(code.find(), blob, home.scope(), home.first_key());
        let error = Device::pair(folder.path(), request(&front.address, code), |_| panic!("nothing to show"))
            .await
            .unwrap_err();
        assert!(matches!(error, PairError::WrongServer), "{error}");
        assert!(server.shared.public_key().is_none(), "nothing was answered");
    }
    let mut home = Home::new("Wren's Nest");
    let folder = tempfile::tempdir().unwrap();
    let (code, blob) = home.invite(Some(&self_signed_pin()));
    server.shared.expect(code.find(), blob, home.scope(), home.first_key());
    let device = Device::pair(folder.path(), request(&front.address, code), |_| true).await.unwrap();
    server.shared.publish(1, home.configure(&server.shared.public_key().unwrap(), &[], &[]));
    let running = Running::start(device);
    running.configured(1).await;
    running.stop().await;
}
