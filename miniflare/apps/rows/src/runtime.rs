//! Timers and requests of the runtime. On the host, where this app is compiled but not run, they complete at once.

use core::time::Duration;

use dormouse::Failure;

/// Waits, with a timer of the runtime.
#[cfg(target_arch = "wasm32")]
pub(crate) async fn wait(milliseconds: u64) {
    worker::Delay::from(Duration::from_millis(milliseconds)).await;
}

/// Returns the text of another server's page.
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
