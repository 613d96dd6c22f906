//! The page that a person reads.

use crate::events::Event;
use crate::intent::PaymentIntent;
use crate::money::written;
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
        let _ = write!(
            page,
            "<form method=\"post\" action=\"/local/payments/{id}/paid\"><button>pay</button></form>\
             <form method=\"post\" action=\"/local/payments/{id}/failed\"><button>let it fail</button></form>",
            id = escaped(&intent.id)
        );
    }
    page.push('\n');
}

fn event_row(page: &mut String, event: &Event) {
    let delivered = if event.delivered { "yes" } else { "not yet" };
    let _ = writeln!(page, "<tr><td>{}<td>{}<td>{delivered}", escaped(&event.id), escaped(&event.kind));
}

/// All payment intents and events, the newest first.
pub(crate) fn page(state: &State) -> String {
    let mut page = String::from(HEAD);
    page.push_str("<h1>Payments</h1>\n");
    page += &header(&[
        "time", "id", "clinic", "payment", "amount", "status", "refunded", "disputed", "account", "",
    ]);
    state.intents.iter().rev().for_each(|intent| intent_row(&mut page, intent));
    page.push_str("</table>\n<h2>Events</h2>\n");
    page += &header(&["id", "kind", "delivered"]);
    state.events.iter().rev().for_each(|event| event_row(&mut page, event));
    page.push_str("</table>\n");
    page
}
