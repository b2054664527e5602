// A server that does not outlive the bench, however that ends.

import { once } from "node:events";

/** `ended` resolves when the process has; `end()` ends it at once, for asking it to with its sockets open takes long. */
export function tied(child, cleanUp = () => {}) {
  const ended = once(child, "exit");
  const kill = () => {
    child.kill("SIGKILL");
    cleanUp();
  };
  process.on("exit", kill);
  return {
    ended,
    end: async () => {
      process.off("exit", kill);
      child.kill("SIGKILL");
      await ended;
      cleanUp();
    },
  };
}
