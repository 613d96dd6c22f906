//! The audit row of a success, in its transaction: who did what. What it says is declared
//! ([`Policy::audits`](super::Policy::audits)), and a check sees that each success leaves exactly that row.

use super::Call;
use super::endpoint::Audited;
use crate::database::Statement;
use crate::failure::Fault;
use crate::parts::Parts;
use uuid::Uuid;

impl<P: Parts> Call<'_, P> {
    /// What the policy says that the audit log notes, for a statement of the slice's own.
    pub fn audited(&self) -> Result<Audited, Fault> {
        self.policy.audits.ok_or_else(|| Fault::internal("the policy does not say what is audited"))
    }

    /// The audit row (append-only) of what the caller did to this subject.
    pub fn audit(&self, subject: Uuid) -> Result<Statement<()>, Fault> {
        let caller = self.principal()?;
        self.audit_row(caller.clinic_id, caller.user_id, subject, None)
    }

    /// As [`audit`](Self::audit), of something that is about a person: whoever asks what became of that person's data
    /// finds it.
    pub fn audit_about(&self, subject: Uuid, person: Uuid) -> Result<Statement<()>, Fault> {
        let caller = self.principal()?;
        self.audit_row(caller.clinic_id, caller.user_id, subject, Some(person))
    }

    /// As [`audit`](Self::audit), of what somebody did who has no token yet.
    pub fn audit_as(&self, clinic: Uuid, actor: Uuid, subject: Uuid) -> Result<Statement<()>, Fault> {
        self.audit_row(clinic, actor, subject, None)
    }

    fn audit_row(
        &self,
        clinic: Uuid,
        actor: Uuid,
        subject: Uuid,
        about: Option<Uuid>,
    ) -> Result<Statement<()>, Fault> {
        let audited = self.audited()?;
        let statement = Statement::new(
            "shared.audit",
            "INSERT INTO kernel.audit_log
                    (id, clinic_id, actor_id, action, subject, subject_id, about, request_id, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        );
        Ok(statement
            .bind(self.new_id())
            .bind(clinic)
            .bind(actor)
            .bind(audited.action)
            .bind(audited.subject)
            .bind(subject)
            .bind(about)
            .bind(self.request_id.clone())
            .bind(self.now))
    }
}
