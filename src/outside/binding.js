// The bindings of a deployment.

/** Returns the binding of this name, if it has this method; otherwise `undefined`. */
export function bound(env, name, method) {
  const found = env[name];
  return typeof found?.[method] === "function" ? found : undefined;
}

/** Throws if there are more bytes than may be read at once. */
export function bounded(what, bytes, max) {
  if (bytes > max) throw new Error(`${what} has ${bytes} bytes, and may have ${max}`);
}
