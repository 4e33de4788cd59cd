//! What is not done, whatever a camera asks for.

use std::time::Duration;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use data_encoding::BASE64;
use ownsight_model::OnvifAddress;
use ownsight_onvif::{Login, OnvifCamera, OnvifError, Password};
use tokio::net::TcpListener;

use crate::double::{Double, PASSWORD, USER, Wants, login};

#[tokio::test]
async fn who_asks_for_the_password_itself_does_not_get_it() {
    let double = Double::start("axis", Wants::Basic).await;
    let camera = OnvifCamera::connect(&double.address(), Some(login())).await.unwrap();
    assert!(matches!(camera.ask().await, Err(OnvifError::ClearTextOnly)));
    let heard = double.heard();
    let basic = BASE64.encode(format!("{USER}:{PASSWORD}").as_bytes());
    assert!(heard.contains(USER), "it was asked");
    assert!(!heard.contains(PASSWORD) && !heard.contains(&basic) && !heard.contains("PasswordText"));
}

#[tokio::test]
async fn a_wrong_password_is_said() {
    for wants in [Wants::Token, Wants::HttpDigest, Wants::Nobody] {
        let double = Double::start("hikvision", wants).await;
        let wrong = Login { user: USER.into(), password: Password::new("wrong") };
        for login in [Some(wrong), None] {
            let camera = OnvifCamera::connect(&double.address(), login).await.unwrap();
            assert!(matches!(camera.ask().await, Err(OnvifError::Unauthorized)), "{wants:?}");
        }
    }
}

async fn serve(app: Router) -> OnvifAddress {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/onvif/device_service", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    OnvifAddress::parse(&address).unwrap()
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let double = Double::start("hikvision", Wants::Token).await;
    let to = double.address().to_string();
    let redirect =
        move || async move { (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to)]).into_response() };
    let address = serve(Router::new().fallback(redirect)).await;
    let asked = OnvifCamera::connect(&address, Some(login())).await;
    assert!(matches!(asked, Err(OnvifError::NotOnvif { .. })), "{asked:?}");
    assert_eq!(double.heard(), "");
}

#[tokio::test]
async fn answers_have_limits() {
    let long = "x".repeat(300 << 10);
    let address = serve(Router::new().fallback(move || async move { long })).await;
    assert!(matches!(OnvifCamera::connect(&address, None).await, Err(OnvifError::TooLong)));
    let page = serve(Router::new().fallback(|| async { "<html><body>A router</body></html>" })).await;
    assert!(matches!(OnvifCamera::connect(&page, None).await, Err(OnvifError::NotOnvif { .. })));
    let closed = OnvifAddress::parse("http://127.0.0.1:9/").unwrap();
    assert!(matches!(OnvifCamera::connect(&closed, None).await, Err(OnvifError::NoAnswer { .. })));
}

#[tokio::test]
async fn who_never_answers_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = OnvifAddress::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let asked = tokio::time::timeout(Duration::from_secs(15), OnvifCamera::connect(&address, None)).await;
    assert!(matches!(asked.unwrap(), Err(OnvifError::NoAnswer { .. })));
}
