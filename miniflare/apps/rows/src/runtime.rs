//! What only the runtime can do. On the host, where nobody runs this, it is done at once.

use core::time::Duration;

use dormouse::Failure;

/// Waits, by a timer of the runtime's.
#[cfg(target_arch = "wasm32")]
pub(crate) async fn wait(milliseconds: u64) {
    worker::Delay::from(Duration::from_millis(milliseconds)).await;
}

/// The text of another server's page.
#[cfg(target_arch = "wasm32")]
pub(crate) async fn fetch(url: &str) -> Result<String, Failure> {
    let url = worker::Url::parse(url)?;
    Ok(worker::Fetch::Url(url).send().await?.text().await?)
}

#[cfg(not(target_arch = "wasm32"))]
pub(crate) async fn wait(milliseconds: u64) {
    core::future::ready(Duration::from_millis(milliseconds)).await;
}

#[cfg(not(target_arch = "wasm32"))]
pub(crate) async fn fetch(url: &str) -> Result<String, Failure> {
    core::future::ready(Err(Failure::new("NO_RUNTIME", url))).await
}
