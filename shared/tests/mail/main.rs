//! The gateways that mail leaves by: SES as moto plays it, SendGrid as a small server here does, and their settings.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where and end"
)]

mod sendgrid;
mod ses;
mod settings;

use jiff::Timestamp;
use shared::deadline::Deadline;
use shared::external::ExternalCalls;
use shared::mail::{Attachment, Letter, MailGateway, ProviderId, Sender, Unsent};
use shared::validation::Text;
use std::sync::Arc;
use std::time::Duration;
use testkit::open_part;
use uuid::Uuid;

const FROM: &str = "no-reply@grafono.example";

fn text(text: &str) -> Text {
    Text::try_from(text).unwrap()
}

fn letter() -> Letter {
    Letter {
        id: Uuid::from_u128(0x0189_0a5d_ac96_774b_bcce_b302_099a_8057),
        clinic: Uuid::from_u128(7),
        address: text("ana@exámple.com"),
        name: Some(text("Ana \"Souza\"")),
        subject: text("Olá"),
        html: "<p>Olá</p>".to_owned(),
        plain_text: "Olá".to_owned(),
        attachments: vec![Attachment {
            name: text("recibo.pdf"),
            media_type: text("application/pdf"),
            content: vec![0, 1, 2],
        }],
        requested_at: Timestamp::UNIX_EPOCH,
    }
}

fn external() -> Arc<ExternalCalls> {
    open_part(&[]).unwrap()
}

fn sender() -> Sender {
    Sender::parse(&format!("Grafono <{FROM}>")).unwrap()
}

async fn send(gateway: &dyn MailGateway, letter: &Letter) -> Result<ProviderId, Unsent> {
    gateway.send(letter, Deadline::within(Duration::from_secs(10))).await
}
