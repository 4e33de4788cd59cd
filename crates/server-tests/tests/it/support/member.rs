//! People whom somebody invited into a home.

use serde_json::{Value, json};

use super::person::Person;
use super::scene::Side;

/// A member of a home: signed in as a program.
pub(crate) struct Member {
    pub(crate) person: Person,
    pub(crate) email: String,
    /// The id by which the home's people know it.
    pub(crate) id: String,
}

/// Invites who has this address, as `by`: what the answer says.
pub(crate) async fn invite(by: &Person, home: &str, email: &str, role: &str) -> Value {
    let body = json!({"email": email, "role": role});
    let answer = by.post_until_unchanged(&format!("homes/{home}/invitations"), &body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()
}

/// Makes an invitation by code, as `by`: what the answer says.
pub(crate) async fn code(by: &Person, home: &str, role: &str) -> Value {
    let answer =
        by.post_until_unchanged(&format!("homes/{home}/invitation-codes"), &json!({"role": role})).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()
}

impl Member {
    /// Invited by the owner, with a new account.
    pub(crate) async fn join(side: &Side, base: &str, name: &str, role: &str) -> Self {
        let email = format!("{name}@example.org");
        let invitation = invite(&side.program, &side.home.id.to_string(), &email, role).await;
        let member = Self::redeem(base, &invitation, name).await;
        // The owner is there again, and takes them into the roster.
        side.program.see("me").await;
        member
    }

    /// Who was invited makes an account and signs in.
    pub(crate) async fn redeem(base: &str, invitation: &Value, name: &str) -> Self {
        let (email, password) = (format!("{name}@example.org"), format!("{name} password"));
        let body =
            json!({"secret": invitation["secret"], "email": email, "password": password, "name": name});
        let answer = Person::nobody(base).post("invitations/redeem", &body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let person = Person::by_token(base, &email, &password).await;
        Self { person, email, id: invitation["id"].as_str().unwrap().to_owned() }
    }
}
