//! Events as gateways send them and as nobody should, and the replies to them.

mod events;
mod hostile;
mod replies;
