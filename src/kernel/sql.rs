//! What a database's refusal means, in the project's own codes. Constraint names are absent on SQLite,
//! so the kind and the message decide, here and nowhere else.

use diesel::result::{DatabaseErrorKind, Error};

use crate::problem::{Code, Problem};

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::NotFound => Code::NotFound,
            Error::DatabaseError(kind, info) => of_kind(kind, info.message()),
            Error::RollbackErrorOnCommit { commit_error, .. } => {
                return Self { cause: Some(error.to_string()), ..of_commit(commit_error) };
            }
            _ => Code::Internal,
        };
        Self { cause: Some(error.to_string()), ..Self::new(code) }
    }
}

fn of_commit(error: &Error) -> Problem {
    match error {
        Error::DatabaseError(kind, info) => Problem::new(of_kind(kind, info.message())),
        _ => Problem::new(Code::Internal),
    }
}

fn of_kind(kind: &DatabaseErrorKind, message: &str) -> Code {
    const PASSING: [&str; 6] = [
        "database is locked",
        "database table is locked",
        "deadlock detected",
        "lock timeout",
        "could not obtain lock",
        "could not serialize access",
    ];
    match kind {
        DatabaseErrorKind::SerializationFailure | DatabaseErrorKind::ClosedConnection => Code::Busy,
        DatabaseErrorKind::ForeignKeyViolation => Code::UnknownReference,
        DatabaseErrorKind::UniqueViolation
        | DatabaseErrorKind::CheckViolation
        | DatabaseErrorKind::ExclusionViolation => Code::StateConflict,
        _ if PASSING.iter().any(|passing| message.contains(passing)) => Code::Busy,
        _ => Code::Internal,
    }
}
