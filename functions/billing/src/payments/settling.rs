//! What is written once something was found out of a payment. The reply, the provider's event and the sweeper send the same
//! statements, in any order, any number of times, at once: each hangs on the one row that it moves, and has no effect when
//! that row was moved before.

use jiff::Timestamp;
use shared::access::random;
use shared::database::Statement;
use shared::failure::Fault;
use uuid::Uuid;

/// What is new about a step: when it is taken, in which trace, and the ids of whatever it makes.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) at: Timestamp,
    pub(crate) traceparent: String,
    pub(crate) transaction: Uuid,
    pub(crate) receipt: Uuid,
    pub(crate) code: [u8; 16],
    pub(crate) events: [Uuid; 2],
}

impl Step {
    /// A step at that instant, with ids made for it.
    pub(crate) fn new(at: Timestamp, traceparent: String, new_id: impl Fn() -> Uuid) -> Result<Self, Fault> {
        Ok(Self {
            at,
            traceparent,
            transaction: new_id(),
            receipt: new_id(),
            code: random::bytes()?,
            events: [new_id(), new_id()],
        })
    }
}

/// What the provider said was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Taken {
    /// Its id at the provider; the one that is noted already when there is none.
    pub(super) intent: Option<String>,
    /// Minor units and currency, which must be those that were asked for; whoever has looked says none.
    pub(super) amount: Option<(i64, String)>,
}

/// The money was taken: the payment succeeds, the balance moves, the transfer is posted, the receipt has its number, and
/// both are announced. Fails by `payment_as_asked` for another amount than the payment's, and for a patient whose time is
/// more than five seconds ahead by `clocks_agree`.
pub(super) fn settle(clinic: Uuid, payment: Uuid, taken: Taken, step: &Step) -> Statement<()> {
    let (amount, currency) = taken.amount.unzip();
    settle_statement()
        .bind(clinic)
        .bind(payment)
        .bind(taken.intent)
        .bind(step.transaction)
        .bind(step.at)
        .bind(amount)
        .bind(currency)
        .bind(step.receipt)
        .bind(step.code.to_vec())
        .bind(step.events[0])
        .bind(step.traceparent.clone())
        .bind(step.events[1])
}

fn settle_statement() -> Statement<()> {
    Statement::new(
        "billing.settle_payment",
        "WITH payment AS MATERIALIZED (
             SELECT clinic_id, id, status, amount_minor, currency FROM billing.payments
              WHERE clinic_id = $1 AND id = $2
                FOR NO KEY UPDATE
         ), settled AS (
             UPDATE billing.payments AS p
                SET status = 'succeeded', provider_payment_id = COALESCE($3, p.provider_payment_id), transaction_id = $4,
                    settled_at = $5, card_token = NULL, failure_code = NULL, decline_code = NULL, due_at = NULL,
                    version = p.version + 1, updated_at = $5 FROM payment
              WHERE p.clinic_id = payment.clinic_id AND p.id = payment.id
                AND payment.status <> 'succeeded'
                AND kernel.ensure($6::bigint IS NULL OR (payment.amount_minor = $6 AND payment.currency = $7), 'payment_as_asked')
             RETURNING p.clinic_id, p.id, p.patient_id, p.amount_minor, p.currency, p.method, p.description, p.version
         ), moved AS (
             INSERT INTO billing.balances AS b
                    (clinic_id, patient_id, currency, balance_minor, seq, created_at, updated_at)
             SELECT clinic_id, patient_id, currency, amount_minor, 1, $5, $5 FROM settled
             ON CONFLICT (clinic_id, patient_id) DO UPDATE
                SET balance_minor = b.balance_minor + EXCLUDED.balance_minor, seq = b.seq + 1,
                    updated_at = GREATEST(b.updated_at, EXCLUDED.updated_at)
             RETURNING b.clinic_id, b.patient_id, b.balance_minor, b.seq, b.updated_at
         ), posted AS (
             INSERT INTO billing.transfers
                    (clinic_id, id, patient_id, kind, debit_account, credit_account, amount_minor, currency, method,
                     description, source, source_id, seq, balance_after_minor, occurred_on, created_at)
             SELECT s.clinic_id, $4, s.patient_id, 'payment', 'clearing', 'patient', s.amount_minor, s.currency, s.method,
                    s.description, 'payment', s.id, m.seq, m.balance_minor,
                    (m.updated_at AT TIME ZONE c.time_zone)::date, m.updated_at
               FROM settled AS s
               JOIN moved AS m ON m.clinic_id = s.clinic_id AND m.patient_id = s.patient_id
               JOIN identity.published_clinics AS c ON c.id = s.clinic_id
              WHERE kernel.ensure(m.updated_at <= $5::timestamptz + interval '5 seconds', 'clocks_agree')
             RETURNING clinic_id, id, patient_id, amount_minor, currency, occurred_on, created_at, seq
         ), numbered AS (
             INSERT INTO billing.receipt_counters AS n (clinic_id, last_number, created_at, updated_at)
             SELECT clinic_id, 1, created_at, created_at FROM posted
             ON CONFLICT (clinic_id) DO UPDATE
                SET last_number = n.last_number + 1, updated_at = GREATEST(n.updated_at, EXCLUDED.updated_at)
             RETURNING n.clinic_id, n.last_number
         ), issued AS (
             INSERT INTO billing.receipts
                    (id, clinic_id, number, kind, transaction_id, patient_id, amount_minor, currency, issued_on, code,
                     created_at)
             SELECT $8, p.clinic_id, n.last_number, 'received', p.id, p.patient_id, p.amount_minor, p.currency,
                    p.occurred_on, $9, p.created_at
               FROM posted AS p JOIN numbered AS n ON n.clinic_id = p.clinic_id
         )
         INSERT INTO kernel.outbox
                (id, clinic_id, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
         SELECT $10::uuid, s.clinic_id, 'payment', s.id, s.version, 'payment.succeeded',
                jsonb_build_object('paymentId', s.id, 'patientId', s.patient_id, 'transactionId', $4, 'receiptId', $8),
                $11::text, $5::timestamptz, $5::timestamptz
           FROM settled AS s
          UNION ALL
         SELECT $12::uuid, p.clinic_id, 'ledger', p.patient_id, p.seq, 'ledger.transaction_recorded',
                jsonb_build_object('transactionId', p.id, 'patientId', p.patient_id), $11, $5, $5
           FROM posted AS p",
    )
}

/// No money was taken, for that reason: what was pending fails, and that is announced.
pub(super) fn fail(clinic: Uuid, payment: Uuid, failed: Failed, step: &Step) -> Statement<()> {
    Statement::new(
        "billing.fail_payment",
        "WITH failed AS (
             UPDATE billing.payments AS p
                SET status = 'failed',
                    failure_code = CASE WHEN p.method = 'pix' AND $3 = 'CARD_DECLINED' THEN 'PIX_NOT_PAID' ELSE $3 END,
                    decline_code = CASE WHEN p.method = 'card' THEN $4 END,
                    provider_payment_id = COALESCE(p.provider_payment_id, $5), card_token = NULL, due_at = NULL,
                    version = p.version + 1, updated_at = $6
              WHERE p.clinic_id = $1
                AND p.id = $2
                AND p.status = 'pending'
             RETURNING p.clinic_id, p.id, p.patient_id, p.version
         )
         INSERT INTO kernel.outbox
                (id, clinic_id, aggregate, aggregate_id, seq, kind, ids, traceparent, created_at, updated_at)
         SELECT $7, f.clinic_id, 'payment', f.id, f.version, 'payment.failed',
                jsonb_build_object('paymentId', f.id, 'patientId', f.patient_id), $8, $6, $6
           FROM failed AS f",
    )
    .bind(clinic)
    .bind(payment)
    .bind(failed.code)
    .bind(failed.decline_code)
    .bind(failed.intent)
    .bind(step.at)
    .bind(step.events[0])
    .bind(step.traceparent.clone())
}

/// Why no money was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failed {
    /// `CARD_DECLINED`, which is `PIX_NOT_PAID` of a Pix, `NOT_CHARGED`, `NOT_SENT`, or the provider's code.
    pub(super) code: String,
    /// Of a card that was declined: as far as the bank says.
    pub(super) decline_code: Option<String>,
    /// Its id at the provider, if it has one.
    pub(super) intent: Option<String>,
}

/// The failure of a card that was declined.
pub(super) const CARD_DECLINED: &str = "CARD_DECLINED";
/// The failure of a Pix that nobody paid in time.
pub(super) const PIX_NOT_PAID: &str = "PIX_NOT_PAID";
/// The failure of a payment of which the provider has said that it never was, and never will be.
pub(super) const NOT_CHARGED: &str = "NOT_CHARGED";
/// The failure of a payment that nobody was asked for.
pub(super) const NOT_SENT: &str = "NOT_SENT";

/// The provider has begun, and has not said how it ends; where it waits for the customer, until when. It may tell the second
/// later than the first. Nobody looks at what waits before a quarter of an hour: its event tells, or whoever repeats.
pub(super) fn note_intent(
    clinic: Uuid,
    payment: Uuid,
    intent: String,
    waiting_until: Option<Timestamp>,
    at: Timestamp,
) -> Statement<()> {
    Statement::new(
        "billing.note_provider_payment",
        "UPDATE billing.payments
            SET provider_payment_id = $3, waiting_until = $4,
                due_at = CASE WHEN $4::timestamptz IS NULL THEN due_at ELSE LEAST($4, $5 + interval '15 minutes') END,
                version = version + 1, updated_at = $5
          WHERE clinic_id = $1
            AND id = $2
            AND status = 'pending'
            AND (provider_payment_id IS NULL OR (provider_payment_id = $3 AND waiting_until IS NULL AND $4::timestamptz IS NOT NULL))",
    )
    .bind(clinic)
    .bind(payment)
    .bind(intent)
    .bind(waiting_until)
    .bind(at)
}

/// Nobody knows, and somebody has to find out: the sweeper looks at it next.
pub(super) fn look_again(clinic: Uuid, payment: Uuid, at: Timestamp) -> Statement<()> {
    Statement::new(
        "billing.look_at_payment_again",
        "UPDATE billing.payments
            SET due_at = $3, updated_at = $3
          WHERE clinic_id = $1
            AND id = $2
            AND due_at > $3",
    )
    .bind(clinic)
    .bind(payment)
    .bind(at)
}

/// A person must look: what was pending waits for that, and the card is forgotten, for nobody asks for it again.
pub(super) fn review(
    clinic: Uuid,
    payment: Uuid,
    why: super::payment::Review,
    intent: Option<String>,
    at: Timestamp,
) -> Statement<()> {
    Statement::new(
        "billing.review_payment",
        "UPDATE billing.payments
            SET review = $3, provider_payment_id = COALESCE(provider_payment_id, $4), card_token = NULL, due_at = NULL,
                version = version + 1, updated_at = $5
          WHERE clinic_id = $1
            AND id = $2
            AND status = 'pending'
            AND review IS NULL",
    )
    .bind(clinic)
    .bind(payment)
    .bind(why.name())
    .bind(intent)
    .bind(at)
}
