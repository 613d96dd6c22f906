//! The page that a person reads.

use crate::elsewhere::Dispute;
use crate::events::Event;
use crate::intent::PaymentIntent;
use crate::money::written;
use crate::refunds::Refund;
use crate::state::State;
use crate::status::Status;
use std::fmt::Write as _;

const HEAD: &str = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Payments</title>\n<style>\n\
    body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem }\n\
    table { border-collapse: collapse }\n\
    th, td { padding: .2rem .8rem .2rem 0; text-align: left; border-bottom: 1px solid #ddd; white-space: nowrap }\n\
    td.amount { text-align: right }\n    form { display: inline }\n</style>\n";

/// The text with what HTML would read otherwise written as it has to be.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn header(names: &[&str]) -> String {
    let cells = names.iter().fold(String::new(), |row, name| row + "<th>" + name);
    format!("<table>\n<tr>{cells}\n")
}

fn intent_row(page: &mut String, intent: &PaymentIntent) {
    let metadata = |name| intent.metadata.get(name).map(String::as_str).unwrap_or_default();
    let money = |amount| if amount == 0 { String::new() } else { written(amount, &intent.currency) };
    let texts =
        [&intent.created.to_string(), intent.id.as_str(), metadata("clinicId"), metadata("paymentId")];
    page.push_str("<tr>");
    for text in texts {
        let _ = write!(page, "<td>{}", escaped(text));
    }
    let _ = write!(
        page,
        "<td class=\"amount\">{}<td>{}<td class=\"amount\">{}<td class=\"amount\">{}<td>{}<td>",
        escaped(&written(intent.amount, &intent.currency)),
        intent.status.as_str(),
        escaped(&money(intent.refunded)),
        escaped(&money(intent.disputed)),
        escaped(intent.account.as_deref().unwrap_or_default()),
    );
    if matches!(intent.status, Status::Processing | Status::RequiresAction) {
        button(page, &intent.id, "paid", "pay");
        button(page, &intent.id, "failed", "let it fail");
    }
    if intent.received > intent.refunded && intent.disputed == 0 {
        button(page, &intent.id, "refunded", "refund");
        button(page, &intent.id, "disputed", "dispute");
    }
    page.push('\n');
}

fn button(page: &mut String, id: &str, does: &str, says: &str) {
    let id = escaped(id);
    let _ = write!(
        page,
        "<form method=\"post\" action=\"/local/payments/{id}/{does}\"><button>{says}</button></form>"
    );
}

fn refund_row(page: &mut String, refund: &Refund) {
    let _ = write!(
        page,
        "<tr><td>{}<td>{}<td class=\"amount\">{}<td>{}<td>",
        escaped(&refund.id),
        escaped(&refund.intent),
        escaped(&written(refund.amount, &refund.currency)),
        refund.status,
    );
    if refund.status == "pending" {
        button(page, &refund.id, "arrived", "let it arrive");
    }
    if refund.status != "failed" {
        button(page, &refund.id, "returned", "let it come back");
    }
    page.push('\n');
}

fn dispute_row(page: &mut String, dispute: &Dispute) {
    let _ = write!(
        page,
        "<tr><td>{}<td>{}<td class=\"amount\">{}<td>{}<td>",
        escaped(&dispute.id),
        escaped(&dispute.intent),
        escaped(&written(dispute.amount, &dispute.currency)),
        dispute.status,
    );
    if dispute.status == "needs_response" {
        button(page, &dispute.id, "won", "win");
        button(page, &dispute.id, "lost", "lose");
    }
    page.push('\n');
}

fn event_row(page: &mut String, event: &Event) {
    let delivered = if event.delivered { "yes" } else { "not yet" };
    let _ = writeln!(page, "<tr><td>{}<td>{}<td>{delivered}", escaped(&event.id), escaped(&event.kind));
}

/// All payment intents, refunds, disputes and events, the newest first.
pub(crate) fn page(state: &State) -> String {
    let mut page = String::from(HEAD);
    page.push_str("<h1>Payments</h1>\n");
    page += &header(&[
        "time", "id", "clinic", "payment", "amount", "status", "refunded", "disputed", "account", "",
    ]);
    state.intents.iter().rev().for_each(|intent| intent_row(&mut page, intent));
    page.push_str("</table>\n<h2>Refunds</h2>\n");
    page += &header(&["id", "payment", "amount", "status", ""]);
    state.refunds.iter().rev().for_each(|refund| refund_row(&mut page, refund));
    page.push_str("</table>\n<h2>Disputes</h2>\n");
    page += &header(&["id", "payment", "amount", "status", ""]);
    state.disputes.iter().rev().for_each(|dispute| dispute_row(&mut page, dispute));
    page.push_str("</table>\n<h2>Events</h2>\n");
    page += &header(&["id", "kind", "delivered"]);
    state.events.iter().rev().for_each(|event| event_row(&mut page, event));
    page.push_str("</table>\n");
    page
}
