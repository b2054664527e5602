// Ends a server's process with the bench, however the bench ends.

import { once } from "node:events";

/** `ended` resolves when the process has ended. `end()` kills it: an orderly shutdown with open sockets takes long. */
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
