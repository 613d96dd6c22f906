use super::schema::NewPayment;
use crate::payer::Payer;
use crate::payments::PaymentBy;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use shared::database::Statement;
use shared::failure::Fault;
use uuid::Uuid;

/// When the sweeper first looks at a payment of which nobody has said what became of it.
const DUE_AFTER: SignedDuration = SignedDuration::from_mins(1);

/// The intent: committed before the provider hears of it. The provider's account is the clinic's of now, and stays.
/// Foreign keys say whether patient and currency are the clinic's; an index, whether another payment is pending.
pub(super) fn insert_payment(
    clinic: Uuid,
    id: Uuid,
    new: NewPayment,
    method: PaymentBy,
    now: Timestamp,
) -> Result<Statement<()>, Fault> {
    let payer = new.payer.as_ref().map(Payer::row).transpose()?;
    let statement = Statement::new(
        "billing.insert_payment",
        "INSERT INTO billing.payments
                (id, clinic_id, patient_id, provider_account, amount_minor, currency, method, description, payer,
                 card_token, due_at, created_at, updated_at)
         SELECT $2, c.id, $3, c.provider_account, $4, $5, $6, $7, $8, $9, $10, $11, $11
           FROM identity.published_clinics AS c
          WHERE c.id = $1",
    );
    Ok(statement
        .bind(clinic)
        .bind(id)
        .bind(Uuid::from(new.patient_id))
        .bind(new.amount_minor)
        .bind(new.currency.into_string())
        .bind(method.name())
        .bind(new.description.map(String::from))
        .bind(payer)
        .bind(Some(new.payment_method.into_string()).filter(|_| method == PaymentBy::Card))
        .bind(now + DUE_AFTER)
        .bind(now))
}

/// What is stored with the key: no answer, but where the answer is found.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pointer {
    pub(super) payment_id: Uuid,
    pub(super) provider_account: Option<String>,
    pub(super) created_at: Timestamp,
}

/// The pointer to the payment just made.
pub(super) fn pointer(clinic: Uuid, id: Uuid) -> Statement<Pointer> {
    Statement::new(
        "billing.point_to_payment",
        "SELECT set_config('app.reply', jsonb_build_object(
                    'paymentId', id, 'providerAccount', provider_account, 'createdAt', created_at)::text, true) AS reply
           FROM billing.payments
          WHERE clinic_id = $1
            AND id = $2",
    )
    .bind(clinic)
    .bind(id)
    .reply()
}
