//! What a program's token may do. A sign-in may do all that its account may; a token what its own rights name, and never anything
//! with the account itself.
//!
//! Nothing opens without saying what it needs: [`Needs`] is asked for where a person, a home or an event is opened, and once more
//! where a write says by what authority it is made.

use ownsight_model::{TokenRight, TokenRights};

use crate::GateError;

/// What a request needs, if it is a token's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// A token that lives: to see what it is, and which homes there are.
    Live,
    /// To see or to manage: homes and cameras as they are.
    Homes,
    /// This right.
    Right(TokenRight),
    /// A sign-in: what concerns the account itself.
    SignIn,
}

impl Needs {
    pub(crate) const FOOTAGE: Self = Self::Right(TokenRight::Footage);
    pub(crate) const DELETE: Self = Self::Right(TokenRight::Delete);
    pub(crate) const MANAGE: Self = Self::Right(TokenRight::Manage);
}

/// By what somebody was let in: opened, not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LetIn {
    /// A cookie or a bearer session.
    SignIn,
    /// A token that was made with these rights.
    Token(TokenRights),
}

impl LetIn {
    /// Refuses what a token may not do, and says which right is missing.
    pub(crate) fn may(self, needs: Needs) -> Result<(), GateError> {
        let Self::Token(rights) = self else { return Ok(()) };
        let missing = match needs {
            Needs::Live => return Ok(()),
            Needs::Homes if rights.allow(TokenRight::Manage) => return Ok(()),
            Needs::Homes => TokenRight::Footage,
            Needs::Right(right) => right,
            Needs::SignIn => return Err(GateError::TokenMayNot { missing: None }),
        };
        if rights.allow(missing) { Ok(()) } else { Err(GateError::TokenMayNot { missing: Some(missing) }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_may_what_its_rights_name_and_a_sign_in_everything() {
        let all = [Needs::Live, Needs::Homes, Needs::SignIn];
        let needs: Vec<_> = all.into_iter().chain(TokenRight::ALL.map(Needs::Right)).collect();
        assert!(needs.iter().all(|needs| LetIn::SignIn.may(*needs).is_ok()));
        for code in 1..=15 {
            let rights = TokenRights::from_code(code).unwrap();
            let sees = rights.allow(TokenRight::Footage) || rights.allow(TokenRight::Manage);
            for needs in &needs {
                let expected = match needs {
                    Needs::Live => true,
                    Needs::Homes => sees,
                    Needs::Right(right) => rights.allow(*right),
                    Needs::SignIn => false,
                };
                assert_eq!(LetIn::Token(rights).may(*needs).is_ok(), expected, "{rights:?} {needs:?}");
            }
        }
        let all = LetIn::Token(TokenRights::from_code(15).unwrap());
        assert!(matches!(all.may(Needs::SignIn), Err(GateError::TokenMayNot { missing: None })));
    }
}
