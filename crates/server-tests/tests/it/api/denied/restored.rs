//! Everything that can be asked for, while the home that it is of waits for its owner after a restore.

use super::*;

/// Nobody of the home gets anything of it, its owner neither; and all of them are told why.
#[tokio::test]
async fn a_home_to_be_confirmed_gives_nobody_anything() {
    for (owner, role) in [("anna", "owner"), ("berta", "adult"), ("carla", "viewer"), ("dora", "shared")] {
        // A restore is of a whole installation.
        let system = System::start().await;
        let other = Side::build(&system, "other").await;
        let side = Side::build(&system, owner).await;
        let member = match role {
            "owner" => None,
            role => Some(relate(&system, &side, role).await),
        };
        let (asks, address) = match &member {
            Some(member) => (&member.person, member.email.as_str()),
            None => (&side.program, side.email.as_str()),
        };
        let people = People::of(&system, &side, &other, (asks, address)).await;
        system.registry.mark_restored(Timestamp::now(), 0).await.unwrap();
        assert_eq!(asks.get("me").await.status, 401, "{role}");
        let password = format!("{} password", address.split('@').next().unwrap());
        let person = Person::by_token(&system.url, address, &password).await;
        let ids = ids_of(&side, &people);

        for operation in operations(&side, &people) {
            let name = format!("{} {} as {role}", operation.method, operation.template);
            // Sessions, tokens and passwords are the account's, and invitations ended with the restore.
            let of_the_account =
                ["/me", "/sessions", "/tokens", "/invitations/accept", "/invitation-codes/ask"];
            if operation.template.ends_with("/stream")
                || of_the_account.iter().any(|part| operation.template.contains(part))
            {
                continue;
            }
            let path = operation.path(&ids);
            let answer = person.send(operation.method.clone(), &path, operation.body.as_ref()).await;
            if operation.own == Own::Account {
                // What somebody else shares with them, they may still give up.
                assert!(matches!(answer.status, 204 | 404), "{name}: {answer:?}");
            } else if operation.names_something() {
                assert_eq!(answer.problem(), (403, "restored".into()), "{name}");
            } else {
                assert_eq!(answer.status, 200, "{name}");
                let text = String::from_utf8_lossy(&answer.body);
                assert!(!text.contains(&side.home.id.to_string()), "{name}: {text}");
            }
        }
        for query in ["events?home=", "cameras?home=", "export?home="] {
            let answer = person.get(&format!("{query}{}", side.home.id)).await;
            assert_eq!(answer.problem(), (403, "restored".into()), "{query} as {role}");
        }
        let me = person.see("me").await;
        let waiting = me["waiting"].as_array().unwrap();
        let waits = waiting.iter().find(|home| home["home_id"] == json!(side.home.id)).unwrap();
        let expected = match role {
            "owner" => (json!("owner"), json!(side.home_name())),
            "shared" => (Value::Null, Value::Null),
            role => (json!(role), Value::Null),
        };
        assert_eq!((waits["role"].clone(), waits["name"].clone()), expected, "{role}");
        assert!(!me["homes"].to_string().contains(&side.home.id.to_string()), "{role}");
        // Devices go on.
        side.deliver().await;
        confirming(&system, &side, &person, role).await;
    }
}

/// Who may look at the list and confirm it: an owner, and nobody else.
async fn confirming(system: &System, side: &Side, person: &Person, role: &str) {
    let path = format!("homes/{}/restored", side.home.id);
    let body = json!({"members": [], "shares": [], "devices": []});
    let nobody = Person::nobody(&system.url);
    let stranger = system.home(&format!("stranger-of-{role}")).await;
    let name = format!("stranger-of-{role}");
    let signed_in =
        Person::by_token(&system.url, &format!("{name}@example.org"), &format!("{name} password")).await;
    let nothing = format!("homes/{}/restored", HomeId::generate());
    for (method, template) in OF_A_RESTORED_HOME {
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let operation = operation(method.clone(), template, 200);
        assert!(operation.names_something());
        let body = (method == Method::POST).then_some(&body);
        assert_eq!(nobody.send(method.clone(), &path, body).await.status, 401);
        let denied = signed_in.send(method.clone(), &path, body).await;
        assert_eq!(denied.problem(), (404, "not-found".into()));
        assert_eq!(denied, signed_in.send(method.clone(), &nothing, body).await);
        let own = format!("homes/{}/restored", stranger.id);
        let own = signed_in.send(method.clone(), &own, body).await;
        assert_eq!(own.problem(), (404, "not-found".into()), "a home that does not wait");
        let answer = person.send(method.clone(), &path, body).await;
        match role {
            "owner" => assert_eq!(answer.status, 200, "{method}: {answer:?}"),
            _ => assert_eq!(answer.problem(), (403, "restored".into()), "{method} as {role}"),
        }
    }
}
