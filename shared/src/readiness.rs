//! Readiness: one probe in five seconds and instance, however many requests ask (F4).

use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long an answer stands, good or bad.
pub const TTL: Duration = Duration::from_secs(5);

/// How long a probe may take.
const TIMEOUT: Duration = Duration::from_millis(900);

/// The last answer of one thing that is probed. A request waits for a probe under way instead of starting its own.
#[derive(Debug, Default)]
pub struct Readiness(Mutex<Option<(Instant, bool)>>);

impl Readiness {
    /// Whether the thing answers, by `probe` or by the last answer. A failed probe counts until the next probe.
    pub async fn of(&self, probe: impl Future<Output = bool>) -> bool {
        let asked = async {
            let mut last = self.0.lock().await;
            match *last {
                Some((at, ready)) if at.elapsed() < TTL => ready,
                _ => {
                    let ready = tokio::time::timeout(TIMEOUT, probe).await.unwrap_or(false);
                    *last = Some((Instant::now(), ready));
                    ready
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(1), asked).await.unwrap_or(false)
    }
}
