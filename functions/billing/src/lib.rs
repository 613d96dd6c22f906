//! billing: the ledger, and what hangs on it.
//!
//! | table | holds |
//! |---|---|
//! | `billing.transfers` | append-only: one row is one movement of money from a debit to a credit account |
//! | `billing.balances` | one row a patient, moved by atomic increments; positive when the patient is in credit |
//! | `billing.payments` | attempts to take money through the payment provider, each moved forward alone |
//! | `billing.provider_events` | what the provider told, once each |
//! | `billing.refunds` | what is given back of payments, each moved forward alone |
//! | `billing.disputes` | what banks took back, and gave back |
//! | `billing.receipts` | append-only: the numbered papers for money received, by payments and by hand, or given back |
//! | `billing.receipt_documents` | append-only: what each of them shows, signed |
//! | `billing.receipt_counters` | the last number of each clinic, without a gap |
//! | `billing.ledger_seals`, `billing.ledger_seal_parts` | append-only: hashes over the transfers, each of which follows from the one before |
//!
//! Events: `ledger.transaction_recorded`, whose `seq` is the transfer's place among the patient's; `payment.succeeded` and
//! `payment.failed`, whose `seq` is the payment's version; `refund.succeeded` and `refund.failed`, `dispute.opened`,
//! `dispute.won` and `dispute.lost` likewise. Consumers: `export-patient-ledger`, `render-receipt`.

mod currency;
mod disputes;
pub mod ledger;
pub mod payer;
pub mod payments;
pub mod receipts;
pub mod refunds;
pub mod seals;

use shared::access::{Permission, Role};
use shared::background::{ConsumerDeclaration, WorkerDeclaration};
use shared::http::Declaration;
use shared::module::Module;

/// Reading what patients paid and owe.
pub const READ_TRANSACTIONS: Permission =
    Permission::new("transactions:read", &[Role::Owner, Role::Admin, Role::FrontDesk, Role::Accountant]);

/// Recording money taken or paid by hand.
pub const WRITE_TRANSACTIONS: Permission =
    Permission::new("transactions:write", &[Role::Owner, Role::Admin, Role::FrontDesk, Role::Accountant]);

/// Taking cards.
pub const TAKE_PAYMENTS: Permission =
    Permission::new("payments:take", &[Role::Owner, Role::Admin, Role::FrontDesk, Role::Accountant]);

/// Giving money back, and saying what became of a payment that nobody can find out.
pub const REFUND_PAYMENTS: Permission =
    Permission::new("payments:refund", &[Role::Owner, Role::Admin, Role::Accountant]);

/// Reading receipts, which say who paid.
pub const READ_RECEIPTS: Permission =
    Permission::new("receipts:read", &[Role::Owner, Role::Admin, Role::FrontDesk, Role::Accountant]);

/// The module and its endpoints.
pub fn module() -> Module {
    Module {
        name: "billing",
        about: "Money: transactions, balances, payments by card and Pix, refunds, receipts.",
        endpoints: vec![
            Declaration::of::<ledger::create_transaction::CreateTransaction>(),
            Declaration::of::<ledger::list_transactions::ListTransactions>(),
            Declaration::of::<ledger::get_transaction::GetTransaction>(),
            Declaration::of::<ledger::reverse_transaction::ReverseTransaction>(),
            Declaration::of::<ledger::get_balance::GetBalance>(),
            Declaration::of::<ledger::list_patient_transactions::ListPatientTransactions>(),
            Declaration::of::<payments::create_payment::CreatePayment>(),
            Declaration::of::<payments::list_payments::ListPayments>(),
            Declaration::of::<payments::get_payment::GetPayment>(),
            Declaration::of::<payments::cancel_payment::CancelPayment>(),
            Declaration::of::<payments::resolve_payment::ResolvePayment>(),
            Declaration::of::<refunds::create_refund::CreateRefund>(),
            Declaration::of::<refunds::list_refunds::ListRefunds>(),
            Declaration::of::<refunds::get_refund::GetRefund>(),
            Declaration::of::<payments::record_stripe_events::RecordStripeEvents>(),
            Declaration::of::<receipts::list_receipts::ListReceipts>(),
            Declaration::of::<receipts::get_receipt::GetReceipt>(),
            Declaration::of::<receipts::verify_receipt::VerifyReceipt>(),
            Declaration::of::<receipts::mail_receipt::MailReceipt>(),
        ],
        consumers: vec![
            ConsumerDeclaration::of::<ledger::export_patient_ledger::ExportPatientLedger>(),
            ConsumerDeclaration::of::<receipts::render_receipt::RenderReceipt>(),
        ],
        workers: vec![
            WorkerDeclaration::of::<payments::sweep_payments::SweepPayments>(),
            WorkerDeclaration::of::<payments::reconcile::Reconcile>(),
            WorkerDeclaration::of::<seals::seal_ledger::SealLedger>(),
        ],
    }
}
