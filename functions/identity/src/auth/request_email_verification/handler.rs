use super::db::{self, Verification};
use super::logic;
use shared::consumer::{Halt, Turn};
use shared::failure::{Fault, NoFailure};
use shared::handed_out::HandedOut;
use shared::mail::{self, Request};

/// Reads whom to write to, makes the token, requests the mail.
pub(super) async fn take(turn: &Turn<'_>) -> Result<(), Halt> {
    let user = turn.id("userId")?;
    let mut tx = turn.read();
    let owner = tx.add(db::owner(turn.clinic(), user));
    let owner = tx.commit::<NoFailure>().await.map_err(Fault::from)?.one(&owner)?;

    let token = HandedOut::new(turn.clinic())?;
    let text = token.text();
    let link = format!("{}/verify-email?token={}", turn.app.public_url()?, text.expose());
    let words = logic::words(&owner, &link).map_err(|_| Fault::internal("a template does not render"))?;
    let verification = Verification {
        id: turn.new_id(),
        clinic: turn.clinic(),
        account: owner.account,
        user,
        token_hash: token.hash(),
        expires_at: turn.now + logic::LIFETIME,
    };

    let mut tx = turn.begin();
    tx.add(db::insert_verification(verification, turn.now));
    tx.add(mail::request(
        turn,
        Request {
            key: format!("email-verification/{user}"),
            language: owner.language,
            address: owner.email,
            name: Some(owner.name),
            subject: words.subject,
            html: words.html,
            plain_text: words.plain_text,
            attachments: Vec::new(),
        },
    ));
    turn.commit(tx).await.map(drop)
}
