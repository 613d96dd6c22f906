use super::db;
use super::logic;
use super::schema::{CreateWebhookEndpointFailure, CreatedWebhookEndpoint, NewWebhookEndpoint};
use crate::webhooks::endpoint::{EndpointStatus, WebhookEndpoint, insert_secret, location};
use crate::webhooks::signing::SigningSecret;
use shared::external::ExternalCalls;
use shared::external::connect::{NetworkScope, Unreachable};
use shared::failure::{Error, Fault};
use shared::http::{Call, Reply};

/// Looks the host's addresses up, then makes the endpoint, its secret and its test.
pub(super) async fn handle(
    call: &Call<'_, ExternalCalls>,
    mut new: NewWebhookEndpoint,
) -> Result<Reply<CreatedWebhookEndpoint>, Error<CreateWebhookEndpointFailure>> {
    let caller = call.principal()?;
    let (clinic, id) = (caller.clinic_id, call.new_id());
    let target = logic::target(new.url.as_str())
        .ok_or_else(|| Fault::internal("an address that passed its rule is none"))?;
    check_port(call.parts, target.port)?;
    check_host(call.parts, &target.host).await?;
    new.kinds.sort_unstable();
    new.kinds.dedup();
    let secret = SigningSecret::random()?;

    let mut tx = call.write()?;
    tx.add(db::take_turn(clinic));
    tx.add(db::insert_endpoint(clinic, id, target.url.clone(), &new.kinds, call.now));
    tx.add(insert_secret(clinic, id, call.new_id(), secret.to_bytes(), call.now));
    tx.add(db::insert_test(clinic, id, (call.new_id(), call.new_id()), call.now));
    tx.add(call.audit(id)?);
    tx.commit::<CreateWebhookEndpointFailure>().await?;

    let endpoint = WebhookEndpoint {
        id,
        url: target.url,
        kinds: new.kinds,
        status: EndpointStatus::Pending,
        disabled_at: None,
        created_at: call.now,
    };
    Ok(Reply::created(location(id), CreatedWebhookEndpoint { endpoint, secret }))
}

/// Refuses a port that is none of a receiver's. On one machine any will do.
fn check_port(external: &ExternalCalls, port: u16) -> Result<(), CreateWebhookEndpointFailure> {
    let is_confined = external.named_by_others() == NetworkScope::Public;
    if is_confined && !logic::PORTS.contains(&port) {
        return Err(CreateWebhookEndpointFailure::WebhookPortNotAllowed);
    }
    Ok(())
}

/// Refuses a host without an allowed address. On one machine an unknown name passes: it may be known later.
async fn check_host(external: &ExternalCalls, host: &str) -> Result<(), CreateWebhookEndpointFailure> {
    match external.look_up(host).await {
        Ok(_) => Ok(()),
        Err(Unreachable::NoAddress) if external.named_by_others() == NetworkScope::PublicOrLoopback => Ok(()),
        Err(Unreachable::NoAddress) => Err(CreateWebhookEndpointFailure::WebhookHostNotFound),
        Err(Unreachable::NotAllowed) => Err(CreateWebhookEndpointFailure::WebhookUrlNotAllowed),
    }
}
