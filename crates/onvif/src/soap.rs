//! SOAP 1.2 envelopes, and what of WS-Security ONVIF uses: a UsernameToken with a PasswordDigest.

use data_encoding::BASE64;
use roxmltree::Document;

use ownsight_model::Timestamp;
use uuid::Uuid;

use crate::OnvifError;
use crate::clock::written;
use crate::password::Login;
use crate::xml::{all, first, shown, text};

const ENVELOPE: &str = "http://www.w3.org/2003/05/soap-envelope";
const WSSE: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
const WSU: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
const DIGEST: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest";
const BASE64_TYPE: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary";

/// What is asked: the namespace of a service, an operation of it, and what stands in that.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) namespace: &'static str,
    pub(crate) operation: &'static str,
    /// XML in which `q` is the service's namespace and `tt` that of ONVIF's types.
    pub(crate) content: String,
}

impl Request {
    pub(crate) fn new(namespace: &'static str, operation: &'static str, content: impl Into<String>) -> Self {
        Self { namespace, operation, content: content.into() }
    }

    /// The action of the content type, which some cameras need.
    pub(crate) fn action(&self) -> String {
        format!("{}/{}", self.namespace, self.operation)
    }

    /// The envelope. With a login it holds a token made at `created`, by the camera's clock.
    pub(crate) fn envelope(&self, login: Option<(&Login, Timestamp)>) -> String {
        let Self { namespace, operation, content } = self;
        let header = login.map(|(login, created)| token(login, created)).unwrap_or_default();
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><s:Envelope xmlns:s=\"{ENVELOPE}\" xmlns:q=\"{namespace}\" \
             xmlns:tt=\"http://www.onvif.org/ver10/schema\">{header}<s:Body><q:{operation}>{content}</q:{operation}>\
             </s:Body></s:Envelope>"
        )
    }
}

fn token(login: &Login, created: Timestamp) -> String {
    // It must differ each time, so that it is no replay; that nobody guesses it is not needed.
    let nonce = *Uuid::now_v7().as_bytes();
    let created = written(created);
    let digest = login.token_digest(&nonce, &created);
    let (user, nonce) = (escaped(&login.user), BASE64.encode(&nonce));
    format!(
        "<s:Header><w:Security s:mustUnderstand=\"1\" xmlns:w=\"{WSSE}\" xmlns:u=\"{WSU}\"><w:UsernameToken>\
         <w:Username>{user}</w:Username><w:Password Type=\"{DIGEST}\">{digest}</w:Password>\
         <w:Nonce EncodingType=\"{BASE64_TYPE}\">{nonce}</w:Nonce><u:Created>{created}</u:Created>\
         </w:UsernameToken></w:Security></s:Header>"
    )
}

/// Text as it stands in XML. What XML cannot hold is left out.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

/// Refuses what is a fault, or no SOAP.
pub(crate) fn accepted(document: &Document<'_>) -> Result<(), OnvifError> {
    let root = document.root_element();
    if root.tag_name().name() != "Envelope" {
        return Err(OnvifError::not_onvif("the answer is XML, but no SOAP"));
    }
    let Some(fault) = first(root, "Fault") else {
        return if first(root, "Body").is_some() {
            Ok(())
        } else {
            Err(OnvifError::not_onvif("the answer has no body"))
        };
    };
    let codes = || all(fault, "Value").chain(all(fault, "faultcode")).filter_map(|code| code.text());
    let unauthorized = ["NotAuthorized", "FailedAuthentication", "FailedCheck", "InvalidSecurity"];
    if codes().any(|code| unauthorized.iter().any(|known| code.trim().ends_with(known))) {
        return Err(OnvifError::Unauthorized);
    }
    let reason = text(fault, "Text").or_else(|| text(fault, "faultstring")).or_else(|| codes().last());
    Err(OnvifError::Refused { reason: shown(reason.unwrap_or("it does not say why")) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::password::Password;
    use crate::xml::parse;

    #[test]
    fn a_name_cannot_leave_its_element() {
        let login = Login { user: "<a&b>\u{1}'".into(), password: Password::new("secret") };
        let request = Request::new("urn:x", "Get", "");
        let envelope = request.envelope(Some((&login, Timestamp::from_micros(0))));
        let document = parse(envelope.as_bytes()).unwrap();
        assert_eq!(text(document.root(), "Username"), Some("<a&b>'"));
        assert_eq!(text(document.root(), "Created"), Some("1970-01-01T00:00:00.000Z"));
        let password = first(document.root(), "Password").unwrap();
        assert_eq!(password.attribute("Type"), Some(DIGEST));
        assert!(!envelope.contains("secret"));
        let again = request.envelope(Some((&login, Timestamp::from_micros(0))));
        assert_ne!(envelope, again, "a nonce is used once");
    }

    #[test]
    fn faults_are_told_apart() {
        let fault = |inner: &str| {
            format!("<e:Envelope xmlns:e='x'><e:Body><e:Fault>{inner}</e:Fault></e:Body></e:Envelope>")
        };
        let of = |text: &str| accepted(&parse(text.as_bytes()).unwrap());
        let unauthorized = "<e:Code><e:Value>e:Sender</e:Value><e:Subcode><e:Value>ter:NotAuthorized</e:Value></e:Subcode></e:Code>";
        assert!(matches!(of(&fault(unauthorized)), Err(OnvifError::Unauthorized)));
        let refused = "<e:Code><e:Value>e:Sender</e:Value></e:Code><e:Reason><e:Text>No such profile</e:Text></e:Reason>";
        assert!(
            matches!(of(&fault(refused)), Err(OnvifError::Refused { reason }) if reason == "No such profile")
        );
        assert!(matches!(of("<html/>"), Err(OnvifError::NotOnvif { .. })));
        assert!(of("<e:Envelope xmlns:e='x'><e:Body/></e:Envelope>").is_ok());
    }
}
