//! The messages of `PostgreSQL`'s protocol (`PostgreSQL`, "Message Flow"): a kind, a length, a body. The first one of a client has
//! no kind.

/// A message as it was sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) kind: u8,
    pub(super) bytes: Vec<u8>,
}

/// The kind that stands for a client's first message.
pub(super) const STARTUP: u8 = b'0';

/// Cuts what arrives into messages.
#[derive(Debug)]
pub(super) struct Frames {
    is_first_kindless: bool,
    waiting: Vec<u8>,
}

impl Frames {
    pub(super) fn of_client() -> Self {
        Self { is_first_kindless: true, waiting: Vec::new() }
    }

    pub(super) fn of_server() -> Self {
        Self { is_first_kindless: false, waiting: Vec::new() }
    }

    /// The messages that are whole with these bytes.
    pub(super) fn add(&mut self, bytes: &[u8]) -> Vec<Message> {
        self.waiting.extend_from_slice(bytes);
        std::iter::from_fn(|| self.next()).collect()
    }

    fn next(&mut self) -> Option<Message> {
        let before_length = usize::from(!self.is_first_kindless);
        let length = self.waiting.get(before_length..)?.first_chunk::<4>()?;
        let end = before_length + usize::try_from(u32::from_be_bytes(*length)).ok()?;
        if self.waiting.len() < end {
            return None;
        }
        let kind = if self.is_first_kindless { STARTUP } else { *self.waiting.first()? };
        self.is_first_kindless = false;
        Some(Message { kind, bytes: self.waiting.drain(..end).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_cut_wherever_the_bytes_were() {
        let sent = b"\0\0\0\x08\0\x03\0\0Q\0\0\0\x06x\0S\0\0\0\x04";
        for cut in 0..sent.len() {
            let mut frames = Frames::of_client();
            let mut messages = frames.add(&sent[..cut]);
            messages.extend(frames.add(&sent[cut..]));
            let kinds: Vec<u8> = messages.iter().map(|message| message.kind).collect();
            assert_eq!(kinds, [STARTUP, b'Q', b'S'], "{cut}");
            let bytes: Vec<u8> = messages.into_iter().flat_map(|message| message.bytes).collect();
            assert_eq!(bytes, sent, "{cut}");
        }
    }
}
