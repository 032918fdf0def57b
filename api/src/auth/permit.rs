//! Permissions: which roles may use an endpoint, as a parameter of its handler.

use std::{collections::BTreeMap, marker::PhantomData, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, StatusCode, header, request::Parts},
};
use domain::ids::ResidentId;
use utoipa::openapi::{RefOr, Response, extensions::ExtensionsBuilder};

use super::{
    roles::Role::{self, Accountant, Admin, Analyst, Manager, Owner, Tenant},
    token::Caller,
};
use crate::{app::App, clock, http::problem::Problem};

/// Which roles may do something.
pub trait Permission: Send + Sync + 'static {
    /// Any one of them suffices.
    const ROLES: &'static [Role];
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident: $($role:ident)+;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl Permission for $name {
            const ROLES: &'static [Role] = &[$($role),+];
        }
    )*};
}

permissions! {
    /// Changing properties, units, leases, residents, vendors and repairs.
    Manages: Admin Manager;
    /// The same, and residents for what is theirs.
    ManagesOrOwn: Admin Manager Tenant;
    /// Changing what residents owe and pay.
    HandlesMoney: Admin Manager Accountant;
    /// The same, and residents for what is theirs.
    HandlesMoneyOrOwn: Admin Manager Accountant Tenant;
    /// Reading properties, units and how they do, without residents' names.
    ReadsPortfolio: Admin Manager Accountant Analyst Owner;
    /// Reading everything, residents included.
    ReadsAll: Admin Manager Accountant Analyst;
    /// The same, and residents for what is theirs.
    ReadsAllOrOwn: Admin Manager Accountant Analyst Tenant;
}

/// A caller who may do `P`. A handler that asks for one does not run for anyone else.
#[derive(Debug)]
pub struct Permit<P> {
    /// Who calls.
    pub caller: Arc<Caller>,
    permission: PhantomData<P>,
}

impl<P: Permission> Permit<P> {
    /// The resident whose things alone may be seen, if the caller is allowed here only as that resident.
    #[must_use]
    pub fn only_resident(&self) -> Option<ResidentId> {
        let as_staff = self
            .caller
            .roles
            .iter()
            .any(|role| *role != Tenant && P::ROLES.contains(role));
        // A token with the role always names the resident; see `Tokens::verify`.
        if as_staff { None } else { self.caller.resident }
    }

    /// Lets staff pass, and a resident to what belongs to them.
    ///
    /// # Errors
    /// For anyone else there is no such thing: whether it exists is none of their business.
    pub fn only_own(&self, resident: ResidentId) -> Result<(), Problem> {
        self.only_own_of(&[resident])
    }

    /// Lets staff pass, and a resident to what belongs to several, them among these.
    ///
    /// # Errors
    /// For anyone else there is no such thing.
    pub fn only_own_of(&self, residents: &[ResidentId]) -> Result<(), Problem> {
        match self.only_resident() {
            Some(own) if !residents.contains(&own) => Err(Problem::absent()),
            _ => Ok(()),
        }
    }
}

impl<P: Permission> FromRequestParts<Arc<App>> for Permit<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let caller = app
            .tokens
            .verify(bearer(parts)?, clock::now())
            .map_err(|error| unauthorized(error.to_string()))?;
        tracing::Span::current()
            .record("organization", tracing::field::display(caller.organization))
            .record("user", tracing::field::display(caller.user));
        if !caller.is_any(P::ROLES) {
            return Err(forbidden(P::ROLES));
        }
        Ok(Self {
            caller,
            permission: PhantomData,
        })
    }
}

fn bearer(parts: &Parts) -> Result<&str, Problem> {
    let value = parts
        .headers
        .get(header::AUTHORIZATION)
        .ok_or_else(|| unauthorized("This needs a token: Authorization: Bearer ..."))?;
    value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(|| unauthorized("The Authorization header has to be: Bearer, a space, a token"))
}

fn unauthorized(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
        .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}

fn forbidden(roles: &[Role]) -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "forbidden",
        format!("This is for: {}", listed(roles)),
    )
}

fn listed(roles: &[Role]) -> String {
    roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(", ")
}

/// Documents who may use an endpoint, among its responses: `responses(..., Only<Manages>)`. A test compares it with what
/// the endpoint enforces.
pub struct Only<P>(PhantomData<P>);

impl<P: Permission> utoipa::IntoResponses for Only<P> {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut response = Response::new(format!("The token has none of the roles: {}", listed(P::ROLES)));
        let roles: Vec<_> = P::ROLES.iter().map(|role| role.name()).collect();
        response.extensions = Some(ExtensionsBuilder::new().add("x-roles", roles).build());
        BTreeMap::from([("403".to_owned(), RefOr::T(response))])
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::{OrganizationId, UserId};
    use uuid::Uuid;

    use super::*;

    const ADA: ResidentId = ResidentId(Uuid::from_u128(1));
    const BOB: ResidentId = ResidentId(Uuid::from_u128(2));

    fn permit(roles: &[Role], resident: Option<ResidentId>) -> Permit<HandlesMoneyOrOwn> {
        Permit {
            caller: Arc::new(Caller {
                user: UserId(Uuid::nil()),
                organization: OrganizationId(Uuid::nil()),
                roles: roles.to_vec(),
                resident,
            }),
            permission: PhantomData,
        }
    }

    #[test]
    fn a_resident_reaches_only_what_is_theirs() {
        let ada = permit(&[Tenant], Some(ADA));
        assert!(ada.only_own(ADA).is_ok());
        assert!(ada.only_own_of(&[BOB, ADA]).is_ok());
        assert_eq!(ada.only_own(BOB).unwrap_err().status(), StatusCode::NOT_FOUND);
        assert_eq!(ada.only_own_of(&[]).unwrap_err().status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn staff_reach_everything_also_if_they_rent_here_too() {
        assert!(permit(&[Manager], None).only_own(BOB).is_ok());
        assert!(permit(&[Tenant, Accountant], Some(ADA)).only_own(BOB).is_ok());
    }

    #[test]
    fn a_role_without_this_permission_does_not_widen_that_of_a_resident() {
        assert!(permit(&[Tenant, Analyst], Some(ADA)).only_own(BOB).is_err());
    }
}
