// The environment variables with which wrangler is started.

export const WRANGLER_ENV = {
  WRANGLER_SEND_METRICS: "false",
  // `wrangler dev` would fetch a sample of `request.cf` from the internet. Nothing here reads it.
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
};
